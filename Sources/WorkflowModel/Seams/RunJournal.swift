import Economics
import Values

/// Where the engine writes what happened. Entries of one run are written in the order in which they were handed over. After
/// one that could not be written there is no other of its run: what follows would tell of facts that nobody finds.
public protocol RunJournal: Sendable {
    /// Records a new run with its first facts and takes ownership of it.
    func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError)

    /// Takes over a run that is suspended, or whose process is gone. Its calls without an end become `unknown`; what they
    /// hold stays held.
    ///
    /// - Throws: `JournalError` of code `hasEnded`, of code `owned` when a process drives it, of code `unknownRun`.
    func takeOver(_ run: RunID) async throws(JournalError) -> RecordedRun

    /// The documents of hashes, as far as there are any.
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]

    /// What others ask of the runs that this process drives.
    func requests() async throws(JournalError) -> [RunRequest]

    /// Writes an entry and answers once it is durable. A refused or postponed reservation writes nothing of the entry.
    ///
    /// - Parameter facts: what happened before it, of the same run and without a reservation; written in any case. Handed
    ///   over together, the two cost little more than one.
    func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(JournalError) -> JournalReply

    /// Hands over an entry without waiting for it to be durable: it is before anything that is written later. That it
    /// could not be written shows at the next `write` of this run.
    func post(_ entry: JournalEntry)

    /// Whether so much waits to be written that a run should wait with it before it posts more: a slow disk slows runs,
    /// and does not fill the memory.
    var isBehind: Bool { get }
}

extension RunJournal {
    public func write(_ entry: JournalEntry) async throws(JournalError) -> JournalReply { try await write(entry, after: nil) }
}

/// What somebody asks of a run that another process drives.
public enum RunRequest: Sendable, Hashable {
    case cancel(RunID, by: String)
    case decided(RunID, path: String, ApprovalDecision)
}

/// A run as it stands in the journal, when another process goes on with it.
public final class RecordedRun: Sendable {
    public let id: RunID
    public let graph: ContentHash
    public let inputs: ContentHash
    public let startedAt: Timestamp
    public let maxCost: Money?
    public let batch: (name: String, index: Int)?
    public let epoch: Int64
    /// Calls that began and have no end.
    public let lostCalls: Int
    /// What its calls came to.
    public let spending: Spending
    /// In order.
    public let events: [EventRecord]
    /// What people have answered, by path; also what the events tell already.
    public let decisions: [String: ApprovalDecision]

    public init(
        id: RunID, graph: ContentHash, inputs: ContentHash, startedAt: Timestamp, maxCost: Money?, batch: (name: String, index: Int)?,
        epoch: Int64, lostCalls: Int, spending: Spending, events: [EventRecord], decisions: [String: ApprovalDecision]
    ) {
        self.id = id
        self.graph = graph
        self.inputs = inputs
        self.startedAt = startedAt
        self.maxCost = maxCost
        self.batch = batch
        self.epoch = epoch
        self.lostCalls = lostCalls
        self.spending = spending
        self.events = events
        self.decisions = decisions
    }
}

/// The answer to an entry.
public enum JournalReply: Sendable, Equatable {
    case written
    /// Its reservation does not fit now, but would if calls in flight settled for less than is held for them.
    case postponed
    case refused(BudgetRefusal)
}

/// The journal could not do its work. The run cannot go on.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// Another process took the run over.
        case lostOwnership = "lost_ownership"
        /// Another process drives the run.
        case owned
        /// The run is over: there is nothing to go on with.
        case hasEnded = "has_ended"
        case unknownRun = "unknown_run"
        case diskFull = "disk_full"
        case readOnly = "read_only"
        case busy
        case corrupt
        /// Written by a newer program.
        case tooNew = "too_new"
        case cannotOpen = "cannot_open"
        /// The file that was written to is not at its place any more, or another one is.
        case replaced
        case other
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// A run's first record.
public final class RunStart: Sendable {
    public let id: RunID
    public let workflow: String
    public let file: String
    /// The absolute path of the file.
    public let location: String
    public let graph: ContentHash
    public let inputs: ContentHash
    public let maxCost: Money?
    public let tags: JSONObject
    public let owner: JSONObject
    public let decisionID: String?
    /// What one decision is, for people: `resolved ticket`.
    public let decisionUnit: String?
    /// The outcomes that count as delivered.
    public let decisionCounts: [String]
    public let batch: String?
    public let batchIndex: Int?
    public let at: Timestamp

