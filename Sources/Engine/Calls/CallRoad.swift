import Economics
import PromptCaching
import Values
import WorkflowModel

/// The one road of a call: prepare, take a place, reserve and journal, call, settle. First tries, retries, repairs and continuations
/// take it, and whatever else asks a model. It decides nothing of what follows from an answer.
///
/// One for each run, as reservations of a run stand in one line. Confined to whoever records for it.
final class CallRoad {
    let services: CallServices
    private var environment: EngineEnvironment { services.environment }
    private var line = ReservationLine()

    init(_ services: CallServices) { self.services = services }

    /// What is known of a model before it is asked.
    ///
    /// - Throws: `StepFailure` of kind `configuration` when there is none of that name.
    func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile { try environment.provider.profile(of: model) }

    /// The run is stopping: what waits in line finds out for itself that it need not.
    func wakeAll() { line.wakeAll() }

    // MARK: The road

    // What is marked @inline(never) here computes without waiting, and what is known of a call stands in ``PlacedCall``: in the functions
    // that wait it would live in the frame of the task, and ten thousand runs in flight are ten thousand frames.

    /// Makes one call.
    ///
    /// - Parameters:
    ///   - site: what identifies it in its run.
    ///   - run: where it is recorded.
    func make<Run: CallRecorder>(_ question: Question, at site: CallSite, for run: isolated Run) async -> CallOutcome {
        do throws(StepFailure) {
            // Prepare
            if let replay = services.replay { try replay.checkIsMade(at: site) }
            if let excess = question.excess, question.counts.isEmpty, !mayCount(question, nil) { throw excess.failure }
            if try !isReady(question.model, run) { try await services.prepareFirst(question.model.reference) }
            if question.caching != nil, !services.caches.knows(question.model.reference) { await learn(question, run) }
            var call = try prepare(question, site, run)
            // Who shares a prefix with a call that is about to write it waits for that.
            if let replay = services.replay {
                if await replay.stands(call) { call = try preparedAnew(call, run) }
            } else if call.cache != nil {
                call = try await inLine(call, run)
            }
            defer { if let place = call.leading { services.leaders.leave(place) } }
            if question.purpose == .warm { try checkWorth(of: call) }
            // Place: what waits for one holds no money.
            if !services.callLimiter.tryAcquire() {
                guard await acquire(services.callLimiter, run) else { throw Self.stopped }
            }
            defer { services.callLimiter.release() }
            let limiter = call.limiter
            if let limiter, !limiter.tryAcquire() {
                guard await acquire(limiter, run) else { throw Self.stopped }
            }
            defer { limiter?.release() }
            // Reserve and journal; what does not fit by its bytes is counted.
            if question.excess != nil || call.exceedsWindow, mayCount(question, call.known) { call = try await counted(call, run) }
            try await reserve(call, run)
            if mayFit(call) {
                call = try await counted(call, run)
                if call.refusal == nil { try await reserve(call, run) }
            }
            if let smaller = try withoutWrites(call, run) {
                call = smaller
                try await reserve(call, run)
            }
            guard begin(call, run) else { return call.refusal.map { .refused($0) } ?? .tripped(call.rate!) }
            // Call
            if !Task.isCancelled {
                if let sink = sink(of: call) {
                    call.result = await environment.provider.call(call.sent, into: sink)
                } else {
                    call.result = await environment.provider.call(call.request)
                }
            }
            // Settle
            return settle(call, run)
        } catch {
            return .notMade(error)
        }
    }

    private static var stopped: StepFailure { StepFailure(.cancelled, "stopped while waiting for a free place") }

    // MARK: Prepare

    @inline(never)
    private func isReady<Run: CallRecorder>(_ model: ModelProfile, _ run: isolated Run) throws(StepFailure) -> Bool {
        if run.isStopping { throw StepFailure(.cancelled, "the run is stopping") }
        if services.isPrepared(model.reference), environment.provider.isReady(model.reference) { return true }
        run.outbox.flush()
        return false
    }

