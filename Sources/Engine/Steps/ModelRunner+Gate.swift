import Expressions
import Values
import WorkflowModel

/// Steps with `escalate`: one tier after the other is asked, checks look at each answer, and what the machine says is done and recorded.
///
/// The tries of every question, a tier's and a check's, are those of ``ModelRunner``. What a process before found is taken from the record:
/// answers from their calls, outcomes of checks from their facts.
extension ModelRunner {
    func climb(_ node: Node, _ run: isolated RunExecution) async {
        run.recordStart(node)
        if let decision = run.state.open[node]?.inquiry?.decision, let question = decision.question, question.kind == .gate {
            return await end(node, by: decision, to: question, run)
        }
        let gate: GateRun
        do throws(StepFailure) { gate = try self.gate(of: node, run) } catch { return run.fail(node, error) }
        if model.memo != nil, gate.state.calls.isEmpty, gate.record.decisions.isEmpty {
            do throws(StepFailure) {
                if try await recall(gate, run) { return }
            } catch {
                gate.memo?.tries.endFlight(isAnswered: false, run)
                return run.fail(node, error)
            }
        }
        await climb(gate, run)
        gate.memo?.tries.endFlight(isAnswered: gate.memo?.tries.isKept == true, run)
    }

    private func climb(_ gate: GateRun, _ run: isolated RunExecution) async {
        // Where a person may be asked for the money of the first try, nothing is asked before that is granted; where a band leaves that out, nothing at all.
        let early = run.state.graph.budget.onExceeded == .ask || band(against: gate.start, gate, run) != nil ? [] : gate.early
        if early.isEmpty { return await decide(gate, run) }
        gate.first = run.state.askedTier(gate.tier, of: gate.state.calls, in: gate.graph)
        if !model.attachments.isEmpty { await attachEarly(gate, run) }
        start(early, gate, run)
        let tasks = gate.beside.compactMap(\.task)
        await withTaskCancellationHandler {
            await decide(gate, run)
        } onCancel: {
            for task in tasks { task.cancel() }
        }
    }

    private func decide(_ gate: GateRun, _ run: isolated RunExecution) async {
        do throws(StepFailure) {
            while true {
                switch gate.next {
                case .ask(let tier):
                    if let cause = band(against: tier, gate, run) {
                        follow(.refused(cause), gate, run)
                        continue
                    }
                    guard let event = try await answer(of: tier, gate, run) else { return }
                    follow(event, gate, run)
                case .check(let check):
                    let outcome = try await outcome(of: check, gate, run)
                    follow(.checked(outcome), gate, run)
                case .end(let end):
                    await giveUpEarly(gate)
                    return try finish(end, gate, run)
                }
            }
        } catch {
            await giveUpEarly(gate)
            run.fail(gate.node, error)
        }
    }

    // MARK: What is asked early

    /// Asks what `agree` asks together with the first try, which does not hang on that one's answer.
    @inline(never)
    private func start(_ early: [Int], _ gate: GateRun, _ run: isolated RunExecution) {
        for index in early {
            let check = gate.escalation.checks[index]
            guard case .agreement(let agree) = check.kind, gate.record.check(check.name, of: gate.tier) == nil else { continue }
            var sides = (0..<agree.firstWave).map { side(agree, $0 + 1, check.name, gate) }
            // In its turn a band says why it is not.
            if band(against: agree, run) != nil { sides.removeAll { $0.tries.recorded.isEmpty } }
            gate.beside += sides
            start(sides, run)
        }
    }

    private func attachEarly(_ gate: GateRun, _ run: isolated RunExecution) async {
        let tries = tries(of: gate.start, gate, run)
        // Where it cannot be attached the first try says so.
        do throws(StepFailure) { try await attach(tries, run) } catch { return }
        gate.attached = tries.attached
    }

    /// What is not needed any more comes to its end before the gate does: its calls belong to the step.
    private func giveUpEarly(_ gate: GateRun) async {
        if gate.beside.isEmpty { return }
        let sides = gate.beside.filter { !$0.hasEnded }
        for side in sides { side.giveUp() }
        await wait(for: sides)
    }