    public init(
        id: RunID, workflow: String, file: String, location: String, graph: ContentHash, inputs: ContentHash, maxCost: Money?, tags: JSONObject,
        owner: JSONObject, decisionID: String?, decisionUnit: String? = nil, decisionCounts: [String] = [], batch: String?,
        batchIndex: Int?, at: Timestamp
    ) {
        self.id = id
        self.workflow = workflow
        self.file = file
        self.location = location
        self.graph = graph
        self.inputs = inputs
        self.maxCost = maxCost
        self.tags = tags
        self.owner = owner
        self.decisionID = decisionID
        self.decisionUnit = decisionUnit
        self.decisionCounts = decisionCounts
        self.batch = batch
        self.batchIndex = batchIndex
        self.at = at
    }
}

// The larger records are classes: they pass through a dozen async frames, each of which would hold a copy.

/// What becomes durable together: facts, the documents they name, and the projections they change.
///
/// Whoever makes it fills it and changes nothing once it is handed to a journal: unchecked for that reason.
public final class JournalEntry: @unchecked Sendable {
    public let run: RunID
    public var events: [JournaledEvent] = []
    public var blobs: [Blob] = []
    public var nodes: [NodeUpdate] = []
    public var memos: [MemoUpdate] = []
    public var callStart: CallStart?
    public var callEnd: CallEnd?
    public var runEnd: RunEnd?
    /// The run's cap from now on, where that is more than it was.
    public var cap: Money?
    /// People who are asked, or who answered.
    public var approvals: [ApprovalUpdate] = []

    public init(run: RunID) { self.run = run }

    /// This entry with a later one of the same run behind it. Only one of the two may begin a call, and only one may end one.
    public func followed(by later: JournalEntry) -> JournalEntry {
        let both = JournalEntry(run: run)
        both.events = Self.joined(events, later.events)
        both.blobs = Self.joined(blobs, later.blobs)
        both.nodes = Self.joined(nodes, later.nodes)
        both.memos = Self.joined(memos, later.memos)
        both.callStart = later.callStart ?? callStart
        both.callEnd = later.callEnd ?? callEnd
        both.runEnd = later.runEnd ?? runEnd
        both.approvals = Self.joined(approvals, later.approvals)
        both.cap = later.cap ?? cap
        return both
    }

    private static func joined<Element>(_ first: [Element], _ second: [Element]) -> [Element] {
        first.isEmpty ? second : second.isEmpty ? first : first + second
    }

    public var isEmpty: Bool {
        events.isEmpty && blobs.isEmpty && nodes.isEmpty && memos.isEmpty && approvals.isEmpty && callStart == nil && callEnd == nil && runEnd == nil
            && cap == nil
    }
}

/// A fact, encoded.
public struct JournaledEvent: Sendable {
    public let kind: String
    /// Canonical JSON.
    public let payload: [UInt8]
    public let at: Timestamp

    public init(kind: String, payload: [UInt8], at: Timestamp) {
        self.kind = kind
        self.payload = payload
        self.at = at
    }
}

/// A document, kept once under its hash.
public struct Blob: Sendable {
    public let hash: ContentHash
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        hash = ContentHash(of: bytes)
    }

    /// Of which the hash is known.
    public init(_ bytes: [UInt8], hash: ContentHash) {
        self.bytes = bytes
        self.hash = hash
    }

    public init(text: String, hash: ContentHash) {
        bytes = Array(text.utf8)
        self.hash = hash
    }
}

/// A change of a step's or an item's row.
public struct NodeUpdate: Sendable {
    public let path: String
    /// Its path without items and passes: `review/draft`.
    public let step: String
    public let item: Int?
    public let status: NodeStatus
    public let at: Timestamp
    public let output: ContentHash?
    public let failure: StepFailure?
    /// Why it was skipped, or a loop ended; an end without a reason leaves the one that is there.
    public let reason: String?

    public init(
        path: String, step: String, item: Int?, status: NodeStatus, at: Timestamp, output: ContentHash? = nil,
        failure: StepFailure? = nil, reason: String? = nil
    ) {
        self.path = path
        self.step = step
        self.item = item
        self.status = status
        self.at = at
        self.output = output
        self.failure = failure
        self.reason = reason
    }
}

