import Values

/// A run of another ledger, proved, as it is handed to this one.
public protocol ImportedRun: Sendable {
    var run: RunID { get }
    /// Of its chain.
    var head: ContentHash { get }
    /// How many facts it has.
    var facts: Int { get }
    /// Where it comes from.
    var origin: ImportOrigin { get }
    /// Documents that its facts name and that are not among its parts.
    var leftOut: [ContentHash] { get }

    /// Hands over its parts in order: what a fact names comes before it.
    ///
    /// - Throws: what `body` throws, and where what was proved cannot be read again.
    func forEachPart(_ body: (ImportedPart) throws -> Void) throws
}

/// A part of such a run.
public enum ImportedPart {
    case priceRow(id: String, json: String)
    case document(Blob)
    case fact(RecordedFact)
}

/// What an imported run came in.
public struct ImportOrigin: Sendable, Hashable {
    /// As it was named.
    public let file: String
    /// The hash of all of it.
    public let hash: ContentHash

    public init(file: String, hash: ContentHash) {
        self.file = file
        self.hash = hash
    }
}

/// What a ledger made of one.
public enum ImportVerdict: Sendable, Hashable {
    case imported
    /// It has it already, fact by fact: nothing was changed.
    case known
}

/// That a run of a ledger was not made there.
public struct ImportRecord: Sendable, Hashable {
    public let origin: ImportOrigin
    public let at: Timestamp

    public init(origin: ImportOrigin, at: Timestamp) {
        self.origin = origin
        self.at = at
    }
}
