import Values

/// What one call consumed, in disjoint classes: no token stands in two of them.
///
/// Providers report overlapping counts, each in its own way; they are taken apart before anything is priced.
/// Missing is not zero: `cacheRead` is `nil` when a server does not report it.
public struct TokenUsage: Sendable, Hashable {
    /// Prompt tokens at the plain input rate: neither read from nor written to a cache.
    public var plainInput: Int
    /// Prompt tokens read from the provider's cache.
    public var cacheRead: Int?
    /// Prompt tokens written to the provider's cache, for its usual life time.
    public var cacheWrite: Int?
    /// Prompt tokens written to it for the longer life time that the provider has: an hour, or twelve.
    public var cacheWriteLong: Int?
    /// Prompt tokens of sound, as far as no cache had to do with them.
    public var audioInput: Int?
    /// Output tokens that are neither reasoning nor sound.
    public var plainOutput: Int
    /// Hidden reasoning tokens, billed as output.
    public var reasoning: Int?
    /// Output tokens of sound.
    public var audioOutput: Int?
    /// Searches of the web that the server made: no tokens, but a fee for each.
    public var searches: Int?
    /// On which conditions the server worked; `nil`: the usual ones.
    public var terms: ServedTerms?

    public init(
        plainInput: Int, cacheRead: Int? = nil, cacheWrite: Int? = nil, cacheWriteLong: Int? = nil, audioInput: Int? = nil, plainOutput: Int,
        reasoning: Int? = nil, audioOutput: Int? = nil, searches: Int? = nil, terms: ServedTerms? = nil
    ) {
        self.plainInput = plainInput
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.cacheWriteLong = cacheWriteLong
        self.audioInput = audioInput
        self.plainOutput = plainOutput
        self.reasoning = reasoning
        self.audioOutput = audioOutput
        self.searches = searches
        self.terms = terms
    }

    /// Every prompt token, however it is billed.
    public var totalInput: Int { plainInput + (cacheRead ?? 0) + (cacheWrite ?? 0) + (cacheWriteLong ?? 0) + (audioInput ?? 0) }
    /// Every output token, reasoning included.
    public var totalOutput: Int { plainOutput + (reasoning ?? 0) + (audioOutput ?? 0) }
    public var total: Int { totalInput + totalOutput }
    /// Every token written to a cache; `nil` where none was reported.
    public var totalCacheWrite: Int? { cacheWriteLong.map { $0 + (cacheWrite ?? 0) } ?? cacheWrite }
}
