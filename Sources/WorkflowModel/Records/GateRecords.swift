import Economics
import Values

/// What a gate decided of one tier that was asked, as the ledger tells it.
public struct GateTierRecord: Sendable, Hashable {
    public var path: String
    public var step: String
    public var tier: String
    /// Who gave the answer, where a band of the budget or what degrades has put another tier in its place: it says nothing of the tier itself.
    public var askedTier: String?
    public var verdict: TierDecided.Verdict
    public var failure: FailureKind?
    public var decidedBy: String?
    public var notRun: [String]
    public var output: ContentHash?
    public var decidedAt: Timestamp
    /// Whether its answer is the step's.
    public var isTaken: Bool
    /// The person who chose it.
    public var takenBy: String?
    /// Why it is, though it was not accepted, a stable word.
    public var cause: String?
    /// The same in a sentence; of one that is not taken, why it could not be told whether to accept it.
    public var reason: String?
    /// Of the gate's text; `nil`: not read.
    public var gate: ContentHash?
    /// The gate's last tier; `nil`: not recorded.
    public var lastTier: String?
    /// Of its answer, or of what came in place of one.
    public var signals: AnswerSignals?
    /// Of a first tier before whose successor `max_rate` was counted; `nil`: it was not.
    public var rate: CountedRate?

    /// What was counted before a second tier, and whether that was asked.
    public struct CountedRate: Sendable, Hashable {
        /// The stable word of a gate that ends by it.
        public static let cause = "max_rate"

        /// `false`: the rate was passed, and the gate ended.
        public var wentOn: Bool
        /// Executions in the window, this one with them, and those of them that went on before.
        public var answered: Int
        public var escalated: Int

        public init(wentOn: Bool, answered: Int, escalated: Int) {
            self.wentOn = wentOn
            self.answered = answered
            self.escalated = escalated
        }

        /// `max_rate left the next tier out: 6 of 22 executions had gone on`.
        public var sentence: String? { wentOn ? nil : "\(Self.cause) left the next tier out: \(escalated) of \(answered) executions had gone on" }
    }

    public init(
        path: String, step: String, tier: String, verdict: TierDecided.Verdict, failure: FailureKind? = nil, decidedBy: String? = nil, notRun: [String] = [],
        output: ContentHash? = nil, decidedAt: Timestamp, isTaken: Bool = false, takenBy: String? = nil, cause: String? = nil, reason: String? = nil
    ) {
        self.path = path
        self.step = step
        self.tier = tier
        self.verdict = verdict
        self.failure = failure
        self.decidedBy = decidedBy
        self.notRun = notRun
        self.output = output
        self.decidedAt = decidedAt
        self.isTaken = isTaken
        self.takenBy = takenBy
        self.cause = cause
        self.reason = reason
    }
}

/// What a check of a gate found, as the ledger tells it.
public struct GateCheckRecord: Sendable, Hashable {
    public var path: String
    public var step: String
    /// Whose answer it is.
    public var tier: String
    public var name: String
    public var kind: String
    public var result: CheckEnded.Result
    public var score: Double?
    /// What is held against the threshold, where that is not the score.
    public var value: Double?
    public var threshold: Double?
    public var reason: String?
    public var cost: Money?
    public var time: TimeSpan
    public var endedAt: Timestamp
    /// What else it gave.
    public var output: ContentHash?
    /// Of the gate's text; `nil`: not recorded.
    public var gate: ContentHash?
    /// Where its value stands among those before it; `nil`: it has none.
    public var place: CheckPlace?

    public init(
        path: String, step: String, tier: String, name: String, kind: String, result: CheckEnded.Result, score: Double? = nil, value: Double? = nil,
        threshold: Double? = nil, reason: String? = nil, cost: Money? = nil, time: TimeSpan, endedAt: Timestamp
    ) {
        self.value = value
        self.path = path
        self.step = step
        self.tier = tier
        self.name = name
        self.kind = kind
        self.result = result
        self.score = score
        self.threshold = threshold
        self.reason = reason
        self.cost = cost
        self.time = time
        self.endedAt = endedAt
    }
}

/// What a person who is asked by a gate may choose: a tier that was asked, with its answer and what each check said of that.
public struct GateCandidate: Sendable, Hashable {
    public var tier: GateTierRecord
    public var checks: [GateCheckRecord]
    /// `nil`: it gave none that passed the hard checks, or the ledger does not have it any more.
    public var answer: JSONValue?

    public init(tier: GateTierRecord, checks: [GateCheckRecord], answer: JSONValue?) {
        self.tier = tier
        self.checks = checks
        self.answer = answer
    }

    /// Whether its answer passed the hard checks.
    public var canBePicked: Bool { tier.output != nil }
}

extension [GateCandidate] {
    /// The one of that tier, else the only one that such a tier has answered in place of its own.
    public func named(_ name: String) -> GateCandidate? {
        if let own = first(where: { $0.tier.tier.hasSameBytes(as: name) }) { return own }
        let answered = filter { $0.tier.askedTier?.hasSameBytes(as: name) == true }
        return answered.count == 1 ? answered[0] : nil
    }
}

extension GateCheckRecord {
    /// What it is compared by: the value, else the score.
    public var measure: Double? { value ?? score }
}

/// Where a value stands among the last values of the same check of the same gate, of answers of the same tier.
public struct CheckPlace: Sendable, Hashable {
    /// How many at most are looked at.
    public static let most = 500

    /// Those that are less.
    public var below: Int
    /// All of them, without its own.
    public var of: Int

    public init(below: Int, of: Int) {
        self.below = below
        self.of = of
    }
}

/// Whether an execution of a gate was drawn for comparison, as the ledger tells it.
public struct GateDrawRecord: Sendable, Hashable {
    public var path: String
    public var step: String
    /// From 0 up to 2⁵³.
    public var draw: Int64
    public var rate: Share
    public var isChosen: Bool
    /// Of the question's text.
    public var inputBytes: Int

    public init(path: String, step: String, draw: Int64, rate: Share, isChosen: Bool, inputBytes: Int) {
        self.path = path
        self.step = step
        self.draw = draw
        self.rate = rate
        self.isChosen = isChosen
        self.inputBytes = inputBytes
    }
}

/// What a further tier said that was asked for comparison, as the ledger tells it.
public struct GateShadowRecord: Sendable, Hashable {
    public var path: String
    public var step: String
    public var tier: String
    public var result: ShadowEnded.Result
    public var failure: FailureKind?
    public var reason: String?
    public var output: ContentHash?
    public var endedAt: Timestamp
    public var signals: AnswerSignals?

    public init(
        path: String, step: String, tier: String, result: ShadowEnded.Result, failure: FailureKind? = nil, reason: String? = nil, output: ContentHash? = nil,
        endedAt: Timestamp, signals: AnswerSignals? = nil
    ) {
        self.path = path
        self.step = step
        self.tier = tier
        self.result = result
        self.failure = failure
        self.reason = reason
        self.output = output
        self.endedAt = endedAt
        self.signals = signals
    }
}
