import Economics
import PromptCaching
import Values
import WorkflowModel

/// What prompt caches are expected to have of a workflow's prompts when a run goes as its graph has it: the questions are asked one after the other in a thought cache, planned as a run plans them.
struct PrefixForecast {
    /// What comes of one question, all the times that it is expected to be asked together, in tokens.
    struct Outcome: Sendable {
        let rules: CacheRules
        /// How often it is asked.
        var calls = 0.0
        /// Of its prompts, as far as they are known.
        var prompt = 0.0
        var read = 0.0
        /// By lifetime of the rules, with what was written before it was asked.
        var written: [Double]
        /// What a warm-up wrote of it before.
        var warmed = 0.0
        /// The ends that the first of them marks, by block, with their lifetimes.
        var marks: [(block: Int, lifetime: TimeSpan)] = []
        /// Whether all of its prompt is known before the run.
        var isComplete = true
        /// The longest beginning that is expected to be read again, in tokens as far as they are known; 0: none is. And whether all of it is known.
        var shared = 0
        var isSharedComplete = true
    }

    /// By question of the outlook; those of which nothing is known have none.
    private(set) var outcomes: [Int: Outcome] = [:]

    private let outlook: PrefixOutlook
    private let caching: PrefixCaching
    /// By the name of a prefix: since when it can be read, and until when it is kept, in seconds.
    private var entries: [Prefix: (ready: Double, until: Double, lifetime: Double)] = [:]

    /// A prefix by what it says, and the places on the axes that it varies with.
    private struct Prefix: Hashable {
        let space: Int
        let identities: [Int]
        let places: [Int]
    }

    /// A question at one time.
    private struct Event {
        let time: Double
        let question: Int
        /// By the position in ``PrefixOutlook/Asked/axes``.
        let places: [Int]
        let weight: Double
    }

    /// More times are not thought through: what a list of hundreds is expected to come to follows from the first.
    private static let mostTimes = 64

    /// - Parameters:
    ///   - wished: the lifetimes that the author gives prefixes, by question and block.
    ///   - rules: by question, how its model's cache works, at what it costs; `nil` where nothing is known of one.
    ///   - warmUps: those that may be made, with the price of a token of their model's input.
    init(
        _ outlook: PrefixOutlook, _ caching: PrefixCaching, wished: (PrefixOutlook.Asked) -> [Int: TimeSpan], rules: [CacheRules?], warmUps: [(warmUp: PrefixWarmUp, price: Money)] = []
    ) {
        self.outlook = outlook
        self.caching = caching
        var begun = [Int](repeating: 0, count: outlook.asked.count)
        for question in outlook.asked.indices {
            guard let rules = rules[question] else { continue }
            outcomes[question] = Outcome(
                rules: rules, written: [Double](repeating: 0, count: rules.lifetimes.count), isComplete: outlook.asked[question].blocks.allSatisfy(\.isComplete))
        }
        let wishes = outlook.asked.map(wished)
        for (warmUp, price) in warmUps { warm(warmUp, price, wishes[warmUp.question]) }
        let events = outcomes.keys.flatMap(events).sorted { ($0.time, $0.question, $0.places.lexicographic) < ($1.time, $1.question, $1.places.lexicographic) }
        for event in events {
            begun[event.question] += 1
            ask(event, wishes[event.question], begun)
        }
    }

    private func events(of question: Int) -> [Event] {
        let asked = outlook.asked[question]
        guard asked.expected > 0 else { return [] }
        var places: [[Int]] = [[]]
        for axis in asked.axes {
            let most = max(1, Self.mostTimes / places.count)
            places = places.flatMap { place in (0..<min(most, max(1, Int(outlook.axes[axis].count.rounded())))).map { place + [$0] } }
        }
        return places.map { place in
            var time = asked.start
            for (axis, index) in zip(asked.axes, place) { time += (Double(index) / outlook.axes[axis].width).rounded(.down) * outlook.axes[axis].period }
            return Event(time: time, question: question, places: place, weight: asked.expected / Double(places.count))
        }
    }

    private mutating func warm(_ warmUp: PrefixWarmUp, _ price: Money, _ wished: [Int: TimeSpan]) {
        let asked = outlook.asked[warmUp.question]
        guard var outcome = outcomes[warmUp.question], let model = asked.model else { return }
        let (tokens, names) = prefixes(of: asked, at: asked.axes.map { _ in 0 }, blocks: warmUp.blocks)
        let reads = outlook.reads(of: warmUp, within: outcome.rules.lifetimes.map(\.span))
        var plan = CachePlan(
            rules: outcome.rules.name, leastTokens: outcome.rules.leastTokens, space: 0,
            ends: tokens.indices.map { CachePlan.End(segment: $0, name: 0, tokens: tokens[$0], stability: asked.blocks[$0].stability, reads: reads[$0]) }, cached: 0, marks: [])
        plan.marks = CacheMirror.marks(plan, outcome.rules, found: nil, lifetimes: wished)
        let wait = FirstTokenTimes().expected(model, tokens: tokens.last ?? 0, isOwn: false)
        guard warmUp.isWorth(plan, outcome.rules, price: price, latencyPrice: caching.latencyPrice, wait: wait) else { return }
        for mark in plan.marks {
            let lifetime = outcome.rules.lifetimes.firstIndex { $0.span == mark.lifetime } ?? 0
            let fresh = Double(tokens[mark.end]) - outcome.warmed
            outcome.written[lifetime] += fresh
            outcome.warmed += fresh
            write(names[mark.end], mark.lifetime, Double(wait.milliseconds) / 1000, at: 0)
        }
        outcomes[warmUp.question] = outcome
    }

