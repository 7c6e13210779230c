/// Plans marks for requests of which only those before are known: forks of the tree of prompts and ends of prompts are the boundaries, and how often such are read again is learned.
///
/// The same ``BreakpointPlanner`` decides as where a graph tells what is read again.
public struct StreamPlanner: Sendable {
    private let rules: CacheRules
    private let planner: BreakpointPlanner
    private var estimator = ReuseEstimator()
    /// By node of the tree.
    private var visits: [Int32] = []
    /// More boundaries of one prompt are not looked at: the first few, and the last.
    private static let (firstBoundaries, mostBoundaries) = (4, 24)

    public init(_ rules: CacheRules) {
        self.rules = rules
        planner = BreakpointPlanner(rules)
    }

    /// Nodes have moved in their tree, or are gone.
    public mutating func move(_ moves: [Int32]) {
        visits.move(moves)
        estimator.move(moves)
    }

    /// - Parameters:
    ///   - path: of the request in the tree, just taken in.
    ///   - cached: the tokens of the longest prefix that is in the cache now.
    ///   - time: in seconds; no request is earlier than one before.
    ///   - most: how many marks may be set, where that is less than the rules' number.
    /// - Returns: nodes of the path with the position of a lifetime in the rules.
    public mutating func marks(_ path: PrefixTree.Path, in tree: PrefixTree, cached: Int, at time: Double, most: Int = .max) -> [(node: Int, lifetime: Int)] {
        while visits.count < tree.nodes.count { visits.append(0) }
        for (first, second) in path.splits {
            visits[second] = visits[first]
            estimator.split(first, second)
        }
        estimator.advance(to: time)
        guard let tail = path.nodes.last else { return [] }
        let shared = path.known > 0 ? tree[path.nodes[path.known - 1]].depth : 0
        let isContinued = shared * 2 > tree[tail].depth
        var boundaries: [BreakpointPlanner.Boundary] = []
        var places: [Int] = []
        for (position, node) in path.nodes.enumerated() {
            let isTail = node == tail
            // Where a prompt only went on behind an earlier one's end, nothing else comes by.
            guard isTail || tree[node].children > 1 || (position == path.known - 1 && tree[node].isFork) else { continue }
            visits[node] += 1
            let kind = ReuseEstimator.Kind(isTail: isTail, visits: Int(visits[node]), isContinued: isContinued, tokens: tree[node].depth)
            estimator.meet(node, kind, at: time)
            guard tree[node].depth > cached else { continue }
            boundaries.append(.init(tokens: tree[node].depth, reads: rules.lifetimes.map { estimator.reads(kind, within: Double($0.span.milliseconds) / 1000) }))
            places.append(node)
        }
        if boundaries.count > Self.mostBoundaries {
            let surplus = Self.firstBoundaries..<(boundaries.count - Self.mostBoundaries + Self.firstBoundaries)
            boundaries.removeSubrange(surplus)
            places.removeSubrange(surplus)
        }
        return planner.marks(boundaries, cached: cached, most: most).marks.map { (places[$0.boundary], $0.lifetime) }
    }
}
