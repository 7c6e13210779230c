/// How often the end of a prefix is read again, learned from what came before: of ends of the same kind, the share that is met again within a time.
///
/// The time to the next meeting is estimated by its hazard in each of a few spans (Kaplan and Meier), so that ends whose next meeting is still to come count as what is known of them. Otherwise
/// a trace would look as if all were met again until its first ends had died.
public struct ReuseEstimator: Sendable {
    /// What ends have in common of which the same is expected.
    public struct Kind: Sendable, Hashable {
        /// Of a whole prompt, or of a part from which prompts went on.
        public var isTail: Bool
        /// How often it was met, this time counted.
        public var visits: Int
        /// A tail that goes on from an earlier prompt for its greater part.
        public var isContinued: Bool
        /// From the beginning of the prompt.
        public var tokens: Int

        public init(isTail: Bool, visits: Int, isContinued: Bool, tokens: Int) {
            self.isTail = isTail
            self.visits = visits
            self.isContinued = isContinued
            self.tokens = tokens
        }

        private static let lengths = 5
        fileprivate static let count = 2 * 6 * 2 * lengths
        /// Of all tails, of all forks.
        fileprivate static let general = [count, count + 1]
        /// Of those that differ in their lengths alone.
        fileprivate static func alike(_ index: Int) -> Int { count + 2 + index / lengths }
        /// Those of all three.
        fileprivate static let all = count + 2 + count / lengths
        /// Whether it was met three times at most.
        fileprivate static func isNew(_ index: Int) -> Bool { index / (2 * lengths) % 6 < 2 }

        fileprivate var index: Int {
            let (visits, size) = (min(Self.log2(visits), 5), min(Self.log2(tokens / 1024), 4))
            return (((isTail ? 1 : 0) * 6 + visits) * 2 + (isTail && isContinued ? 1 : 0)) * Self.lengths + size
        }

        private static func log2(_ value: Int) -> Int { value > 1 ? Int.bitWidth - 1 - value.leadingZeroBitCount : 0 }
    }

