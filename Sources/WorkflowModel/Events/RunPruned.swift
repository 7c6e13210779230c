import Values

/// The facts of a run were removed, and rows of it were kept. The last link of the chain: the rows can be held against it.
public struct RunPruned: Sendable, Hashable {
    /// How many facts there were.
    public let facts: Int
    /// The hash of the last of them, which this one is chained to.
    public let previous: ContentHash
    /// A hash of the kept rows of each table, by its name.
    public let rows: [(table: String, digest: ContentHash)]
    /// The program that removed them.
    public let program: String

    public init(facts: Int, previous: ContentHash, rows: [(table: String, digest: ContentHash)], program: String) {
        self.facts = facts
        self.previous = previous
        self.rows = rows
        self.program = program
    }

    public static func == (a: RunPruned, b: RunPruned) -> Bool {
        a.facts == b.facts && a.previous == b.previous && a.program == b.program && a.rows.elementsEqual(b.rows, by: ==)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(previous)
        hasher.combine(facts)
    }
}
