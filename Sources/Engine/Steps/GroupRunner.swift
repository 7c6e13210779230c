import WorkflowModel

/// Steps as one: its output has theirs.
struct GroupRunner: ContainerRunner {
    let body: StepGraph

    func scope(at place: ScopePlace) throws(StepFailure) -> ExecutionScope { place.scope(of: body) }

    func end(_ node: Node, _ scope: ExecutionScope, in run: isolated RunExecution) throws(StepFailure) { run.succeed(node, .object(scope.outputs)) }
}
