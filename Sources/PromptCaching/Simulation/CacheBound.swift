/// The least that requests could have cost under a cache's rules, if it had been known what would come: any boundary, any number of marks, no least length.
///
/// Each run of blocks is decided for itself, by what its uses would have cost in each state behind the last of them: not cached, or cached with one of the lifetimes. A use within the lifetime is a hit and
/// leaves it; behind it, or where nothing is cached, it is a miss, and any state may follow.
struct CacheBound: Sendable {
    private let spans: [Double]
    private let writes: [Double]
    private let read: Double
    /// By node: the cost per token of each state, first that without an entry.
    private var costs: [Double] = []
    private var last: [Double] = []
    private var width: Int { spans.count + 1 }

    init(_ rules: CacheRules) {
        spans = rules.lifetimes.map { Double($0.span.milliseconds) / 1000 }
        writes = rules.lifetimes.map(\.writePrice)
        read = rules.readPrice
    }

    mutating func reach(_ count: Int) {
        let missing = count - last.count
        guard missing > 0 else { return }
        last.append(contentsOf: repeatElement(-.infinity, count: missing))
        costs.append(contentsOf: repeatElement(0, count: missing * width))
    }

    /// Nodes have moved in their tree, or are gone: what they cost was asked for before.
    mutating func move(_ moves: [Int32]) {
        last.move(moves)
        costs.move(moves, width: width)
    }

    mutating func split(_ first: Int, _ second: Int) {
        last[second] = last[first]
        for state in 0..<width { costs[second * width + state] = costs[first * width + state] }
    }

    mutating func use(_ node: Int, at time: Double) {
        let base = node * width
        let gap = time - last[node]
        last[node] = time
        var missed = costs[base]
        for state in spans.indices where gap > spans[state] { missed = min(missed, costs[base + 1 + state]) }
        costs[base] = missed + 1
        for state in spans.indices {
            let write = missed + writes[state]
            costs[base + 1 + state] = gap <= spans[state] ? min(costs[base + 1 + state] + read, write) : write
        }
    }

    /// Of a token of the run.
    func cost(of node: Int) -> Double { costs[node * width..<(node + 1) * width].min() ?? 0 }
}
