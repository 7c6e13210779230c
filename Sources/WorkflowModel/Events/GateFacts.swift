import Economics
import Values

/// What a check of a gate found in an answer.
public final class CheckEnded: Sendable {
    public enum Result: String, Sendable, Hashable, CaseIterable {
        case passed, failed
        /// It has a score, or an output, and says neither.
        case scored
        /// It could not be told; `accept` reads a no.
        case error
        /// Nothing will be known of it, for no fault of the answer.
        case lost
    }

    /// The path of the node.
    public let path: String
    /// The tier whose answer it is.
    public let tier: String
    public let check: String
    /// `expr`, `logprob`, `agree`, `run` or `judge`.
    public let kind: String
    public let result: Result
    public let score: Double?
    /// What is held against the threshold, where that is not the score.
    public let value: Double?
    /// What the score, or the value, is held against.
    public let threshold: Double?
    /// What else it gives, a JSON text.
    public let output: ContentHash?
    /// In words, what it went by or why it found nothing.
    public let reason: String?
    /// What its calls came to; `nil`: it made none, or one has no price.
    public let cost: Money?
    public let time: TimeSpan
    /// Of the gate's text: whose values it is compared with. `nil`: a fact from before it was told.
    public let gate: ContentHash?

    public init(
        path: String, tier: String, check: String, kind: String, result: Result, score: Double? = nil, value: Double? = nil, threshold: Double? = nil,
        output: ContentHash? = nil, reason: String? = nil, cost: Money? = nil, time: TimeSpan, gate: ContentHash? = nil
    ) {
        self.path = path
        self.gate = gate
        self.tier = tier
        self.check = check
        self.kind = kind
        self.result = result
        self.score = score
        self.value = value
        self.threshold = threshold
        self.output = output
        self.reason = reason
        self.cost = cost
        self.time = time
    }
}

/// What a gate decided of a tier that was asked.
public final class TierDecided: Sendable {
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        case accepted, rejected
        /// Nothing reads whether it is accepted, and to know would have cost something.
        case undecided
        /// A check that decides is lost.
        case unavailable
        /// There was no answer.
        case failed
    }

    /// The path of the node.
    public let path: String
    public let tier: String
    /// Of the gate's text: what rates of acceptance go by.
    public let gate: ContentHash
    public let verdict: Verdict
    /// Of one that failed.
    public let failure: FailureKind?
    /// The check by which it was decided; `nil`: the answer itself, or that there was none.
    public let decidedBy: String?
    /// Checks that were not run, as nothing depended on them.
    public let notRun: [String]
    /// Of one that is rejected because it cannot be told whether it does, why not.
    public let reason: String?
    /// The answer, as a step's output is kept; `nil`: there was none.
    public let output: ContentHash?
    /// Of the first tier of a gate with `max_rate`: the key of the executions that this one counts with. `nil`: it does not count.
    public let window: ContentHash?
    /// Of the answer, or of the last one that did not do; `nil`: nothing came, or it is a fact from before they were told.
    public let signals: AnswerSignals?
    /// The gate's last tier: what going up is held against. `nil`: a fact from before it was told.
    public let lastTier: String?

    public init(
        path: String, tier: String, gate: ContentHash, verdict: Verdict, failure: FailureKind? = nil, decidedBy: String? = nil, notRun: [String] = [],
        reason: String? = nil, output: ContentHash? = nil, signals: AnswerSignals? = nil, lastTier: String? = nil,
        window: ContentHash? = nil
    ) {
        self.signals = signals
        self.lastTier = lastTier
        self.path = path
        self.tier = tier
        self.gate = gate
        self.verdict = verdict
        self.failure = failure
        self.decidedBy = decidedBy
        self.notRun = notRun
        self.reason = reason
        self.output = output
        self.window = window
    }
}

/// Which tier's answer a gate takes, or that a person gave one; the node's end follows.
public final class GateEnded: Sendable {
    /// The path of the node.
    public let path: String
    /// `nil`: it takes none.
    public let tier: String?
    public let isAccepted: Bool
    /// Why no check and no condition accepted one, a stable word: `not_accepted`, `check_unavailable`, or the kind of a failure; `nil` where one is
    /// accepted, or nobody needs to know.
    public let cause: String?
    /// The same in a sentence.
    public let reason: String?
    /// Who says that this answer is taken, or that none is; `nil`: nobody was asked, or nobody answered.
    public let by: String?

    public init(path: String, tier: String?, isAccepted: Bool, cause: String? = nil, reason: String? = nil, by: String? = nil) {
        self.path = path
        self.tier = tier
        self.isAccepted = isAccepted
        self.cause = cause
        self.reason = reason
        self.by = by
    }
}