    @inline(never)
    func prepare<Run: CallRecorder>(
        _ question: Question, _ site: CallSite, _ run: isolated Run, _ counted: KnownCount? = nil, writes: Bool = true
    ) throws(StepFailure) -> PlacedCall {
        guard case .segments(let segments) = question.content else {
            throw StepFailure(.configuration, "\(question.model.reference) cannot be asked with the body of another client: nothing reads its bound")
        }
        try StepFailure.refuseSecrets(in: segments, environment.secrets.redactor)
        let now = environment.clock.now()
        let sheet = services.priceSheets.sheet(question.model, at: now)
        let cache = question.caching == nil ? nil : services.caches.plan(question, segments, sheet, writes: writes, at: now, services.replay.map { .init($0.plan(at: site)) })
        let request = ModelRequest(
            id: run.nextCall(at: site), model: question.model.reference, segments: segments, sampling: question.sampling, maxOutputTokens: question.outputCap,
            schema: question.schema, schemaName: question.schemaName, timeout: question.timeout, site: site, cache: cache?.instructions)
        var known = counted
        if known == nil, !question.counts.isEmpty {
            let hash = ContentHash(of: request.manifest)
            known = question.counts.last { $0.request == hash && !$0.isLost }
        }
        if let excess = question.excess, known != nil || !mayCount(question, nil) { try Self.check(excess, known) }
        let bound = try bound(of: request, question, sheet, known?.count, cache?.writes ?? .any)
        return PlacedCall(
            question, at: site, request, sheet: sheet, held: bound.money.map { run.raised($0, of: request.model) }, bound: bound.money,
            tokens: bound.tokens.map { hold($0, raised: run.raised($0, of: request.model), question) }, promptBytes: question.promptBytes,
            limiter: services.limiter(of: question.model), known: known, exceedsWindow: bound.exceedsWindow, cache: cache)
    }

