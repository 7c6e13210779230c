import Economics
import PromptCaching
import Values

/// A run as the ledger tells it.
public struct RunRecord: Sendable {
    public var id: String
    public var workflow: String
    public var file: String
    public var status: RunStatus
    public var startedAt: Timestamp
    public var endedAt: Timestamp?
    /// What its calls came to.
    public var spending = Spending()
    public var maxCost: Money?
    public var maxTokens: Int?
    /// What counts against that.
    public var heldTokens = 0
    /// The last band of its budget that it came to.
    public var band: BudgetBand.Name?
    public var inputTokens: Int
    public var outputTokens: Int
    public var tags: JSONObject
    public var owner: JSONObject
    /// Of all files of its workflow and of what flags changed; `nil`: an earlier program recorded it.
    public var version: ContentHash?
    /// The Git commit where the workflow lies.
    public var commit: String?
    /// What whoever started it called the version.
    public var release: String?
    public var decisionID: String?
    public var outcome: String?
    public var batch: String?
    public var outputs: ContentHash?
    public var inputs: ContentHash?
    public var failure: JSONValue?
    public var graph: ContentHash?
    /// The absolute path of the workflow's file.
    public var location: String?
    public var batchIndex: Int?
    /// Of one that says that it runs: the process that drives it, or drove it last.
    public var holder = ""
    /// It says that it runs, and the process that drove it is gone.
    public var isAbandoned = false
    /// It waits, and somebody answered.
    public var isAnswered = false
    /// Since when `gc` has removed its events and documents.
    public var prunedAt: Timestamp?
    public var kind = RunKind.workflow
    public var purpose = RunPurpose.production
    /// The run that it was made from.
    public var parent: String?
    /// It was made in another ledger: it is looked at and replayed, never gone on with, and counts in nothing.
    public var isImported: Bool { kind == .imported }
    /// What it came in; `nil` also where `gc` removed that.
    public var imported: ImportRecord?

    /// Whether `resume` would go on with it.
    /// Whether it came to its end.
    public var isOver: Bool { [.succeeded, .failed, .cancelled].contains(status) }

    public var isResumable: Bool { prunedAt == nil && !isImported && (status == .interrupted || isAbandoned || status == .waiting && isAnswered) }

    public init(id: String, workflow: String, file: String, status: RunStatus, startedAt: Timestamp) {
        self.id = id
        self.workflow = workflow
        self.file = file
        self.status = status
        self.startedAt = startedAt
        inputTokens = 0
        outputTokens = 0
        tags = [:]
        owner = [:]
    }
}

/// A question to a person, and the answer.
public struct ApprovalRecord: Sendable {
    public let run: String
    public let workflow: String
    public let path: String
    /// With its text, where the ledger has that.
    public var request: ApprovalRequest
    /// Of a question of a gate, what there is to choose from, in the order in which it was asked.
    public var candidates: [GateCandidate] = []
    public let requestedAt: Timestamp
    /// What the run's calls have cost by now, and what counts against its cap.
    public let spent: Money
    public let held: Money
    /// `nil`: nobody has answered.
    public var decision: ApprovalDecision?

    public init(
        run: String, workflow: String, path: String, request: ApprovalRequest, requestedAt: Timestamp, spent: Money = .zero, held: Money = .zero,
        decision: ApprovalDecision? = nil
    ) {
        self.run = run
        self.workflow = workflow
        self.path = path
        self.request = request
        self.requestedAt = requestedAt
        self.spent = spent
        self.held = held
        self.decision = decision
    }
}

/// What somebody answered, over all that was asked.
public struct ApproverRow: Sendable, Hashable {
    /// Who says to have answered; `timeout` is the clock.
    public let by: String
    /// Whom the operating system knows to have answered; `nil`: the clock, or an earlier version recorded it.
    public let system: SystemUser?
    public var approved: Int
    public var rejected: Int
    public var runs: Int
    /// Times that more money was granted, and the highest cap of them.
    public var grants: Int
    public var highestCap: Money?

    public init(by: String, system: SystemUser?, approved: Int, rejected: Int, runs: Int, grants: Int, highestCap: Money?) {
        self.by = by
        self.system = system
        self.approved = approved
        self.rejected = rejected
        self.runs = runs
        self.grants = grants
        self.highestCap = highestCap
    }
}

// A trace may have ten thousand of the following, each of dozens of words: classes, which are not copied from hand to hand.
// Unchecked, as whoever makes one fills it before it is passed on.

/// A step, or an item of one, as the ledger tells it.
public final class NodeRecord: @unchecked Sendable {
    public var path: String
    public var step: String
    public var item: Int?
    public var status: NodeStatus
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var output: ContentHash?
    public var failure: JSONValue?
    public var reason: String?
    /// Of what a fork keeps, the run that ran it.
    public var inheritedFrom: String?

    public init(path: String, step: String, item: Int?, status: NodeStatus) {
        self.path = path
        self.step = step
        self.item = item
        self.status = status
    }
}

