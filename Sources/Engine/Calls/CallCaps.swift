import Economics
import WorkflowModel

/// The caps that a call draws on, but for the run's own on cost.
struct CallCaps: Sendable {
    /// On cost, below the run's, each with the key of its counter.
    var money: [(scope: String, cap: Money)] = []
    /// On tokens, the run's included.
    var tokens: [TokenCap] = []

    static let none = CallCaps()

    var isEmpty: Bool { money.isEmpty && tokens.isEmpty }
}

/// What is taken, or needed, of caps.
struct CapAmount: Sendable, Hashable {
    var money = Money.zero
    var tokens = 0

    static let zero = CapAmount()

    static func + (a: CapAmount, b: CapAmount) -> CapAmount { CapAmount(money: a.money + b.money, tokens: a.tokens &+ b.tokens) }
    static func - (a: CapAmount, b: CapAmount) -> CapAmount { CapAmount(money: a.money - b.money, tokens: a.tokens &- b.tokens) }
    static func += (a: inout CapAmount, b: CapAmount) { a = a + b }

    /// The smaller of both, of each unit.
    func smaller(of other: CapAmount) -> CapAmount { CapAmount(money: min(money, other.money), tokens: min(tokens, other.tokens)) }

    /// The larger of both, of each unit.
    func larger(of other: CapAmount) -> CapAmount { CapAmount(money: max(money, other.money), tokens: max(tokens, other.tokens)) }
}
