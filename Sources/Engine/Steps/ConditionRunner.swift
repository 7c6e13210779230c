import Expressions
import Values
import WorkflowModel

/// `when`: whether a step runs.
struct ConditionRunner {
    let condition: Expression

    func evaluate(_ node: Node, in run: isolated RunExecution) {
        do throws(StepFailure) {
            let bindings = run.state.bindings(run.state.scopes[node.scope]!)
            guard case .bool(let holds) = try StepFailure.evaluating({ () throws(EvaluationError) in try condition.evaluate(bindings) }) else {
                throw StepFailure(.expression, "when: must be true or false")
            }
            run.record(.conditionEvaluated(node.path, holds: holds))
        } catch {
            run.fail(node, error)
        }
    }
}
