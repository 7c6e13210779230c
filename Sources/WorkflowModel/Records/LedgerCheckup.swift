import Values

/// What `db check` found in a ledger.
public struct LedgerCheckup: Sendable, Hashable {
    /// Something that is not as it was written.
    public struct Fault: Sendable, Hashable {
        /// `file`, `schema`, `rows`, `documents`, or a run's id.
        public let place: String
        public let message: String

        public init(_ place: String, _ message: String) {
            self.place = place
            self.message = message
        }
    }

    public var schema = 0
    public var runs = 0
    public var events = 0
    public var calls = 0
    public var documents = 0
    /// How many of the documents were held against their hashes.
    public var checkedDocuments = 0
    /// Of the documents.
    public var bytes: Int64 = 0
    public var faults: [Fault] = []
    /// Runs that can go on, by id: no fault.
    public var resumable: [String] = []

    public init() {}
}
