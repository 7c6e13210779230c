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
        /// `nil`: not bounded.
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
        /// Of a step with `escalate`.
        public var gate: Gate?
        /// What prompt caches are expected to have of its prompts, of each tier and check that asks; empty where nothing is known of any.
        public var caches: [PlannedCaching] = []

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

    /// What a gate comes to by what is recorded of what it says now; of a tier of which nothing is, half of the answers are taken as accepted.
    public struct Gate: Sendable, Hashable {
        /// What is recorded of one of its tiers.
        public struct Tier: Sendable, Hashable {
            public var name: String
            public var asked: Int
            public var accepted: Int
            /// Answers that were accepted or not.
            public var decided: Int
            /// Of an answer with its checks, in the mean; `nil`: it was never asked.
            public var cost: Money?
            /// Of the tokens of its prompts the share that a cache had; `nil`: not known.
            public var cachedShare: Double?
            /// How often another tier answered in its place, which is in none of the others.
            public var replaced = 0

            public init(name: String, asked: Int, accepted: Int, decided: Int, cost: Money?, cachedShare: Double?) {
                self.name = name
                self.asked = asked
                self.accepted = accepted
                self.decided = decided
                self.cost = cost
                self.cachedShare = cachedShare
            }
        }

        /// A share that was observed, with the bounds of its interval of 95 %.
        public struct Rate: Sendable, Hashable {
            public var share: Double
            public var low: Double
            public var high: Double
            /// Observations.
            public var count: Int

            public init(share: Double, low: Double, high: Double, count: Int) {
                self.share = share
                self.low = low
                self.high = high
                self.count = count
            }
        }

        public var tiers: [Tier]
        /// Of an execution.
        public var expected: Money
        /// Of an execution, over the share of them whose answer is accepted.
        public var perAccepted: Money
        /// `nil`: nobody said of any whether it was right, or none was.
        public var perCorrect: Money?
        /// Executions of which it is known whether their answer was right, and those of them in which it was.
        public var judged: Int
        public var correct: Int
        /// Of the executions that asked the first tier, the share that asked a further one.
        public var rate: Rate?
        /// The share up to which the gate saves anything: what the last tier costs when it is asked at once, less what the first answer and its checks
        /// do, over what follows when they go on. Below zero it loses money at any rate; `nil`: not known.
        public var breakEven: Double?
        /// Of an answer of the last tier: as it would cost when each question were asked there, with the first tier's share of cached prompts; and as
        /// it did when it was asked second.
        public var direct: Money?
        public var second: Money?
        /// The largest share that may go on; `nil`: any.
        public var mostGoOn: Share?
        /// Whether its last tier alone would cost less, by the share that goes on and is allowed to.
        public var losesMoney: Bool
        /// One tier that alone would be cheaper, and what it costs an answer.
        public var cheaper: (tier: String, cost: Money)? {
            get { cheaperTier.flatMap { tier in cheaperCost.map { (tier, $0) } } }
            set { (cheaperTier, cheaperCost) = (newValue?.tier, newValue?.cost) }
        }
        private var cheaperTier: String?
        private var cheaperCost: Money?
        /// Checks that no tier's answer satisfied.
        public var hopeless: [HopelessCheck]

        public init(tiers: [Tier], expected: Money, perAccepted: Money, judged: Int = 0, correct: Int = 0, losesMoney: Bool = false, hopeless: [HopelessCheck] = []) {
            self.tiers = tiers
            self.expected = expected
            self.perAccepted = perAccepted
            self.judged = judged
            self.correct = correct
            self.losesMoney = losesMoney
            self.hopeless = hopeless
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
