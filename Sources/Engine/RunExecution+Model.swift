import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The tries of a model step: what is asked, each call, and what its answer leads to.
extension RunExecution {
    func runModel(_ node: Node, _ step: Step, _ model: ModelStep) async {
        let tries = paused.removeValue(forKey: node) ?? tries(of: node, step, model)
        do throws(StepFailure) {
            if tries.isPaused {
                takeUpPaused(tries)
            } else {
                if !model.attachments.isEmpty { try await attach(tries) }
                try prepare(tries)
                if tries.isMemoAsked, try await recall(tries, within: model.memoAge!) { return }
            }
            try await run(tries)
        } catch {
            recordStart(of: tries)
            fail(tries.node, error, facts: tries.facts)
        }
    }

    // What is marked @inline(never) here computes without waiting, and what is known of the tries and of a call stands in
    // ``ModelTries`` and ``PlacedCall``. In the functions that wait, both would live in the frame of the task: ten thousand
    // runs in flight are ten thousand frames.

    @inline(never)
    private func tries(of node: Node, _ step: Step, _ model: ModelStep) -> ModelTries {
        let tier = scopes[node.scope]!.graph.tier(named: model.tier)!
        let tries = ModelTries(node: node, step: step, model: model, tier: tier, caps: callCaps(of: node, step), rules: rules, at: environment.clock.now())
        tries.left = recorded.removeValue(forKey: node)
        if tries.left == nil {
            announce(.nodeStarted(node.path), at: tries.startedAt)
            dispatch(commands(after: .nodeStarted(node.path)))
        } else {
            tries.isStartRecorded = true
        }
        return tries
    }

    /// A person has granted the money for the call that is to be made next.
    @inline(never)
    private func takeUpPaused(_ tries: ModelTries) {
        tries.isPaused = false
        decisions[tries.node] = nil
    }

    /// What is asked, and what is to be done first: to call, or what comes after the calls that a process before made.
    @inline(never)
    private func prepare(_ tries: ModelTries) throws(StepFailure) {
        try render(tries)
        tries.isMemoAsked = tries.model.memoAge != nil && tries.left?.calls.isEmpty ?? true
        tries.next = if let left = tries.left { try takeUp(left, tries) } else { tries.machine.apply(.started) }
        tries.left = nil
    }

    private func render(_ tries: ModelTries) throws(StepFailure) {
        let scope = try nodeScope(tries.node)
        let surroundings = scopes[tries.node.scope]!
        let renderer = PromptRenderer(graph: surroundings.graph)
        tries.segments = try evaluating { () throws(EvaluationError) in try renderer.segments(tries.model, scope: scope, attached: tries.attached) }
        tries.tags = scope.tags(tries.step.tags, over: surroundings.tags)
        if !tries.step.limits.trim.isEmpty { tries.trimmableScope = scope }
    }

    @inline(never)
    private func attach(_ tries: ModelTries) async throws(StepFailure) {
        let reader = AttachmentReader(source: environment.attachments, file: scopes[tries.node.scope]!.graph.file)
        tries.attached = try await reader.segments(tries.model.attachments, try nodeScope(tries.node))
        if Task.isCancelled { throw StepFailure(.cancelled, "the run is stopping") }
    }

    /// The messages of a call, and the tokens of what is attached. That they were cut is a fact of its own.
    func messages(
        _ call: TryMachine.Call, to profile: ModelProfile, _ tries: ModelTries
    ) throws(StepFailure) -> (segments: [PromptSegment], attachedTokens: Int) {
        var attachedTokens = 0
        if !tries.attached.isEmpty {
            try StepFailure.check(tries.attached, profile)
            attachedTokens = RequestBound.knownTokens(tries.attached, profile.attachments)
        }
        let (segments, isCut) = try tries.fitted(for: call, attachedTokens: attachedTokens, in: scopes[tries.node.scope]!.graph)
        if isCut, !tries.takesUpCut() {
            recordStart(of: tries)
            note(.inputTrimmed(tries.node.path, tries.trimmed), at: environment.clock.now())
        }
        return (segments, attachedTokens)
    }

    /// The start of a node goes with the intent of its first call, in one entry; without a call it is recorded here.
    func recordStart(of tries: ModelTries) {
        guard !tries.isStartRecorded, !hasLostJournal else { return }
        tries.isStartRecorded = true
        append(.nodeStarted(tries.node.path), at: tries.startedAt, to: buffer)
    }

    /// What a task has to wait for on the way to its output.
    private enum Waiting {
        case call
        case delay(TimeSpan)
        case nothing
    }

    /// Until there is an output, or a person is asked first.
    private func run(_ tries: ModelTries) async throws(StepFailure) {
        while true {
            switch try advance(tries) {
            case .call: try await call(tries)
            case .delay(let span):
                do { try await environment.clock.sleep(for: span) } catch { throw Self.stopped("while waiting to try again") }
                tries.next = tries.machine.apply(.waited)
            case .nothing: return
            }
        }
    }

