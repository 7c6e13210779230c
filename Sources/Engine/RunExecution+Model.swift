import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, reserve and journal, call, settle, decide.
extension RunExecution {
    func runModel(_ node: Node, _ step: Step, _ model: ModelStep) async {
        let tier = graph.tier(named: model.tier)!
        let tries = ModelTries(node: node, step: step, model: model, tier: tier, path: graph.path(of: node))
        record(.nodeStarted(node))
        do throws(StepFailure) {
            let scope = try nodeScope(node)
            let renderer = PromptRenderer(graph: graph)
            let segments = try evaluating { () throws(EvaluationError) in try renderer.segments(model, scope: scope) }
            try await run(tries, segments: segments)
        } catch {
            fail(node, error, facts: tries.facts)
        }
        flush()
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
                    answer = response?.text ?? ""
                    command = machine.apply(.callEnded(end))
                }
            case .wait(let span):
                flush()
                do { try await environment.clock.sleep(for: span) } catch { throw StepFailure(.cancelled, "stopped while waiting to try again") }
                command = machine.apply(.waited)
            case .checkOutput:
                (value, violations) = Self.check(answer, tries.model)
                if !violations.isEmpty { note(.outputRejected(tries.node, violations: violations), at: environment.clock.now()) }
                command = machine.apply(.outputChecked(violations: violations))
            case .succeed:
                succeed(tries.node, value, facts: tries.facts)
                return
            case .fail(let failure):
                throw failure
            }
        }
    }

    /// The answer as a value, or what is wrong with it.
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
        guard let lineEnd = trimmed.firstIndex(of: "\n") else { return text }
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
        let (node, step, environment) = (tries.node, tries.step, environment)
        let reference = tries.tier.models[call.model]

        // Prepare
        let profile = try environment.provider.profile(of: reference)
        try await environment.provider.prepare(reference)
        let request = ModelRequest(
            id: nextCall(), model: reference, segments: segments, sampling: tries.sampling, maxOutputTokens: tries.outputCap,
            schema: tries.model.schema, schemaName: step.id, timeout: step.timeout)
        let bytes = segments.reduce(0) { $0 + $1.text.utf8.count }
        try tries.checkLimits(promptBytes: bytes)
        let sheet = environment.prices.sheet(provider: reference.provider, model: profile.servedID, at: environment.clock.now())
        let caps = graph.callCaps(step: step, path: tries.path)
        let held = try reservation(sheet, request, profile, hasCap: graph.budget.maxCost != nil || !caps.isEmpty)

        // A place in the line before money is held: what waits holds nothing.
        let limiters = [engine.callLimiter, engine.providerLimiter(profile)].compactMap { $0 }
        for (index, limiter) in limiters.enumerated() where await !limiter.acquire() {
            for taken in limiters[..<index] { await taken.release() }
            throw StepFailure(.cancelled, "stopped while waiting for a free place")
        }
        let outcome: Result<CallOutcome, StepFailure>
        do throws(StepFailure) {
            outcome = .success(try await placed(call, request, tries, sheet: sheet, held: held, caps: caps, promptBytes: bytes))
        } catch {
            outcome = .failure(error)
        }
        for limiter in limiters { await limiter.release() }
        _ = node
        return try outcome.get()
    }

    private func placed(
        _ call: StepStateMachine.Call, _ request: ModelRequest, _ tries: ModelTries, sheet: PriceSheet?, held: Money?,
        caps: [(scope: String, cap: Money)], promptBytes: Int
    ) async throws(StepFailure) -> CallOutcome {
        let (node, environment) = (tries.node, environment)

        // Reserve and journal
        let manifest = Blob(JSONEncoding.wire.bytes(request.manifest))
        let startedAt = environment.clock.now()
        var intent = JournalEntry(run: id)
        let started = CallStarted(
            id: request.id, node: node, tier: tries.tier.name, model: request.model, purpose: call.purpose, ordinal: call.ordinal,
            request: manifest.hash, held: held, retryOf: call.retryOf)
        let event = RunEvent.callStarted(started)
        intent.events.append(JournaledEvent(kind: event.kind, payload: JSONEncoding.wire.bytes(.object(event.payload(in: graph))), at: startedAt))
        intent.blobs = request.segments.map { Blob(text: $0.text, hash: $0.hash) } + [manifest]
        intent.callStart = CallStart(
            id: request.id, path: tries.path, step: tries.step.id, tier: tries.tier.name, purpose: call.purpose, ordinal: call.ordinal,
            provider: request.model.provider, modelAsked: request.model.model, request: manifest.hash,
            retryOf: call.retryOf.map { CallID(run: id, number: $0).text }, held: held, caps: caps, at: startedAt)
        if let refusal = try await reserve(intent) {
            note(.callRefused(node, refusal), at: environment.clock.now())
            return .refused(refusal)
        }
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
        let end = settle(result, request, tries, sheet: sheet, held: held, caps: caps, promptBytes: promptBytes)
        if end.failure?.kind == .cancelled {
            flush()
            throw StepFailure(.cancelled, "stopped")
        }
        if case .success(let response) = result.outcome { return .ended(end, response) }
        return .ended(end, nil)
    }

    /// The worst case of a call, or `nil` for a model without a price, which only a run without any cap may use.
    private func reservation(
        _ sheet: PriceSheet?, _ request: ModelRequest, _ profile: ModelProfile, hasCap: Bool
    ) throws(StepFailure) -> Money? {
        guard let sheet else {
            guard !hasCap else { throw StepFailure.unpriced(profile) }
            return nil
        }
        return Reservation.worst(
            sheet: sheet, inputBound: RequestBound.inputTokens(request), contextWindow: profile.contextWindow,
            outputCap: request.maxOutputTokens, timeout: request.timeout
        ).amount
    }

    private func settle(
        _ result: ModelCallResult, _ request: ModelRequest, _ tries: ModelTries, sheet: PriceSheet?, held: Money?,
        caps: [(scope: String, cap: Money)], promptBytes: Int
    ) -> CallEnded {
        let settlement = CallSettlement(result: result, sheet: sheet, held: held, promptBytes: promptBytes)
        var response: ContentHash?
        var finishReason: FinishReason?
        var failure: CallFailure?
        switch result.outcome {
        case .success(let answer):
            let blob = Blob(JSONEncoding.wire.bytes(.string(answer.text)))
            append(blob: blob)
            response = blob.hash
            finishReason = answer.finishReason
            if let logprobs = answer.logprobs { append(blob: Blob(JSONEncoding.wire.bytes(logprobs))) }
        case .failure(let reason):
            failure = reason
        }
        let at = environment.clock.now()
        let end = CallEnded(
            id: request.id, node: tries.node, state: settlement.state, cost: settlement.cost?.total, usage: result.usage,
            finishReason: finishReason, response: response, failure: failure,
            jitter: failure == nil ? 0 : Double(environment.entropy.next() >> 11) / Double(1 << 53))
        append(callEnd: CallEnd(
            id: request.id, state: settlement.state, held: settlement.held, cost: settlement.cost?.total, released: held, caps: caps,
            usage: result.usage, usageRaw: result.usageRaw, priceRows: settlement.cost?.priceRows ?? [], modelServed: result.modelServed,
            response: response, httpStatus: result.httpStatus, finishReason: finishReason?.rawValue, failure: failure,
            timeToFirstToken: result.timeToFirstToken, total: result.total, at: at))
        note(.callEnded(end), at: at)
        tries.count(end)
        callSettled()
        return end
    }
}

