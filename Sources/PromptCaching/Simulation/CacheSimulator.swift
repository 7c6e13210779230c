/// Runs a trace through a model of a provider's cache.
///
/// What it remembers is bounded. When there are as many runs of blocks as it may have, those are forgotten that no request can read any more and of which nothing more is learned, and where that is not
/// enough those that were not met for longest. The former changes nothing but what is known of prefixes that come again after all that time.
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
    private let mostRuns: Int
    private var tree = PrefixTree()
    private var planner: StreamPlanner
    private var bound: CacheBound
    /// By node, as are the times of its last use.
    private var entries: [Entry] = []
    private var lastUse: [Double] = []
    /// By node: the number of the request that used it last. No node is used later than one before it in a prompt.
    private var lastRequest: [Int32] = []
    private var totals = CacheSimulation()
    private var latest = -Double.infinity

    /// More runs of blocks are not remembered, unless told otherwise: some 150 MB.
    public static let mostRuns = 500_000

    /// - Parameters:
    ///   - delay: seconds from a request until what it writes can be read.
    ///   - mostRuns: how many runs of blocks are remembered, some more for a prompt that is longer.
    public init(rules: CacheRules, policy: CachePolicy, delay: Double = 0, mostRuns: Int = Self.mostRuns) {
        self.rules = rules
        self.policy = policy
        self.delay = delay
        self.mostRuns = max(1, mostRuns)
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

    /// How many runs of blocks are remembered.
    var runs: Int { tree.nodes.count }

    /// - Parameter request: no earlier than those before; one that is counts as of their time.
    @discardableResult public mutating func add(_ request: CacheRequest) -> CacheOutcome {
        let time = max(request.time, latest)
        latest = time
        if tree.nodes.count >= mostRuns { forget(at: time) }
        let path = tree.insert(request.pieces, space: request.space)
        reach()
        for (first, second) in path.splits { split(first, second) }
        let cacheable = path.nodes.last.map { tree[$0].depth } ?? 0
        totals.requests += 1
        totals.inputTokens += max(request.tokens, cacheable)
        totals.leastCost += Double(max(0, request.tokens - cacheable))
        var outcome = shared(path, at: time)
        totals.sharedTokens += outcome.shared
        totals.reachableTokens += outcome.reachable

        let found = hit(path, request, at: time)
        outcome.read = found.tokens
        totals.readTokens += found.tokens
        totals.cost += rules.readPrice * Double(found.tokens)
        write(path, found, at: time, &outcome)
        totals.writtenTokens += outcome.written
        totals.cost += Double(max(request.tokens, cacheable) - outcome.read - outcome.written)
        for node in path.nodes {
            bound.use(node, at: time)
            lastUse[node] = time
            lastRequest[node] = Int32(clamping: totals.requests)
        }
        return outcome
    }

    /// Makes room for a quarter of what may be remembered.
    private mutating func forget(at time: Double) {
        let horizon = policy == .planned ? max(spans[0], ReuseEstimator.horizon) : spans[0]
        let most = mostRuns / 4 * 3
        var first = Int32.min
        if lastUse.count(where: { time - $0 <= horizon }) > most {
            // Those of one request go together, or a prompt would lose its beginning.
            let requests = lastRequest.sorted(by: >)
            first = requests[most] + 1
        }
        for node in tree.nodes.indices where time - lastUse[node] > horizon || lastRequest[node] < first {
            totals.wastedTokens? += entries[node].unread
            totals.leastCost += bound.cost(of: node) * Double(tree[node].tokens)
        }
        let moves = tree.keep { time - lastUse[$0] <= horizon && lastRequest[$0] >= first }
        entries.move(moves)
        lastUse.move(moves)
        lastRequest.move(moves)
        bound.move(moves)
        planner.move(moves)
    }

    private mutating func reach() {
        let missing = tree.nodes.count - entries.count
        guard missing > 0 else { return }
        entries.append(contentsOf: repeatElement(Entry(), count: missing))
        lastUse.append(contentsOf: repeatElement(-.infinity, count: missing))
        lastRequest.append(contentsOf: repeatElement(0, count: missing))
        bound.reach(tree.nodes.count)
    }

    private mutating func split(_ first: Int, _ second: Int) {
        // An entry is of the end.
        entries[second] = entries[first]
        entries[first] = Entry()
        lastUse[second] = lastUse[first]
        lastRequest[second] = lastRequest[first]
        bound.split(first, second)
    }

    private func shared(_ path: PrefixTree.Path, at time: Double) -> CacheOutcome {
        let known = path.nodes.prefix(path.known)
        var outcome = CacheOutcome()
        outcome.shared = known.last.map { tree[$0].depth } ?? 0
        outcome.reachable = usable(known.prefix { time - lastUse[$0] <= spans[0] }.last.map { tree[$0].depth } ?? 0)
        return outcome
    }

    /// As much of a prefix as the rules let be read.
    private func usable(_ tokens: Int) -> Int {
        var tokens = tokens
        if case .steps(let step) = rules.entries { tokens -= tokens % step }
        return tokens < rules.leastTokens ? 0 : tokens
    }

    /// What is found of a prompt.
    private struct Found {
        var tokens = 0
        /// How many marks may be set besides the one that looks for it.
        var marks = Int.max
    }

    private mutating func hit(_ path: PrefixTree.Path, _ request: CacheRequest, at time: Double) -> Found {
        if policy == .none { return Found() }
        if case .steps = rules.entries {
            // Everything that was there is an entry.
            return Found(tokens: usable(path.nodes.prefix(path.known).prefix { time - lastUse[$0] <= spans[0] && lastUse[$0] + delay <= time }.last.map { tree[$0].depth } ?? 0))
        }
        guard let last = path.nodes.lastIndex(where: { entries[$0].expires >= time && entries[$0].ready <= time }) else { return Found() }
        var found = Found(tokens: usable(tree[path.nodes[last]].depth))
        guard found.tokens > 0 else { return Found() }
        if let lookBack = rules.lookBack, request.isInBlocks, case .marks(let most) = rules.entries {
            // Each node is a block here. Who plans knows where the entry stands and sets a mark there, unless one behind it sees it in any case.
            let isSeen = path.nodes.count - 1 - last < lookBack
            switch policy {
            case .planned: if !isSeen { found.marks = most - 1 }
            case .stable: if !isSeen, path.known - 1 - last >= lookBack { return Found() }
            case .tail, .none: if !isSeen { return Found() }
            }
        }
        for node in path.nodes[...last] where entries[node].expires >= time {
            entries[node].expires = time + spans[Int(entries[node].lifetime)]
            entries[node].unread = 0
        }
        return found
    }

    /// What is written, at its price.
    private mutating func write(_ path: PrefixTree.Path, _ found: Found, at time: Double, _ outcome: inout CacheOutcome) {
        var marks: [(node: Int, lifetime: Int)] = []
        let tail = path.nodes.last
        let shortest = spans.count - 1
        // Where prompts part, what is before it is read by both.
        let fork = path.known > 0 && path.known < path.nodes.count ? path.nodes[path.known - 1] : nil
        switch (rules.entries, policy) {
        case (_, .none): return
        case (.steps, _):
            // Everything is written, at the price of any other token.
            outcome.written = max(0, usable(tail.map { tree[$0].depth } ?? 0) - found.tokens)
            totals.cost += Double(outcome.written) * rules.lifetimes[0].writePrice
            return
        case (.units, _): marks = [fork, tail].compactMap { $0 }.map { ($0, 0) }
        case (.marks, .planned): marks = planner.marks(path, in: tree, cached: found.tokens, at: time, most: found.marks)
        case (.marks, .stable): marks = [fork, tail].compactMap { $0 }.map { ($0, shortest) }
        case (.marks, .tail): marks = tail.map { [($0, shortest)] } ?? []
        }
        var before = found.tokens
        for (node, lifetime) in marks where tree[node].depth >= rules.leastTokens {
            let new = tree[node].depth - before
            let isLive = entries[node].expires >= time
            if isLive, entries[node].lifetime <= lifetime { continue }
            if !isLive { totals.wastedTokens? += entries[node].unread }
            if new > 0 {
                outcome.written += new
                if lifetime < shortest { outcome.writtenLong += new }
                totals.cost += Double(new) * rules.lifetimes[lifetime].writePrice
                before = tree[node].depth
            }
            entries[node] = Entry(
                lifetime: Int8(lifetime), expires: time + spans[lifetime], ready: isLive ? min(entries[node].ready, time + delay) : time + delay, unread: max(0, new))
        }
    }
}
