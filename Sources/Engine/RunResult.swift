import Economics
import Values
import WorkflowModel

/// How a run ended.
public final class RunResult: Spender, Sendable {
    public let id: RunID
    public let status: RunStatus
    /// Present when it succeeded, or a band of its budget left something out.
    public let outputs: JSONObject?
    /// The first failure.
    public let failure: StepFailure?
    /// The step that failed first.
    public let failedStep: String?
    /// The steps that wait for a person, with what they ask.
    public let waitsFor: [Waiting]
    /// What its calls came to.
    public let spending: Spending
    public let startedAt: Timestamp
    public let endedAt: Timestamp
    /// Where more counts than the run's cap admits, as calls cost more than was held for them.
    public let exceeded: (cap: Money, counted: Money)?
    /// What counts of the run's cap on tokens; `nil`: it has none.
    public let tokens: (cap: Int, counted: Int)?

    /// A step that waits for a person.
    public struct Waiting: Sendable, Hashable {
        /// Its path.
        public let step: String
        public let question: ApprovalRequest
        /// Where a gate asks: the tiers that have an answer which can be taken.
        public let choices: [String]

        public init(step: String, question: ApprovalRequest, choices: [String] = []) {
            self.choices = choices
            self.step = step
            self.question = question
        }
    }

    /// A run that ended before, as the ledger tells it.
    public convenience init(_ record: RunRecord, outputs: JSONObject?) {
        self.init(
            id: RunID(record.id), status: record.status, outputs: outputs, failure: record.failure.flatMap(StepFailure.init(json:)), failedStep: nil,
            waitsFor: [], spending: record.spending, startedAt: record.startedAt,
            endedAt: record.endedAt ?? record.startedAt,
            tokens: record.maxTokens.map { ($0, record.heldTokens) })
    }

    init(
        id: RunID, status: RunStatus, outputs: JSONObject?, failure: StepFailure?, failedStep: String?, waitsFor: [Waiting], spending: Spending,
        startedAt: Timestamp, endedAt: Timestamp, exceeded: (cap: Money, counted: Money)? = nil, tokens: (cap: Int, counted: Int)? = nil
    ) {
        self.exceeded = exceeded
        self.tokens = tokens
        self.id = id
        self.status = status
        self.outputs = outputs
        self.failure = failure
        self.failedStep = failedStep
        self.waitsFor = waitsFor
        self.spending = spending
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}
