import Values

/// What the prompt caches of servers hold, as far as this process knows: a mirror of what was written, read and said to be so, by the names of prefixes.
///
/// It is asked before a request is sent, told when it is sent and when its answer begins, and corrected by what the answer's usage says. What is in it is an expectation; the bill goes by usage alone.
/// It has room for a fixed number of prefixes: the one that was met the longest ago makes room.
public struct CacheMirror: Sendable {
    /// Where a request asks for a prefix that it wants to be found by others.
    public struct Prompt: Sendable {
        /// What it can share a prefix within; see ``CachePlan/space``.
        public var space: UInt64
        /// In the order of the prompt; ``CachePlan/End/reads`` as far as whoever asks knows of later requests, the rules' lifetimes each.
        public var ends: [CachePlan.End]
        /// The lifetime that the author wants for a prefix, by the position of its end.
        public var lifetimes: [Int: TimeSpan]
        /// Whether marks may be set, and whether what they can write may be charged.
        public var marks: Bool
        public var writes: Bool
        /// Whether its run is asked without marks, for comparison.
        public var isHeldOut: Bool

        /// - Parameter ends: with nothing expected of them but what the run knows.
        public init(space: UInt64, ends: [CachePlan.End], lifetimes: [Int: TimeSpan] = [:], marks: Bool = true, writes: Bool = true, isHeldOut: Bool = false) {
            self.space = space
            self.ends = ends
            self.lifetimes = lifetimes
            self.marks = marks
            self.writes = writes
            self.isHeldOut = isHeldOut
        }
    }

    /// What a server said of a request.
    public struct Observation: Sendable {
        /// `nil`: it does not tell.
        public var read: Int?
        /// The same of what it wrote to its cache.
        public var written: Int?
        /// The whole prompt.
        public var input: Int?
        /// When the request was sent, and when this was known, in milliseconds.
        public var sentAt: Int64
        /// See ``sentAt``.
        public var endedAt: Int64

        public init(read: Int?, written: Int?, input: Int?, sentAt: Int64, endedAt: Int64) {
            self.read = read
            self.written = written
            self.input = input
            self.sentAt = sentAt
            self.endedAt = endedAt
        }
    }

    private struct Entry {
        var name: UInt64
        /// Of the last use, in seconds; 0: nobody wrote it.
        var lifetime: Int32 = 0
        var visits: Int32 = 0
        /// Whether a prompt ended here.
        var wasEnd = false
        /// How many requests are about to write it of which no answer has begun.
        var writers: Int32 = 0
        /// Since when it can be read, `Int64.max`: not yet; and until when it is kept unless it is used.
        var readyAt = Int64.max
        var until: Int64 = 0
        /// Neighbours by the time of the last meeting.
        var older: Int32 = -1
        var newer: Int32 = -1
    }

    private let most: Int
    private var entries: [Entry] = []
    private var places: [UInt64: Int32] = [:]
    private var oldest: Int32 = -1
    private var newest: Int32 = -1
    private var estimator = ReuseEstimator()
    /// What was met a second time.
    private var returns = 0
    /// By space and position: the prefix that stood there last and holds for longer than a run.
    private var standing: [Place: UInt64] = [:]
    private static let mostPlaces = 4096

    private struct Place: Hashable {
        let space: UInt64
        let segment: Int
    }

    public init(most: Int = 1 << 17) { self.most = max(16, most) }

    /// How many prefixes it knows.
    public var count: Int { places.count }

    // MARK: What is expected

    /// Where to mark a prompt, and what of it is expected to be found.
    ///
    /// - Parameters:
    ///   - time: in milliseconds.
    ///   - rules: with the prices that hold for the model.
    public mutating func plan(_ prompt: Prompt, _ rules: CacheRules, at time: Int64) -> CachePlan {
        estimator.advance(to: Double(time) / 1000)
        var ends = prompt.ends
        addReturns(to: &ends, rules)
        let (found, cached) = cached(ends, rules, at: time)
        return Self.plan(prompt, rules, ends, cached: cached, found: found.map { ($0, lifetime(of: ends[$0])) })
    }

