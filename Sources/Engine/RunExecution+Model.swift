import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, reserve and journal, call, settle, decide.
extension RunExecution {
    func runModel(_ node: Node, _ step: Step, _ model: ModelStep) async {
        let tier = graph.tier(named: model.tier)!
        let tries = ModelTries(node: node, step: step, model: model, tier: tier, graph: graph, at: environment.clock.now())
        announce(.nodeStarted(node), at: tries.startedAt)
        dispatch(machine.apply(.nodeStarted(node)))
        do throws(StepFailure) {
            try await run(tries, segments: try render(node, model))
        } catch {
            recordStart(of: tries)
            fail(node, error, facts: tries.facts)
        }
    }

    // What is marked @inline(never) here computes without waiting. Inlined, its temporaries would live in the frame of the
    // task that waits for the model: ten thousand runs in flight are ten thousand such frames.

    @inline(never)
    private func render(_ node: Node, _ model: ModelStep) throws(StepFailure) -> [PromptSegment] {
        let scope = try nodeScope(node)
        let renderer = PromptRenderer(graph: graph)
        return try evaluating { () throws(EvaluationError) in try renderer.segments(model, scope: scope) }
    }

    /// The start of a node goes with the intent of its first call, in one entry; without a call it is recorded here.
    private func recordStart(of tries: ModelTries) {
        guard !tries.isStartRecorded, !hasLostJournal else { return }
        tries.isStartRecorded = true
        append(.nodeStarted(tries.node), at: tries.startedAt, to: &buffer)
    }

    private func run(_ tries: ModelTries, segments base: [PromptSegment]) async throws(StepFailure) {
        var machine = StepStateMachine(modelCount: tries.tier.models.count, retry: tries.step.retry, repairs: tries.model.schema == nil ? 0 : tries.model.repairs)
        var segments = base
        var answer = ""
        var violations: [String] = []
        var value = JSONValue.null
        var command = machine.apply(.started)
        while true {
            switch command {
            case .call(let call):
                if call.purpose == .repair, call.retryOf == nil {
                    segments = PromptRenderer.repair(base, answer: answer, violations: violations)
                }
                let outcome: CallOutcome
                do throws(StepFailure) {
                    outcome = try await self.call(call, tries, segments: segments)
                } catch {
                    if error.kind == .cancelled { throw error }
                    command = machine.apply(.notCalled(error))
                    continue
                }
                switch outcome {
                case .refused(let refusal): command = machine.apply(.callRefused(refusal))
                case .ended(let end, let response):
                    if let refused = response?.refusal { throw StepFailure(.refusal, "the model declined: \(refused)") }
                    // A failed call leaves the answer that is being repaired.
                    if let response { answer = response.text }
                    command = machine.apply(.callEnded(end))
                }
            case .wait(let span):
                flush()
                if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
                do { try await environment.clock.sleep(for: span) } catch { throw StepFailure(.cancelled, "stopped while waiting to try again") }
                command = machine.apply(.waited)
            case .checkOutput:
                (value, violations) = Self.check(answer, tries.model)
                if !violations.isEmpty { note(.outputRejected(tries.node, violations: violations), at: environment.clock.now()) }
                command = machine.apply(.outputChecked(violations: violations))
            case .succeed:
                // Without a schema the output is the answer's text, which is kept already.
                let stored = tries.model.schema == nil ? tries.response.map(OutputReference.init) : nil
                succeed(tries.node, value, facts: tries.facts, stored: stored)
                return
            case .fail(let failure):
                throw failure
            }
        }
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

    enum CallOutcome {
        case refused(BudgetRefusal)
        case ended(CallEnded, ModelResponse?)
    }

    private func call(_ call: StepStateMachine.Call, _ tries: ModelTries, segments: [PromptSegment]) async throws(StepFailure) -> CallOutcome {
        let reference = tries.tier.models[call.model]
        if isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }

        // Prepare
        let profile = try environment.provider.profile(of: reference)
        if engine.isPrepared(reference) {
            try await environment.provider.prepare(reference)
        } else {
            flush()
            try await engine.prepareFirst(reference)
        }
        let (request, terms) = try makeRequest(profile, tries, segments: segments)

        // A place in the line before money is held: what waits for one holds nothing.
        guard await acquire(engine.callLimiter) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
        defer { engine.callLimiter.release() }
        guard let limiter = engine.providerLimiter(profile) else { return try await placed(call, request, tries, terms) }
        guard await acquire(limiter) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
        defer { limiter.release() }
        return try await placed(call, request, tries, terms)
    }

    @inline(never)
    private func makeRequest(
        _ profile: ModelProfile, _ tries: ModelTries, segments: [PromptSegment]
    ) throws(StepFailure) -> (ModelRequest, CallTerms) {
        let bytes = segments.reduce(0) { $0 + $1.text.utf8.count }
        try tries.checkLimits(promptBytes: bytes)
        let request = ModelRequest(
            id: nextCall(), model: profile.reference, segments: segments, sampling: tries.sampling, maxOutputTokens: tries.outputCap,
            schema: tries.model.schema, schemaName: tries.step.id, timeout: tries.step.timeout)
        let sheet = engine.priceSheets.sheet(profile, at: environment.clock.now())
        let hasCap = graph.budget.maxCost != nil || !tries.caps.isEmpty
        let held = try reservation(sheet, request, profile, schemaBound: tries.model.schemaBound, hasCap: hasCap)
        return (request, CallTerms(sheet: sheet, held: held, canBeTurnedAway: hasCap, promptBytes: bytes))
    }