    @inline(never)
    private func gate(of node: Node, _ run: isolated RunExecution) throws(StepFailure) -> GateRun {
        let surroundings = run.state.scopes[node.scope]!
        let step = surroundings.body.steps[node.step]
        let scope = try run.state.nodeScope(node)
        let escalation = model.escalation!
        let state = run.state.open[node]!
        return GateRun(
            node: node, step: step, model: model, escalation: escalation, graph: surroundings.graph, scope: scope, state: state,
            isResumed: !state.calls.isEmpty, caps: run.state.callCaps(of: node, step), rules: run.state.rules, start: try start(of: escalation, scope, state, run))
    }

    /// The tier that was asked first, or is: under a band that leaves out the one which the step begins with, the next that it leaves in, if
    /// there is one.
    private func start(of escalation: Escalation, _ scope: RunScope, _ state: OpenNode, _ run: isolated RunExecution) throws(StepFailure) -> Int {
        if let call = state.calls.first(where: { $0.started.part.isEmpty }), let place = escalation.tiers.firstIndex(of: call.started.tier) { return place }
        let start = try start(of: escalation, scope)
        guard run.state.bandAgainst(escalation.tiers[start]) != nil else { return start }
        return escalation.tiers.indices[start...].first { run.state.bandAgainst(escalation.tiers[$0]) == nil } ?? start
    }

    private func start(of escalation: Escalation, _ scope: RunScope) throws(StepFailure) -> Int {
        switch escalation.start {
        case .position(let place): return place
        case .computed(let template):
            let name = try StepFailure.evaluating { () throws(EvaluationError) in try template.render(scope) }
            if let place = escalation.tiers.firstIndex(of: name) { return place }
            throw StepFailure(.expression, "escalate.start comes to '\(name)', which is none of its tiers: \(escalation.tiers.joined(separator: ", "))")
        }
    }

    // MARK: Tiers