    /// What follows from the ends of a prompt, with all that is expected of them, and from what is found.
    private static func plan(
        _ prompt: Prompt, _ rules: CacheRules, _ ends: [CachePlan.End], cached: Int, found: (end: Int, lifetime: TimeSpan)?
    ) -> CachePlan {
        var plan = CachePlan(
            rules: rules.name, leastTokens: rules.leastTokens, space: prompt.space, ends: ends, cached: cached, marks: [], isHeldOut: prompt.isHeldOut)
        guard case .marks = rules.entries else { return plan }
        // Without a mark of its own a request finds nothing. One that asks for a hit is charged as writing where there is none.
        guard prompt.marks, prompt.writes, !prompt.isHeldOut, rules.mostMarks > 0 else {
            plan.cached = 0
            return plan
        }
        plan.marks = marks(plan, rules, found: found, lifetimes: prompt.lifetimes)
        return plan
    }

    /// The plan of a prompt once more, with what other runs had to do with it as a plan that was made then tells: what they were expected to read,
    /// and what was found. What follows from these, and what the prompt itself says, is made anew.
    ///
    /// - Parameter others: what the run may have known of itself instead, by segment and lifetime: what is told may lie between.
    public static func plan(_ prompt: Prompt, _ rules: CacheRules, asFoundIn told: CachePlan, or others: [[[Int]]] = []) -> CachePlan {
        var ends = prompt.ends
        let shared = shared(ends)
        for position in ends.indices {
            while ends[position].reads.count < rules.lifetimes.count { ends[position].reads.append(0) }
            guard told.ends.indices.contains(position), told.ends[position].reads.count == ends[position].reads.count else { continue }
            for index in ends[position].reads.indices {
                let (own, recorded) = (ends[position].reads[index], told.ends[position].reads[index])
                let possible = [own] + others.compactMap { $0.indices.contains(position) && $0[position].indices.contains(index) ? $0[position][index] : nil }
                // Other runs only add to what this one knows of itself, and only where they can share.
                let isPossible = recorded >= possible.min()! && (position < shared || recorded <= possible.max()!)
                if isPossible { ends[position].reads[index] = recorded }
            }
        }
        guard told.cached > 0, let end = ends.lastIndex(where: { $0.tokens == told.cached }), case .marks = rules.entries else {
            return plan(prompt, rules, ends, cached: told.cached, found: nil)
        }
        // For how long an entry lives stands in no plan: that of the marks which the record has, if any is.
        let plans = rules.lifetimes.map { plan(prompt, rules, ends, cached: told.cached, found: (end, $0.span)) }
        return plans.first { $0.marks == told.marks } ?? plans.first ?? plan(prompt, rules, ends, cached: told.cached, found: nil)
    }

    /// The marks that follow from what a plan says of reads and of what is found: nothing else goes into them.
    ///
    /// - Parameters:
    ///   - found: the end of the longest prefix that is in the cache, and its lifetime there.
    ///   - lifetimes: what the author wants, by the position of an end.
    public static func marks(_ plan: CachePlan, _ rules: CacheRules, found: (end: Int, lifetime: TimeSpan)?, lifetimes: [Int: TimeSpan] = [:]) -> [CachePlan.Mark] {
        guard case .marks(let most) = rules.entries, most > 0 else { return [] }
        // A hit is asked for where it is expected, with the lifetime that it has: where it is there, that writes nothing. What stands behind it must not live longer, nor behind what the author wants to live shorter.
        let last = rules.lifetimes.count - 1
        func index(_ lifetime: TimeSpan) -> Int { rules.lifetimes.firstIndex { $0.span <= lifetime } ?? last }
        var limit = found.map { index($0.lifetime) } ?? 0
        var limits: [Int] = []
        var boundaries: [BreakpointPlanner.Boundary] = []
        for (position, end) in plan.ends.enumerated() {
            let isWanted = lifetimes[position] != nil && found.map { position > $0.end } ?? true
            if isWanted { limit = max(limit, index(lifetimes[position]!)) }
            limits.append(limit)
            let reads = rules.lifetimes.indices.map { lifetime -> Double in
                let expected = end.reads.indices.contains(lifetime) ? Double(end.reads[lifetime]) / 1000 : 0
                if isWanted { return lifetime == limit ? max(expected, rules.leastReads(rules.lifetimes[lifetime]) + 0.001) : 0 }
                return lifetime < limit ? 0 : expected
            }
            boundaries.append(BreakpointPlanner.Boundary(tokens: end.tokens, reads: reads))
        }
        let depth = found.map { plan.ends[$0.end].tokens } ?? 0
        let planned = BreakpointPlanner(rules).marks(boundaries, cached: depth, most: most - (found == nil ? 0 : 1)).marks
        var marks: [(end: Int, lifetime: Int)] = planned.map { mark in
            (mark.boundary, lifetimes[mark.boundary] == nil ? max(mark.lifetime, limits[mark.boundary]) : limits[mark.boundary])
        }
        if let found { marks.insert((found.end, index(found.lifetime)), at: 0) }
        for position in marks.indices.dropLast().reversed() { marks[position].lifetime = min(marks[position].lifetime, marks[position + 1].lifetime) }
        return marks.map { CachePlan.Mark(end: $0.end, lifetime: rules.lifetimes[$0.lifetime].span) }
    }

