import Values

/// What came of replaying a run: its recorded facts through the machines of today, with nobody asked.
public struct ReplayReport: Sendable {
    /// What may be said of all of it together.
    public enum Verdict: String, Sendable, Hashable {
        /// The same decisions, request bytes and outputs.
        case identical
        /// The same, as far as redacted documents let it be said.
        case redacted
        /// ``ReplayReport/difference`` says where.
        case different
    }

    /// The run's id.
    public let run: String
    /// Until a difference is found.
    public var verdict = Verdict.identical
    /// Facts that were held against what the machines make of those before them.
    public var facts = 0
    /// Nodes that ended.
    public var steps = 0
    /// Calls that came to an end.
    public var calls = 0
    /// The first one; behind it nothing is compared.
    public var difference: ReplayDifference?
    /// What is otherwise and may be: other bytes under another version of the request encoder.
    public var warnings: [String] = []
    /// Whether nothing more could be compared from some fact on, as a document is not there that decides what follows.
    public var isCutShort = false
    /// Documents that could be compared by their hashes alone.
    public var redacted = 0

    public init(run: String) { self.run = run }
}

/// Where a replay leaves the record.
public struct ReplayDifference: Error, Sendable, Hashable {
    /// The kind of thing that is another.
    public enum What: String, Sendable, Hashable {
        /// A request has other bytes.
        case request
        /// A call that the record does not hold, or one of the record that is not made.
        case call
        /// Other outputs of a step or of the run.
        case output
        /// Another decision: of a condition, a gate, a retry, a cap, a place of a mark.
        case decision
        /// A fact that cannot be read, or cannot be true behind those before it.
        case record
    }

    public let what: What
    /// The path of the node; empty: the run itself.
    public let path: String
    /// The number of the recorded fact; `nil`: there is none.
    public let sequence: Int?
    /// As the record has it; `nil`: it has nothing there.
    public let expected: String?
    /// As the machines make it; `nil`: they make nothing.
    public let found: String?
    /// Of ``expected`` and ``found``, or of the documents that they name.
    public let firstByte: Int?
    /// In a sentence, for people.
    public let message: String

    public init(
        _ what: What, at path: String, sequence: Int? = nil, expected: String? = nil, found: String? = nil, firstByte: Int? = nil, _ message: String
    ) {
        self.what = what
        self.path = path
        self.sequence = sequence
        self.expected = expected
        self.found = found
        self.firstByte = firstByte
        self.message = message
    }
}
