import Expressions
import Values
import WorkflowModel

/// Another workflow, with `with` as its inputs.
struct WorkflowRunner: ContainerRunner {
    let workflow: SubworkflowStep

    /// What surrounds it does not reach into another workflow: it has its inputs.
    func scope(at place: ScopePlace) throws(StepFailure) -> ExecutionScope {
        var given = JSONObject()
        for (key, _) in place.step.with { given[key] = place.own.withValues[key] }
        let bound: JSONObject
        do throws(Diagnostics) {
            bound = try InputBinding.bind(given, to: workflow.graph)
        } catch {
            throw StepFailure(.expression, "the inputs of \(workflow.graph.name) do not fit", details: error.all.map(\.message))
        }
        return ExecutionScope(
            graph: workflow.graph, body: workflow.graph.body, node: place.node, pass: place.pass, inputs: CELValue(.object(bound)), given: bound,
            caps: place.caps, tags: place.tags)
    }

    func end(_ node: Node, _ scope: ExecutionScope, in run: isolated RunExecution) throws(StepFailure) {
        let outputs = try StepFailure.evaluating { () throws(EvaluationError) in try run.state.evaluateOutputs(workflow.graph.outputs, in: scope) }
        run.succeed(node, .object(outputs))
    }
}
