import Economics
import Values

/// What a run will cost, computed before a token is spent.
public struct Plan: Sendable {
    /// Three prices of one thing.
    public struct Amounts: Sendable {
        /// The cheapest completion.
        public var best: Money
        /// From the ledger's history; `nil` without any.
        public var expected: Money?
        /// `nil`: not bounded.
        public var worst: Money?
        /// The same in tokens, prompts and answers together.
        public var bestTokens: Int
        public var worstTokens: Int?

        public init(best: Money, expected: Money?, worst: Money?, bestTokens: Int = 0, worstTokens: Int? = 0) {
            self.best = best
            self.expected = expected
            self.worst = worst
            self.bestTokens = bestTokens
            self.worstTokens = worstTokens
        }
    }

    public struct Step: Sendable {
        /// Its path: `review/draft`.
        public var id: String
        /// `model`, `value`, `run`, `group`, `loop`, `workflow`.
        public var kind: String
        public var tier: String?
        public var model: String?
        /// Calls in all when every try fails but the last; `nil`: not bounded.
        public var maxCalls: Int?
        /// Whether `when` or a skipped source may skip it.
        public var isConditional: Bool
        /// What the prompt of one call probably has, of what is known before the run, and how that is known.
        public var prompt: PromptTokens?
        public var promptTokens: Int? { prompt?.tokens }
        public var maxInputTokens: Int?
        public var maxOutputTokens: Int?
        public var amounts: Amounts
        /// None of its models has a price.
        public var isUnpriced: Bool
        /// Why the worst case is not bounded, or only learned.
        public var notes: [String]
        /// Prefixes in wire order.
        public var prefixes: [String]
        /// Paths of steps beside it.
        public var dependsOn: [String]
        /// Of `for_each`, each time that it runs; `nil`: it has none.
        public var items: Items?
        /// Of a loop, at most.
        public var passes: Int?
        /// Whether a cap on tokens holds for its calls alone.
        public var hasTokenCap = false

        public struct Items: Sendable, Hashable {
            public let least: Int
            /// `nil`: not bounded.
            public let most: Int?

            public init(least: Int, most: Int?) {
                self.least = least
                self.most = most
            }
        }

        public init(
            id: String, kind: String, tier: String? = nil, model: String? = nil, maxCalls: Int? = 0, isConditional: Bool = false,
            prompt: PromptTokens? = nil, maxInputTokens: Int? = nil, maxOutputTokens: Int? = nil, amounts: Amounts, isUnpriced: Bool = false,
            notes: [String] = [], prefixes: [String] = [], dependsOn: [String] = [], items: Items? = nil, passes: Int? = nil
        ) {
            self.id = id
            self.kind = kind
            self.tier = tier
            self.model = model
            self.maxCalls = maxCalls
            self.isConditional = isConditional
            self.prompt = prompt
            self.maxInputTokens = maxInputTokens
            self.maxOutputTokens = maxOutputTokens
            self.amounts = amounts
            self.isUnpriced = isUnpriced
            self.notes = notes
            self.prefixes = prefixes
            self.dependsOn = dependsOn
            self.items = items
            self.passes = passes
        }
    }

    public var workflow: String
    public var steps: [Step]
    public var total: Amounts
    public var budget: Money?
    /// The run's cap on tokens.
    public var budgetTokens: Int?
    /// `best`, `expected`, `worst`: which of the three has to fit the budget.
    public var admission: String
    /// Models without a price.
    public var unpriced: [String]
    /// `nil`: the run may start. Otherwise why not.
    public var refusal: StepFailure?
    /// Runs that succeeded, on which the expectation rests.
    public var historyRuns: Int

    public init(
        workflow: String, steps: [Step], total: Amounts, budget: Money?, budgetTokens: Int? = nil, admission: String, unpriced: [String],
        refusal: StepFailure?, historyRuns: Int
    ) {
        self.workflow = workflow
        self.steps = steps
        self.total = total
        self.budget = budget
        self.budgetTokens = budgetTokens
        self.admission = admission
        self.unpriced = unpriced
        self.refusal = refusal
        self.historyRuns = historyRuns
    }

    /// Whether the worst case is bounded.
    public var isBounded: Bool { total.worst != nil }
}
