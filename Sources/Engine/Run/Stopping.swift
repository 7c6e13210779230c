import WorkflowModel

/// How far a run was asked to stop, by whom and for what.
struct Stopping {
    var level = Engine.Interruption.none
    /// Counts the time that calls in flight still have.
    var grace: Task<Void, Never>?
    /// The server for which it is suspended.
    var unreachable: StepFailure?
    /// Who stopped it for good.
    var cancelledBy: String?

    /// What is recorded of it.
    var fact: RunEvent { cancelledBy.map { .cancelRequested(by: $0) } ?? .interruptRequested }
}
