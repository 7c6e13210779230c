import Values

/// Where the planner learns from earlier runs.
public protocol RunHistory: Sendable {
    /// What the steps of a workflow took in its last runs that succeeded.
    func history(workflow: String) async throws(JournalError) -> WorkflowHistory

    /// The latest calls of a model whose prompts were billed, ``TokenRatio/most`` of them at the most. An old one may be passed over.
    func billedPrompts(of model: ModelReference) async throws(JournalError) -> [BilledPrompt]

    /// The latest calls of a model of which a cache was planned, the oldest first: `most` of them at the most, none before `since`.
    func plannedCaches(of model: ModelReference, since: Timestamp, most: Int) async throws(JournalError) -> [PlannedCacheRow]
}
