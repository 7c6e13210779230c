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
    /// Prompt tokens written to the provider's cache.
    public var cacheWrite: Int?
    /// Output tokens that are not reasoning.
    public var plainOutput: Int
    /// Hidden reasoning tokens, billed as output.
    public var reasoning: Int?

    public init(plainInput: Int, cacheRead: Int? = nil, cacheWrite: Int? = nil, plainOutput: Int, reasoning: Int? = nil) {
        self.plainInput = plainInput
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.plainOutput = plainOutput
        self.reasoning = reasoning
    }

    /// Every prompt token, however it is billed.
    public var totalInput: Int { plainInput + (cacheRead ?? 0) + (cacheWrite ?? 0) }
    /// Every output token, reasoning included.
    public var totalOutput: Int { plainOutput + (reasoning ?? 0) }
    public var total: Int { totalInput + totalOutput }
}
