import Values

/// How a run ended, or was suspended.
public final class RunEnded: Sendable {
    /// An end, or `interrupted` or `waiting`: suspended.
    public let status: RunStatus
    /// Of what it returned, a JSON object; `nil` unless it succeeded.
    public let outputs: ContentHash?
    /// The first that was not tolerated.
    public let failure: StepFailure?
    /// What became of it, by its workflow's own word.
    public let outcome: String?

    public init(_ status: RunStatus, outputs: ContentHash? = nil, failure: StepFailure? = nil, outcome: String? = nil) {
        self.status = status
        self.outputs = outputs
        self.failure = failure
        self.outcome = outcome
    }
}

/// Who goes on with a run.
public struct RunResumed: Sendable, Hashable {
    /// The one that goes on, with its version.
    public let program: String
    /// Counts the owners of the run, from 1.
    public let epoch: Int64
    /// How many calls there are whose end is not known; what they hold stays held.
    public let lostCalls: Int
    /// The numbers of these calls, ascending. A fact before form 3 tells how many there are alone.
    public let lost: [Int]

    public init(program: String, epoch: Int64, lost: [Int], lostCalls: Int? = nil) {
        self.program = program
        self.epoch = epoch
        self.lost = lost
        self.lostCalls = lostCalls ?? lost.count
    }
}

/// What became of a run, or of the decision that it was made for.
public struct OutcomeRecorded: Sendable, Hashable {
    /// The outcome's word.
    public let value: String
    /// Who says so.
    public let source: String

    /// Of the workflow's own `decision.outcome`, which the run's end tells.
    public static let workflow = "workflow"

    public init(value: String, source: String) {
        self.value = value
        self.source = source
    }
}
