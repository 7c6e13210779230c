import Values

/// Documents of a run that are to be taken out of a ledger.
public struct RedactionRequest: Sendable {
    /// The whole id.
    public let run: String
    /// Those that its fields name.
    public let documents: [ContentHash]
    /// What was asked for, as it is recorded.
    public let fields: [String]
    /// Who says so.
    public let by: String
    /// Recorded with it; `nil`: none is given.
    public let reason: String?
    /// Whether also where other runs name them.
    public let everywhere: Bool
    public let at: Timestamp

    public init(run: String, documents: [ContentHash], fields: [String], by: String, reason: String?, everywhere: Bool, at: Timestamp) {
        self.run = run
        self.documents = documents
        self.fields = fields
        self.by = by
        self.reason = reason
        self.everywhere = everywhere
        self.at = at
    }
}

/// What was taken out, or would be.
public struct Redaction: Sendable, Hashable {
    /// Documents that were there.
    public var documents = 0
    /// Theirs together.
    public var bytes: Int64 = 0
    /// Those of the request that other runs name too, with these; they are kept without `everywhere`.
    public var shared: [Shared] = []
    /// The runs that say so in their chains, the asked one first.
    public var runs: [String] = []
    /// Whether another process still reads what was before: the log beside the ledger has it until that one is done.
    public var isInLog = false

    /// A document that other runs have too.
    public struct Shared: Sendable, Hashable {
        public let document: ContentHash
        public let runs: [String]

        public init(document: ContentHash, runs: [String]) {
            self.document = document
            self.runs = runs
        }
    }

    public init() {}
}