    /// What other runs are expected to read, on top of what is known.
    private func addReturns(to ends: inout [CachePlan.End], _ rules: CacheRules) {
        let shared = Self.shared(ends)
        for position in ends.indices {
            while ends[position].reads.count < rules.lifetimes.count { ends[position].reads.append(0) }
            // Nothing is expected of what was never seen to come back.
            guard returns > 0, position < shared else { continue }
            let kind = kind(of: position, ends)
            for (index, lifetime) in rules.lifetimes.enumerated() {
                let reads = estimator.reads(kind, within: Double(lifetime.span.milliseconds) / 1000)
                ends[position].reads[index] += Int((reads * 1000).rounded())
            }
        }
    }

    /// How many of the ends can come back in another run: behind what a step says of its own, a prompt is one step's.
    private static func shared(_ ends: [CachePlan.End]) -> Int { ends.firstIndex { $0.stability > .execution } ?? ends.count }

    private func kind(of position: Int, _ ends: [CachePlan.End]) -> ReuseEstimator.Kind {
        let known = places[ends[position].name].map { Int(entries[Int($0)].visits) } ?? 0
        return ReuseEstimator.Kind(isTail: position == ends.count - 1, visits: known + 1, isContinued: false, tokens: ends[position].tokens)
    }

    /// The deepest end that is in the cache, and the tokens that are read of it.
    private func cached(_ ends: [CachePlan.End], _ rules: CacheRules, at time: Int64) -> (end: Int?, tokens: Int) {
        for position in ends.indices.reversed() {
            guard ends[position].tokens >= rules.leastTokens, let place = places[ends[position].name] else { continue }
            let entry = entries[Int(place)]
            guard entry.readyAt <= time, time < entry.until else { continue }
            switch rules.entries {
            case .marks: return (position, ends[position].tokens)
            case .steps(let step):
                let tokens = ends[position].tokens / max(1, step) * max(1, step)
                if tokens >= rules.leastTokens { return (position, tokens) }
            case .units: if entry.wasEnd || entry.visits > 1 { return (position, ends[position].tokens) }
            }
        }
        return (nil, 0)
    }

    private func lifetime(of end: CachePlan.End) -> TimeSpan { .seconds(Int64(places[end.name].map { entries[Int($0)].lifetime } ?? 0)) }

    // MARK: What happens

    /// A request goes out.
    ///
    /// - Parameter first: the first of the ends that no earlier request of the same run had: what comes back in another run is learned of these.
    /// - Returns: why something of it that was met before will not be found; `nil`: all of it will be, or is new.
    public mutating func sent(_ plan: CachePlan, _ rules: CacheRules, first: Int, at time: Int64) -> CacheMiss? {
        let cause = obstacle(plan, rules, at: time)
        let seconds = Double(time) / 1000
        estimator.advance(to: seconds)
        let shared = Self.shared(plan.ends)
        for position in plan.ends.indices {
            let end = plan.ends[position]
            let place = place(of: end)
            if position >= first, position < shared {
                if entries[place].visits > 0 { returns += 1 }
                estimator.meet(place, kind(of: position, plan.ends), at: seconds)
                entries[place].visits &+= 1
            }
            guard end.stability <= .tenant else { continue }
            if standing.count >= Self.mostPlaces { standing.removeAll(keepingCapacity: true) }
            standing[Place(space: plan.space, segment: end.segment)] = end.name
        }
        for end in writes(of: plan) { entries[place(of: plan.ends[end])].writers += 1 }
        return cause
    }

