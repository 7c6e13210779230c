import Values

/// How a provider's prompt cache works, as far as it decides what a prompt costs. Prices are multiples of the price of an uncached input token.
public struct CacheRules: Sendable, Hashable {
    /// Where entries of the cache stand: what a later request can find.
    public enum Entries: Sendable, Hashable {
        /// Only where a request marks the end of a prefix, in so many places at most.
        case marks(most: Int)
        /// Everywhere, rounded down to whole steps of so many tokens.
        case steps(Int)
        /// At the end of each prompt, and where a prompt left the way of an earlier one. No request asks for it.
        case units
    }

    /// A time that an entry lives after its last use.
    public struct Lifetime: Sendable, Hashable {
        public let span: TimeSpan
        /// Of a token that is written with it.
        public let writePrice: Double
        /// What requests call it: `5m`, `12h`; empty where none speaks of it.
        public let word: String
        /// Whether it is billed as the longer one of the vendor's two.
        public let isLong: Bool

        public init(span: TimeSpan, writePrice: Double, word: String = "", isLong: Bool = false) {
            self.span = span
            self.writePrice = writePrice
            self.word = word
            self.isLong = isLong
        }

        /// The same at another price.
        public func priced(_ price: Double) -> Lifetime { Lifetime(span: span, writePrice: price, word: word, isLong: isLong) }
    }

    /// What to call it: a ``CacheKind``'s word, or one of ``known``.
    public let name: String
    public var entries: Entries
    /// A shorter prefix is not cached.
    public var leastTokens: Int
    /// The longest first, as a longer one must not stand behind a shorter one in a prompt. One at least.
    public private(set) var lifetimes: [Lifetime]
    /// How many prompts its server keeps, where a request says which of them it goes on from; `nil`: it is not known, and the server chooses.
    public var slots: Int?
    /// Of a token that is read.
    public var readPrice: Double
    /// How a request speaks to it.
    public let control: CacheControl
    /// A mark finds an entry that ends so many blocks before it, itself included, and no earlier one; `nil`: any.
    public let lookBack: Int?
    /// Whether a prompt can be written to it without an answer.
    public let canWarmUp: Bool
    /// A longer life that a request can ask for all that it writes, where nothing is marked, and what it is called.
    public let retention: Lifetime?

    public init(
        name: String, entries: Entries, leastTokens: Int, lifetimes: [Lifetime], readPrice: Double, control: CacheControl = .order, lookBack: Int? = nil,
        canWarmUp: Bool = false, retention: Lifetime? = nil
    ) {
        self.name = name
        self.entries = entries
        self.leastTokens = leastTokens
        self.lifetimes = lifetimes.sorted { $0.span > $1.span }
        self.readPrice = readPrice
        self.control = control
        self.lookBack = lookBack
        self.canWarmUp = canWarmUp
        self.retention = retention
    }

    /// Of a request; 0 where none is needed.
    public var mostMarks: Int { if case .marks(let most) = entries { most } else { 0 } }
    /// Whether a request has to mark what is to be cached.
    public var isMarked: Bool { if case .marks = entries { true } else { false } }

    /// How often a prefix must be read for each time that it is written, so that writing it pays: (w − 1) / (1 − p).
    public func leastReads(_ lifetime: Lifetime) -> Double { readPrice < 1 ? (lifetime.writePrice - 1) / (1 - readPrice) : .infinity }

    /// The same with other prices of writing, one for each lifetime.
    public func writing(_ price: (Lifetime) -> Double) -> CacheRules {
        var rules = self
        rules.lifetimes = lifetimes.map { $0.priced(price($0)) }
        return rules
    }

    /// The longer life of ``retention``, where one of the wishes goes beyond the usual one.
    public func retention(for wishes: some Sequence<TimeSpan>) -> Lifetime? {
        guard let retention, let usual = lifetimes.first, wishes.contains(where: { $0 > usual.span }) else { return nil }
        return retention
    }

    /// The same for a request that asks for a ``retention``: all that it writes lives so long, at the price of the usual life.
    public func retaining(_ retention: Lifetime) -> CacheRules {
        var rules = self
        rules.lifetimes = [retention.priced(lifetimes[0].writePrice)]
        return rules
    }

    /// The same with those of the lifetimes alone that are among `spans`; with all, where none is.
    public func lasting(_ spans: [TimeSpan]) -> CacheRules {
        var rules = self
        let kept = lifetimes.filter { spans.contains($0.span) }
        if !kept.isEmpty { rules.lifetimes = kept }
        return rules
    }
}

extension CacheRules {
    /// Rules as vendors publish them, by the names that `cache simulate --rules` takes: what ``CacheTable`` has of them, of no model in particular.
    public static let known: [CacheRules] = CacheTable.shipped.named
}
