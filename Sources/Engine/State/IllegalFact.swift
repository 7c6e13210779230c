/// A fact that cannot be true where its run stands: a record that was changed, or is of another workflow.
struct IllegalFact: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence, without the fact's number.
    let description: String

    init(_ description: String) { self.description = description }
}
