import Economics
import Values

/// Where the engine writes what happened. Entries of one run are written in the order in which they were handed over. After
/// one that could not be written there is no other of its run: what follows would tell of facts that nobody finds.
public protocol RunJournal: Sendable {
    /// Records a new run with its first facts, of which the first is `run_started`, and takes ownership of it.
    func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError)

    /// Takes over a run that is suspended, or whose process is gone, and records that as its next fact, `run_resumed`. Its calls
    /// without an end become `unknown`; what they hold stays held.
    ///
    /// - Parameter program: the one that goes on with it.
    /// - Throws: `JournalError` of code `hasEnded`, of code `owned` when a process drives it, of code `unknownRun`.
    func takeOver(_ run: RunID, by program: String, at: Timestamp) async throws(JournalError) -> RecordedRun

    /// The documents of hashes, as far as there are any.
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]

    /// What others ask of the runs that this process drives.
    func requests() async throws(JournalError) -> [RunRequest]

    /// Writes an entry and answers once it is durable. A refused or postponed reservation writes nothing of the entry.
    ///
    /// - Parameter facts: what happened before it, of the same run and without a reservation; written in any case. Handed
    ///   over together, the two cost little more than one. What they decide of tiers counts for its ``JournalEntry/rate``.
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
    /// The fact that it was taken over, which is recorded, and when.
    public let resumed: RunResumed
    public let resumedAt: Timestamp
    /// What its calls came to.
    public let spending: Spending
    /// What happened before, in order.
    public let events: [EventRecord]
    /// What people have answered, by path; also what the events tell already.
    public let decisions: [String: ApprovalDecision]

    public init(
        id: RunID, graph: ContentHash, inputs: ContentHash, startedAt: Timestamp, maxCost: Money?, batch: (name: String, index: Int)?,
        resumed: RunResumed, resumedAt: Timestamp, spending: Spending, events: [EventRecord], decisions: [String: ApprovalDecision]
    ) {
        self.id = id
        self.graph = graph
        self.inputs = inputs
        self.startedAt = startedAt
        self.maxCost = maxCost
        self.batch = batch
        self.resumed = resumed
        self.resumedAt = resumedAt
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
    /// Written, and in front of its facts that so many were counted.
    case counted(RateCounted)
    /// More would go on to a further tier than the gate allows: nothing of it is written.
    case tripped(RateCounted)

    /// Whether its facts are in the journal.
    public var isWritten: Bool {
        switch self {
        case .written, .counted: true
        case .postponed, .refused, .tripped: false
        }
    }
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

/// What is known of a new run beside its facts, and no fact proves.
public struct RunStart: Sendable {
    public let id: RunID
    /// The absolute path of the workflow's file.
    public let location: String

    public init(id: RunID, location: String) {
        self.id = id
        self.location = location
    }
}

/// What becomes durable together: facts, and the documents they name. What rows follow from it is ``Projection``'s to say.
///
/// Whoever makes it fills it and changes nothing once it is handed to a journal: unchecked for that reason.
public final class JournalEntry: @unchecked Sendable {
    public let run: RunID
    /// At most one of them asks for a reservation: a call's start.
    public var facts: [JournaledEvent] = []
    public var blobs: [Blob] = []
    /// What is counted before it is written, of a gate that goes on to its second tier.
    public var rate: RateCheck?

    public init(run: RunID) { self.run = run }

    /// This entry with a later one of the same run behind it.
    public func followed(by later: JournalEntry) -> JournalEntry {
        let both = JournalEntry(run: run)
        both.facts = Self.joined(facts, later.facts)
        both.blobs = Self.joined(blobs, later.blobs)
        both.rate = later.rate
        return both
    }

    /// This entry with what was counted in front of its facts.
    public func counting(_ counted: RateCounted, at: Timestamp) -> JournalEntry {
        let entry = JournalEntry(run: run)
        entry.facts = [JournaledEvent(.rateCounted(counted), at: at)] + facts
        entry.blobs = blobs
        return entry
    }

    private static func joined<Element>(_ first: [Element], _ second: [Element]) -> [Element] {
        first.isEmpty ? second : second.isEmpty ? first : first + second
    }

    public var isEmpty: Bool { facts.isEmpty && blobs.isEmpty }
}

/// A fact with its moment, encoded. A class, as entries are joined and gone through several times on their way.
public final class JournaledEvent: Sendable {
    public let event: RunEvent
    public let kind: String
    /// JSON, as ``RunEvent/payload`` makes it.
    public let payload: [UInt8]
    public let at: Timestamp

    public convenience init(_ event: RunEvent, at: Timestamp) { self.init(event, kind: event.kind, payload: event.payload, at: at) }

    /// - Parameters:
    ///   - kind: as it is recorded already, maybe by another version.
    ///   - payload: likewise.
    public init(_ event: RunEvent, kind: String, payload: [UInt8], at: Timestamp) {
        self.event = event
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
