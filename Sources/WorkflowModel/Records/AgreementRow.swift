import Economics
import Values

/// A credit or a commitment of a contract beside what the calls of its period cost.
public struct AgreementRow: Sendable, Hashable {
    public let adjustment: PriceAdjustment
    /// What calls of its models that began within its period came to.
    public let spent: MoneySum
    /// Calls are missing in it.
    public let isLowerBound: Bool
    /// Whether its period is over.
    public let isOver: Bool

    public init(_ adjustment: PriceAdjustment, spent: MoneySum, isLowerBound: Bool, isOver: Bool) {
        self.adjustment = adjustment
        self.spent = spent
        self.isLowerBound = isLowerBound
        self.isOver = isOver
    }

    /// What is given, or owed in any case.
    public var amount: Money {
        switch adjustment.kind {
        case .credit(let amount), .commitment(let amount): amount
        case .multiplier: .zero
        }
    }

    public var isCredit: Bool { if case .credit = adjustment.kind { true } else { false } }

    /// The part of it that calls came to.
    public var used: MoneySum { min(spent, MoneySum(amount)) }

    /// Of a credit what is left, of a commitment what was not used.
    public var rest: MoneySum { max(MoneySum(dollars: -used.dollars, picoDollars: amount.picoDollars - used.picoDollars), .zero) }

    /// What the calls of the period are paid with in the end: less what a credit pays, and no less than a commitment.
    public var owed: MoneySum {
        isCredit ? MoneySum(dollars: spent.dollars - used.dollars, picoDollars: spent.picoDollars - used.picoDollars) : max(spent, MoneySum(amount))
    }
}
