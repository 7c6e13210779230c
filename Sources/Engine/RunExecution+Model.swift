import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, reserve and journal, call, settle, decide.
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
        let tries = ModelTries(node: node, step: step, model: model, tier: tier, caps: callCaps(of: node, step), at: environment.clock.now())
        tries.left = recorded.removeValue(forKey: node)
        if tries.left == nil {
            announce(.nodeStarted(node), at: tries.startedAt)
            dispatch(machine.apply(.nodeStarted(node)))
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
        _ call: StepStateMachine.Call, to profile: ModelProfile, _ tries: ModelTries
    ) throws(StepFailure) -> (segments: [PromptSegment], attachedTokens: Int) {
        var attachedTokens = 0
        if !tries.attached.isEmpty {
            try StepFailure.check(tries.attached, profile)
            attachedTokens = RequestBound.knownTokens(tries.attached, profile.attachments)
        }
        let (segments, isCut) = try tries.fitted(for: call, attachedTokens: attachedTokens, in: scopes[tries.node.scope]!.graph)
        if isCut, !tries.takesUpCut() {
            recordStart(of: tries)
            note(.inputTrimmed(tries.node, tries.trimmed), at: environment.clock.now())
        }
        return (segments, attachedTokens)
    }

    /// The start of a node goes with the intent of its first call, in one entry; without a call it is recorded here.
    func recordStart(of tries: ModelTries) {
        guard !tries.isStartRecorded, !hasLostJournal else { return }
        tries.isStartRecorded = true
        append(.nodeStarted(tries.node), at: tries.startedAt, to: buffer)
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
    private static func stopped(_ when: String) -> StepFailure { StepFailure(.cancelled, "stopped \(when)") }

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

    private func next(after placed: PlacedCall, _ tries: ModelTries) throws(StepFailure) -> StepStateMachine.Command {
        if let refusal = placed.refusal { return tries.machine.apply(.callRefused(refusal)) }
        guard let end = placed.end else { preconditionFailure("call \(placed.request.id) has no end") }
        if end.failure?.kind == .cancelled { throw StepFailure(.cancelled, "stopped") }
        // A failed call leaves the answer that is being repaired.
        if case .success(let response)? = placed.result?.outcome {
            if let refused = response.refusal { throw StepFailure(.refusal, "the model declined: \(refused)") }
            tries.answer = response.text
            tries.answered = (placed.request.id, placed.request.model)
        }
        return tries.machine.apply(.callEnded(end))
    }

    @inline(never)
    private func check(_ tries: ModelTries) -> StepStateMachine.Command {
        let command = judge(tries)
        if !tries.violations.isEmpty { note(.outputRejected(tries.node, violations: tries.violations), at: environment.clock.now()) }
        return command
    }

    /// Holds the answer against its schema.
    func judge(_ tries: ModelTries) -> StepStateMachine.Command {
        (tries.value, tries.violations) = Self.check(tries.answer, tries.model)
        return tries.machine.apply(.outputChecked(violations: tries.violations))
    }

    @inline(never)
    private func succeed(_ tries: ModelTries) {
        // Without a schema the output is the answer's text, which is kept already.
        var stored = tries.model.schema == nil ? tries.response.map(OutputReference.init) : nil
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

    /// Prepares the call, takes a place in the lines for one, and makes it.
    private func place(_ tries: ModelTries) async throws(StepFailure) -> PlacedCall {
        if try isPrepared(tries) {
            try await environment.provider.prepare(tries.dueModel)
        } else {
            try await engine.prepareFirst(tries.dueModel)
        }
        let placed = try prepareCall(tries)

        // A place in the line before money is held: what waits for one holds nothing.
        guard await acquire(engine.callLimiter) else { throw Self.stopped("while waiting for a free place") }
        defer { engine.callLimiter.release() }
        if let limiter = placed.limiter {
            guard await acquire(limiter) else { throw Self.stopped("while waiting for a free place") }
        }
        defer { placed.limiter?.release() }
        try await make(placed)
        return placed
    }

    @inline(never)
    private func isPrepared(_ tries: ModelTries) throws(StepFailure) -> Bool {
        if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
        if engine.isPrepared(tries.dueModel) { return true }
        // Asked first, as a model that does not exist cannot be prepared.
        _ = try environment.provider.profile(of: tries.dueModel)
        flush()
        return false
    }

    @inline(never)
    private func prepareCall(_ tries: ModelTries) throws(StepFailure) -> PlacedCall {
        let (call, reference) = (tries.due, tries.dueModel)
        let profile = try environment.provider.profile(of: reference)
        let (segments, attachedTokens) = try messages(call, to: profile, tries)
        // By the estimate, an attachment is as long as the text of so many tokens.
        let bytes = segments.reduce(attachedTokens * 4) { $0 + $1.text.utf8.count }
        try tries.checkLimits(promptBytes: bytes)
        let request = tries.request(nextCall(), to: reference, segments)
        let sheet = engine.priceSheets.sheet(profile, at: environment.clock.now())
        return PlacedCall(
            call: call, tries: tries, request: request, sheet: sheet, held: try reservation(sheet, request, profile, tries), promptBytes: bytes,
            limiter: engine.providerLimiter(profile), server: profile.server)
    }

    private func acquire(_ limiter: ConcurrencyLimiter) async -> Bool {
        if limiter.tryAcquire() { return true }
        flush()
        return await limiter.acquire()
    }

    private func make(_ placed: PlacedCall) async throws(StepFailure) {
        // Reserve and journal
        try await reserve(placed)
        guard begin(placed) else { return }
        // Call
        if !Task.isCancelled { placed.result = await environment.provider.call(placed.request) }
        // Settle
        settle(placed)
    }

    /// Whether the call may be made.
    @inline(never)
    private func begin(_ placed: PlacedCall) -> Bool {
        if let refusal = placed.refusal {
            recordStart(of: placed.tries)
            note(.callRefused(placed.tries.node, refusal), at: environment.clock.now())
            return false
        }
        placed.tries.isStartRecorded = true
        callCount += 1
        announce(placed.started, at: placed.startedAt!)
        inFlight.insert(placed.tries.node)
        return true
    }

    @inline(never)
    func makeIntent(_ placed: PlacedCall) -> JournalEntry {
        let at = environment.clock.now()
        let (request, tries, call) = (placed.request, placed.tries, placed.call)
        placed.startedAt = at
        let intent = JournalEntry(run: id)
        if !tries.isStartRecorded { append(.nodeStarted(tries.node), at: tries.startedAt, to: intent) }
        append(placed.started, at: at, to: intent)
        intent.blobs.reserveCapacity(request.segments.count + 1)
        for segment in request.segments {
            intent.blobs.append(segment.attachment.map { Blob($0.bytes, hash: $0.hash) } ?? Blob(text: segment.text, hash: segment.hash))
        }
        intent.blobs.append(placed.manifest)
        intent.callStart = CallStart(
            id: request.id, path: tries.path, step: tries.node.stepPath, tier: tries.tier.name, purpose: call.purpose, ordinal: call.ordinal,
            provider: request.model.provider, modelAsked: request.model.model, request: placed.manifest.hash,
            retryOf: call.retryOf.map { CallID(run: id, number: $0).text }, held: placed.held, caps: tries.caps, at: at,
            tags: tries.tags, trimmed: tries.trimmed)
        return intent
    }

    /// The worst case of a call, or `nil` for a model without a price, which only a run without any cap may use.
    private func reservation(
        _ sheet: PriceSheet?, _ request: ModelRequest, _ profile: ModelProfile, _ tries: ModelTries
    ) throws(StepFailure) -> Money? {
        guard let sheet else {
            guard graph.budget.maxCost == nil, tries.caps.isEmpty else { throw StepFailure.unpriced(profile) }
            return nil
        }
        var bound = RequestBound.inputTokens(request.segments, schemaBound: tries.model.schemaBound, support: profile.attachments) ?? profile.contextWindow
        if bound == nil {
            // By the hour, tokens cost nothing.
            if !sheet.isMachineTime, graph.budget.maxCost != nil || !tries.caps.isEmpty {
                let unknown = tries.attached.lazy.compactMap(\.attachment).first { RequestBound.tokens($0, profile.attachments) == nil }
                throw StepFailure.unbounded(unknown!, profile)
            }
            bound = RequestBound.unknownWindow
        }
        return Reservation.worst(
            sheet: sheet, inputBound: bound!, contextWindow: profile.contextWindow,
            outputCap: request.maxOutputTokens, timeout: request.timeout
        ).amount
    }

    /// Whether a server that has answered before was not reached; takes note of those that answer.
    private func isOutage(_ result: ModelCallResult, _ placed: PlacedCall) -> Bool {
        if result.isUnreached {
            // It may have to be started again.
            engine.mustPrepare(placed.request.model)
            return engine.reachedBefore(placed.server)
        }
        let hasAnswered = if case .success = result.outcome { true } else { result.httpStatus != nil }
        if hasAnswered, reached.insert(placed.server).inserted { engine.hasReached(placed.server) }
        return false
    }

    @inline(never)
    private func settle(_ placed: PlacedCall) {
        let (request, tries) = (placed.request, placed.tries)
        inFlight.remove(tries.node)
        makeRoomForCallEnd()
        let result = placed.result ?? ModelCallResult(
            outcome: .failure(CallFailure(.cancelled, "stopped before it was sent")), billing: .notBilled, total: .milliseconds(0))
        let settlement = CallSettlement(result: result, sheet: placed.sheet, held: placed.held, promptBytes: placed.promptBytes)
        var response: ContentHash?
        var logprobs: ContentHash?
        var finishReason: FinishReason?
        var failure: CallFailure?
        switch result.outcome {
        case .success(let answer):
            let blob = Blob(JSONEncoding.wire.bytes(.string(answer.text)))
            append(blob: blob)
            response = blob.hash
            finishReason = answer.finishReason
            if let document = answer.logprobs {
                let blob = Blob(JSONEncoding.wire.bytes(document))
                append(blob: blob)
                logprobs = blob.hash
            }
        case .failure(let reason):
            failure = reason
        }
        let at = environment.clock.now()
        let end = CallEnded(
            id: request.id, node: tries.node, state: settlement.state, cost: settlement.cost?.total, usage: result.usage,
            finishReason: finishReason, response: response, logprobs: logprobs, failure: failure,
            jitter: failure == nil ? 0 : Double(environment.entropy.next() >> 11) / Double(1 << 53),
            isOutage: isOutage(result, placed))
        append(callEnd: CallEnd(
            id: request.id, state: settlement.state, held: settlement.held, cost: settlement.cost?.total, released: placed.held, caps: tries.caps,
            usage: result.usage, usageRaw: result.usageRaw, priceRows: settlement.cost?.priceRows ?? [], modelServed: result.modelServed,
            response: response, httpStatus: result.httpStatus, finishReason: finishReason?.rawValue, failure: failure,
            timeToFirstToken: result.timeToFirstToken, total: result.total, at: at))
        note(.callEnded(end), at: at)
        account(tries.node, held: placed.held ?? .zero, kept: settlement.held ?? .zero, cost: end.cost ?? .zero, caps: tries.caps)
        tries.count(end)
        placed.end = end
        reservations.callSettled()
    }
}
