import Economics
import PromptCaching
import Values
import WorkflowModel

/// Counting the tokens of a prompt before it is asked, where the bound by its bytes does not fit: a cap, the context window or
/// `limits.max_input_tokens`. Each request is counted once, whatever comes of it; the count holds no money and has no retries.
extension CallRoad {
    /// Asks the server of a call for its tokens.
    ///
    /// - Returns: the call under the bound that is known now; refused as it was where that is no lower.
    /// - Throws: as ``prepare(_:_:_:_:)``, and where the prompt is too long.
    func counted<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) async throws(StepFailure) -> PlacedCall {
        let asking = counting(call, run)
        let isBegun = try await begin(count: asking, run)
        if isBegun, !Task.isCancelled {
            let result = await services.environment.provider.count(asking.request)
            return try recounted(call, asking, result, run)
        }
        return try recounted(call, asking, isBegun ? Self.stoppedCount : nil, run)
    }

    private static var stoppedCount: TokenCountResult { TokenCountResult(.failure(CallFailure(.cancelled, "stopped before it was sent")), total: .milliseconds(0)) }

    /// The call that asks how long the prompt of another is.
    @inline(never)
    private func counting<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) -> PlacedCall {
        let (question, request) = (call.question, call.request)
        let timeout = min(question.timeout, KnownCount.longest)
        let site = CallSite(path: call.site.path, tier: call.site.tier, part: CallSite.countPart(of: call.site.part), ordinal: question.counts.count)
        let asking = Question(
            to: question.model, question.content, sampling: question.sampling, outputCap: question.outputCap, schema: question.schema,
            schemaName: question.schemaName, timeout: timeout, purpose: .count, tags: question.tags, preface: question.preface)
        let same = ModelRequest(
            id: run.nextCall(at: site), model: request.model, segments: request.segments, sampling: request.sampling, maxOutputTokens: request.maxOutputTokens,
            schema: request.schema, schemaName: request.schemaName, timeout: timeout, site: site)
        return PlacedCall(asking, at: site, same, sheet: nil, held: .zero, bound: .zero, promptBytes: 0, limiter: nil)
    }

    /// Writes its intent. It holds nothing, so that no line is in front of it.
    ///
    /// - Returns: `false`: a cap that is exceeded lets nothing begin.
    private func begin<Run: CallRecorder>(count call: PlacedCall, _ run: isolated Run) async throws(StepFailure) -> Bool {
        try run.checkGoesOn()
        let facts = run.outbox.takeIfAny()
        let reply = try await run.write(call.intent(at: services.environment.clock.now()), after: facts)
        guard case .written = reply else { return false }
        run.take(.callStarted(call.started), at: call.startedAt!, .none)
        return true
    }

    /// Records the end of a count.
    ///
    /// - Parameter result: `nil` where it was not begun.
    @inline(never)
    private func recounted<Run: CallRecorder>(
        _ call: PlacedCall, _ asking: PlacedCall, _ result: TokenCountResult?, _ run: isolated Run
    ) throws(StepFailure) -> PlacedCall {
        var count: TokenCount?
        if let result {
            let now = services.environment.clock.now()
            switch result.outcome.checked(against: RequestBound.tokens(of: asking.request, call.question.model, schemaBound: call.question.schemaBound)) {
            case .success(let told):
                count = told
                let note = told.basis == .proved ? "the prompt has \(told.tokens) tokens" : "the prompt has about \(told.tokens) tokens by its vendor's estimate: taken as \(told.bound)"
                run.record(.callEnded(asking.end(result, note: CallNote(.tokensCounted, note), response: run.keep(Blob(JSONEncoding.wire.bytes(told.json))))), at: now, .value(told.json))
            case .failure(let failure):
                let note = "the prompt could not be counted, so that the bound by its bytes holds: \(failure.message)"
                run.record(.callEnded(asking.end(result, note: failure.kind == .cancelled ? nil : CallNote(.countFailed, note), failure: failure)), at: now)
                if failure.kind == .cancelled { throw StepFailure(.cancelled, failure.message) }
            }
        }
        let known = KnownCount(request: asking.manifest.hash, count: count)
        let again = try prepare(call.question, call.site, run, known)
        again.isPrefaceWritten = result != nil
        (again.leading, again.released) = (call.leading, call.released(as: again.request.id))
        if let before = call.held, let now = again.held, now < before { return again }
        if let before = call.tokens, let now = again.tokens, now.held < before.held { return again }
        again.refusal = call.refusal
        return again
    }

    // MARK: When

    /// Whether the tokens of a request can be asked for, and were not yet.
    func mayCount(_ question: Question, _ known: KnownCount?) -> Bool {
        // What no step needs is asked once.
        guard known == nil, !question.purpose.isAside else { return false }
        switch question.model.counting {
        case .no: return false
        case .everything: return true
        case .text: return question.isText
        }
    }

    /// Whether a count may make a call fit that a cap refused.
    func mayFit(_ call: PlacedCall) -> Bool {
        guard let refusal = call.refusal, !refusal.isExceeded, refusal.tokens != nil || call.sheet?.isMachineTime == false else { return false }
        return mayCount(call.question, call.known)
    }

    /// Holds a prompt that is too long by its estimate against its count.
    ///
    /// - Throws: where it is too long by that, too, or there is none.
    static func check(_ excess: Question.Excess, _ known: KnownCount?) throws(StepFailure) {
        guard let count = known?.count else { throw excess.failure }
        guard count.tokens > excess.limit else { return }
        throw StepFailure(.inputLimit, "the prompt has \(count.basis == .proved ? "" : "about ")\(count.tokens) tokens\(excess.cut) by the count of its server, limits.max_input_tokens is \(excess.limit)")
    }
}

extension PlacedCall {
    /// The end of a count: nothing is owed for it.
    fileprivate func end(_ result: TokenCountResult, note: CallNote?, response: ContentHash? = nil, failure: CallFailure? = nil) -> CallEnded {
        CallEnded(
            id: request.id, path: site.path, state: .void, cost: .zero, usage: nil, finishReason: nil, response: response, failure: failure, jitter: 0,
            notes: note.map { [$0] } ?? [], httpStatus: result.httpStatus, total: result.total)
    }
}
