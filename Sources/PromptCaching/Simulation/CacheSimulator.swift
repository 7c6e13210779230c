import Values

/// A request of a trace: what its prompt consists of.
public struct CacheRequest: Sendable, Hashable {
    /// In seconds.
    public var time: Double
    /// What a cache is for: prompts of other accounts or models share nothing with it.
    public var space: Int32
    public var pieces: [PrefixTree.Piece]
    /// All of the prompt; what is not in ``pieces`` is never cached.
    public var tokens: Int

    public init(time: Double, space: Int32, pieces: [PrefixTree.Piece], tokens: Int) {
        self.time = time
        self.space = space
        self.pieces = pieces
        self.tokens = tokens
    }
}

/// What a trace would have cost under a cache's rules with marks that somebody sets.
public struct CacheSimulation: Sendable, Hashable {
    public var requests = 0
    public var inputTokens = 0
    public var readTokens = 0
    public var writtenTokens = 0
    /// Of them those that were never read before they were gone; `nil` where writing is free and nobody marks anything.
    public var wastedTokens: Int? = 0
    /// In prefixes that an earlier request had.
    public var sharedTokens = 0
    /// In prefixes that an earlier request had within the longest lifetime, no shorter than the rules allow.
    public var reachableTokens = 0
    /// In prices of an uncached input token.
    public var cost = 0.0
    /// The least that it could have cost, if it had been known what comes.
    public var leastCost = 0.0

    public init() {}

    private func share(_ part: Double, of whole: Int) -> Double? { whole > 0 ? part / Double(whole) : nil }

    /// Input that was read, of all.
    public var hitRatio: Double? { share(Double(readTokens), of: inputTokens) }
    /// The most that could be read of a cache that forgets nothing.
    public var sharedRatio: Double? { share(Double(sharedTokens), of: inputTokens) }
    /// The most that could be read of a cache under these rules.
    public var reachableRatio: Double? { share(Double(reachableTokens), of: inputTokens) }
    /// What was read of what could be.
    public var efficiency: Double? { share(Double(readTokens), of: reachableTokens) }
    /// Against the same requests without a cache.
    public var relativeCost: Double? { share(cost, of: inputTokens) }
    public var relativeLeastCost: Double? { share(leastCost, of: inputTokens) }
    /// Written tokens that were never read.
    public var wastedShare: Double? { wastedTokens.flatMap { share(Double($0), of: writtenTokens) } }
}

/// Runs a trace through a model of a provider's cache.
public struct CacheSimulator: Sendable {
    /// The end of a prefix that can be found.
    private struct Entry {
        var lifetime: Int8 = -1
        var expires = -Double.infinity
        var ready = Double.infinity
        /// Written for it, and not yet read.
        var unread = 0
    }

    private let rules: CacheRules
    private let policy: CachePolicy
    private let delay: Double
    private let spans: [Double]
    private var tree = PrefixTree()
    private var planner: StreamPlanner
    private var bound: CacheBound
    /// By node, as are the times of its last use.
    private var entries: [Entry] = []
    private var lastUse: [Double] = []
    private var totals = CacheSimulation()
    private var latest = -Double.infinity

    /// - Parameter delay: seconds from a request until what it writes can be read.
    public init(rules: CacheRules, policy: CachePolicy, delay: Double = 0) {
        self.rules = rules
        self.policy = policy
        self.delay = delay
        spans = rules.lifetimes.map { Double($0.span.milliseconds) / 1000 }
        planner = StreamPlanner(rules)
        bound = CacheBound(rules)
        if case .marks = rules.entries {} else { totals.wastedTokens = nil }
    }

    /// What came of all that was added.
    public var result: CacheSimulation {
        var result = totals
        if result.wastedTokens != nil { result.wastedTokens! += entries.reduce(0) { $0 + $1.unread } }
        for node in tree.nodes.indices { result.leastCost += bound.cost(of: node) * Double(tree[node].tokens) }
        return result
    }

    /// - Parameter request: no earlier than those before; one that is counts as of their time.
    public mutating func add(_ request: CacheRequest) {
        let time = max(request.time, latest)
        latest = time
        let path = tree.insert(request.pieces, space: request.space)
        reach()
        for (first, second) in path.splits { split(first, second) }
        let cacheable = path.nodes.last.map { tree[$0].depth } ?? 0
        totals.requests += 1
        totals.inputTokens += max(request.tokens, cacheable)
        totals.leastCost += Double(max(0, request.tokens - cacheable))
        countShared(path, at: time)

        let cached = hit(path, at: time)
        totals.readTokens += cached
        totals.cost += rules.readPrice * Double(cached)
        let written = write(path, cached: cached, at: time)
        totals.cost += Double(max(request.tokens, cacheable) - cached - written)
        for node in path.nodes {
            bound.use(node, at: time)
            lastUse[node] = time
        }
    }

