import Economics
import Values

/// What a gate came to over many executions, beside what its last tier would have cost for the same inputs.
public struct GateSummary: Sendable, Hashable {
    /// Executions with what they cost, and what the last tier did, or would have.
    public struct Comparison: Sendable, Hashable {
        public var executions = 0
        public var gate = MoneySum.zero
        public var direct = MoneySum.zero

        /// Of no executions.
        public init() {}
    }

    public var workflow: String
    /// The path of the step.
    public var step: String
    /// `nil`: it is not recorded, or executions say different ones.
    public var lastTier: String?
    public var executions = 0
    /// Those in which another tier answered in place of one of the gate's: they are in nothing else that is said here.
    public var replaced = 0
    /// Those that went on to a further tier.
    public var escalated = 0
    /// Those whose answer was accepted, of whatever tier.
    public var accepted = 0
    /// Of all tiers and checks, as far as it is known; without what was asked for comparison.
    public var cost = MoneySum.zero
    /// Calls of them that are missing in ``cost``: without a price, in flight, or of unknown end.
    public var callsWithoutCost = 0
    /// Executions in which the last tier was asked, by the gate or for comparison: what it cost is known.
    public var exact = Comparison()
    /// The others, by the tokens of the first answer at the prices of the last tier's latest call.
    public var estimated = Comparison()
    /// Answers for comparison, what they cost, and how often there was no room for one.
    public var shadows = 0
    public var shadowCost = MoneySum.zero
    public var shadowsRefused = 0
    /// Checks that said no of every tier's answer, the dearest first.
    public var hopeless: [HopelessCheck] = []

    public init(workflow: String, step: String) {
        self.workflow = workflow
        self.step = step
    }

    /// What was saved against asking the last tier alone; below zero the gate cost more. `nil`: nothing is known of that.
    public var saved: MoneySum? {
        guard exact.executions + estimated.executions > 0 else { return nil }
        return exact.direct + estimated.direct - (exact.gate + estimated.gate)
    }

    /// Whether a part of it is estimated, or missing in what the gate cost.
    public var savedIsEstimate: Bool { estimated.executions > 0 || callsWithoutCost > 0 }
}

/// A check that says no whatever tier answers: then it is the question, or the check itself, and no model mends it.
public struct HopelessCheck: Sendable, Hashable {
    public var workflow: String
    /// The path of the step.
    public var step: String
    public var check: String
    /// Of the gate's text, where those of several texts are told apart.
    public var gate: ContentHash?
    /// Executions that went up to the last tier, and in which it was a no of each answer that it looked at, of several tiers.
    public var executions: Int
    /// Executions in which it looked at an answer.
    public var of: Int
    /// What these executions cost.
    public var cost: MoneySum

    public init(workflow: String, step: String, check: String, executions: Int, of: Int, cost: MoneySum) {
        self.workflow = workflow
        self.step = step
        self.check = check
        self.executions = executions
        self.of = of
        self.cost = cost
    }

    /// From which share on it is worth a sentence.
    public static let leastShare = 0.05

    public var share: Double { of == 0 ? 0 : Double(executions) / Double(of) }
}
