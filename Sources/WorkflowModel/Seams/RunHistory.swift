import Economics

/// Where the planner learns from earlier runs.
public protocol RunHistory: Sendable {
    /// What the steps of a workflow took so far, by the path of the step, `review/draft`. Empty when it never ran.
    func statistics(workflow: String) throws(JournalError) -> [String: StepStatistics]
}

/// Averages over the settled calls of one step.
public struct StepStatistics: Sendable, Hashable {
    public let calls: Int
    /// Runs in which the step was reached and not skipped, and runs in all.
    public let runsWithCalls: Int
    public let runs: Int
    public let averageInputTokens: Double
    public let averageOutputTokens: Double
    public let averageMilliseconds: Double

    public init(
        calls: Int, runsWithCalls: Int, runs: Int, averageInputTokens: Double, averageOutputTokens: Double, averageMilliseconds: Double
    ) {
        self.calls = calls
        self.runsWithCalls = runsWithCalls
        self.runs = runs
        self.averageInputTokens = averageInputTokens
        self.averageOutputTokens = averageOutputTokens
        self.averageMilliseconds = averageMilliseconds
    }
}
