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
        let gate: GateRun
        do throws(StepFailure) { gate = try self.gate(of: node, run) } catch { return run.fail(node, error) }
        // Where a person may be asked for the money of the first try, nothing is asked before that is granted.
        let early = run.state.graph.budget.onExceeded == .ask ? [] : gate.early
        if early.isEmpty { return await decide(gate, run) }
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
            let sides = (0..<agree.firstWave).map { side(agree, $0 + 1, check.name, gate) }
            gate.beside += sides
            start(sides, run)
        }
    }

    private func attachEarly(_ gate: GateRun, _ run: isolated RunExecution) async {
        let tries = tries(of: gate.start, gate)
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
            isResumed: !state.calls.isEmpty, caps: run.state.callCaps(of: node, step), rules: run.state.rules, start: try start(of: escalation, scope))
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
        let tries = tries(of: tier, gate)
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
            return .answered(tries.value)
        } catch {
            if error.kind == .cancelled { throw error }
            return failure(error, of: tries)
        }
    }

    @inline(never)
    private func tries(of tier: Int, _ gate: GateRun) -> ModelTries {
        let name = gate.machine.terms.tiers[tier]
        let tries = gate.tries(
            model, name,
            QuestionPlace(
                tier: name, part: "", limits: gate.step.limits, timeout: gate.step.timeout, wantsLogprobs: gate.escalation.readsLogprobs,
                mayAskForMoney: tier == gate.start))
        gate.tries = tries
        return tries
    }

    /// A cap that refuses a tier's first call leaves it unasked.
    private func failure(_ failure: StepFailure, of tries: ModelTries) -> GateMachine.Event {
        failure.kind == .budget && tries.recorded.isEmpty ? .refused(.refused(failure)) : .failed(failure)
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
        guard !gate.record.decisions.contains(where: { $0.tier == tier }) else { return }
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
                    output: failure == nil ? output.map { run.store($0).hash } : nil)))
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
            run.succeed(gate.node, gate.answers[tier]!)
        case .best(let tier, let cause):
            record(tier, cause)
            run.succeed(gate.node, gate.answers[tier]!)
        case .ask: throw StepFailure(.configuration, "on_exhausted: { ask } is not run by this version")
        case .failed(let failure):
            record(nil)
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
