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
    /// `nil`: its server chooses.
    public let slots: Int?

    public init(kind: CacheKind? = nil, leastTokens: Int? = nil, mostMarks: Int? = nil, lifetimes: [TimeSpan] = [], slots: Int? = nil) {
        self.kind = kind
        self.leastTokens = leastTokens
        self.mostMarks = mostMarks
        self.lifetimes = lifetimes
        self.slots = slots
    }
}
