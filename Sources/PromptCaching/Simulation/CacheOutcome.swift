/// What one request of a trace met in a model of a cache, in tokens.
public struct CacheOutcome: Sendable, Hashable {
    /// In the longest prefix that an earlier request had.
    public var shared = 0
    /// In the longest one that an earlier request had within the longest lifetime, no shorter than the rules allow.
    public var reachable = 0
    public var read = 0
    public var written = 0
    /// Of ``written``, for another lifetime than the shortest.
    public var writtenLong = 0

    public init() {}
}
