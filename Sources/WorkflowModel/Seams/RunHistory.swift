/// Where the planner learns from earlier runs.
public protocol RunHistory: Sendable {
    /// What the steps of a workflow took in its last runs that succeeded.
    func history(workflow: String) async throws(JournalError) -> WorkflowHistory
}
