/// A fact that cannot be true where its run stands: a record that was changed, or is of another workflow.
public struct IllegalFact: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence, without the fact's number.
    public let description: String

    public init(_ description: String) { self.description = description }
}
