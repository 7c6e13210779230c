import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Steps that ask a model: what is asked, each call, and what its answer leads to.
struct ModelRunner: StepRunner {
    let model: ModelStep

    func start(_ node: Node, in run: isolated RunExecution) {
        if let own = run.state.open[node]?.inquiry?.decision, own.question?.kind != .gate {
            let ofBand = run.state.bands.answer(to: own.question)
            let decision = ofBand ?? own
            if !decision.isApproved { return run.fail(node, ofBand == nil ? .notGranted(decision) : .notGoneOn(decision)) }
        }
        if run.isHeldBack(node) { return }
        if model.escalation != nil { return run.launch(node) { [self] in await climb(node, $0) } }
        run.launch(node) { [self] in await ask(node, $0) }
    }

    private func ask(_ node: Node, _ run: isolated RunExecution) async {
        let tries = tries(of: node, run)
        do throws(StepFailure) {
            if !model.attachments.isEmpty { try await attach(tries, run) }
            try prepare(tries, run)
            if tries.isMemoAsked {
                let question = firstQuestion(of: tries, run)
                if try await recall(tries, question, run) { return }
            }
            if try await go(tries, run) { succeed(tries, run) }
        } catch {
            recordStart(of: tries, run)
            run.fail(node, error)
        }
        tries.endFlight(isAnswered: tries.isKept, run)
    }

    // What is marked @inline(never) here computes without waiting, and what is known of the tries stands in ``ModelTries``. In the
    // functions that wait it would live in the frame of the task: ten thousand runs in flight are ten thousand frames.

    @inline(never)
    private func tries(of node: Node, _ run: isolated RunExecution) -> ModelTries {
        let scope = run.state.scopes[node.scope]!
        let step = scope.body.steps[node.step]
        let isResumed = run.state.open[node] != nil
        // It is recorded with the intent of the first call, in one entry; without a call, before the node's end.
        if !isResumed { run.take(.nodeStarted(node.path), at: run.environment.clock.now(), .none) }
        return ModelTries(
            node: node, step: step, model: model, tier: run.state.askedTier(model.tier, of: run.state.open[node]!.calls, in: scope.graph), state: run.state.open[node]!, isResumed: isResumed,
            caps: run.state.callCaps(of: node, step), rules: run.state.rules)
    }

    func recordStart(of tries: ModelTries, _ run: isolated RunExecution) {
        guard !tries.isStartRecorded else { return }
        tries.isStartRecorded = true
        run.outbox.append(.nodeStarted(tries.path), at: tries.state.startedAt)
    }

    // MARK: The prompt

    /// What is asked, and what is to be done first: to call, or what comes after the calls that were made before.
    @inline(never)
    func prepare(_ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) {
        try render(tries, run)
        tries.isMemoAsked = model.memo != nil && tries.place == nil && tries.state.calls.isEmpty
        tries.next = tries.isResumed ? try takeUp(tries, run) : tries.machine.apply(.started)
    }

    func render(_ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) {
        let scope: RunScope
        if let judging = tries.place?.scope { scope = judging } else { scope = try run.state.nodeScope(tries.node) }
        let surroundings = run.state.scopes[tries.node.scope]!
        let renderer = PromptRenderer(graph: surroundings.graph)
        tries.segments = try StepFailure.evaluating { () throws(EvaluationError) in
            try renderer.segments(model, scope: scope, attached: tries.attached, frame: tries.place?.frame)
        }
        tries.tags = run.tags(of: tries.step, scope, over: surroundings.tags)
        if !tries.limits.trim.isEmpty { tries.trimmableScope = scope }
    }

    @inline(never)
    func attach(_ tries: ModelTries, _ run: isolated RunExecution) async throws(StepFailure) {
        let source = run.engine.services.replay.map { $0.attachments(at: tries.path) } ?? run.environment.attachments
        let graph = run.state.scopes[tries.node.scope]!.graph
        let reader = AttachmentReader(source: source, file: graph.file, sources: graph === run.state.graph && graph.sources.isRecorded ? graph.sources : nil)
        tries.attached = try await reader.segments(model.attachments, try run.state.nodeScope(tries.node))
        if Task.isCancelled { throw StepFailure(.cancelled, "the run is stopping") }
    }