    private func obstacle(_ plan: CachePlan, _ rules: CacheRules, at time: Int64) -> CacheMiss? {
        for end in plan.ends.reversed() where end.tokens > plan.cached && end.tokens >= rules.leastTokens {
            guard let place = places[end.name] else { continue }
            let entry = entries[Int(place)]
            if entry.writers > 0 { return .raced }
            if entry.until > 0, entry.until <= time { return .expired }
        }
        // Another one stood in the place of something new, and could still be read.
        for end in plan.ends where end.stability <= .tenant && end.tokens > plan.cached && end.tokens >= rules.leastTokens && places[end.name] == nil {
            guard let other = standing[Place(space: plan.space, segment: end.segment)], let place = places[other] else { continue }
            if time < entries[Int(place)].until { return .moved }
        }
        return nil
    }

    /// The ends that a request writes that is sent as planned, deeper than what is found.
    private func writes(of plan: CachePlan) -> [Int] {
        if plan.marks.isEmpty { return [] }
        return plan.marks.map(\.end).filter { plan.ends[$0].tokens > plan.cached }
    }

    /// The answer to a request has begun: what it writes can be read, and lives from its sending on. A cache that nobody marks has all of a prompt by then.
    public mutating func began(_ plan: CachePlan, _ rules: CacheRules, sentAt: Int64, at time: Int64) {
        guard rules.isMarked else { return touch(plan, rules, at: sentAt, readyAt: time) }
        for mark in plan.marks where plan.ends[mark.end].tokens > plan.cached {
            guard let place = places[plan.ends[mark.end].name] else { continue }
            write(Int(place), Int32(clamping: mark.lifetime.milliseconds / 1000), at: sentAt, readyAt: time)
        }
    }

    private mutating func write(_ place: Int, _ lifetime: Int32, at time: Int64, readyAt: Int64? = nil) {
        entries[place].lifetime = max(lifetime, entries[place].until > time ? entries[place].lifetime : 0)
        entries[place].readyAt = min(entries[place].readyAt, readyAt ?? time)
        entries[place].until = max(entries[place].until, time + Int64(entries[place].lifetime) * 1000)
    }

    /// What a server said of a request that was sent, or that it said nothing.
    ///
    /// - Parameters:
    ///   - obstacle: what ``sent(_:_:first:at:)`` returned.
    ///   - hasBegun: whether its answer began.
    /// - Returns: why less was read than was planned, or could have been.
    public mutating func ended(_ plan: CachePlan, _ rules: CacheRules, _ seen: Observation, obstacle: CacheMiss?, hasBegun: Bool) -> CacheMiss? {
        for end in writes(of: plan) {
            guard let place = places[plan.ends[end].name] else { continue }
            entries[Int(place)].writers = max(0, entries[Int(place)].writers - 1)
        }
        guard hasBegun else { return nil }
        guard let read = seen.read, let input = seen.input, input > 0 else {
            // Most likely it is as it was to be.
            began(plan, rules, sentAt: seen.sentAt, at: rules.isMarked ? seen.endedAt : seen.sentAt)
            return plan.cached > 0 ? .unreported : nil
        }
        // Its tokens are ours in the measure of the whole.
        let total = max(1, plan.ends.last?.tokens ?? 1)
        func estimated(_ tokens: Int) -> Int { Int((Int64(tokens) * Int64(total) + Int64(input) / 2) / Int64(input)) }
        let found = Self.nearest(estimated(read), plan)
        let miss = miss(plan, rules, seen, read: estimated(read), found: found, obstacle)
        if rules.isMarked { correct(plan, seen, found: found, depth: seen.written.map { Self.nearest(estimated(read + $0), plan) }) } else { touch(plan, rules, at: seen.sentAt) }
        return miss
    }