    /// The same call behind a wait.
    @inline(never)
    private func preparedAnew<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) throws(StepFailure) -> PlacedCall {
        try run.checkGoesOn()
        let again = try prepare(call.question, call.site, run, call.known)
        again.released = call.released(as: again.request.id)
        return again
    }

    private func hold(_ bound: Int, raised: Int, _ question: Question) -> TokenHold {
        TokenHold(held: raised, bound: raised == bound ? nil : bound, room: question.room?.tokens, caps: question.caps.tokens)
    }

    /// The worst case of a call.
    private struct Bound {
        /// `nil`: the model has no price, which only a run without any cap on cost may use.
        var money: Money?
        /// `nil`: no cap on tokens is in force.
        var tokens: Int?
        /// Whether the bytes of its prompt bound it no better than the model's window does, under a cap.
        var exceedsWindow = false
    }

    private func bound(of request: ModelRequest, _ question: Question, _ sheet: PriceSheet?, _ count: TokenCount?, _ writes: CacheWrites) throws(StepFailure) -> Bound {
        let profile = question.model
        let countsTokens = !question.caps.tokens.isEmpty
        if sheet == nil {
            guard question.mayBeUnpriced else { throw StepFailure.unpriced(profile) }
            if !countsTokens { return Bound() }
        }
        // By the hour, tokens cost nothing.
        let isCapped = countsTokens || !question.mayBeUnpriced && sheet?.isMachineTime == false
        var bound = RequestBound.inputTokens(request.segments, schemaBound: profile.bound(ofSchema: question.schemaBound), support: profile.attachments) ?? profile.contextWindow
        if bound == nil {
            if isCapped {
                let unknown = request.segments.lazy.compactMap(\.attachment).first { RequestBound.tokens($0, profile.attachments) == nil }
                throw StepFailure.unbounded(unknown!, profile)
            }
            bound = RequestBound.unknownWindow
        }
        let exceedsWindow = isCapped && bound! >= profile.contextWindow ?? .max
        if let count { bound = min(bound!, count.bound) }
        let outputCap = profile.outputBound(request.maxOutputTokens)
        return Bound(
            money: sheet.map {
                Reservation.worst(sheet: $0, inputBound: bound!, contextWindow: profile.contextWindow, outputCap: outputCap, timeout: request.timeout, writes: writes).amount
            },
            tokens: countsTokens ? Reservation.tokens(inputBound: bound!, contextWindow: profile.contextWindow, outputCap: outputCap) : nil,
            exceedsWindow: exceedsWindow)
    }

    // MARK: Place

    func acquire<Run: CallRecorder>(_ limiter: ConcurrencyLimiter, _ run: isolated Run) async -> Bool {
        if limiter.tryAcquire() { return true }
        run.outbox.flush()
        return await limiter.acquire()
    }

    // MARK: Reserve and journal

    /// Writes the intent of a call and waits until it is durable. A reservation that would fit if calls in flight settled for less waits
    /// for one to settle; those that come after it wait their turn.
    ///
    /// What refused it is left with the call.
    ///
    /// - Throws: `StepFailure` of kind `cancelled` when the run is stopping or its journal is gone.
    private func reserve<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) async throws(StepFailure) {
        let ticket = line.takeTicket()
        var isFront = false
        defer { if isFront { line.frontIsDone() } }
        if !line.isEmpty {
            await withUnsafeContinuation { line.enter(ticket, $0) }
            isFront = true
        }
        while true {
            try run.checkGoesOn()
            if let objection = run.objection(to: call.question, at: call.site) { throw objection }
            let settledBefore = line.settledCalls
            let facts = run.outbox.takeIfAny()
            switch try await run.write(call.intent(at: environment.clock.now()), after: facts) {
            case .written: return
            case .counted(let counted), .tripped(let counted):
                call.rate = counted
                return
            case .refused(let refusal):
                call.refusal = refusal
                return
            case .postponed:
                try run.checkGoesOn()
                // What no step needs waits for no money.
                if call.question.purpose.isAside { throw StepFailure(.budget, "it does not fit before other calls settle") }
                if line.settledCalls != settledBefore, isFront || line.isEmpty {
                    line.becomeFront()
                } else {
                    if isFront { line.frontWaitsAgain() }
                    await withUnsafeContinuation { line.enter(ticket, $0) }
                }
                isFront = true
            }
        }
    }

    /// Whether the call may be made.
    @inline(never)
    private func begin<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) -> Bool {
        if call.refusal == nil, let counted = call.rate {
            guard !counted.isTripped else {
                run.record(.rateCounted(counted), at: environment.clock.now())
                return false
            }
            run.take(.rateCounted(counted), at: call.startedAt!, .none)
        }
        guard let refusal = call.refusal else {
            if let cache = call.cache { services.caches.sent(cache, first: run.prefixes.first(of: cache.plan), at: call.startedAt!) }
            run.take(.callStarted(call.started), at: call.startedAt!, .none)
            if let released = call.released { run.take(.prefixReleased(released), at: call.startedAt!, .none) }
            return true
        }
        // What came of it is told by whoever compares, and of a warm-up by nobody.
        if call.question.purpose.isAside { return false }
        if !call.isPrefaceWritten, let preface = call.question.preface { run.outbox.append(preface.fact, at: preface.at) }
        run.record(.callRefused(call.site.path, refusal), at: environment.clock.now())
        return false
    }

    // MARK: Caches

    /// Takes in what earlier processes asked of a model, once.
    private func learn<Run: CallRecorder>(_ question: Question, _ run: isolated Run) async {
        run.outbox.flush()
        await services.caches.learn(of: question.model, from: environment.history, at: environment.clock.now())
    }

    /// The same call without anything written to a cache, where it does not fit under a cap because of that.
    @inline(never)
    private func withoutWrites<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) throws(StepFailure) -> PlacedCall? {
        guard call.refusal != nil, call.question.purpose != .warm, let cache = call.cache, cache.writes != .none, cache.rules.isMarked else { return nil }
        let smaller = try prepare(call.question, call.site, run, call.known, writes: false)
        guard let held = smaller.held, let before = call.held, held < before else { return nil }
        smaller.isPrefaceWritten = call.isPrefaceWritten
        smaller.released = call.released(as: smaller.request.id)
        // It writes nothing that anybody could wait for.
        if let place = call.leading { services.leaders.leave(place) }
        return smaller
    }

    // MARK: Settle

    @inline(never)
    private func settle<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) -> CallOutcome {
        if let replay = services.replay {
            let outcome = replay.settle(call, run)
            line.callSettled()
            return outcome
        }
        hasAnswered(call)
        let result =
            call.result
            ?? ModelCallResult(
                outcome: .failure(CallFailure(.cancelled, "stopped before it was sent")), billing: .notBilled, total: .milliseconds(0))
        let settlement = CallSettlement(
            result: result, sheet: call.sheet, served: servedPrice(result, call), shares: result.shares.isEmpty ? [] : pricedShares(result, call),
            trust: CallSettlement.Trust(reportedCost: call.question.model.trustsReportedCost, tier: call.question.model.servedTier), held: call.held,
            tokens: call.tokens?.held, promptBytes: call.promptBytes)
        var answer: ModelResponse?
        // What came was paid for.
        var text = result.partialText.flatMap { $0.isEmpty ? nil : $0 }
        var failure: CallFailure?
        var logprobs: ContentHash?
        switch result.outcome {
        case .success(let response):
            (answer, text) = (response, response.text)
            failure = AnswerVerdict.failure(of: response, to: call.question.purpose, call.question.terms, cap: call.question.outputCap)
            logprobs = response.logprobs.map { run.keep(Blob(JSONEncoding.wire.bytes($0))) }
        case .failure(let reason): failure = reason
        }
        let response = text.map { run.keep(Blob(JSONEncoding.wire.bytes(.string($0)))) }
        let priceRows = settlement.cost?.priceRows ?? []
        let end = CallEnded(
            id: call.request.id, path: call.site.path, state: settlement.state, cost: settlement.amount, usage: settlement.usage,
            usageRaw: result.usageRaw, finishReason: answer?.finishReason, finishWord: answer?.finishWord, response: response, logprobs: logprobs,
            failure: failure, jitter: failure == nil ? 0 : Double(environment.entropy.next() >> 11) / Double(1 << 53),
            isOutage: isOutage(result, call), kept: settlement.kept(of: call.held), keptTokens: call.tokens.flatMap { settlement.keptTokens(of: $0.held) },
            notes: settlement.notes,
            priceRows: priceRows.hasSameBytes(as: call.priceRows) ? nil : priceRows, newPriceRows: settlement.newPriceRows, modelServed: result.modelServed,
            httpStatus: result.httpStatus, timeToFirstToken: result.timeToFirstToken, total: result.total,
            detail: settlement.detail, cacheMiss: call.cache.flatMap { services.caches.ended($0, result, at: environment.clock.now()) })
        run.record(.callEnded(end), at: environment.clock.now(), text.map { .value(.string($0)) } ?? .none)
        line.callSettled()
        return .ended(end, answer: answer)
    }

    /// Whether a server that has answered before was not reached, or one is coming up; takes note of those that answer.
    private func isOutage(_ result: ModelCallResult, _ call: PlacedCall) -> Bool {
        if result.isComingUp { return true }
        let server = call.question.model.server
        if result.isUnreached { return services.reachedBefore(server) }
        let hasAnswered = if case .success = result.outcome { true } else { result.httpStatus != nil }
        if hasAnswered { services.hasReached(server) }
        return false
    }

    /// Whose prices hold for each part of an answer on which several models worked.
    private func pricedShares(_ result: ModelCallResult, _ call: PlacedCall) -> [(usage: TokenUsage, served: ServedPrice)] {
        let profile = call.question.model
        return result.shares.map { share in
            let price: ServedPrice =
                switch share.model {
                case .asked: .asAsked
                case .served: servedPrice(result, call)
                case .named(let name):
                    ServedPrice(name, asked: profile, sheet: call.sheet) { [services] in
                        services.priceSheets.sheet(provider: profile.reference.provider, model: $0, at: call.startedAt ?? services.environment.clock.now())
                    }
                }
            return (share.usage, price)
        }
    }

    /// Whose prices hold, by the name of the model that answered.
    private func servedPrice(_ result: ModelCallResult, _ call: PlacedCall) -> ServedPrice {
        let profile = call.question.model
        let find = { [services] (name: String) in
            services.priceSheets.sheet(provider: profile.reference.provider, model: name, at: call.startedAt ?? services.environment.clock.now())
        }
        if result.otherModelsServed.isEmpty { return ServedPrice(result.modelServed, asked: profile, sheet: call.sheet, find: find) }
        let usage = result.usage ?? TokenUsage(plainInput: call.promptBytes, plainOutput: max(1, result.outputBytes))
        return ServedPrice(
            [result.modelServed].compactMap(\.self) + result.otherModelsServed, asked: profile, sheet: call.sheet, usage: usage, find: find)
    }
}

extension StepFailure {
    /// A secret in a prompt would be sent to whoever answers, and kept with the call.
    static func refuseSecrets(in segments: [PromptSegment], _ redactor: Redactor) throws(StepFailure) {
        guard !redactor.isEmpty else { return }
        for segment in segments {
            guard let name = redactor.secret(in: segment.text) ?? segment.attachment.flatMap({ redactor.secret(in: $0.bytes) }) else { continue }
            throw StepFailure(.secret, "the prompt holds a secret, \(name): it is not sent", details: ["it stands in the part \(segment.origin)"])
        }
    }
}

extension CallRecorder {
    func keep(_ blob: Blob) -> ContentHash {
        outbox.append(blob)
        return blob.hash
    }
}
