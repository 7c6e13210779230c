import Economics
import Values

/// Why a cost is taken as it was recorded, whatever the prices.
public enum WhatIfKept: String, Sendable, Hashable, CaseIterable {
    /// There was no price for it.
    case unpriced
    /// Its end is not known.
    case unknown
    /// It is the server's own figure, which its entry says is to be trusted.
    case reported
    /// It is an estimate that no count of tokens stands behind.
    case estimated
    /// The price rows that it was charged by are not kept.
    case rowsMissing = "rows_missing"
    /// What is recorded does not come to it.
    case different
    /// The list that is named does not have the model.
    case notListed = "not_listed"
}

/// What recorded runs would have come to on other terms, several of them side by side.
public struct WhatIfResult: Sendable {
    /// What something costs at the least and at the most.
    public struct Cost: Sendable, Hashable {
        public var least = MoneySum.zero
        public var most = MoneySum.zero

        public init(_ least: MoneySum = .zero, _ most: MoneySum? = nil) {
            self.least = least
            self.most = most ?? least
        }

        public static func + (a: Cost, b: Cost) -> Cost { Cost(a.least + b.least, a.most + b.most) }
        public var isExact: Bool { least == most }
    }

    /// What the calls of a step come to.
    public struct Row: Sendable {
        public let workflow: String
        public let step: String
        public var calls = 0
        public var recorded = MoneySum.zero
        /// Of each alternative.
        public var costs: [Cost]

        public init(workflow: String, step: String, alternatives: Int) {
            self.workflow = workflow
            self.step = step
            costs = Array(repeating: Cost(), count: alternatives)
        }
    }

    /// What executions of gates come to under another gate.
    public struct Gates: Sendable, Hashable {
        public var executions = 0
        /// Another tier's answer is taken, or none, whatever is not recorded.
        public var changed = 0
        /// The answer that is taken is another one, as far as both are recorded.
        public var outputs = 0
        /// It depends on what is not recorded.
        public var undecided = 0
        /// A tier is asked of which there is no answer, or a check is run of which there is no outcome, by its name.
        public var unknownTiers: TextTable<Int> = [:]
        public var unknownChecks: TextTable<Int> = [:]
        /// Those of which something costs that no record tells.
        public var lowerBounds = 0

        public init() {}
    }

    /// What recorded reservations come to under another cap.
    public struct Caps: Sendable, Hashable {
        /// Runs that were looked at, and those of which the facts are gone.
        public var runs = 0
        public var unread = 0
        /// Those of which it is not recorded what their calls held: they had no such cap, or no price.
        public var withoutHolds = 0
        /// Runs of which a call is refused that was made.
        public var refused = 0
        /// Runs of which a call was refused that would not be.
        public var admitted = 0
        /// Calls that are not made for comparison or for a cache, by which no run changes.
        public var asides = 0
        /// Where the first call is refused, by the step's path.
        public var steps: TextTable<Int> = [:]
        /// What runs that end otherwise may cost beyond what they did, as far as the cap lets them; less than nothing where it lets them less.
        public var slack = MoneySum.zero
        /// Whether that has no bound in money: it is a cap on tokens.
        public var isUnbounded = false

        public init() {}
    }

    /// What prompts come to under another cache or another policy.
    public struct Caches: Sendable, Hashable {
        public var requests = 0
        /// By the model of the cache, in its own tokens.
        public var inputTokens = 0
        public var readTokens = 0
        public var writtenTokens = 0
        /// In prices of an uncached input token.
        public var relativeCost: Double?
        /// Requests whose price rows do not tell what they would cost: as recorded.
        public var unpriced = 0
        /// Requests of which nothing is recorded of the prompt, or no rules are known.
        public var unknown = 0

        public init() {}
    }

    /// One set of terms.
    public struct Alternative: Sendable {
        /// As it was asked for.
        public let name: String
        public var cost = Cost()
        /// Calls whose cost is another model's for recorded lengths.
        public var assumed = 0
        /// Nodes with a gate among them: what the gate decides of another model's answer is not known.
        public var undecidedByModel = 0
        /// Calls that are taken as recorded, by the reason.
        public var kept: [WhatIfKept: Int] = [:]
        /// Whether something that is made has no known cost.
        public var isLowerBound = false
        public var gates: Gates?
        public var caps: Caps?
        public var caches: Caches?

        public init(_ name: String) { self.name = name }
    }

    public var runs = 0
    public var calls = 0
    public var recorded = MoneySum.zero
    /// Calls that came out of their records to the last digit.
    public var reproduced = 0
    /// The others, by the reason.
    public var kept: [WhatIfKept: Int] = [:]
    public var alternatives: [Alternative] = []
    /// Dearest first.
    public var rows: [Row] = []
    /// Price rows that are none of the record, by which something was priced, by id.
    public var priceRows: [PriceRow] = []

    public init() {}
}
