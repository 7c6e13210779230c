import PromptCaching
import Values
import WorkflowModel

/// One call of several with the same beginning goes first, and the others find in the cache what it wrote.
extension CallRoad {
    /// Stands in line behind a call that is about to write what this one shares with it, where finding it is worth more than the wait. What waits
    /// holds neither a place nor money.
    ///
    /// - Returns: the call, prepared anew where it waited: what was written is in the cache now.
    /// - Throws: `StepFailure` of kind `cancelled` when the run is stopping.
    @inline(never)
    func inLine<Run: CallRecorder>(_ first: PlacedCall, _ run: isolated Run) async throws(StepFailure) -> PlacedCall {
        var call = first
        // A warm-up is no time of a node's, and no call of one that could be told to have waited.
        let isOfNode = first.question.purpose != .warm
        var (beyond, waited) = (0, Int64(0))
        while let stake = stake(of: call, beyond: beyond) {
            let (place, seat) = services.leaders.enter(call.request.id, call.request.model, stake, prompt: call.cache!.plan.ends.last!.tokens, streams: call.streams)
            guard case .waits(let wait) = seat else {
                if seat == .leads { call.leading = place }
                break
            }
            let before = beyond
            beyond = wait.prefix.tokens
            run.outbox.flush()
            let from = services.environment.clock.now()
            if isOfNode { run.pauseDeadline(of: call.site.path) }
            let release = await services.leaders.release(of: place)
            waited += services.environment.clock.now().since(from).milliseconds
            guard let release else { throw StepFailure(.cancelled, "stopped while waiting for a call with the same beginning") }
            do throws(StepFailure) {
                try run.checkGoesOn()
                // Whatever it waited for: time has passed, and what is found now may be another prefix.
                call = try prepare(call.question, call.site, run, call.known)
            } catch {
                services.leaders.leave(place)
                throw error
            }
            if isOfNode {
                run.resumeDeadline(of: call.site.path, waited: .milliseconds(waited))
                call.released = PrefixReleased(
                    call: call.request.id, path: call.site.path, by: release.wait.call.text, prefix: release.wait.prefix.name, waited: .milliseconds(waited), cause: release.cause)
            }
            if release.cause != .began {
                // It leads by what it was to write when it stood in line; nobody is to wait for what it does not write now.
                services.leaders.claim(place, as: call.request.id, self.stake(of: call, beyond: before))
                call.leading = place
                break
            }
        }
        return call
    }

    @inline(never)
    private func stake(of call: PlacedCall, beyond: Int) -> PrefixStake? {
        guard let cache = call.cache, let price = call.question.caching?.latencyPrice, !cache.plan.ends.isEmpty else { return nil }
        return PrefixStake(cache.plan, cache.rules, call.sheet, latencyPrice: price, beyond: beyond)
    }

    /// Whether a warm-up is worth what it costs, by what the cache has now.
    ///
    /// - Throws: `StepFailure` of kind `cancelled` where it is not, which ends it without a trace.
    @inline(never)
    func checkWorth(of call: PlacedCall) throws(StepFailure) {
        // What the cache had, other runs put there.
        if services.replay?.number(at: call.site) != nil { return }
        // What another call is about to write, and this one does not wait for, is written anyhow.
        if call.leading != nil, let caching = call.question.caching, let warmUp = caching.warmUp, let latencyPrice = caching.latencyPrice, let cache = call.cache, let sheet = call.sheet, !sheet.isMachineTime {
            let tokens = cache.plan.ends.last!.tokens
            let wait = services.leaders.expected(call.request.model, tokens: tokens - cache.plan.cached)
            let price = sheet.row(.input, promptTokens: tokens)?.price ?? .zero
            if warmUp.isWorth(cache.plan, cache.rules, price: price, latencyPrice: latencyPrice, wait: wait) { return }
        }
        throw StepFailure(.cancelled, "it is not worth what it costs")
    }

    /// Who is told of the answer while it comes. An answer that others wait for, or are expected to, is streamed, so that they need not wait for all
    /// of it.
    @inline(never)
    func sink(of call: PlacedCall) -> (any AnswerSink)? {
        guard let place = call.leading else { return call.question.sink }
        let isAwaited = services.leaders.send(place, as: call.request.id) || call.cache!.plan.expectsReaders
        if isAwaited, call.request.sampling.stream == nil, call.streams { call.streamed = call.request.streamed }
        guard call.streamed != nil || call.request.sampling.stream == true || call.question.sink != nil else { return nil }
        let (services, plan, rules, sentAt) = (services, call.cache!.plan, call.cache!.rules, call.startedAt!)
        // What is not streamed begins with its end.
        let isFirstPiece = call.sent.sampling.stream == true
        return FirstTokenSink(isWritten: { services.hasBegun(plan, rules, sentAt: sentAt, by: place, isLearned: isFirstPiece || !place.streams) }, rest: call.question.sink)
    }

    /// The end of a call's answer, which is the first that is known of one that is not streamed.
    func hasAnswered(_ call: PlacedCall) {
        guard let place = call.leading, let cache = call.cache, case .success? = call.result?.outcome else { return }
        // One that is told of while it comes has been learned of.
        let isLearned = !place.streams && call.question.sink == nil
        services.hasBegun(cache.plan, cache.rules, sentAt: call.startedAt!, by: place, isLearned: isLearned)
    }
}

extension PlacedCall {
    /// Whether its answer comes in pieces if somebody waits for the first one. A warm-up's answer is its end.
    fileprivate var streams: Bool { question.purpose != .warm && (request.sampling.stream ?? question.model.mayStream) }
}

extension CallServices {
    /// - Parameter isLearned: whether the time since it was sent tells how long others of the kind will be waited for.
    fileprivate func hasBegun(_ plan: CachePlan, _ rules: CacheRules, sentAt: Timestamp, by place: PrefixLeaders.Place, isLearned: Bool) {
        let now = environment.clock.now()
        caches.began(plan, rules, sentAt: sentAt, at: now)
        leaders.answer(place, after: isLearned ? now.since(sentAt) : nil)
    }
}

extension CachePlan {
    /// Whether a later call is expected to read something that is not there yet.
    fileprivate var expectsReaders: Bool { ends.contains { $0.tokens > cached && $0.tokens >= leastTokens && ($0.reads.max() ?? 0) >= 1000 } }
}
