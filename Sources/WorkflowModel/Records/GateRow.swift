import Economics

/// What a tier of a gate came to over many executions.
public struct GateRow: Sendable, Hashable {
    public var workflow: String
    /// The path of the step.
    public var step: String
    public var tier: String
    /// Who answered in its place; `nil`: it did itself.
    public var askedTier: String?
    /// Executions in which it was asked.
    public var asked: Int
    public var accepted: Int
    /// Answers that were not accepted, and times that there was none.
    public var refused: Int
    /// Executions whose answer it gave, accepted or not.
    public var taken: Int
    /// Of its calls and of those of the checks of its answers, as far as it is known.
    public var cost: MoneySum
    public var checkCost: MoneySum
    /// Calls that are missing in these: without a price, in flight, or of unknown end.
    public var callsWithoutCost = 0

    public init(
        workflow: String, step: String, tier: String, asked: Int, accepted: Int, refused: Int, taken: Int, cost: MoneySum, checkCost: MoneySum
    ) {
        self.workflow = workflow
        self.step = step
        self.tier = tier
        self.asked = asked
        self.accepted = accepted
        self.refused = refused
        self.taken = taken
        self.cost = cost
        self.checkCost = checkCost
    }

    /// Of the answers that were accepted or not, the share that went on or ended unaccepted, in thousandths; `nil` without any.
    public var refusedThousandths: Int? {
        let decided = accepted + refused
        return decided == 0 ? nil : (refused * 1000 + decided / 2) / decided
    }
}