    @inline(never)
    private func advance(_ tries: ModelTries) throws(StepFailure) -> Waiting {
        while !tries.isPaused {
            switch tries.next {
            case .call: return .call
            case .wait(let span):
                flush()
                if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
                return .delay(span)
            case .checkOutput: tries.next = check(tries)
            case .succeed:
                succeed(tries)
                return .nothing
            case .fail(let failure): throw failure
            case .suspend(let failure):
                unreachable = StepFailure(failure.kind, "\(failure.message); it has answered before and is gone for about ten minutes")
                interrupt(.graceful, isUrgent: false)
                throw StepFailure(.cancelled, "the run is suspended")
            }
        }
        return .nothing
    }

    @inline(never)
    static func stopped(_ when: String) -> StepFailure { StepFailure(.cancelled, "stopped \(when)") }

    /// Makes the call that is due and says what is next.
    ///
    /// - Throws: `StepFailure` when the step ends by it whatever the machine would say.
    private func call(_ tries: ModelTries) async throws(StepFailure) {
        let placed: PlacedCall
        do throws(StepFailure) {
            placed = try await place(tries)
        } catch {
            return try pass(over: error, tries)
        }
        try conclude(placed)
    }

    /// A call that could not be made.
    @inline(never)
    private func pass(over failure: StepFailure, _ tries: ModelTries) throws(StepFailure) {
        guard failure.kind != .cancelled else { throw failure }
        tries.next = tries.machine.apply(.notCalled(failure))
    }

    @inline(never)
    private func conclude(_ placed: PlacedCall) throws(StepFailure) {
        let tries = placed.tries
        if let refusal = placed.refusal, asksForMoney(refusal, tries.step) { return askForMoney(refusal, tries) }
        tries.next = try next(after: placed, tries)
    }

    private func next(after placed: PlacedCall, _ tries: ModelTries) throws(StepFailure) -> TryMachine.Command {
        if let refusal = placed.refusal { return tries.machine.apply(.callRefused(refusal)) }
        guard let end = placed.end else { preconditionFailure("call \(placed.request.id) has no end") }
        if end.failure?.kind == .cancelled { throw StepFailure(.cancelled, "stopped") }
        // A failed call leaves the answer that is being repaired or continued.
        if end.failure == nil, case .success(let response)? = placed.result?.outcome {
            tries.take(response.text, of: placed.call.purpose)
            tries.answered = (placed.request.id, placed.request.model)
        }
        return tries.machine.apply(.callEnded(end))
    }

    @inline(never)
    private func check(_ tries: ModelTries) -> TryMachine.Command {
        let command = judge(tries)
        if !tries.violations.isEmpty { note(.outputRejected(tries.node.path, violations: tries.violations), at: environment.clock.now()) }
        return command
    }

    /// Holds the answer against its schema.
    func judge(_ tries: ModelTries) -> TryMachine.Command {
        let (value, violations) = Self.check(tries.answer, tries.model)
        tries.judge(value, violations)
        return tries.machine.apply(.outputChecked(violations: tries.violations))
    }

    @inline(never)
    private func succeed(_ tries: ModelTries) {
        // Without a schema the output is the answer's text, which is kept already where it came in one piece.
        var stored = tries.model.schema == nil && !tries.isContinued ? tries.response.map(OutputReference.init) : nil
        if tries.model.memoAge != nil {
            stored = stored ?? store(tries.value)
            remember(stored!, tries)
        }
        succeed(tries.node, tries.value, facts: tries.facts, stored: stored)
    }

    /// The answer as a value, or what is wrong with it.
    @inline(never)
    private static func check(_ answer: String, _ model: ModelStep) -> (JSONValue, [String]) {
        guard let schema = model.schema else { return (.string(answer), []) }
        do throws(JSONParseError) {
            let value = try JSONParser.parse(Self.unfenced(answer))
            return (value, schema.validate(value).map(\.message))
        } catch {
            return (.null, ["the answer is not JSON: \(error)"])
        }
    }

    /// Models without constrained decoding wrap JSON in a Markdown fence; the fence is not part of the answer.
    static func unfenced(_ text: String) -> String {
        let trimmed = text.drop { $0.isWhitespace }
        guard trimmed.hasPrefix("```") else { return text }
        guard let lineEnd = trimmed.firstIndex(where: \.isNewline) else { return text }
        let body = trimmed[trimmed.index(after: lineEnd)...]
        var end = body.endIndex
        while end > body.startIndex, body[body.index(before: end)].isWhitespace { end = body.index(before: end) }
        guard body[..<end].hasSuffix("```") else { return text }
        return String(body[..<body.index(end, offsetBy: -3)])
    }
}
