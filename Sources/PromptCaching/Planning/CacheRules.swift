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

        public init(span: TimeSpan, writePrice: Double) {
            self.span = span
            self.writePrice = writePrice
        }
    }

    public let name: String
    public let entries: Entries
    /// A shorter prefix is not cached.
    public var leastTokens: Int
    /// The longest first, as a longer one must not stand behind a shorter one in a prompt. One at least.
    public let lifetimes: [Lifetime]
    /// Of a token that is read.
    public var readPrice: Double

    public init(name: String, entries: Entries, leastTokens: Int, lifetimes: [Lifetime], readPrice: Double) {
        self.name = name
        self.entries = entries
        self.leastTokens = leastTokens
        self.lifetimes = lifetimes.sorted { $0.span > $1.span }
        self.readPrice = readPrice
    }

    /// Whether a request has to mark what is to be cached.
    public var isMarked: Bool { if case .marks = entries { true } else { false } }

    /// The same rules with other prices.
    ///
    /// - Parameters:
    ///   - read: of a token that is read; `nil`: as they say.
    ///   - write: of a token that is written to live for so long; `nil`: as they say.
    public func priced(read: Double?, write: (Lifetime) -> Double?) -> CacheRules {
        CacheRules(
            name: name, entries: entries, leastTokens: leastTokens, lifetimes: lifetimes.map { Lifetime(span: $0.span, writePrice: write($0) ?? $0.writePrice) },
            readPrice: read ?? readPrice)
    }

    /// How often a prefix must be read for each time that it is written, so that writing it pays: (w − 1) / (1 − p).
    public func leastReads(_ lifetime: Lifetime) -> Double { readPrice < 1 ? (lifetime.writePrice - 1) / (1 - readPrice) : .infinity }
}

extension CacheRules {
    private static let minutes5 = Lifetime(span: .seconds(300), writePrice: 1.25)
    private static let hour = Lifetime(span: .seconds(3600), writePrice: 2)

    /// Rules as vendors publish them in November 2026, by the names that `cache simulate --rules` takes.
    ///
    /// Sources: Anthropic, "Prompt caching" (four marks; 5 minutes at 1.25, 1 hour at 2, read at 0.1; 1,024 tokens for Sonnet 4 and 5 and Opus 4.8); OpenAI, "Prompt caching"
    /// (to 5.5: automatic, 128 tokens a step, 5 to 10 minutes; from 5.6: marks, 30 minutes at 1.25, 12 hours at 2.5); Google, "Context caching" (implicit, without a stated life); DeepSeek,
    /// "Context caching" (whole units, best effort; an hour is taken); vLLM, "Automatic prefix caching" (blocks of 16 tokens, as long as there is room; computed again, not billed).
    public static let known: [CacheRules] = [
        CacheRules(name: "anthropic", entries: .marks(most: 4), leastTokens: 1024, lifetimes: [hour, minutes5], readPrice: 0.1),
        CacheRules(name: "anthropic-5m", entries: .marks(most: 4), leastTokens: 1024, lifetimes: [minutes5], readPrice: 0.1),
        CacheRules(name: "anthropic-1h", entries: .marks(most: 4), leastTokens: 1024, lifetimes: [hour], readPrice: 0.1),
        CacheRules(name: "openai-56", entries: .marks(most: 4), leastTokens: 1024, lifetimes: [Lifetime(span: .seconds(1800), writePrice: 1.25)], readPrice: 0.1),
        CacheRules(name: "openai-56-12h", entries: .marks(most: 4), leastTokens: 1024, lifetimes: [Lifetime(span: .seconds(43_200), writePrice: 2.5)], readPrice: 0.1),
        CacheRules(name: "openai-55", entries: .steps(128), leastTokens: 1024, lifetimes: [Lifetime(span: .seconds(300), writePrice: 1)], readPrice: 0.1),
        CacheRules(name: "gemini", entries: .steps(1), leastTokens: 4096, lifetimes: [Lifetime(span: .seconds(300), writePrice: 1)], readPrice: 0.1),
        CacheRules(name: "deepseek", entries: .units, leastTokens: 1, lifetimes: [Lifetime(span: .seconds(3600), writePrice: 1)], readPrice: 0.02),
        CacheRules(name: "vllm", entries: .steps(16), leastTokens: 16, lifetimes: [Lifetime(span: .seconds(31_536_000), writePrice: 1)], readPrice: 0),
    ]
}