    /// The messages of a call, and the tokens of what is attached. That they were cut is a fact of its own.
    func messages(
        _ call: TryMachine.Call, to profile: ModelProfile, _ tries: ModelTries, _ run: isolated RunExecution
    ) throws(StepFailure) -> (segments: [PromptSegment], attachedTokens: Int) {
        var attachedTokens = 0
        if !tries.attached.isEmpty {
            try StepFailure.check(tries.attached, profile)
            attachedTokens = RequestBound.knownTokens(tries.attached, profile.attachments)
        }
        let (segments, isCut) = try tries.fitted(for: call, attachedTokens: attachedTokens, in: run.state.scopes[tries.node.scope]!.graph)
        if isCut, !tries.takesUpCut() {
            recordStart(of: tries, run)
            run.record(.inputTrimmed(tries.path, tries.trimmed))
        }
        return (segments, attachedTokens)
    }

    func question(_ call: TryMachine.Call, _ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) -> Question {
        if run.isStopping { throw StepFailure(.cancelled, "the run is stopping") }
        let profile = try run.road.profile(of: tries.tier.models[call.model])
        let (segments, attachedTokens) = try messages(call, to: profile, tries, run)
        let question = Question(
            to: profile, .segments(segments), sampling: tries.sampling, outputCap: tries.outputCap(of: call, profile), schema: model.schema, schemaName: tries.step.id,
            schemaBound: model.schemaBound, timeout: tries.timeout, purpose: tries.place?.purpose(of: call) ?? call.purpose,
            terms: Question.Terms(
                onTruncation: tries.limits.onTruncation, allowsEmpty: model.allowsEmpty, willContinue: tries.machine.mayContinue,
                rules: run.state.rules),
            attachedTokens: attachedTokens, mayBeUnpriced: run.state.graph.budget.maxCost == nil && tries.caps.money.isEmpty, caps: tries.caps,
            room: tries.isFirstCall ? nil : run.room(),
            tags: tries.tags, trimmed: tries.trimmed, retryOf: call.retryOf,
            askedTier: tries.decidedTier == tries.tier.name ? nil : tries.tier.name, counts: tries.counts,
            excess: tries.excess(segments, attachedTokens: attachedTokens), climbs: tries.isClimb, rate: tries.uncounted,
            preface: tries.isStartRecorded ? nil : (.nodeStarted(tries.path), tries.state.startedAt),
            caching: profile.cache == nil ? nil : caching(segments, to: profile, call, tries, run))
        if let replay = run.engine.services.replay, !tries.isFirstCall { run.noteRoom(of: tries.site(call.ordinal), in: replay) }
        if let excess = question.excess, profile.counting == .no, question.counts.isEmpty { throw excess.failure }
        return question
    }

    // MARK: The tries

    /// What a task has to wait for on the way to its output.
    private enum Waiting {
        case call(Question, ordinal: Int)
        case delay(TimeSpan)
        case answer
    }

    /// Until there is an answer.
    ///
    /// - Returns: whether there is one; otherwise a person is asked first.
    func go(_ tries: ModelTries, _ run: isolated RunExecution) async throws(StepFailure) -> Bool {
        while true {
            switch try advance(tries, run) {
            case .call(let question, let ordinal):
                let outcome = await run.road.make(question, at: tries.site(ordinal), for: run)
                guard try takes(outcome, of: question, tries, run) else { return false }
            case .delay(let span):
                do { try await run.environment.clock.sleep(for: span, until: .retry(tries.site(0))) } catch { throw StepFailure(.cancelled, "stopped while waiting to try again") }
                tries.next = tries.machine.apply(.waited)
            case .answer: return true
            }
        }
    }

