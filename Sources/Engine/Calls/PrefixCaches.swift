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

    /// Calls of the past that are looked at, and how old they may be.
    private static let (mostCalls, oldest) = (2000, TimeSpan.seconds(24 * 3600))

    // MARK: The past

    func knows(_ model: ModelReference) -> Bool { state.withLock { $0.known.contains(model) } }

    /// Takes in what earlier processes asked of a model.
    func learn(of profile: ModelProfile, from history: (any RunHistory)?, at now: Timestamp) async {
        guard let rules = profile.cache else { return }
        // Without a history that can be read nothing is known, which costs a little money and no more.
        let rows = (try? await history?.plannedCaches(of: profile.reference, since: now.adding(.milliseconds(-Self.oldest.milliseconds)), most: Self.mostCalls)) ?? []
        state.withLock { state in
            guard state.known.insert(profile.reference).inserted else { return }
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

    /// What is planned of a prompt; `nil`: nothing of it could be in a cache.
    func plan(_ question: Question, _ segments: [PromptSegment], _ sheet: PriceSheet?, writes: Bool, at now: Timestamp) -> CachedPrompt? {
        guard let caching = question.caching, let usual = question.model.cache else { return nil }
        let space = PrefixNames.space(of: question)
        let ends = PrefixNames.ends(of: segments, in: space, question.model.attachments, reads: caching.reads)
        var rules = usual.priced(by: sheet, promptTokens: ends.last?.tokens ?? 0).rules
        if let learned = state.withLock({ $0.minimums[question.model.reference] }) { rules.leastTokens = learned.leastTokens(rules.leastTokens) }
        guard let last = ends.last, last.tokens >= rules.leastTokens else { return nil }
        let retention = caching.marks && !caching.isHeldOut ? rules.retention(for: caching.lifetimes.values) : nil
        if let retention { rules = rules.retaining(retention) }
        let prompt = CacheMirror.Prompt(
            space: space.number, ends: ends, lifetimes: caching.lifetimes, marks: caching.marks, writes: writes, isHeldOut: caching.isHeldOut)
        var plan = state.withLock { $0.mirror.plan(prompt, rules, at: now.milliseconds) }
        guard caching.marks, !caching.isHeldOut else { return CachedPrompt(plan, rules, question.model.reference, instructions: nil) }
        var instructions = Self.instructions(plan, rules, isWarmUp: caching.warmUp != nil)
        instructions.retention = retention?.span
        if let slots = rules.slots {
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

/// What is planned of one call's prompt, and what has come of it so far. Confined to whoever makes the call.
final class CachedPrompt {
    let plan: CachePlan
    /// With the prices that hold for it.
    let rules: CacheRules
    let model: ModelReference
    /// `nil`: its server is told nothing.
    let instructions: CacheInstructions?
    var obstacle: CacheMiss?
    var sentAt: Timestamp?

    /// Which prices of writing can be charged for it.
    var writes: CacheWrites {
        // Whoever is told nothing does as it likes; so does a cache that nobody marks.
        guard instructions != nil, rules.isMarked else { return .any }
        // Also for what is expected to be there: it may be gone.
        guard let longest = plan.marks.map(\.lifetime).max() else { return .none }
        return rules.lifetimes.contains { $0.span == longest && $0.isLong } ? .any : .short
    }

    init(_ plan: CachePlan, _ rules: CacheRules, _ model: ModelReference, instructions: CacheInstructions?) {
        self.model = model
        self.plan = plan
        self.rules = rules
        self.instructions = instructions
    }
}

/// What calls of one run have asked, by its facts.
struct RunPrefixes {
    private var names: Set<UInt64> = []
    private var asked: TextTable<Int> = [:]

    /// The position of the first end that no call had before.
    func first(of plan: CachePlan) -> Int { plan.ends.firstIndex { !names.contains($0.name) } ?? plan.ends.count }

    mutating func take(_ plan: CachePlan) { for end in plan.ends { names.insert(end.name) } }

    /// A call begins.
    mutating func take(_ call: CallStarted) {
        guard let plan = call.cache else { return }
        take(plan)
        asked[Self.key(call.path, call.part, call.askedTier ?? call.tier), default: 0] += 1
    }

    /// How often a question was asked, by the outlook's words for it.
    func count(of question: PrefixOutlook.Asked) -> Int { asked[Self.key(question.path, question.part, question.tier)] ?? 0 }

    private static func key(_ path: String, _ part: String, _ tier: String) -> String {
        let part = part.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(part[..<$0]) } ?? part
        return "\(NodePath.step(path))\n\(part)\n\(tier)"
    }
}

/// How prefixes are named: by a chain of hashes over what stands before them.
enum PrefixNames {
    /// What requests must have in common for a prefix of one to be found by another.
    struct Space {
        let hash: ContentHash
        var number: UInt64 { hash.leadingBytes }
    }

    /// The entry and the model as it is named on the wire, and the settings that stand before a prompt: how it reasons, and a schema.
    static func space(of question: Question) -> Space {
        var bytes = Array("\(question.model.reference.provider)\n\(question.model.servedID)\n\(question.sampling.reasoning ?? "")\n".utf8)
        if let schema = question.schema { bytes += ContentHash(of: schema.source.jsonText).hex.utf8 }
        return Space(hash: ContentHash(chaining: nil, bytes))
    }

    /// The ends of all segments, with their tokens by the estimate.
    ///
    /// - Parameter reads: by segment and lifetime of the rules, what is known of later requests.
    static func ends(
        of segments: [PromptSegment], in space: Space, _ support: AttachmentSupport, reads: [[Int]]
    ) -> [CachePlan.End] {
        var hash = space.hash
        var bytes = 0
        var ends: [CachePlan.End] = []
        ends.reserveCapacity(segments.count)
        for (position, segment) in segments.enumerated() {
            hash = hash.chained(to: segment.hash, tag: tag(segment))
            if let attachment = segment.attachment { hash = hash.chained(to: ContentHash(of: words(of: attachment)), tag: 0) }
            // What stands between two segments is the second one's.
            if !segment.startsMessage { bytes += PromptSegment.joiner.utf8.count }
            bytes += segment.text.utf8.count + (segment.attachment.flatMap { RequestBound.tokens($0, support) } ?? 0) * 4
            ends.append(
                CachePlan.End(
                    segment: position, name: hash.leadingBytes, tokens: min(TokenBound.estimate(bytes: bytes), CachePlan.mostTokens), stability: segment.stability,
                    reads: reads.indices.contains(position) ? reads[position] : []))
        }
        return ends
    }

    /// What requests say of it beside its bytes, and caches compare: an image's detail, a file's name.
    private static func words(of attachment: PromptAttachment) -> String {
        "\(attachment.type.rawValue)\n\(attachment.detail?.rawValue ?? "")\n\(attachment.kind == .file ? attachment.name : "")"
    }

    private static func tag(_ segment: PromptSegment) -> UInt8 {
        let role: UInt8 =
            switch segment.role {
            case .system: 0
            case .user: 2
            case .assistant: 4
            }
        return role + (segment.startsMessage ? 1 : 0)
    }
}
