import Values
import WorkflowModel

/// Which runs to list, newest first.
public struct RunFilter: Sendable {
    public var workflow: String?
    public var status: RunStatus?
    /// Started then or later.
    public var since: Timestamp?
    public var batch: String?
    public var limit: Int
    /// A run's id: only those listed after it, for the next page.
    public var before: String?

    public init(
        workflow: String? = nil, status: RunStatus? = nil, since: Timestamp? = nil, batch: String? = nil, limit: Int = 50,
        before: String? = nil
    ) {
        self.workflow = workflow
        self.status = status
        self.since = since
        self.batch = batch
        self.limit = limit
        self.before = before
    }
}
