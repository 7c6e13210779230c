import Expressions
import Values
import WorkflowModel

/// What a check found.
public struct CheckOutcome: Sendable, Hashable {
    /// `nil`: it says nothing of that, and whoever reads it gets no value.
    public let passed: Bool?
    public let score: Double?
    /// What is held against the threshold, where that is not the score.
    public let value: Double?
    /// What the score, or the value, is held against, where that is one figure.
    public let threshold: Double?
    public let output: JSONValue?
    /// Why it is none: an error is a no. Of one that passed or failed, what it went by.
    public let reason: String?
    /// Whether nothing will be known of it, for no fault of the answer: the judge was not reached, or a cap refused the call.
    public let isLost: Bool
    /// Whether it could not be told, which is a no.
    public let isError: Bool

    public init(
        passed: Bool?, score: Double? = nil, value: Double? = nil, threshold: Double? = nil, output: JSONValue? = nil, reason: String? = nil,
        isLost: Bool = false, isError: Bool = false
    ) {
        self.passed = passed
        self.score = score
        self.value = value
        self.threshold = threshold
        self.output = output
        self.reason = reason
        self.isLost = isLost
        self.isError = isError
    }

    /// An error that says something of the answer or of the check.
    public static func error(_ reason: String) -> CheckOutcome { CheckOutcome(passed: false, reason: reason, isError: true) }

    public static func lost(_ reason: String) -> CheckOutcome { CheckOutcome(passed: nil, reason: reason, isLost: true) }

    /// As `accept` reads it.
    var read: CELValue {
        if isLost { return .unknown }
        var fields: [(String, CELValue)] = []
        if let passed { fields.append(("passed", .bool(passed))) }
        if let score { fields.append(("score", .double(score))) }
        if let output { fields.append(("output", CELValue(output))) }
        return .map(CELMap(fields))
    }
}

/// What was decided of one tier's answer.
public struct TierDecision: Sendable, Hashable {
    public enum Verdict: Sendable, Hashable {
        case accepted, rejected
        /// Nothing reads what becomes of it, and to know would have cost something.
        case undecided
        /// A check that decides is lost.
        case unavailable
        /// There was no answer.
        case failed(FailureKind)
    }

    public let tier: Int
    public let verdict: Verdict
    /// The check by which it was decided; `nil`: the answer itself did.
    public let decidedBy: String?
    /// Checks that were not run, as nothing depended on them any more.
    public let notRun: [String]
    /// Of one that is rejected because that cannot be told, why not.
    public let reason: String?

    public init(tier: Int, verdict: Verdict, decidedBy: String?, notRun: [String], reason: String? = nil) {
        self.tier = tier
        self.verdict = verdict
        self.decidedBy = decidedBy
        self.notRun = notRun
        self.reason = reason
    }
}

/// Why a gate ends without an accepted answer.
public enum GateCause: Sendable, Hashable {
    /// The last tier's answer was not accepted either.
    case notAccepted
    /// Whether to accept the last tier's could not be told.
    case notTold(reason: String)
    case checkUnavailable(check: String, reason: String)
    /// A tier gave no answer, and a further one would not help, or there is none.
    case tierFailed(StepFailure)
    /// A further tier may not be asked: caps, rates.
    case refused(StepFailure)
    /// Too many executions went on of late.
    case tripped(RateCounted)
    /// A band of the budget keeps it from being asked.
    case band(String)

    /// The stable word of it.
    public var word: String {
        switch self {
        case .notAccepted, .notTold: "not_accepted"
        case .checkUnavailable: "check_unavailable"
        case .tripped: "max_rate"
        case .band: "band"
        case .tierFailed(let failure), .refused(let failure): failure.kind.rawValue
        }
    }

    public var text: String {
        switch self {
        case .notAccepted: "the last tier's was not accepted either"
        case .notTold(let reason): "the last tier's was not accepted either: \(reason)"
        case .checkUnavailable(let check, let reason): "the check '\(check)' could not be run: \(reason)"
        case .tripped(let counted): counted.sentence
        case .band(let reason): reason
        case .tierFailed(let failure), .refused(let failure): failure.message
        }
    }

    /// What a step fails with that has no answer at all.
    var failure: StepFailure {
        switch self {
        case .tierFailed(let failure), .refused(let failure): failure
        case .band(let reason): StepFailure(.budget, reason)
        case .notAccepted, .notTold, .checkUnavailable, .tripped: StepFailure(.notAccepted, text)
        }
    }
}

/// How a gate ends.
public enum GateEnd: Sendable, Hashable {
    case accepted(tier: Int)
    /// The answer of the highest tier that has one; without a cause, nobody needed to know whether it is accepted.
    case best(tier: Int, cause: GateCause?)
    /// A person chooses among the answers, of which there may be none that passed the hard checks, or gives one.
    case ask(best: Int?, cause: GateCause)
    case failed(StepFailure)
}