/// A change of an approval's row.
public struct ApprovalUpdate: Sendable {
    public let path: String
    public let request: ApprovalRequest
    public let at: Timestamp
    /// `nil`: is asked. Otherwise taken by the run.
    public let decision: ApprovalDecision?

    public init(path: String, request: ApprovalRequest, at: Timestamp, decision: ApprovalDecision? = nil) {
        self.path = path
        self.request = request
        self.at = at
        self.decision = decision
    }
}

/// The intent of a call and the reservation that goes with it.
public final class CallStart: Sendable {
    public let id: CallID
    public let path: String
    /// Its path without items and passes: `review/draft`.
    public let step: String
    public let tier: String
    public let purpose: CallPurpose
    public let ordinal: Int
    public let provider: String
    public let modelAsked: String
    public let request: ContentHash
    public let retryOf: String?
    /// `nil`: unpriced, and no cap is in force.
    public let held: Money?
    /// Caps below the run's, each with the key of its counter.
    public let caps: [(scope: String, cap: Money)]
    public let at: Timestamp
    /// They go before the run's tags where costs are grouped; `nil` without any.
    public let tags: JSONObject?
    /// What was cut so that its prompt fits.
    public let trimmed: [TrimmedValue]

    public init(
        id: CallID, path: String, step: String, tier: String, purpose: CallPurpose, ordinal: Int, provider: String,
        modelAsked: String, request: ContentHash, retryOf: String?, held: Money?, caps: [(scope: String, cap: Money)], at: Timestamp,
        tags: JSONObject? = nil, trimmed: [TrimmedValue] = []
    ) {
        self.id = id
        self.path = path
        self.step = step
        self.tier = tier
        self.purpose = purpose
        self.ordinal = ordinal
        self.provider = provider
        self.modelAsked = modelAsked
        self.request = request
        self.retryOf = retryOf
        self.held = held
        self.caps = caps
        self.at = at
        self.tags = tags
        self.trimmed = trimmed
    }
}

/// The outcome of a call.
public final class CallEnd: Sendable {
    public let id: CallID
    public let state: CallState
    /// What it counts against caps from now on.
    public let held: Money?
    public let cost: Money?
    /// What was held before; what the counters are relieved of.
    public let released: Money?
    public let caps: [(scope: String, cap: Money)]
    public let usage: TokenUsage?
    public let usageRaw: String?
    public let priceRows: [String]
    public let modelServed: String?
    public let response: ContentHash?
    public let httpStatus: Int?
    public let finishReason: String?
    public let failure: CallFailure?
    public let timeToFirstToken: TimeSpan?
    public let total: TimeSpan
    public let at: Timestamp
    public let notes: [CallNote]
    /// Rows that it was charged by and that were not recorded before it: the prices of another model than was asked.
    public let newPriceRows: [PriceRow]

    public init(
        id: CallID, state: CallState, held: Money?, cost: Money?, released: Money?, caps: [(scope: String, cap: Money)],
        usage: TokenUsage?, usageRaw: String?, priceRows: [String], modelServed: String?, response: ContentHash?,
        httpStatus: Int?, finishReason: String?, failure: CallFailure?, timeToFirstToken: TimeSpan?, total: TimeSpan, at: Timestamp,
        notes: [CallNote] = [], newPriceRows: [PriceRow] = []
    ) {
        self.id = id
        self.state = state
        self.held = held
        self.cost = cost
        self.released = released
        self.caps = caps
        self.usage = usage
        self.usageRaw = usageRaw
        self.priceRows = priceRows
        self.modelServed = modelServed
        self.response = response
        self.httpStatus = httpStatus
        self.finishReason = finishReason
        self.failure = failure
        self.timeToFirstToken = timeToFirstToken
        self.total = total
        self.at = at
        self.notes = notes
        self.newPriceRows = newPriceRows
    }
}

/// A run's last record.
public final class RunEnd: Sendable {
    public let status: RunStatus
    public let outputs: ContentHash?
    public let failure: StepFailure?
    public let outcome: String?
    public let at: Timestamp

    public init(status: RunStatus, outputs: ContentHash?, failure: StepFailure?, outcome: String?, at: Timestamp) {
        self.status = status
        self.outputs = outputs
        self.failure = failure
        self.outcome = outcome
        self.at = at
    }
}
