import Economics
import Values

/// What a gate would have come to over recorded answers.
public struct GateSimulation: Sendable {
    /// What one tier's answers alone come to, or the gate's.
    public struct Tally: Sendable, Hashable {
        /// Rows whose outcome is known to be right.
        public var correct = 0
        /// Rows of which nothing says whether the answer was right.
        public var unjudged = 0
        /// What all rows cost, as far as it is recorded.
        public var cost = MoneySum.zero
        /// Rows of whose cost a part is not recorded.
        public var unpriced = 0

        /// Of no rows.
        public init() {}
    }

    /// The least and the most that something can be, where a record does not tell.
    public struct Bounds<Value: Sendable & Hashable>: Sendable, Hashable {
        /// The least.
        public var least: Value
        /// The most.
        public var most: Value

        /// Both of them.
        public init(_ least: Value, _ most: Value) {
            self.least = least
            self.most = most
        }
    }

    /// Names of the gate's tiers, in order.
    public let tiers: [String]
    /// Rows that were decided; the figures are over these.
    public var rows = 0
    /// Rows without a record of a tier of the gate, which are in no figure, by that tier's name.
    public var leftOut: TextTable<Int> = [:]
    /// Rows in which another tier answered in place of one of the gate's; they are in no figure either.
    public var replaced = 0
    /// Answers that a check would have been run on whose outcome no row tells, by the check's name.
    public var missingChecks: TextTable<Int> = [:]
    /// What the gate comes to. An outcome that is missing counts as a no.
    public var gate = Tally()
    /// Of rows that are known to be right, whichever way missing outcomes would have been.
    public var correct = Bounds(0, 0)
    public var cost = Bounds(MoneySum.zero, MoneySum.zero)
    /// Rows in which a further tier was asked.
    public var escalated = 0
    /// Rows whose answer was accepted, by tier.
    public var acceptedBy: [Int]
    /// Rows whose last answer nobody looked at, as nothing reads what becomes of it.
    public var undecided = 0
    /// Rows in which no tier's answer was accepted.
    public var exhausted = 0
    /// Of the exhausted, by the stable word of the reason.
    public var causes: TextTable<Int> = [:]
    /// Each tier by itself, asked for every row that has an answer of each of them.
    public var singles: [Tally]
    /// What the gate comes to over these rows: rows of runs have the tiers alone that were asked.
    public var complete: Complete

    /// Rows that have an answer of every tier, over which the gate is compared with each of them.
    public struct Complete: Sendable, Hashable {
        public var rows = 0
        public var gate = Tally()
        /// With what nothing says the outcome of as right.
        public var mostCorrect = 0
        /// Beside each tier, the rows of which it is known both whether the gate's answer is right and whether that tier's is.
        public var judged: [Judged]
        public var escalated = 0
        /// What the first tier's answers and the checks of them came to, and what was spent behind that.
        public var firstCost = MoneySum.zero
        public var furtherCost = MoneySum.zero

        /// Of no rows.
        public init(tiers: Int) { judged = Array(repeating: Judged(), count: tiers) }
    }

    /// Rows of which two outcomes are known, and how many of each are right.
    public struct Judged: Sendable, Hashable {
        public var rows = 0
        public var gate = 0
        public var single = 0

        /// Of no rows.
        public init() {}
    }
    /// What the first tier's answers and the checks of them came to.
    public var firstCost = MoneySum.zero
    /// What was spent on the escalated rows behind that.
    public var furtherCost = MoneySum.zero

    public init(tiers: [String]) {
        self.tiers = tiers
        acceptedBy = Array(repeating: 0, count: tiers.count)
        complete = Complete(tiers: tiers.count)
        singles = Array(repeating: Tally(), count: tiers.count)
    }
}
