import Values

/// The facts of a run were removed, and rows of it were kept. The last link of the chain: the rows can be held against it.
public struct RunPruned: Sendable {
    /// How many facts there were.
    public let facts: Int
    /// The hash of the last of them, which this one is chained to.
    public let previous: ContentHash
    /// A hash of the kept rows of each table, by its name.
    public let rows: [(table: String, digest: ContentHash)]
    /// The program that removed them.
    public let program: String

    /// - Parameters:
    ///   - facts: how many are removed.
    ///   - previous: the hash of the last of them.
    ///   - rows: a hash of the kept rows of each table.
    public init(facts: Int, previous: ContentHash, rows: [(table: String, digest: ContentHash)], program: String) {
        self.facts = facts
        self.previous = previous
        self.rows = rows
        self.program = program
    }
}
