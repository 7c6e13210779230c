import Values

/// What holding a run's record against itself, and against a head that was kept elsewhere, found.
public struct RunVerification: Sendable, Hashable {
    /// How a head that was kept elsewhere relates to the run's events.
    public enum KeptHead: Sendable, Hashable {
        case matches
        /// It is an earlier event's; the run went on since.
        case isOfEvent(Int)
        /// It is that of an end, and there is more behind it; or it is of no event.
        case differs
    }

    public let run: String
    public let status: RunStatus
    /// Of what is left where `gc` removed the events; `nil`: it left nothing to go by. `prunedAt` says when.
    public let chain: ChainVerdict?
    public let prunedAt: Timestamp?
    /// The head as the run's row has it.
    public let head: ContentHash
    /// The documents that its events name, those that documents name included.
    public let documents: Int
    /// What does not fit beside the chain, each a sentence: rows, counters, documents.
    public let faults: [String]
    /// Whether every row was made again of the facts; otherwise the rows were held against each other alone.
    public let provesRows: Bool
    /// What of its rows follows from no fact.
    public let unproved: [String]
    /// Documents that are not there on purpose: of these the hashes alone are proved.
    public let redacted: Int
    /// `nil`: nothing was kept elsewhere.
    public let keptHead: KeptHead?

    public init(
        run: String, status: RunStatus, chain: ChainVerdict?, prunedAt: Timestamp?, head: ContentHash, documents: Int, faults: [String],
        keptHead: KeptHead?, provesRows: Bool = false, unproved: [String] = [], redacted: Int = 0
    ) {
        self.redacted = redacted
        self.run = run
        self.status = status
        self.chain = chain
        self.prunedAt = prunedAt
        self.head = head
        self.documents = documents
        self.faults = faults
        self.keptHead = keptHead
        self.provesRows = provesRows
        self.unproved = unproved
    }

    public var isSound: Bool {
        if case .broken? = chain { return false }
        return faults.isEmpty && keptHead != .differs
    }
}
