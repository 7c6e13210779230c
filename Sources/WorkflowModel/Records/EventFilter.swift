/// Which events of a run.
public struct EventFilter: Sendable {
    /// Only those behind this sequence number, for the next page.
    public var after: Int
    /// `nil`: of all kinds.
    public var kinds: [String]?
    public var limit: Int

    public init(after: Int = 0, kinds: [String]? = nil, limit: Int = .max) {
        self.after = after
        self.kinds = kinds
        self.limit = limit
    }
}
