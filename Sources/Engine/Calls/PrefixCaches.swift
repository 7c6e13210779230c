import Economics
import PromptCaching
import Values
import WorkflowModel

/// What this process knows of prompt caches: plans the marks of each request, and is corrected by what servers say. One for all runs.
final class PrefixCaches: Sendable {
    private struct State {
        var mirror = CacheMirror()
        /// The shortest prefixes that are cached, as answers have shown them.
        var minimums: [ModelReference: LearnedMinimum] = [:]
        /// Of servers that have them.
        var slots: [ModelReference: SlotTable] = [:]
        /// Models whose calls of the past are known.
        var known: Set<ModelReference> = []
        /// By the hash of the graph.
        var outlooks: [ContentHash: PrefixOutlook] = [:]

        /// What became of the longest marked prefix of a request tells of the shortest that is cached.
        mutating func note(_ seen: CacheMirror.Observation, _ plan: CachePlan, of model: ModelReference) {
            guard let mark = plan.marks.last, let read = seen.read, let written = seen.written, let input = seen.input, let total = plan.ends.last?.tokens, total > 0 else { return }
            let tokens = read + written > 0 ? read + written : plan.ends[mark.end].tokens * input / total
            minimums[model, default: LearnedMinimum()].note(tokens, wasCached: read + written > 0)
        }
    }

    private let state = Mutex(State())
    /// Who reads calls of the past.
    private let reading = ConcurrencyLimiter(limit: 1)

    /// Calls of the past that are looked at, and how old they may be.
    private static let (mostCalls, oldest) = (2000, TimeSpan.seconds(24 * 3600))

    // MARK: The past

    func knows(_ model: ModelReference) -> Bool { state.withLock { $0.known.contains(model) } }

    /// Takes in what earlier processes asked of a model: once, however many runs begin with it at the same time. They go on in the order in which they came.
    func learn(of profile: ModelProfile, from history: (any RunHistory)?, at now: Timestamp) async {
        guard let rules = profile.cache, await reading.acquire() else { return }
        defer { reading.release() }
        if knows(profile.reference) { return }
        // Without a history that can be read nothing is known, which costs a little money and no more.
        let rows = (try? await history?.plannedCaches(of: profile.reference, since: now.adding(.milliseconds(-Self.oldest.milliseconds)), most: Self.mostCalls)) ?? []
        state.withLock { state in
            state.known.insert(profile.reference)
            var prefixes: [Int64: RunPrefixes] = [:]
            for row in rows {
                let sent = row.startedAt.milliseconds
                var asked = prefixes[row.run] ?? RunPrefixes()
                let first = asked.first(of: row.plan)
                asked.take(row.plan)
                prefixes[row.run] = asked
                let obstacle = state.mirror.sent(row.plan, rules, first: first, at: sent)
                guard let ended = row.endedAt else {
                    // Nothing will be heard of it here.
                    let unknown = CacheMirror.Observation(read: nil, written: nil, input: nil, sentAt: sent, endedAt: sent)
                    _ = state.mirror.ended(row.plan, rules, unknown, obstacle: obstacle, hasBegun: false)
                    continue
                }
                let seen = CacheMirror.Observation(read: row.read, written: row.written, input: row.input, sentAt: sent, endedAt: ended.milliseconds)
                _ = state.mirror.ended(row.plan, rules, seen, obstacle: obstacle, hasBegun: row.hasBegun)
                if row.hasBegun { state.note(seen, row.plan, of: profile.reference) }
            }
        }
    }

    // MARK: The graph

    /// More graphs than these are not kept at once.
    private static let mostOutlooks = 64

    /// Which prompts of a workflow begin alike.
    func outlook(of graph: WorkflowGraph) -> PrefixOutlook {
        if let known = state.withLock({ $0.outlooks[graph.hash] }) { return known }
        let made = PrefixOutlook(graph)
        state.withLock { state in
            if state.outlooks.count >= Self.mostOutlooks { state.outlooks.removeAll() }
            state.outlooks[graph.hash] = made
        }
        return made
    }

    // MARK: A call

    /// What a record has of a call's plan.
    struct RecordedCache {
        /// `nil`: nothing was planned.
        let plan: CachePlan?

        init(_ plan: CachePlan?) { self.plan = plan }
    }

