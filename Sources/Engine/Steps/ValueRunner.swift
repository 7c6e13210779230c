import Expressions
import Values
import WorkflowModel

/// A value that is computed.
struct ValueRunner: StepRunner {
    let template: ValueTemplate

    func start(_ node: Node, in run: isolated RunExecution) {
        run.recordStart(node)
        do throws(StepFailure) {
            let scope = try run.state.nodeScope(node)
            run.succeed(node, try StepFailure.evaluating { () throws(EvaluationError) in try template.evaluate(scope) })
        } catch {
            run.fail(node, error)
        }
    }
}