    private func acquire(_ limiter: ConcurrencyLimiter) async -> Bool {
        if limiter.tryAcquire() { return true }
        flush()
        return await limiter.acquire()
    }

    /// What a call is made under.
    private struct CallTerms {
        let sheet: PriceSheet?
        let held: Money?
        let canBeTurnedAway: Bool
        let promptBytes: Int
    }

    private func placed(
        _ call: StepStateMachine.Call, _ request: ModelRequest, _ tries: ModelTries, _ terms: CallTerms
    ) async throws(StepFailure) -> CallOutcome {
        let (node, environment) = (tries.node, environment)

        // Reserve and journal
        let manifest = Blob(JSONEncoding.wire.bytes(request.manifest))
        let event = RunEvent.callStarted(CallStarted(
            id: request.id, node: node, tier: tries.tier.name, model: request.model, purpose: call.purpose, ordinal: call.ordinal,
            request: manifest.hash, held: terms.held, retryOf: call.retryOf))
        var startedAt = environment.clock.now()
        let refusal = try await reserve(canBeTurnedAway: terms.canBeTurnedAway) { at in
            startedAt = at
            return makeIntent(call, request, tries, terms, event, manifest, at: at)
        }
        if let refusal {
            recordStart(of: tries)
            note(.callRefused(node, refusal), at: environment.clock.now())
            return .refused(refusal)
        }
        tries.isStartRecorded = true
        callCount += 1
        announce(event, at: startedAt)

        // Call
        inFlight.insert(node)
        let result: ModelCallResult
        if Task.isCancelled {
            result = ModelCallResult(
                outcome: .failure(CallFailure(.cancelled, "stopped before it was sent")), billing: .notBilled, total: .milliseconds(0))
        } else {
            result = await environment.provider.call(request)
        }
        inFlight.remove(node)

        // Settle
        let end = settle(result, request, tries, terms)
        if end.failure?.kind == .cancelled { throw StepFailure(.cancelled, "stopped") }
        if case .success(let response) = result.outcome { return .ended(end, response) }
        return .ended(end, nil)
    }

    @inline(never)
    private func makeIntent(
        _ call: StepStateMachine.Call, _ request: ModelRequest, _ tries: ModelTries, _ terms: CallTerms, _ event: RunEvent,
        _ manifest: Blob, at: Timestamp
    ) -> JournalEntry {
        var intent = JournalEntry(run: id)
        if !tries.isStartRecorded { append(.nodeStarted(tries.node), at: tries.startedAt, to: &intent) }
        append(event, at: at, to: &intent)
        intent.blobs = request.segments.map { Blob(text: $0.text, hash: $0.hash) } + [manifest]
        intent.callStart = CallStart(
            id: request.id, path: tries.path, step: tries.step.id, tier: tries.tier.name, purpose: call.purpose, ordinal: call.ordinal,
            provider: request.model.provider, modelAsked: request.model.model, request: manifest.hash,
            retryOf: call.retryOf.map { CallID(run: id, number: $0).text }, held: terms.held, caps: tries.caps, at: at)
        return intent
    }

    /// The worst case of a call, or `nil` for a model without a price, which only a run without any cap may use.
    private func reservation(
        _ sheet: PriceSheet?, _ request: ModelRequest, _ profile: ModelProfile, schemaBound: Int, hasCap: Bool
    ) throws(StepFailure) -> Money? {
        guard let sheet else {
            guard !hasCap else { throw StepFailure.unpriced(profile) }
            return nil
        }
        return Reservation.worst(
            sheet: sheet, inputBound: RequestBound.inputTokens(request.segments, schemaBound: schemaBound), contextWindow: profile.contextWindow,
            outputCap: request.maxOutputTokens, timeout: request.timeout
        ).amount
    }

    @inline(never)
    private func settle(
        _ result: ModelCallResult, _ request: ModelRequest, _ tries: ModelTries, _ terms: CallTerms
    ) -> CallEnded {
        let settlement = CallSettlement(result: result, sheet: terms.sheet, held: terms.held, promptBytes: terms.promptBytes)
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
            id: request.id, state: settlement.state, held: settlement.held, cost: settlement.cost?.total, released: terms.held, caps: tries.caps,
            usage: result.usage, usageRaw: result.usageRaw, priceRows: settlement.cost?.priceRows ?? [], modelServed: result.modelServed,
            response: response, httpStatus: result.httpStatus, finishReason: finishReason?.rawValue, failure: failure,
            timeToFirstToken: result.timeToFirstToken, total: result.total, at: at))
        note(.callEnded(end), at: at)
        tries.count(end)
        reservations.callSettled()
        return end
    }
}