    /// What is planned of a prompt; `nil`: nothing of it could be in a cache.
    ///
    /// - Parameter record: what is found of it was told; otherwise by what this process knows.
    func plan(_ question: Question, _ segments: [PromptSegment], _ sheet: PriceSheet?, writes: Bool, at now: Timestamp, _ record: RecordedCache? = nil) -> CachedPrompt? {
        guard let caching = question.caching, let usual = question.model.cache else { return nil }
        let space = PrefixNames.space(of: question)
        let ends = PrefixNames.ends(of: segments, in: space, question.model.attachments, reads: caching.reads)
        var rules = usual.priced(by: sheet, promptTokens: ends.last?.tokens ?? 0).rules
        if let record {
            // Nothing was planned, by what was known then of the shortest prefix.
            guard let told = record.plan else { return nil }
            rules.leastTokens = told.leastTokens
        } else if let learned = state.withLock({ $0.minimums[question.model.reference] }) {
            rules.leastTokens = learned.leastTokens(rules.leastTokens)
        }
        guard let last = ends.last, last.tokens >= rules.leastTokens else { return nil }
        let retention = caching.marks && !caching.isHeldOut ? rules.retention(for: caching.lifetimes.values) : nil
        if let retention { rules = rules.retaining(retention) }
        let prompt = CacheMirror.Prompt(
            space: space.number, ends: ends, lifetimes: caching.lifetimes, marks: caching.marks, writes: writes, isHeldOut: caching.isHeldOut)
        var plan = record?.plan.map { CacheMirror.plan(prompt, rules, asFoundIn: $0, or: caching.otherReads) } ?? state.withLock { $0.mirror.plan(prompt, rules, at: now.milliseconds) }
        guard caching.marks, !caching.isHeldOut else { return CachedPrompt(plan, rules, question.model.reference, instructions: nil) }
        var instructions = Self.instructions(plan, rules, isWarmUp: caching.warmUp != nil)
        instructions.retention = retention?.span
        if let slots = rules.slots, record == nil {
            let (slot, found) = state.withLock { $0.slots[question.model.reference, default: SlotTable(count: slots)].slot(of: plan, answer: question.outputCap) }
            instructions.slot = slot
            plan.cached = min(plan.cached, found)
        }
        return CachedPrompt(plan, rules, question.model.reference, instructions: instructions)
    }

    private static func instructions(_ plan: CachePlan, _ rules: CacheRules, isWarmUp: Bool) -> CacheInstructions {
        CacheInstructions(
            marks: plan.marks.map { CacheInstructions.Mark(segment: plan.ends[$0.end].segment, lifetime: $0.lifetime) }, key: key(of: plan),
            isExplicit: rules.isMarked, isWarmUp: isWarmUp)
    }

    /// Requests that could find something of each other have to have one key, and others are not to have it: it is the name of the shortest prefix that a cache takes, which they share if they share any.
    /// A prompt of which that is the whole and that nothing is known to begin with has none, as each such request would have its own, and find no less alike than its server does by itself.
    private static func key(of plan: CachePlan) -> String? {
        guard let first = plan.ends.firstIndex(where: { $0.tokens >= plan.leastTokens }) else { return nil }
        let end = plan.ends[first]
        let isShared = first < plan.ends.count - 1 || plan.cached >= end.tokens || end.reads.contains { $0 > 0 }
        return isShared ? CachePlan.hex(end.name) : nil
    }

    /// - Parameter first: of its ends, the first that no call of its run had before.
    func sent(_ prompt: CachedPrompt, first: Int, at now: Timestamp) {
        prompt.obstacle = state.withLock { state in
            if let slot = prompt.instructions?.slot { state.slots[prompt.model]?.sent(prompt.plan, to: slot) }
            return state.mirror.sent(prompt.plan, prompt.rules, first: first, at: now.milliseconds)
        }
        prompt.sentAt = now
    }

    /// The first piece of an answer is there.
    func began(_ plan: CachePlan, _ rules: CacheRules, sentAt: Timestamp, at now: Timestamp) {
        state.withLock { $0.mirror.began(plan, rules, sentAt: sentAt.milliseconds, at: now.milliseconds) }
    }

    /// - Returns: why less of it was found than was planned.
    func ended(_ prompt: CachedPrompt, _ result: ModelCallResult, at now: Timestamp) -> CacheMiss? {
        guard let sentAt = prompt.sentAt else { return nil }
        let hasBegun: Bool = if case .success = result.outcome { true } else { result.timeToFirstToken != nil || result.partialText?.isEmpty == false }
        let usage = result.usage
        let seen = CacheMirror.Observation(
            read: usage?.cacheRead, written: usage?.totalCacheWrite, input: usage?.totalInput, sentAt: sentAt.milliseconds, endedAt: now.milliseconds)
        return state.withLock { state in
            if hasBegun { state.note(seen, prompt.plan, of: prompt.model) }
            if let slot = prompt.instructions?.slot { state.slots[prompt.model]?.ended(at: slot) }
            return state.mirror.ended(prompt.plan, prompt.rules, seen, obstacle: prompt.obstacle, hasBegun: hasBegun)
        }
    }
}