/// A call, one HTTP attempt, as the ledger tells it.
public final class CallRecord: @unchecked Sendable {
    public var id: String
    public var path: String
    public var step: String
    public var tier: String
    /// Who is asked, where a band of the budget or what degrades has put another tier in its place.
    public var askedTier: String?
    public var purpose: String
    public var ordinal: Int
    public var provider: String
    public var modelAsked: String
    public var modelServed: String?
    public var state: CallState
    public var held: Money?
    /// Under a cap on tokens.
    public var heldTokens = 0
    /// `nil`: unpriced, or not known yet.
    public var cost: Money?
    public var inputTokens: Int?
    public var cacheReadTokens: Int?
    public var cacheWriteTokens: Int?
    public var outputTokens: Int?
    public var reasoningTokens: Int?
    public var usageRaw: String?
    public var priceRows: [String]
    public var request: ContentHash?
    public var response: ContentHash?
    public var httpStatus: Int?
    public var finishReason: String?
    public var failure: JSONValue?
    public var timeToFirstToken: TimeSpan?
    public var total: TimeSpan?
    public var retryOf: String?
    public var startedAt: Timestamp
    public var endedAt: Timestamp?
    /// Of its step and of those around it.
    public var tags: JSONObject = [:]
    /// What was cut of the values under `with`, a list of `{key, before_bytes, after_bytes}`.
    public var trimmed: JSONValue?
    public var notes: [CallNote] = []
    /// Other figures for its cost, and whose word it rests on.
    public var detail = CostDetail.none
    /// That the server named, where it is not the usual one.
    public var serviceTier: String?
    /// What was expected to be read from the server's prompt cache; `nil`: nothing was planned.
    public var predictedCacheTokens: Int?
    /// Why less was read.
    public var cacheMiss: CacheMiss?

    /// Whose figure the cost is; `nil` without one.
    public var costBasis: CostBasis? {
        if cost == nil || state == .void { return nil }
        return detail.basis ?? (state == .settled || state == .overrun && !CallNote.tellOfEstimate(notes) ? .priced : .estimated)
    }
    /// Of its step: a check of its gate that asks; empty for the step's own question.
    public var part = ""
    /// The call with the same beginning that it waited for, and how long.
    public var waitedFor: String?
    public var waited: TimeSpan?

    /// What its row says of a cache that had less than was expected.
    public func missed(_ cause: String?) { cacheMiss = cause.flatMap(CacheMiss.init(rawValue:)) }

    public init(
        id: String, path: String, step: String, tier: String, purpose: String, ordinal: Int, provider: String,
        modelAsked: String, state: CallState, startedAt: Timestamp
    ) {
        self.id = id
        self.path = path
        self.step = step
        self.tier = tier
        self.purpose = purpose
        self.ordinal = ordinal
        self.provider = provider
        self.modelAsked = modelAsked
        self.state = state
        self.startedAt = startedAt
        priceRows = []
    }
}

/// An event as the journal keeps it.
public struct EventRecord: Sendable {
    public let sequence: Int
    public let kind: String
    public let payload: JSONValue
    public let at: Timestamp
    public let hash: ContentHash

    public init(sequence: Int, kind: String, payload: JSONValue, at: Timestamp, hash: ContentHash) {
        self.sequence = sequence
        self.kind = kind
        self.payload = payload
        self.at = at
        self.hash = hash
    }
}

/// An answer that a step took from an earlier call, as the ledger tells it.
public struct MemoHitRecord: Sendable {
    public var path: String
    public var step: String
    public var tier: String
    public var provider: String
    public var modelAsked: String
    /// The call that gave the answer.
    public var call: String
    /// What that call cost; `nil`: unpriced.
    public var saved: Money?
    public var at: Timestamp
    public var how: MemoHit.How

    public init(path: String, step: String, tier: String, provider: String, modelAsked: String, call: String, saved: Money?, at: Timestamp, how: MemoHit.How = .memo) {
        self.path = path
        self.step = step
        self.tier = tier
        self.provider = provider
        self.modelAsked = modelAsked
        self.call = call
        self.saved = saved
        self.at = at
        self.how = how
    }
}

/// One line of an audit: what a group of calls cost.
public struct AuditRow: Sendable {
    /// The values of the grouping columns, in their order.
    public var keys: [String]
    public var runs: Int
    /// What its calls came to.
    public var spending: Spending
    public var inputTokens: Int
    public var cacheReadTokens: Int
    public var outputTokens: Int
    public var failedCalls: Int
    /// Retries and repairs: calls after a node's first.
    public var repeatedCalls: Int
    /// Answers that were taken from earlier calls, at no cost, and what those calls had cost.
    public var memoHits: Int
    public var saved: MoneySum
    /// What prompt caches saved against none, warm-ups taken off; below zero where they cost more. And the calls that are missing in it: their server does not say what it read, or there is no price of its own for what they read or wrote.
    public var cacheSaved = MoneySum.zero
    public var cacheUnknown = 0
    /// Of the idle time of machines, where it is shared out over calls.
    public var idle = MoneySum.zero

    public init(
        keys: [String], runs: Int, spending: Spending, inputTokens: Int, cacheReadTokens: Int, outputTokens: Int, failedCalls: Int,
        repeatedCalls: Int, memoHits: Int = 0, saved: MoneySum = .zero
    ) {
        self.keys = keys
        self.runs = runs
        self.spending = spending
        self.inputTokens = inputTokens
        self.cacheReadTokens = cacheReadTokens
        self.outputTokens = outputTokens
        self.failedCalls = failedCalls
        self.repeatedCalls = repeatedCalls
        self.memoHits = memoHits
        self.saved = saved
    }
}

/// Decisions of one workflow: what a delivered outcome cost.
public struct DecisionRow: Sendable {
    public var workflow: String
    public var unit: String
    public var decisions: Int
    public var counted: Int
    public var pending: Int
    public var cost: MoneySum
    /// Calls of them that are missing in ``cost``: without a price, in flight, or of unknown end.
    public var callsWithoutCost: Int
    /// What was paid for comparison beside it.
    public var shadowCost = MoneySum.zero

    public init(workflow: String, unit: String, decisions: Int, counted: Int, pending: Int, cost: MoneySum, callsWithoutCost: Int = 0) {
        self.callsWithoutCost = callsWithoutCost
        self.workflow = workflow
        self.unit = unit
        self.decisions = decisions
        self.counted = counted
        self.pending = pending
        self.cost = cost
    }
}
