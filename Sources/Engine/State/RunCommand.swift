import WorkflowModel

/// What the pure machine wants done next, in the imperative. Each is answered by an event.
enum RunCommand: Sendable, Equatable {
    case evaluateCondition(Node)
    case expandItems(Node)
    case start(Node)
    /// Open the scope of a step that has steps of its own: its first, or a loop's next pass.
    case open(Node, pass: Int)
    /// All steps of a workflow are done with: open the scope of its `finally`.
    case openFinally(scope: Int)
    /// All steps of a scope are done with: say what came of the step that they belong to.
    case close(scope: Int, ScopeEnd)
    case skip(Node, SkipReason)
    /// Make the list of a `for_each` step's outputs.
    case collect(Node)
    case cancel(Node)
    case end(RunStatus)
}

/// How the steps of a scope ended.
enum ScopeEnd: Sendable, Hashable {
    case complete
    case failed
    /// Not all of them ran: the run is stopping.
    case incomplete
}
