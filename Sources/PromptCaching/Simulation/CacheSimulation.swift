/// What a trace would have cost under a cache's rules with marks that somebody sets.
public struct CacheSimulation: Sendable, Hashable {
    public var requests = 0
    public var inputTokens = 0
    public var readTokens = 0
    public var writtenTokens = 0
    /// Of them those that were never read before they were gone; `nil` where writing is free and nobody marks anything.
    public var wastedTokens: Int? = 0
    /// In prefixes that an earlier request had, as far as they are remembered.
    public var sharedTokens = 0
    /// In prefixes that an earlier request had within the longest lifetime, no shorter than the rules allow.
    public var reachableTokens = 0
    /// In prices of an uncached input token.
    public var cost = 0.0
    /// The least that it could have cost, if it had been known what comes.
    public var leastCost = 0.0

    public init() {}

    private func share(_ part: Double, of whole: Int) -> Double? { whole > 0 ? part / Double(whole) : nil }

    /// Input that was read, of all.
    public var hitRatio: Double? { share(Double(readTokens), of: inputTokens) }
    /// The most that could be read of a cache that forgets nothing.
    public var sharedRatio: Double? { share(Double(sharedTokens), of: inputTokens) }
    /// The most that could be read of a cache under these rules.
    public var reachableRatio: Double? { share(Double(reachableTokens), of: inputTokens) }
    /// What was read of what could be.
    public var efficiency: Double? { share(Double(readTokens), of: reachableTokens) }
    /// Against the same requests without a cache.
    public var relativeCost: Double? { share(cost, of: inputTokens) }
    public var relativeLeastCost: Double? { share(leastCost, of: inputTokens) }
    /// Written tokens that were never read.
    public var wastedShare: Double? { wastedTokens.flatMap { share(Double($0), of: writtenTokens) } }
}