/// What the tries of one node add up to, as expressions read it.
final class ModelTries {
    let node: Node
    let step: Step
    let model: ModelStep
    let tier: ModelTier
    let path: String
    let sampling: Sampling
    let outputCap: Int
    private var attempts = 0
    private var cost = Money.zero
    private var tokens = 0

    init(node: Node, step: Step, model: ModelStep, tier: ModelTier, path: String) {
        self.node = node
        self.step = step
        self.model = model
        self.tier = tier
        self.path = path
        sampling = model.sampling.over(tier.sampling)
        outputCap = min(step.limits.maxOutputTokens, sampling.maxOutputTokens ?? .max)
    }

    func count(_ end: CallEnded) {
        attempts += 1
        cost += end.cost ?? .zero
        tokens += end.usage?.total ?? 0
    }

    /// `.tier .attempts .cost_usd .tokens` of the step. Money is a number here, for comparisons only.
    var facts: JSONObject {
        [
            "tier": .string(tier.name), "attempts": .int(Int64(attempts)),
            "cost_usd": .double(Double(cost.picoDollars) / 1e12), "tokens": .int(Int64(tokens)),
        ]
    }

    func checkLimits(promptBytes: Int) throws(StepFailure) {
        let estimate = TokenBound.estimate(bytes: promptBytes)
        if let limit = step.limits.maxInputTokens, estimate > limit {
            throw StepFailure(.inputLimit, "the prompt has about \(estimate) tokens, limits.max_input_tokens is \(limit)")
        }
        if let limit = step.limits.maxTotalTokens, tokens + estimate + outputCap > limit {
            throw StepFailure(
                .inputLimit,
                "this call could bring the step to \(tokens + estimate + outputCap) tokens, limits.max_total_tokens is \(limit)")
        }
    }
}

extension WorkflowGraph {
    /// The caps below the run's that a call of a step draws on.
    func callCaps(step: Step, path: String) -> [(scope: String, cap: Money)] {
        var caps: [(scope: String, cap: Money)] = []
        if let cap = step.limits.maxCost { caps.append((path, cap)) }
        // The step's own path is free for the whole: with items, the cap of one is under `step[3]`.
        if let cap = step.forEach?.maxCost { caps.append((step.id, cap)) }
        return caps
    }
}

extension StepFailure {
    /// An unknown price is never zero: under a cap the call is refused.
    static func unpriced(_ profile: ModelProfile) -> StepFailure {
        StepFailure(
            .unpriced, "\(profile.reference) (\(profile.servedID)) has no known price, so a cap cannot be kept",
            details: [
                "add one to the project file: prices: [{ model: \(profile.reference.provider)/\(profile.servedID), input_per_mtok_usd: …, output_per_mtok_usd: … }]",
                "or remove the caps on cost, and the call is recorded as unpriced",
            ])
    }
}
