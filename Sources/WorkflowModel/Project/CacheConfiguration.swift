import PromptCaching
import Values

/// What a model's entry says of its prompt cache; what it does not say is as the table of caches has it.
public struct CacheConfiguration: Sendable, Hashable {
    public let kind: CacheKind?
    public let leastTokens: Int?
    /// 0: none is sent.
    public let mostMarks: Int?
    /// Empty: all that the cache has.
    public let lifetimes: [TimeSpan]

    public init(kind: CacheKind? = nil, leastTokens: Int? = nil, mostMarks: Int? = nil, lifetimes: [TimeSpan] = []) {
        self.kind = kind
        self.leastTokens = leastTokens
        self.mostMarks = mostMarks
        self.lifetimes = lifetimes
    }
}
