import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, reserve and journal, call, settle, decide.
extension RunExecution {
    func runModel(_ node: Node, _ step: Step, _ model: ModelStep) async {
        if let (tries, call) = paused.removeValue(forKey: node) {
            decisions[node] = nil
            do throws(StepFailure) {
                try await run(tries, from: .call(call))
            } catch {
                fail(node, error, facts: tries.facts)
            }
            return
        }
        let tier = scopes[node.scope]!.graph.tier(named: model.tier)!
        let tries = ModelTries(node: node, step: step, model: model, tier: tier, caps: callCaps(of: node, step), at: environment.clock.now())
        let left = recorded.removeValue(forKey: node)
        if left == nil {
            announce(.nodeStarted(node), at: tries.startedAt)
            dispatch(machine.apply(.nodeStarted(node)))
        } else {
            tries.isStartRecorded = true
        }
        do throws(StepFailure) {
            if !model.attachments.isEmpty { try await attach(tries) }
            try render(tries)
            let first = if let left { try takeUp(left, tries) } else { tries.machine.apply(.started) }
            if left?.calls.isEmpty ?? true, let age = model.memoAge, try await recall(tries, within: age) { return }
            try await run(tries, from: first)
        } catch {
            recordStart(of: tries)
            fail(node, error, facts: tries.facts)
        }
    }

    // What is marked @inline(never) here computes without waiting, and what is known of a call stands in ``PlacedCall``. In
    // the functions that wait, both would live in the frame of the task: ten thousand runs in flight are ten thousand frames.

    @inline(never)
    private func render(_ tries: ModelTries) throws(StepFailure) {
        let scope = try nodeScope(tries.node)
        let surroundings = scopes[tries.node.scope]!
        let renderer = PromptRenderer(graph: surroundings.graph)
        tries.segments = try evaluating { () throws(EvaluationError) in try renderer.segments(tries.model, scope: scope, attached: tries.attached) }
        tries.tags = scope.tags(tries.step.tags, over: surroundings.tags)
        if !tries.step.limits.trim.isEmpty { tries.trimmableScope = scope }
    }

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
        append(.nodeStarted(tries.node), at: tries.startedAt, to: &buffer)
    }

    private func run(_ tries: ModelTries, from first: StepStateMachine.Command) async throws(StepFailure) {
        var command = first
        while true {
            switch command {
            case .call(let call):
                guard let next = try await made(call, tries) else { return }
                command = next
            case .wait(let span):
                flush()
                if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
                do { try await environment.clock.sleep(for: span) } catch { throw StepFailure(.cancelled, "stopped while waiting to try again") }
                command = tries.machine.apply(.waited)
            case .checkOutput: command = check(tries)
            case .succeed: return succeed(tries)
            case .fail(let failure): throw failure
            }
        }
    }

    /// Makes a call and says what is next; nothing when a person is asked first.
    ///
    /// - Throws: `StepFailure` when the step ends by it whatever the machine would say.
    private func made(_ call: StepStateMachine.Call, _ tries: ModelTries) async throws(StepFailure) -> StepStateMachine.Command? {
        let placed: PlacedCall
        do throws(StepFailure) {
            placed = try await self.call(call, tries)
        } catch {
            if error.kind == .cancelled { throw error }
            return tries.machine.apply(.notCalled(error))
        }
        if let refusal = placed.refusal, asksForMoney(refusal, tries.step) {
            askForMoney(refusal, call, tries)
            return nil
        }
        return try next(after: placed, tries)
    }

    @inline(never)
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
    private func call(_ call: StepStateMachine.Call, _ tries: ModelTries) async throws(StepFailure) -> PlacedCall {
        let reference = tries.tier.models[call.model]
        if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
        if engine.isPrepared(reference) {
            try await environment.provider.prepare(reference)
        } else {
            // Asked first, as a model that does not exist cannot be prepared.
            _ = try environment.provider.profile(of: reference)
            flush()
            try await engine.prepareFirst(reference)
        }
        let placed = try prepare(call, reference, tries)

        // A place in the line before money is held: what waits for one holds nothing.
        guard await acquire(engine.callLimiter) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
        defer { engine.callLimiter.release() }
        if let limiter = placed.limiter {
            guard await acquire(limiter) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
        }
        defer { placed.limiter?.release() }
        try await make(placed)
        return placed
    }

    @inline(never)
    private func prepare(_ call: StepStateMachine.Call, _ reference: ModelReference, _ tries: ModelTries) throws(StepFailure) -> PlacedCall {
        let profile = try environment.provider.profile(of: reference)
        let (segments, attachedTokens) = try messages(call, to: profile, tries)
        // By the estimate, an attachment is as long as the text of so many tokens.
        let bytes = segments.reduce(attachedTokens * 4) { $0 + $1.text.utf8.count }
        try tries.checkLimits(promptBytes: bytes)
        let request = tries.request(nextCall(), to: reference, segments)
        let sheet = engine.priceSheets.sheet(profile, at: environment.clock.now())
        return PlacedCall(
            call: call, tries: tries, request: request, sheet: sheet, held: try reservation(sheet, request, profile, tries), promptBytes: bytes,
            limiter: engine.providerLimiter(profile))
    }

    private func acquire(_ limiter: ConcurrencyLimiter) async -> Bool {
        if limiter.tryAcquire() { return true }
        flush()
        return await limiter.acquire()
    }

    private func make(_ placed: PlacedCall) async throws(StepFailure) {
        // Reserve and journal
        placed.refusal = try await reserve { makeIntent(placed, at: $0) }
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
    private func makeIntent(_ placed: PlacedCall, at: Timestamp) -> JournalEntry {
        let (request, tries, call) = (placed.request, placed.tries, placed.call)
        placed.startedAt = at
        var intent = JournalEntry(run: id)
        if !tries.isStartRecorded { append(.nodeStarted(tries.node), at: tries.startedAt, to: &intent) }
        append(placed.started, at: at, to: &intent)
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
            jitter: failure == nil ? 0 : Double(environment.entropy.next() >> 11) / Double(1 << 53))
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