    /// `nil`: a person is asked first.
    private func answer(of tier: Int, _ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> GateMachine.Event? {
        if let rate = gate.tripped(at: tier) { return .refused(.tripped(rate)) }
        let tries = tries(of: tier, gate, run)
        do throws(StepFailure) {
            if !model.attachments.isEmpty {
                if gate.attached == nil {
                    try await attach(tries, run)
                    gate.attached = tries.attached
                }
                tries.attached = gate.attached!
            }
            try prepare(tries, run)
            let isAnswered = try await go(tries, run)
            guard isAnswered else { return nil }
            gate.answers[tier] = tries.value
        } catch {
            if error.kind == .cancelled { throw error }
            if let rate = gate.tripped(at: tier) { return .refused(.tripped(rate)) }
            // Entered by another step's call, while this one was on its way.
            if error.kind == .budget, let cause = band(against: tier, gate, run) { return .refused(cause) }
            gate.signals = await signals(of: tries, gate, run)
            return failure(error, of: tries)
        }
        gate.signals = await signals(of: tries, gate, run)
        return .answered(tries.value)
    }

    @inline(never)
    func tries(of tier: Int, _ gate: GateRun, _ run: isolated RunExecution) -> ModelTries {
        let name = gate.machine.terms.tiers[tier]
        let asked = tier == gate.start ? run.state.askedTier(name, of: gate.state.calls, in: gate.graph) : gate.graph.tier(named: name)!
        let tries = gate.tries(
            model, asked,
            QuestionPlace(
                tier: name, part: "", limits: gate.step.limits, timeout: gate.step.timeout, wantsLogprobs: gate.escalation.readsLogprobs,
                mayAskForMoney: tier == gate.start, rate: tier == gate.start ? nil : gate.rateCheck(run, of: name)))
        gate.tries = tries
        return tries
    }

    /// A cap that refuses a tier's first call leaves it unasked.
    private func failure(_ failure: StepFailure, of tries: ModelTries) -> GateMachine.Event {
        failure.kind == .budget && tries.recorded.isEmpty ? .refused(.refused(failure)) : .failed(failure)
    }

    /// Why a band keeps a further tier from being asked; `nil`: none does, or it was asked before. A gate that has ended in the record goes no
    /// further, whatever has become of caps since.
    private func band(against tier: Int, _ gate: GateRun, _ run: isolated RunExecution) -> GateCause? {
        guard tier != gate.start, gate.record.end != nil || !run.state.bands.entered.isEmpty else { return nil }
        let name = gate.machine.terms.tiers[tier]
        guard !gate.state.calls.contains(where: { $0.started.tier == name && $0.started.part.isEmpty }) else { return nil }
        if let end = gate.record.end { return .refused(StepFailure(.budget, end.reason ?? "the gate has ended")) }
        return run.state.bandAgainstClimbing(to: name).map(GateCause.band)
    }

    // MARK: What follows

    /// Tells the machine, and records what it decides.
    @inline(never)
    private func follow(_ event: GateMachine.Event, _ gate: GateRun, _ run: isolated RunExecution) {
        if case .checked(let outcome) = event, case .check(let check) = gate.next { record(outcome, of: check, gate, run) }
        let decided = gate.machine.decisions.count
        let output = gate.answers[gate.machine.tier]
        gate.next = gate.machine.apply(event)
        for decision in gate.machine.decisions[decided...] { record(decision, output, gate, run) }
    }

    private func record(_ decision: TierDecision, _ output: JSONValue?, _ gate: GateRun, _ run: isolated RunExecution) {
        let tier = gate.machine.terms.tiers[decision.tier]
        // Behind its end, which only a record that was changed has before a decision, there is none.
        guard gate.record.end == nil, !gate.record.decisions.contains(where: { $0.tier == tier }) else { return }
        let (verdict, failure): (TierDecided.Verdict, FailureKind?) =
            switch decision.verdict {
            case .accepted: (.accepted, nil)
            case .rejected: (.rejected, nil)
            case .undecided: (.undecided, nil)
            case .unavailable: (.unavailable, nil)
            case .failed(let kind): (.failed, kind)
            }
        run.record(
            .tierDecided(
                TierDecided(
                    path: gate.path, tier: tier, gate: gate.escalation.hash, verdict: verdict, failure: failure, decidedBy: decision.decidedBy,
                    notRun: decision.notRun, reason: decision.reason.map { run.environment.secrets.redactor.redact($0) },
                    output: failure == nil ? output.map { run.store($0).hash } : nil, signals: gate.signals, lastTier: gate.escalation.tiers.last,
                    window: window(of: decision, gate, run))))
    }

    /// Of the first tier's answer the execution counts, whatever becomes of it; an outage is none.
    private func window(of decision: TierDecision, _ gate: GateRun, _ run: isolated RunExecution) -> ContentHash? {
        guard gate.escalation.maxRate != nil, decision.tier == gate.start, gate.machine.isAnswered(decision) else { return nil }
        return gate.rateKey(run)
    }

    @inline(never)
    private func finish(_ end: GateEnd, _ gate: GateRun, _ run: isolated RunExecution) throws(StepFailure) {
        let tiers = gate.machine.terms.tiers
        func record(_ tier: Int?, isAccepted: Bool = false, _ cause: GateCause? = nil) {
            guard gate.record.end == nil else { return }
            var reason = cause.map { run.environment.secrets.redactor.redact($0.text) }
            // Why it was not accepted itself, where another ended the gate.
            let own = tier.flatMap { tier in gate.record.decisions.first { $0.tier == tiers[tier] }?.reason }
            if let own, let text = reason, !text.contains(own) { reason = "\(text); of its own, \(own)" }
            run.record(.gateEnded(GateEnded(path: gate.path, tier: tier.map { tiers[$0] }, isAccepted: isAccepted, cause: cause?.word, reason: reason)))
        }
        switch end {
        case .accepted(let tier):
            record(tier, isAccepted: true)
            draw(gate, run)
            let value = gate.answers[tier]!
            run.succeed(gate.node, value, stored: model.memo == nil ? nil : remember(value, gate, run))
        case .best(let tier, let cause):
            record(tier, cause)
            draw(gate, run)
            run.succeed(gate.node, gate.answers[tier]!)
        case .ask(_, let cause):
            guard case .ask(let question) = gate.escalation.onExhausted else { throw StepFailure(.configuration, "nobody is to be asked") }
            try ask(question, cause, gate, run)
        case .failed(let failure):
            record(nil)
            draw(gate, run)
            throw failure
        }
    }
}

extension Escalation {
    /// Whether a check looks at the log-probabilities of the answer.
    var readsLogprobs: Bool {
        checks.contains { if case .logprob = $0.kind { true } else { false } }
    }
}
