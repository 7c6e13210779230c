import Economics

/// What changes in a run once so much is spent, or held for good. A band that was entered is not left.
public struct BudgetBand: Sendable, Hashable {
    /// Which of a budget's bands it is; the later one begins further on.
    public enum Name: String, Sendable, Hashable, CaseIterable, Comparable {
        case yellow, red

        public static func < (a: Name, b: Name) -> Bool { a == .yellow && b == .red }
    }

    public enum Threshold: Sendable, Hashable {
        /// Of the run's caps: the first of them of which this part is used.
        case share(Share)
        case amount(Money)
    }

    public let at: Threshold
    /// The only tiers that are still asked; `nil`: all.
    public let tiers: [String]?
    /// Whether no step goes on to a further tier.
    public let forbidsEscalation: Bool
    /// Whether what has begun ends, and nothing new starts.
    public let finishesCurrent: Bool
    /// Whether a person is asked before the run goes on.
    public let asks: Bool

    public init(at: Threshold, tiers: [String]? = nil, forbidsEscalation: Bool = false, finishesCurrent: Bool = false, asks: Bool = false) {
        self.at = at
        self.tiers = tiers
        self.forbidsEscalation = forbidsEscalation
        self.finishesCurrent = finishesCurrent
        self.asks = asks
    }
}
