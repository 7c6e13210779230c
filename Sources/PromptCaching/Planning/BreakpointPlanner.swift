/// Where in a prompt to mark the end of a prefix that is to be cached: an exact optimum by dynamic programming.
///
/// Marks are free, and what is written up to the last of them is not: a mark stands only where the prefix is expected to be read often enough. Given boundaries `b` with `r` expected reads and a prefix of
/// `h` tokens that is in the cache already, it maximises
///
///     Σ (1 − p)·(b_j − b_i)·r_j(τ_j) − (w(τ_j) − 1)·(b_j − b_i)
///
/// over the marks j, each behind the mark i before it or behind `h`, of at most `K` marks whose lifetimes do not grow from front to back.
public struct BreakpointPlanner: Sendable {
    /// The end of a block in a prompt, where a mark may stand.
    public struct Boundary: Sendable, Hashable {
        /// Up to here, from the beginning of the prompt.
        public var tokens: Int
        /// How many later requests are expected to read the prefix that ends here, for each of the rules' lifetimes, each while that lasts.
        public var reads: [Double]

        public init(tokens: Int, reads: [Double]) {
            self.tokens = tokens
            self.reads = reads
        }
    }

    /// A mark, by the position of its boundary and of its lifetime in the rules.
    public struct Mark: Sendable, Hashable {
        public let boundary: Int
        public let lifetime: Int

        public init(boundary: Int, lifetime: Int) {
            self.boundary = boundary
            self.lifetime = lifetime
        }
    }

    private let rules: CacheRules

    public init(_ rules: CacheRules) { self.rules = rules }

    /// - Parameters:
    ///   - boundaries: in the order of the prompt.
    ///   - cached: the tokens of the longest prefix that is in the cache now. Boundaries within it are not marked: there is nothing to write.
    ///   - most: how many marks may be set; the rules' number where it is more.
    /// - Returns: marks in the order of the prompt, and what they are expected to save in prices of an uncached token, 0 without any.
    public func marks(_ boundaries: [Boundary], cached: Int, most: Int = .max) -> (marks: [Mark], gain: Double) {
        guard case .marks(let limit) = rules.entries else { return ([], 0) }
        let count = rules.lifetimes.count
        // A shorter prefix is expected to be read no less often than a longer one: whoever reads the longer one reads it, too.
        var reads = boundaries.map(\.reads)
        for index in reads.indices.dropLast().reversed() {
            for lifetime in 0..<count { reads[index][lifetime] = max(reads[index][lifetime], reads[index + 1][lifetime]) }
        }
        let places = boundaries.indices.filter { boundaries[$0].tokens > cached && boundaries[$0].tokens >= rules.leastTokens }
        let width = places.count * count
        guard width > 0 else { return ([], 0) }
        // The best with so many marks of which the last stands at a place with a lifetime, and the state before it.
        var values: [[Double]] = []
        var before: [[Int]] = []
        var best = (gain: 0.0, marks: 0, state: 0)
        for number in 0..<max(0, min(limit, most, places.count)) {
            var value = [Double](repeating: -.infinity, count: width)
            var from = [Int](repeating: -1, count: width)
            for place in number..<places.count {
                let tokens = boundaries[places[place]].tokens
                for lifetime in 0..<count {
                    let state = place * count + lifetime
                    let rate = (1 - rules.readPrice) * reads[places[place]][lifetime] - (rules.lifetimes[lifetime].writePrice - 1)
                    if number == 0 {
                        value[state] = rate * Double(tokens - cached)
                    } else {
                        for earlier in 0..<place {
                            let gain = rate * Double(tokens - boundaries[places[earlier]].tokens)
                            // Lifetimes stand in the order in which they may follow each other.
                            for longer in 0...lifetime {
                                let sum = values[number - 1][earlier * count + longer] + gain
                                if sum > value[state] { (value[state], from[state]) = (sum, earlier * count + longer) }
                            }
                        }
                    }
                    if value[state] > best.gain + 1e-9 { best = (value[state], number + 1, state) }
                }
            }
            values.append(value)
            before.append(from)
        }
        var marks: [Mark] = []
        var state = best.state
        for number in (0..<best.marks).reversed() {
            marks.append(Mark(boundary: places[state / count], lifetime: state % count))
            state = before[number][state]
        }
        marks.reverse()
        fill(&marks, among: places, upTo: min(limit, most))
        return (marks, best.gain)
    }

    /// What is written up to the last mark may be marked within at no cost: the deepest boundaries first, as prompts part from each other late more often than early. Each lives as long as the mark behind it,
    /// with which it is written.
    private func fill(_ marks: inout [Mark], among places: [Int], upTo most: Int) {
        guard let last = marks.last else { return }
        for place in places.reversed() where place < last.boundary && marks.count < most {
            let next = marks.firstIndex { $0.boundary >= place }!
            if marks[next].boundary != place { marks.insert(Mark(boundary: place, lifetime: marks[next].lifetime), at: next) }
        }
    }
}
