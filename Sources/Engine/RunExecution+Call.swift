import Economics
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, take a place, reserve and journal, call, settle.
extension RunExecution {
    /// Prepares the call, takes a place in the lines for one, and makes it.
    func place(_ tries: ModelTries) async throws(StepFailure) -> PlacedCall {
        if try !isPrepared(tries) { try await engine.prepareFirst(tries.dueModel) }
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
        if engine.isPrepared(tries.dueModel), environment.provider.isReady(tries.dueModel) { return true }
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
        try refuseSecrets(in: segments)
        // By the estimate, an attachment is as long as the text of so many tokens.
        let bytes = segments.reduce(attachedTokens * 4) { $0 + $1.text.utf8.count }
        try tries.checkLimits(promptBytes: bytes)
        let request = tries.request(nextCall(), to: reference, segments)
        let sheet = engine.priceSheets.sheet(profile, at: environment.clock.now())
        let bound = try reservation(sheet, request, profile, tries)
        return PlacedCall(
            call: call, tries: tries, request: request, sheet: sheet, held: bound.map { overruns.raised($0, of: reference) }, bound: bound, promptBytes: bytes,
            limiter: engine.providerLimiter(profile), profile: profile)
    }

    /// A secret in a prompt would be sent to whoever answers, and kept with the call.
    private func refuseSecrets(in segments: [PromptSegment]) throws(StepFailure) {
        let redactor = environment.secrets.redactor
        guard !redactor.isEmpty else { return }
        for segment in segments {
            guard let name = redactor.secret(in: segment.text) ?? segment.attachment.flatMap({ redactor.secret(in: $0.bytes) }) else { continue }
            throw StepFailure(.secret, "the prompt holds a secret, \(name): it is not sent", details: ["it stands in the part \(segment.origin)"])
        }
    }

    func acquire(_ limiter: ConcurrencyLimiter) async -> Bool {
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
            note(.callRefused(placed.tries.node.path, refusal), at: environment.clock.now())
            return false
        }
        placed.tries.isStartRecorded = true
        announce(placed.started, at: placed.startedAt!)
        inFlight.insert(placed.tries.node)
        return true
    }

    @inline(never)
    func makeIntent(_ placed: PlacedCall) -> JournalEntry {
        let at = environment.clock.now()
        let (request, tries) = (placed.request, placed.tries)
        placed.startedAt = at
        let intent = JournalEntry(run: id)
        if !tries.isStartRecorded { append(.nodeStarted(tries.node.path), at: tries.startedAt, to: intent) }
        append(placed.started, at: at, to: intent)
        intent.blobs.reserveCapacity(request.segments.count + 1)
        for segment in request.segments {
            intent.blobs.append(segment.attachment.map { Blob($0.bytes, hash: $0.hash) } ?? Blob(text: segment.text, hash: segment.hash))
        }
        intent.blobs.append(placed.manifest)
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

    /// Whether a server that has answered before was not reached, or one is coming up; takes note of those that answer.
    private func isOutage(_ result: ModelCallResult, _ placed: PlacedCall) -> Bool {
        if result.isComingUp { return true }
        if result.isUnreached { return engine.reachedBefore(placed.server) }
        let hasAnswered = if case .success = result.outcome { true } else { result.httpStatus != nil }
        if hasAnswered, reached.insert(placed.server).inserted { engine.hasReached(placed.server) }
        return false
    }

    /// Whose prices hold, by the name of the model that answered.
    private func servedPrice(_ result: ModelCallResult, _ placed: PlacedCall) -> ServedPrice {
        let find = { [engine, environment] (name: String) in
            engine.priceSheets.sheet(provider: placed.profile.reference.provider, model: name, at: placed.startedAt ?? environment.clock.now())
        }
        if result.otherModelsServed.isEmpty { return ServedPrice(result.modelServed, asked: placed.profile, sheet: placed.sheet, find: find) }
        let usage = result.usage ?? TokenUsage(plainInput: placed.promptBytes, plainOutput: max(1, result.outputBytes))
        return ServedPrice(
            [result.modelServed].compactMap(\.self) + result.otherModelsServed, asked: placed.profile, sheet: placed.sheet, usage: usage, find: find)
    }

    @inline(never)
    private func settle(_ placed: PlacedCall) {
        let (request, tries) = (placed.request, placed.tries)
        inFlight.remove(tries.node)
        let result = placed.result ?? ModelCallResult(
            outcome: .failure(CallFailure(.cancelled, "stopped before it was sent")), billing: .notBilled, total: .milliseconds(0))
        let settlement = CallSettlement(
            result: result, sheet: placed.sheet, served: servedPrice(result, placed), held: placed.held, promptBytes: placed.promptBytes)
        var response: ContentHash?
        var logprobs: ContentHash?
        var finishReason: FinishReason?
        var finishWord: String?
        var failure: CallFailure?
        switch result.outcome {
        case .success(let answer):
            let blob = Blob(JSONEncoding.wire.bytes(.string(answer.text)))
            append(blob: blob)
            response = blob.hash
            finishReason = answer.finishReason
            failure = AnswerVerdict.failure(
                of: answer, to: placed.call.purpose, tries.model, onTruncation: tries.step.limits.onTruncation, cap: tries.outputCap,
                willContinue: tries.machine.mayContinue, rules: rules)
            finishWord = answer.finishWord
            if let document = answer.logprobs {
                let blob = Blob(JSONEncoding.wire.bytes(document))
                append(blob: blob)
                logprobs = blob.hash
            }
        case .failure(let reason):
            failure = reason
            // What came was paid for.
            if let text = result.partialText, !text.isEmpty {
                let blob = Blob(JSONEncoding.wire.bytes(.string(text)))
                append(blob: blob)
                response = blob.hash
            }
        }
        let at = environment.clock.now()
        let priceRows = settlement.cost?.priceRows ?? []
        let end = CallEnded(
            id: request.id, path: tries.path, state: settlement.state, cost: settlement.cost?.total, usage: settlement.usage, usageRaw: result.usageRaw,
            finishReason: finishReason, finishWord: finishWord, response: response, logprobs: logprobs, failure: failure,
            jitter: failure == nil ? 0 : Double(environment.entropy.next() >> 11) / Double(1 << 53),
            isOutage: isOutage(result, placed), kept: settlement.kept(of: placed.held), notes: settlement.notes,
            priceRows: priceRows == placed.priceRows ? nil : priceRows, newPriceRows: settlement.newPriceRows, modelServed: result.modelServed,
            httpStatus: result.httpStatus, timeToFirstToken: result.timeToFirstToken, total: result.total)
        spent.add(end.state, cost: end.cost, held: settlement.held, isEstimate: CallNote.tellOfEstimate(end.notes))
        note(.callEnded(end), at: at)
        account(
            tries.node, request.model, held: placed.held ?? .zero, bound: placed.bound, kept: max(settlement.held ?? .zero, end.cost ?? .zero), cost: end.cost ?? .zero,
            caps: tries.caps)
        tries.count(end)
        placed.end = end
        reservations.callSettled()
    }
}
