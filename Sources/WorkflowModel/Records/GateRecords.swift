import Economics
import Values

/// What a gate decided of one tier that was asked, as the ledger tells it.
public struct GateTierRecord: Sendable, Hashable {
    public var path: String
    public var step: String
    public var tier: String
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
    public var threshold: Double?
    public var reason: String?
    public var cost: Money?
    public var time: TimeSpan
    public var endedAt: Timestamp

    public init(
        path: String, step: String, tier: String, name: String, kind: String, result: CheckEnded.Result, score: Double? = nil, threshold: Double? = nil,
        reason: String? = nil, cost: Money? = nil, time: TimeSpan, endedAt: Timestamp
    ) {
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
