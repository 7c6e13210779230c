import Economics
import PromptCaching
import WorkflowModel

/// A line of an account of caches: what a group of calls read and wrote, and what that saved.
public struct CacheRow: Sendable {
    /// The values of the grouping columns, in their order.
    public var keys: [String]
    public var calls = 0
    /// Calls that only wrote a prefix for others, and calls of runs that are kept from our marks.
    public var warmUps = 0
    public var heldOut = 0
    /// Calls whose server does not say what it read, or says what cannot be, which are ``doubtful``: they are in no token and in no amount.
    public var unreported = 0
    public var doubtful = 0
    public var input = 0
    public var read = 0
    public var written = 0
    /// Of ``written``, for the longer lifetime.
    public var writtenLong = 0
    /// Of calls with a recorded plan: their input and what they read, what of the input stood in prefixes that came before, and in such as the rules keep.
    public var boundedInput = 0
    public var boundedRead = 0
    public var shared = 0
    public var reachable = 0
    /// Of calls with a plan whose server says what it read: what was expected, and what was.
    public var plannedCalls = 0
    public var predicted = 0
    public var observed = 0
    public var misses: [CacheMiss: Miss] = [:]
    /// Of written tokens, those of which a recorded plan says where they stand; those that nobody read before they were gone; those that may still be read.
    public var derivedWritten = 0
    public var inVain = 0
    public var pending = 0
    /// What prompts would have cost without a cache, and what they did, of calls whose prices are known; and how many these are.
    public var priced = 0
    public var uncached = MoneySum.zero
    public var actual = MoneySum.zero
    /// What warm-ups cost, which is in ``saved``.
    public var warmUpCost = MoneySum.zero
    /// Against no cache; less than nothing where caches cost more than they saved.
    public var saved = MoneySum.zero
    /// Calls that are missing in it: ``unreported`` ones, and those of which the price list has no price of its own for what was read or written.
    public var unknown = 0
    public var unpriced = 0
    /// What the provider's own default would have saved, simulated, and what was saved of the same calls, with what all warm-ups cost.
    public var simulated = MoneySum.zero
    public var compared = MoneySum.zero
    /// Calls that are missing in both.
    public var unsimulated = 0
    /// The rows of a grouping by prefix tell where it ends.
    public var prefix: CachePlan.End?

    public struct Miss: Sendable, Hashable {
        public var calls = 0
        /// Of ``calls``, those that read less than was expected. The others could have read something, and nothing was expected of them.
        public var short = 0
        /// That were expected and not read.
        public var tokens = 0

        public init(calls: Int = 0, short: Int = 0, tokens: Int = 0) {
            self.calls = calls
            self.short = short
            self.tokens = tokens
        }

        static func += (a: inout Miss, b: Miss) { a = Miss(calls: a.calls + b.calls, short: a.short + b.short, tokens: a.tokens.addingClamped(b.tokens)) }
    }

    public init(keys: [String]) { self.keys = keys }

    public static func + (a: CacheRow, b: CacheRow) -> CacheRow {
        var sum = a
        for path in [
            \CacheRow.calls, \.warmUps, \.heldOut, \.unreported, \.doubtful, \.priced, \.unpriced, \.input, \.read, \.written, \.writtenLong, \.boundedInput, \.boundedRead, \.shared, \.reachable, \.plannedCalls,
            \.predicted, \.observed, \.derivedWritten, \.inVain, \.pending, \.unknown, \.unsimulated,
        ] { sum[keyPath: path] = a[keyPath: path].addingClamped(b[keyPath: path]) }
        for path in [\CacheRow.uncached, \.actual, \.warmUpCost, \.saved, \.simulated, \.compared] { sum[keyPath: path] = a[keyPath: path] + b[keyPath: path] }
        for (cause, miss) in b.misses { sum.misses[cause, default: Miss()] += miss }
        return sum
    }

    /// Whether nothing is known of what it read and wrote.
    public var isUnreported: Bool { calls > 0 && unreported == calls }
    /// Whether what its prompts cost is known of some of its calls, or there is none.
    var knowsPrices: Bool { priced > 0 || calls == warmUps }
    var knowsSaved: Bool { unknown < calls || calls == 0 }
    /// Whether servers claim to have read more than the rules of their caches let them.
    var readsTooMuch: Bool { reachable > 0 && boundedRead > reachable }
    /// What was read of all input.
    public var hitRatio: Double? { Self.share(read, of: input) }
    /// The most that could be read of a cache that forgets nothing, as far back as the calls go that were looked at.
    public var sharedRatio: Double? { Self.share(shared, of: boundedInput) }
    /// The most that could be read of the providers' caches.
    public var reachableRatio: Double? { Self.share(reachable, of: boundedInput) }
    /// What was read of what could be.
    public var efficiency: Double? { Self.share(boundedRead, of: reachable) }
    public var wastedShare: Double? { Self.share(inVain, of: derivedWritten) }
    /// Against the provider's own default; `nil` where that could not be simulated for any call.
    public var savedOverDefault: MoneySum? { unsimulated < calls || calls == 0 ? compared - simulated : nil }

    private static func share(_ part: Int, of whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}