    @inline(never)
    private func advance(_ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) -> Waiting {
        while true {
            switch tries.next {
            case .call(let call):
                if tries.isGivenUp { throw StepFailure(.cancelled, "its answer is not needed any more") }
                do throws(StepFailure) {
                    return .call(try question(call, tries, run), ordinal: call.ordinal)
                } catch {
                    try pass(over: error, tries)
                }
            case .wait(let span):
                run.outbox.flush()
                if run.isStopping { throw StepFailure(.cancelled, "the run is stopping") }
                return .delay(span)
            case .checkOutput: tries.next = check(tries, run)
            case .succeed: return .answer
            case .fail(let failure): throw failure
            case .suspend(let failure):
                run.suspend(StepFailure(failure.kind, "\(failure.message); it has answered before and is gone for about ten minutes"))
                throw StepFailure(.cancelled, "the run is suspended")
            }
        }
    }

    /// A call that could not be made.
    private func pass(over failure: StepFailure, _ tries: ModelTries) throws(StepFailure) {
        guard failure.kind != .cancelled else { throw failure }
        tries.next = tries.machine.apply(.notCalled(failure))
    }

    /// Asks the machine what follows from a call.
    ///
    /// - Returns: whether the tries go on now; otherwise a person is asked, and they are taken up behind the answer.
    /// - Throws: `StepFailure` when the step ends by it whatever the machine would say.
    @inline(never)
    private func takes(_ outcome: CallOutcome, of question: Question, _ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) -> Bool {
        switch outcome {
        case .notMade(let failure): try pass(over: failure, tries)
        case .refused(let refusal):
            tries.isStartRecorded = true
            if let tier = standIn(for: tries, refusal, run) {
                tries.degrade(to: tier)
                return true
            }
            if tries.place?.mayAskForMoney != false, asksForMoney(refusal, tries.step, run) {
                askForMoney(refusal, tries.node, run)
                return false
            }
            tries.next = tries.machine.apply(.callRefused(refusal))
        case .tripped(let counted): throw StepFailure(.budget, counted.sentence)
        case .ended(let end, let answer):
            tries.isStartRecorded = true
            if end.failure?.kind == .cancelled { throw StepFailure(.cancelled, "stopped") }
            // A failed call leaves the answer that is being repaired or continued.
            if end.failure == nil, let answer {
                tries.take(answer.text, of: question.purpose, isCut: answer.finishReason == .length)
                tries.answered = (end.id, question.model.reference)
            }
            if tries.place != nil, let answer { tell(answer, end, tries) }
            tries.next = tries.machine.apply(.callEnded(end))
        }
        return true
    }

    /// What a gate keeps of an answer, and of one that is none.
    @inline(never)
    private func tell(_ answer: ModelResponse, _ end: CallEnded, _ tries: ModelTries) {
        tries.logprobs = answer.logprobs
        tries.told = (end.failure == nil ? tries.answer : answer.text, end.finishWord ?? end.finishReason?.rawValue)
    }

    // MARK: The answer

    private func check(_ tries: ModelTries, _ run: isolated RunExecution) -> TryMachine.Command {
        let command = judge(tries)
        if !tries.violations.isEmpty { run.record(.outputRejected(tries.path, violations: tries.violations)) }
        return command
    }

    /// Holds the answer against its schema.
    func judge(_ tries: ModelTries) -> TryMachine.Command {
        let (value, violations) = Self.check(tries.answer, model, tries.rules)
        tries.judge(value, violations)
        return tries.machine.apply(.outputChecked(violations: tries.violations))
    }

    private func succeed(_ tries: ModelTries, _ run: isolated RunExecution) {
        // Without a schema the output is the answer's text, which is kept already where it came in one piece.
        var stored = model.schema == nil && !tries.isContinued ? tries.response.map(OutputReference.init) : nil
        if model.memo != nil {
            stored = stored ?? run.store(tries.value)
            remember(stored!, tries, run)
        }
        run.succeed(tries.node, tries.value, stored: stored)
    }

    /// The answer as a value, or what is wrong with it.
    private static func check(_ answer: String, _ model: ModelStep, _ rules: Rules) -> (JSONValue, [String]) {
        if model.schema == nil { return (.string(answer), []) }
        do throws(JSONParseError) {
            let value = try AnswerDocument.read(answer, rules: rules)
            return (value, model.violations(of: value))
        } catch {
            return (.null, ["the answer is not JSON: \(error)"])
        }
    }
}