    /// The ends of the spans, in seconds.
    private static let spans: [Double] = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200]

    /// In seconds: whoever was not met for so long is waited for no more.
    static let horizon = spans.last!

    private struct Hazard {
        var met: Double = 0
        var atRisk: Double = 0
    }

    /// By kind and span.
    private var hazards = [Hazard](repeating: Hazard(), count: Kind.all * spans.count)
    /// By node: since when it waits to be met again, and of which kind it is; a kind of -1 waits for nothing.
    private var waiting: [(since: Double, kind: Int32)] = []
    /// By span: who comes to its end next.
    private var queues = [Queue](repeating: Queue(), count: spans.count)

    private struct Queue {
        var items: [(due: Double, node: Int32, since: Double)] = []
        var head = 0

        /// In the order of what is due: mostly it is the last.
        mutating func insert(_ item: (due: Double, node: Int32, since: Double)) {
            var place = items.count
            while place > head, items[place - 1].due > item.due { place -= 1 }
            items.insert(item, at: place)
        }

        mutating func move(_ moves: [Int32]) {
            items = items[head...].compactMap { item in
                let node = moves[Int(item.node)]
                return node < 0 ? nil : (item.due, node, item.since)
            }
            head = 0
        }

        mutating func next(upTo time: Double) -> (due: Double, node: Int32, since: Double)? {
            guard head < items.count, items[head].due <= time else { return nil }
            defer {
                head += 1
                if head > 4096, head * 2 > items.count {
                    items.removeFirst(head)
                    head = 0
                }
            }
            return items[head]
        }
    }

    public init() {}

    /// What was cut in two waits with its end.
    mutating func split(_ first: Int, _ second: Int) {
        reach(second)
        guard waiting[first].kind >= 0 else { return }
        waiting[second] = waiting[first]
        waiting[first].kind = -1
        queue(second, from: waiting[second].since)
    }

    /// Nodes have moved in their tree, or are gone.
    mutating func move(_ moves: [Int32]) {
        waiting.move(moves)
        for span in queues.indices { queues[span].move(moves) }
    }

    private mutating func reach(_ node: Int) {
        while waiting.count <= node { waiting.append((0, -1)) }
    }

    /// Into the span that it is in; spans before it have counted it.
    private mutating func queue(_ node: Int, from since: Double) {
        let span = Self.spans.firstIndex { since + $0 > now } ?? Self.spans.count
        if span < Self.spans.count { queues[span].insert((since + Self.spans[span], Int32(node), since)) }
    }

    private var now = -Double.infinity

    /// Lets time pass: whoever was not met within a span is at risk in the next one.
    mutating func advance(to time: Double) {
        now = max(now, time)
        for span in Self.spans.indices {
            while let item = queues[span].next(upTo: time) {
                let node = Int(item.node)
                guard waiting[node].kind >= 0, waiting[node].since == item.since else { continue }
                guard span + 1 < Self.spans.count else {
                    waiting[node].kind = -1
                    continue
                }
                count(Int(waiting[node].kind), span + 1) { $0.atRisk += 1 }
                queues[span + 1].insert((item.since + Self.spans[span + 1], item.node, item.since))
            }
        }
    }

    /// An end is met, for the first time or again.
    mutating func meet(_ node: Int, _ kind: Kind, at time: Double) {
        reach(node)
        if waiting[node].kind >= 0 {
            let gap = time - waiting[node].since
            if let span = Self.spans.firstIndex(where: { gap <= $0 }) { count(Int(waiting[node].kind), span) { $0.met += 1 } }
        }
        let index = kind.index
        waiting[node] = (time, Int32(index))
        count(index, 0) { $0.atRisk += 1 }
        queues[0].insert((time + Self.spans[0], Int32(node), time))
    }

    private mutating func count(_ kind: Int, _ span: Int, _ change: (inout Hazard) -> Void) {
        change(&hazards[kind * Self.spans.count + span])
        let general = Kind.general[kind >= Kind.count / 2 ? 0 : 1]
        // A head that everything passes would make every fork look as if it were met again.
        if Kind.isNew(kind) { change(&hazards[general * Self.spans.count + span]) }
        change(&hazards[Kind.alike(kind) * Self.spans.count + span])
    }

    /// The expected number of reads of an end that is met now, each within `span` seconds of the one before it: q / (1 − q), where q is the probability of the next.
    public func reads(_ kind: Kind, within span: Double) -> Double {
        let index = kind.index
        let general = Kind.general[kind.isTail ? 0 : 1]
        var survival = 1.0
        for (position, end) in Self.spans.enumerated() where end <= span {
            let (own, alike, all) = (hazards[index * Self.spans.count + position], hazards[Kind.alike(index) * Self.spans.count + position], hazards[general * Self.spans.count + position])
            // Little history is filled up with that of ends of other lengths, this with that of all that are new, and of none one in twenty is met in each span.
            let prior = (all.met + 0.2) / (all.atRisk + 4)
            let closer = (alike.met + 8 * prior) / (alike.atRisk + 8)
            survival *= 1 - min(1, (own.met + 30 * closer) / (own.atRisk + 30))
        }
        let probability = 1 - survival
        return probability < Self.surest ? probability / (1 - probability) : Self.surest / (1 - Self.surest)
    }

    private static let surest = 0.995
}

extension Array {
    /// What is kept by node of a tree whose nodes have moved: in their order, without those that are gone.
    ///
    /// - Parameters:
    ///   - moves: as ``PrefixTree/keep(where:)`` returned them.
    ///   - width: how many elements a node has.
    mutating func move(_ moves: [Int32], width: Int = 1) {
        var count = 0
        for node in 0..<Swift.min(moves.count, self.count / width) where moves[node] >= 0 {
            for part in 0..<width { self[count + part] = self[node * width + part] }
            count += width
        }
        removeLast(self.count - count)
    }
}