    /// The ends of a question's first blocks, with their tokens.
    private func prefixes(of asked: PrefixOutlook.Asked, at place: [Int], blocks: Int = .max) -> (tokens: [Int], names: [Prefix]) {
        var tokens: [Int] = []
        var names: [Prefix] = []
        var (bytes, identities, places) = (0, [Int](), [Int]())
        for block in asked.blocks.prefix(blocks) {
            bytes += block.knownBytes
            tokens.append((bytes + 3) / 4)
            identities.append(block.identity)
            for axis in block.axes { places.append(asked.axes.firstIndex(of: axis).map { place[$0] } ?? 0) }
            names.append(Prefix(space: asked.space, identities: identities, places: places))
        }
        return (tokens, names)
    }

    private mutating func ask(_ event: Event, _ wished: [Int: TimeSpan], _ begun: [Int]) {
        let asked = outlook.asked[event.question]
        guard var outcome = outcomes[event.question] else { return }
        let rules = outcome.rules
        let (tokens, names) = prefixes(of: asked, at: event.places)
        let found = caching.marks || !rules.isMarked ? tokens.indices.last { isFound(names[$0], tokens[$0], rules, event.time) } : nil
        let cached = found.map { depth(tokens[$0], rules) } ?? 0
        let reads = outlook.reads(of: event.question, within: rules.lifetimes.map(\.span)) { PrefixOutlook.Progress(begun: begun[$0]) }
        let plan = CachePlan(
            rules: rules.name, leastTokens: rules.leastTokens, space: 0,
            ends: tokens.indices.map {
                CachePlan.End(segment: $0, name: 0, tokens: tokens[$0], stability: asked.blocks[$0].stability, reads: reads[$0].map(CachePlan.thousandths))
            }, cached: cached, marks: [])
        let kept = found.flatMap { end in entries[names[end]].map { (end: end, lifetime: TimeSpan(milliseconds: Int64($0.lifetime * 1000))) } }
        let marks = caching.marks ? CacheMirror.marks(plan, rules, found: kept, lifetimes: wished) : []
        if outcome.calls == 0 {
            outcome.marks = marks.map { ($0.end, $0.lifetime) }
            if let last = reads.lastIndex(where: { $0.contains { $0 > 0 } }) {
                outcome.shared = max(1, tokens[last])
                outcome.isSharedComplete = asked.blocks[...last].allSatisfy(\.isComplete)
            }
        }
        outcome.calls += event.weight
        outcome.prompt += event.weight * Double(tokens.last ?? 0)
        outcome.read += event.weight * Double(cached)
        // What is used is kept anew, with what lies within it.
        if let found { for index in 0...found { if let entry = entries[names[index]], entry.until >= event.time { entries[names[index]]!.until = event.time + entry.lifetime } } }
        let ready = event.time + (caching.warmsUp ? 0 : PrefixOutlook.Assumed.call)
        if rules.isMarked {
            var from = cached
            for mark in marks where tokens[mark.end] > cached {
                let lifetime = rules.lifetimes.firstIndex { $0.span == mark.lifetime } ?? 0
                outcome.written[lifetime] += event.weight * Double(tokens[mark.end] - from)
                from = tokens[mark.end]
                write(names[mark.end], mark.lifetime, ready, at: event.time)
            }
        } else {
            for index in names.indices { write(names[index], rules.lifetimes[0].span, ready, at: event.time) }
        }
        outcomes[event.question] = outcome
    }

    private mutating func write(_ name: Prefix, _ lifetime: TimeSpan, _ ready: Double, at time: Double) {
        let seconds = Double(lifetime.milliseconds) / 1000
        if let entry = entries[name], entry.until >= time {
            entries[name] = (min(entry.ready, ready), max(entry.until, time + seconds), max(entry.lifetime, seconds))
        } else {
            entries[name] = (ready, time + seconds, seconds)
        }
    }

    private func isFound(_ name: Prefix, _ tokens: Int, _ rules: CacheRules, _ time: Double) -> Bool {
        guard depth(tokens, rules) > 0, let entry = entries[name] else { return false }
        return entry.ready <= time && entry.until >= time
    }

    /// The tokens that are read of a prefix that is there; 0: it is too short.
    private func depth(_ tokens: Int, _ rules: CacheRules) -> Int {
        var depth = tokens
        if case .steps(let step) = rules.entries { depth = tokens / max(1, step) * max(1, step) }
        return depth >= rules.leastTokens ? depth : 0
    }
}

extension [Int] {
    /// To be compared element by element.
    fileprivate var lexicographic: Lexicographic { Lexicographic(elements: self) }
}

private struct Lexicographic: Comparable {
    let elements: [Int]

    static func < (a: Lexicographic, b: Lexicographic) -> Bool { a.elements.lexicographicallyPrecedes(b.elements) }
}
