import WorkflowModel

extension GateTerms {
    /// What a step says of its gate.
    ///
    /// - Parameter graph: the step's workflow, whose models stand cheapest first.
    init(_ escalation: Escalation, in graph: WorkflowGraph) {
        let exhausted: Exhausted =
            switch escalation.onExhausted {
            case .best: .best
            case .fail: .fail
            case .ask: .ask
            }
        self.init(
            tiers: escalation.tiers, checks: escalation.checks.map { Check($0, in: graph) }, accept: escalation.accept, onExhausted: exhausted,
            escalatesRefusals: escalation.onRefusal == .escalate, readsVerdict: escalation.readsAcceptance)
    }
}

extension GateTerms.Check {
    init(_ check: GateCheck, in graph: WorkflowGraph) {
        func place(_ tier: String) -> Int { graph.tiers.firstIndex { $0.name == tier } ?? graph.tiers.count }
        let (kind, weight): (Kind, Int) =
            switch check.kind {
            case .expression: (.expression, 0)
            case .logprob: (.logprob, 0)
            case .agreement(let agree):
                switch agree.asked {
                case .tier(let tier): (.agree, place(tier))
                // Dearer at dearer tiers, whatever else there is.
                case .samples(let count): (.agree, graph.tiers.count + count)
                }
            case .command: (.run, 0)
            case .judge(let judge): (.judge, place(judge.question.tier))
            }
        var (isAskedOnce, startsEarly) = (false, false)
        if case .agreement(let agree) = check.kind {
            if case .tier = agree.asked { isAskedOnce = true }
            startsEarly = agree.startsEarly
        }
        self.init(
            name: check.name, kind: kind, weight: weight, isRecorded: check.isRecorded, isAskedOnce: isAskedOnce, startsEarly: startsEarly, reads: check.reads)
    }
}

extension GateCheck {
    /// The most calls that it can come to of one answer.
    ///
    /// - Parameter tier: whose answer it is.
    func mostCalls(_ step: Step, _ model: ModelStep, atTier tier: ModelTier, in graph: WorkflowGraph) -> Int {
        switch kind {
        case .expression, .logprob, .command: return 0
        case .judge(let judge):
            return TryMachine(step, judge.question, graph.tier(named: judge.question.tier)!, limits: judge.limits).mostCalls
        case .agreement(let agree):
            let asked = if case .tier(let other) = agree.asked { graph.tier(named: other)! } else { tier }
            return agree.mostSamples * TryMachine(step, agree.question(of: model), asked).mostCalls
        }
    }
}
