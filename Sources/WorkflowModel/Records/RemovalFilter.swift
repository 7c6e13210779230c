import Values

/// Which runs `gc` removes, and how much of them.
public struct RemovalFilter: Sendable {
    /// Those that ended before.
    public var before: Timestamp
    public var workflow: String?
    /// Of these statuses; never `running` or `waiting`.
    public var statuses: Set<RunStatus>
    /// Whether rows of runs, steps and calls stay, for audits and plans.
    public var keepsCosts: Bool

    public init(before: Timestamp, workflow: String? = nil, statuses: Set<RunStatus> = [.succeeded, .failed, .cancelled], keepsCosts: Bool = false) {
        self.before = before
        self.workflow = workflow
        self.statuses = statuses.subtracting([.running, .waiting])
        self.keepsCosts = keepsCosts
    }
}
