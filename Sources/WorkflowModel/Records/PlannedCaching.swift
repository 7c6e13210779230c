import Economics
import Values

/// What a prompt cache is expected to have of the prompts of one question, all the times that a run is expected to ask it.
public struct PlannedCaching: Sendable, Hashable {
    /// The end of a prefix that the first of its requests marks.
    public struct Mark: Sendable, Hashable {
        /// `system`, `prefix policy`, `prompt`.
        public var end: String
        public var lifetime: TimeSpan

        public init(end: String, lifetime: TimeSpan) {
            self.end = end
            self.lifetime = lifetime
        }
    }

    /// Who is asked.
    public var tier: String
    /// Empty for the step's own question, else the name of a check.
    public var part: String
    /// The name of the rules that hold for the model's cache.
    public var rules: String
    /// Shorter prefixes are not cached, in tokens.
    public var leastTokens: Int
    /// How often it is asked.
    public var calls: Double
    /// Of one prompt, as far as it is known, and whether that is all.
    public var promptTokens: Int
    public var isComplete: Bool
    /// The longest beginning that later prompts are expected to read again, in tokens as far as it is known; 0: none is. And whether that is all of it.
    public var sharedTokens: Int
    public var isSharedComplete: Bool
    /// Of the tokens that are known, those that are found, and those that are written.
    public var readShare: Double
    public var writtenShare: Double
    /// Of runs, the share that marks nothing, as caching is off or they are kept apart for comparison, which is in both shares above; 0 where nothing needs a mark.
    public var unmarkedShare = 0.0
    /// In the order of the prompt.
    public var marks: [Mark]
    /// Of the tokens that were predicted to be found in runs before, the share that was, and in how many calls; `nil`: none was predicted.
    public var observed: Observed?
    /// Of the prompts that are known, with what is expected to be found, and without any cache; `nil`: they have no price by the token.
    public var cost: Money?
    public var costWithout: Money?

    public struct Observed: Sendable, Hashable {
        public var share: Double
        public var calls: Int

        public init(share: Double, calls: Int) {
            self.share = share
            self.calls = calls
        }
    }

    /// Whether later prompts begin alike, and with too little.
    public var isTooShort: Bool { sharedTokens > 0 && isSharedComplete && sharedTokens < leastTokens }

    public init(
        tier: String, part: String, rules: String, leastTokens: Int, calls: Double, promptTokens: Int, isComplete: Bool, sharedTokens: Int, isSharedComplete: Bool = true, readShare: Double,
        writtenShare: Double, marks: [Mark], observed: Observed? = nil, cost: Money? = nil, costWithout: Money? = nil
    ) {
        self.tier = tier
        self.part = part
        self.rules = rules
        self.leastTokens = leastTokens
        self.calls = calls
        self.promptTokens = promptTokens
        self.isComplete = isComplete
        self.sharedTokens = sharedTokens
        self.isSharedComplete = isSharedComplete
        self.readShare = readShare
        self.writtenShare = writtenShare
        self.marks = marks
        self.observed = observed
        self.cost = cost
        self.costWithout = costWithout
    }
}
