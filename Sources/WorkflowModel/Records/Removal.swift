import Values

/// What `gc` removed, or would remove.
public struct Removal: Sendable, Hashable {
    public var runs = 0
    public var events = 0
    /// What the removed calls came to: an audit does not count it any more.
    public var spending = Spending()
    public var documents = 0
    /// Of the documents, and roughly of the events.
    public var bytes: Int64 = 0
    /// Runs that were left as they are, as their rows are not what their facts say: nothing would show that afterwards.
    public var unsound: [String] = []

    public init() {}
}
