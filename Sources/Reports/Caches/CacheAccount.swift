import Economics
import PromptCaching
import Values
import WorkflowModel

/// What prompt caches read and wrote, and what that saved, call by call in the order in which they began.
///
/// What is read, written and paid is what usage says. What could have been read is what a model of the cache finds in the prefixes of recorded plans; what the provider would have saved by itself is
/// simulated in the same way.
public struct CacheAccount: Sendable {
    private let dimensions: [CacheDimension]
    private let book: PriceRowBook
    private var rows: [CacheRow] = []
    private var places: TextTable<Int> = [:]
    private var simulators: TextTable<CacheSimulator> = [:]
    private var written = WrittenPrefixes()

    /// How long before its period an account looks at calls: as long as the longest lifetime that there is.
    public static let lead = TimeSpan.seconds(86_400)

    public init(by dimensions: [CacheDimension], prices: [PriceRow]) {
        self.dimensions = dimensions
        book = PriceRowBook(prices)
    }

    /// - Parameters:
    ///   - call: began no earlier than one before; one that is not selected only fills caches.
    ///   - request: its prefixes, by its plan.
    public mutating func add(_ call: CachedCall, _ request: CacheRequest?) {
        let figures = CachedCallFigures(call, book)
        var place: Int?
        if call.isSelected { place = self.place(of: figures) }
        written.add(figures, owner: place)
        let replay = request.flatMap { self.replay(call, $0) }
        guard let place else { return }
        rows[place].add(figures, replay, request?.tokens ?? 0)
    }

    /// - Parameter now: what was written and can be read then is not yet in vain.
    public func result(at now: Timestamp) -> [CacheRow] {
        var rows = rows
        for (place, fate) in written.fates(at: now) {
            rows[place].derivedWritten = fate.written
            rows[place].inVain = fate.inVain
            rows[place].pending = fate.pending
        }
        return rows.sorted { a, b in a.input == b.input ? a.keys.lexicographicallyPrecedes(b.keys) : a.input > b.input }
    }

    private mutating func place(of figures: CachedCallFigures) -> Int {
        let keys = dimensions.map { $0.key(of: figures) }
        let name = JSONEncoding.canonical.string(.array(keys.map(JSONValue.string)))
        if let place = places[name] { return place }
        var row = CacheRow(keys: keys)
        if dimensions.contains(.prefix) { row.prefix = figures.prefix }
        rows.append(row)
        places[name] = rows.count - 1
        return rows.count - 1
    }

    /// What the call's prompt meets in a cache that only the provider's default fills.
    private mutating func replay(_ call: CachedCall, _ request: CacheRequest) -> Replay? {
        guard let rules = call.plan.flatMap(CacheRules.init(of:)) else { return nil }
        let name = "\(rules.name) \(rules.leastTokens)"
        if simulators[name] == nil { simulators[name] = CacheSimulator(rules: rules, policy: rules.isImplicit ? .tail : .none) }
        return Replay(rules: rules, outcome: simulators[name]!.add(request))
    }
}

/// What a model of a cache says of a call.
struct Replay {
    let rules: CacheRules
    let outcome: CacheOutcome

    /// What the provider's default would have saved of a call; `nil` where the price list does not have what it would take.
    func saved(_ figures: CachedCallFigures, of total: Int) -> MoneySum? {
        let read = figures.observed(outcome.read, of: total)
        guard rules.isImplicit, read > 0 || outcome.written > 0 else { return .zero }
        // Where writing costs what any token does, nobody counts what is written.
        let isCharged = rules.lifetimes.contains { $0.writePrice != 1 }
        let written = isCharged ? min(figures.observed(outcome.written, of: total), figures.input - read) : 0
        return figures.prices?.cost(input: figures.input, read: read, written: written, writtenLong: 0).map { $0.uncached - $0.actual }
    }
}

extension CacheRow {
    /// - Parameters:
    ///   - replay: what a model of the cache says of it.
    ///   - total: of the prompt, in the plan's tokens.
    mutating func add(_ figures: CachedCallFigures, _ replay: Replay?, _ total: Int) {
        let call = figures.call
        calls += 1
        if call.isWarmUp { warmUps += 1 }
        if call.isHeldOut == true { heldOut += 1 }
        if figures.isReported {
            input += figures.input
            read += figures.read
            written += figures.written + figures.writtenLong
            writtenLong += figures.writtenLong
        } else {
            unreported += 1
            if call.input != nil, call.read != nil || call.isDoubtful { doubtful += 1 }
        }
        if let plan = call.plan, figures.isReported {
            plannedCalls += 1
            predicted += min(plan.cached, figures.input)
            observed += figures.read
        }
        if let miss = call.miss {
            let expected = call.plan?.cached ?? 0
            misses[miss, default: Miss()] += Miss(calls: 1, short: expected > figures.read ? 1 : 0, tokens: max(0, expected - figures.read))
        }
        if let replay, figures.isReported {
            boundedInput += figures.input
            boundedRead += figures.read
            shared += figures.observed(replay.outcome.shared, of: total)
            reachable += figures.observed(replay.outcome.reachable, of: total)
        }
        if let cost = figures.cost, !call.isWarmUp {
            priced += 1
            uncached = uncached + cost.uncached
            actual = actual + cost.actual
        }
        if call.isWarmUp, let cost = call.cost { warmUpCost = warmUpCost + MoneySum(cost) }
        if let saved = figures.saved { self.saved = self.saved + saved } else { unknown += 1 }
        if figures.saved == nil, figures.isReported || call.isWarmUp { unpriced += 1 }
        // Without us there would be no warm-up.
        let byDefault = call.isWarmUp ? .zero : replay.flatMap { figures.isReported ? $0.saved(figures, of: total) : nil }
        guard let byDefault, let saved = figures.saved else { return unsimulated += 1 }
        simulated = simulated + byDefault
        compared = compared + saved
    }
}