    private mutating func reach() {
        let missing = tree.nodes.count - entries.count
        guard missing > 0 else { return }
        entries.append(contentsOf: repeatElement(Entry(), count: missing))
        lastUse.append(contentsOf: repeatElement(-.infinity, count: missing))
        bound.reach(tree.nodes.count)
    }

    private mutating func split(_ first: Int, _ second: Int) {
        // An entry is of the end.
        entries[second] = entries[first]
        entries[first] = Entry()
        lastUse[second] = lastUse[first]
        bound.split(first, second)
    }

    private mutating func countShared(_ path: PrefixTree.Path, at time: Double) {
        let known = path.nodes.prefix(path.known)
        totals.sharedTokens += known.last.map { tree[$0].depth } ?? 0
        let reachable = known.prefix { time - lastUse[$0] <= spans[0] }.last.map { tree[$0].depth } ?? 0
        totals.reachableTokens += usable(reachable)
    }

    /// As much of a prefix as the rules let be read.
    private func usable(_ tokens: Int) -> Int {
        var tokens = tokens
        if case .steps(let step) = rules.entries { tokens -= tokens % step }
        return tokens < rules.leastTokens ? 0 : tokens
    }

    /// The tokens that are read.
    private mutating func hit(_ path: PrefixTree.Path, at time: Double) -> Int {
        if policy == .none { return 0 }
        if case .steps = rules.entries {
            // Everything that was there is an entry.
            return usable(path.nodes.prefix(path.known).prefix { time - lastUse[$0] <= spans[0] && lastUse[$0] + delay <= time }.last.map { tree[$0].depth } ?? 0)
        }
        guard let last = path.nodes.lastIndex(where: { entries[$0].expires >= time && entries[$0].ready <= time }) else { return 0 }
        let cached = usable(tree[path.nodes[last]].depth)
        guard cached > 0 else { return 0 }
        for node in path.nodes[...last] where entries[node].expires >= time {
            entries[node].expires = time + spans[Int(entries[node].lifetime)]
            entries[node].unread = 0
        }
        return cached
    }

    /// The tokens that are written, at their price.
    private mutating func write(_ path: PrefixTree.Path, cached: Int, at time: Double) -> Int {
        var marks: [(node: Int, lifetime: Int)] = []
        let tail = path.nodes.last
        let shortest = spans.count - 1
        // Where prompts part, what is before it is read by both.
        let fork = path.known > 0 && path.known < path.nodes.count ? path.nodes[path.known - 1] : nil
        switch (rules.entries, policy) {
        case (_, .none): return 0
        case (.steps, _):
            // Everything is written, at the price of any other token.
            let written = max(0, usable(tail.map { tree[$0].depth } ?? 0) - cached)
            totals.writtenTokens += written
            totals.cost += Double(written) * rules.lifetimes[0].writePrice
            return written
        case (.units, _): marks = [fork, tail].compactMap { $0 }.map { ($0, 0) }
        case (.marks, .planned): marks = planner.marks(path, in: tree, cached: cached, at: time)
        case (.marks, .stable): marks = [fork, tail].compactMap { $0 }.map { ($0, shortest) }
        case (.marks, .tail): marks = tail.map { [($0, shortest)] } ?? []
        }
        var before = cached
        for (node, lifetime) in marks where tree[node].depth >= rules.leastTokens {
            let new = tree[node].depth - before
            let isLive = entries[node].expires >= time
            if isLive, entries[node].lifetime <= lifetime { continue }
            if !isLive { totals.wastedTokens? += entries[node].unread }
            if new > 0 {
                totals.writtenTokens += new
                totals.cost += Double(new) * rules.lifetimes[lifetime].writePrice
                before = tree[node].depth
            }
            entries[node] = Entry(
                lifetime: Int8(lifetime), expires: time + spans[lifetime], ready: isLive ? min(entries[node].ready, time + delay) : time + delay, unread: max(0, new))
        }
        return before - cached
    }
}
