import WorkflowModel

/// Tools of servers, which this version checks and does not call.
struct ToolCallRunner: StepRunner {
    func start(_ node: Node, in run: isolated RunExecution) { run.fail(node, StepFailure(.configuration, "this version does not call tools")) }
}
