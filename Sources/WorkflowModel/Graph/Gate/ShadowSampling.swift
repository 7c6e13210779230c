/// Further tiers that are asked for comparison in a share of a gate's executions. Their answers are recorded and not used.
public struct ShadowSampling: Sendable, Hashable {
    public let rate: Share
    /// Names of tiers, in the order in which they are asked.
    public let tiers: [String]

    package init(rate: Share, tiers: [String]) {
        self.rate = rate
        self.tiers = tiers
    }
}
