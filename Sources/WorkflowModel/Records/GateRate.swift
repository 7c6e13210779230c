import Economics
import Values

/// How often a tier's answer was accepted by a gate that says what it says now, and what that took.
public struct GateRate: Sendable, Hashable {
    /// The path of the step.
    public let step: String
    /// Of the gate's text.
    public let gate: ContentHash
    public let tier: String
    public let accepted: Int
    /// Answers that were accepted or not; what was not decided says nothing.
    public let decided: Int
    /// How often the tier was asked, and what its answers and the checks of them cost in all, as far as that is known.
    public let asked: Int
    public let answerCost: Money
    public let checkCost: Money

    public init(
        step: String, gate: ContentHash, tier: String, accepted: Int, decided: Int, asked: Int? = nil, answerCost: Money = .zero, checkCost: Money = .zero
    ) {
        self.step = step
        self.gate = gate
        self.tier = tier
        self.accepted = accepted
        self.decided = decided
        self.asked = asked ?? decided
        self.answerCost = answerCost
        self.checkCost = checkCost
    }
}