    /// The end at which so many tokens end, in the tokens of the plan; 0: before the first.
    private static func nearest(_ tokens: Int, _ plan: CachePlan) -> Int {
        var best = (distance: tokens, tokens: 0)
        for end in plan.ends where abs(end.tokens - tokens) < best.distance { best = (abs(end.tokens - tokens), end.tokens) }
        return best.tokens
    }

    /// Fewer tokens than these are no difference, where a cache goes by steps.
    private static let leastGap = 256

    private func miss(_ plan: CachePlan, _ rules: CacheRules, _ seen: Observation, read: Int, found: Int, _ obstacle: CacheMiss?) -> CacheMiss? {
        // Marked, and neither written nor read.
        if !plan.marks.isEmpty, seen.written == 0, seen.read == 0 { return .belowMinimum }
        let isLess = rules.isMarked ? found < plan.cached : read + max(plan.cached / 20, Self.leastGap) < plan.cached
        if isLess {
            let place = plan.ends.first { $0.tokens >= plan.cached }.flatMap { places[$0.name] }
            return place.map { 0 < entries[Int($0)].until && entries[Int($0)].until <= seen.sentAt } == true ? .expired : .evicted
        }
        guard let obstacle, let last = plan.ends.last(where: { $0.tokens >= rules.leastTokens }), found < last.tokens else { return nil }
        return obstacle
    }

    /// - Parameters:
    ///   - found: up to where it was read.
    ///   - depth: up to where it was read or written; `nil`: what was written is not told.
    private mutating func correct(_ plan: CachePlan, _ seen: Observation, found: Int, depth: Int?) {
        for mark in plan.marks {
            guard let place = places[plan.ends[mark.end].name] else { continue }
            if plan.ends[mark.end].tokens <= depth ?? .max {
                write(Int(place), Int32(clamping: mark.lifetime.milliseconds / 1000), at: seen.sentAt)
            } else if entries[Int(place)].readyAt != .max, entries[Int(place)].writers == 0 {
                // It is not there.
                entries[Int(place)].readyAt = .max
                entries[Int(place)].until = 0
            }
        }
        // What is read is used, and so is what it passes.
        for end in plan.ends where end.tokens <= found {
            guard let place = places[end.name], entries[Int(place)].readyAt != .max else { continue }
            entries[Int(place)].until = max(entries[Int(place)].until, seen.sentAt + Int64(entries[Int(place)].lifetime) * 1000)
        }
    }

    /// Every prefix of a prompt is in a cache that nobody marks.
    private mutating func touch(_ plan: CachePlan, _ rules: CacheRules, at time: Int64, readyAt: Int64? = nil) {
        let lifetime = Int32(clamping: (rules.lifetimes.first?.span.milliseconds ?? 0) / 1000)
        for (position, end) in plan.ends.enumerated() {
            guard let place = places[end.name] else { continue }
            write(Int(place), lifetime, at: time, readyAt: readyAt)
            if position == plan.ends.count - 1 { entries[Int(place)].wasEnd = true }
        }
    }

    // MARK: Room

    /// Where a prefix is kept, which becomes the one that was met last.
    private mutating func place(of end: CachePlan.End) -> Int {
        if let known = places[end.name] {
            unlink(known)
            link(known)
            return Int(known)
        }
        let place: Int32
        if entries.count < most {
            place = Int32(entries.count)
            entries.append(Entry(name: end.name))
        } else {
            place = oldest
            unlink(place)
            places[entries[Int(place)].name] = nil
            entries[Int(place)] = Entry(name: end.name)
        }
        places[end.name] = place
        link(place)
        return Int(place)
    }

    private mutating func link(_ place: Int32) {
        entries[Int(place)].older = newest
        entries[Int(place)].newer = -1
        if newest >= 0 { entries[Int(newest)].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int32) {
        let (older, newer) = (entries[Int(place)].older, entries[Int(place)].newer)
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
        if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
    }
}
