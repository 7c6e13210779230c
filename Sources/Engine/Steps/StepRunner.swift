import WorkflowModel

/// How steps of one kind are run.
protocol StepRunner: Sendable {
    /// Begins a node. What only computes ends here; what waits for something goes on in a task of its own (``RunExecution/launch(_:_:)``).
    /// Either way the node's end is a fact: ``RunExecution/succeed(_:_:stored:)`` or ``RunExecution/fail(_:_:)``.
    func start(_ node: Node, in run: isolated RunExecution)

    /// Of a kind that has steps of its own.
    var container: (any ContainerRunner)? { get }
}

extension StepRunner {
    var container: (any ContainerRunner)? { nil }
}

extension StepKind {
    /// The one list of the kinds that are run.
    var runner: any StepRunner {
        switch self {
        case .model(let step): ModelRunner(model: step)
        case .value(let template): ValueRunner(template: template)
        case .run(let step): CommandRunner(command: step)
        case .tool: ToolCallRunner()
        case .approve(let step): ApprovalRunner(approval: step)
        case .group(let body): GroupRunner(body: body)
        case .loop(let step): LoopRunner(loop: step)
        case .workflow(let step): WorkflowRunner(workflow: step)
        }
    }
}
