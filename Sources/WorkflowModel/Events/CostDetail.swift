import Economics
import Values

/// What is to be recorded of a call's cost beside the cost itself: other figures for it, and whose word it rests on. Most calls have none of it.
public struct CostDetail: Sendable, Hashable {
    /// The server's own figure, trusted or not.
    public var reported: Money?
    /// Whose figure the cost is, where it is not that of our rows; `nil`: theirs, by final usage or by an estimate as the state says.
    public var basis: CostBasis?
    /// What our rows come to, where the cost is the server's figure.
    public var priced: Money?
    /// What it costs by list prices, where the prices are others by an agreement of the project's.
    public var list: Money?
    /// Whose word the price went by, where the server named a service tier.
    public var tierSource: TierSource?

    public init(
        reported: Money? = nil, basis: CostBasis? = nil, priced: Money? = nil, list: Money? = nil, tierSource: TierSource? = nil
    ) {
        self.reported = reported
        self.basis = basis
        self.priced = priced
        self.list = list
        self.tierSource = tierSource
    }

    public static let none = CostDetail()
}

/// Whose figure a cost is.
public enum CostBasis: String, Sendable, Hashable {
    /// Our price rows, times the usage that the server told.
    case priced
    /// Our price rows, times an estimate.
    case estimated
    /// The server's own figure, which its entry says is to be trusted.
    case reported
}

/// By whose word on the service tier a call was priced.
public enum TierSource: String, Sendable, Hashable {
    /// The server's.
    case served
    /// The request's: what the server said is not to be trusted, or was cheaper.
    case asked
}
