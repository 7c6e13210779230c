import Values

/// Which runs to list, newest first.
public struct RunFilter: Sendable {
    public var workflow: String?
    public var status: RunStatus?
    /// Started then or later.
    public var since: Timestamp?
    public var batch: String?
    /// Only those that were made from this run, by its whole id.
    public var parent: String?
    /// Only those that `resume` can go on with.
    public var isResumable: Bool
    public var limit: Int
    /// A run's id: only those listed after it, for the next page.
    public var before: String?

    public init(
        workflow: String? = nil, status: RunStatus? = nil, since: Timestamp? = nil, batch: String? = nil, parent: String? = nil, isResumable: Bool = false,
        limit: Int = 50,
        before: String? = nil
    ) {
        self.workflow = workflow
        self.status = status
        self.since = since
        self.batch = batch
        self.parent = parent
        self.isResumable = isResumable
        self.limit = limit
        self.before = before
    }
}
