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
    /// Executions that asked it and another tier too, by that tier's name.
    public var alsoAsked: TextTable<Int> = [:]
    /// Of the calls that gave its answers, as far as they were told: tokens of prompts, those read from a cache, and tokens of answers.
    public var inputTokens = 0
    public var cachedTokens = 0
    public var outputTokens = 0
    /// How often another tier answered in its place, which is in nothing else.
    public var replaced = 0

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

    /// Of the tokens of its prompts the share that a cache had; `nil`: nothing was told of them.
    public var cachedShare: Double? { inputTokens == 0 ? nil : Double(cachedTokens) / Double(inputTokens) }
}

/// What became of decisions that rest on one execution of a gate that says what it says now.
public struct GateOutcomes: Sendable, Hashable {
    /// The path of the step.
    public let step: String
    /// Of the gate's text.
    public let gate: ContentHash
    /// Those of which an outcome is recorded.
    public let judged: Int
    /// Those whose outcome counts.
    public let correct: Int

    public init(step: String, gate: ContentHash, judged: Int, correct: Int) {
        self.step = step
        self.gate = gate
        self.judged = judged
        self.correct = correct
    }
}
