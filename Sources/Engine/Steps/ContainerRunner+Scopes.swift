import Values
import WorkflowModel

/// Scopes open and close alike whatever works through them.
extension ContainerRunner {
    /// Opens the scope of a node: its only one, or a loop's next pass.
    func open(_ node: Node, pass: Int, in run: isolated RunExecution) {
        if pass == 0 {
            run.recordStart(node)
            run.startDeadline(node)
        }
        do throws(StepFailure) {
            let scope = try run.state.makeScope(node, pass: pass)
            let inputs = scope.given.map { run.store(.object($0)).hash }
            scope.given = nil
            run.record(.scopeOpened(ScopeOpened(node: node.path, pass: pass, inputs: inputs)), .scope(scope))
        } catch {
            run.fail(node, error)
        }
    }

    /// All steps of a scope are done with: says what came of the step that they belong to.
    func close(_ node: Node, _ scope: ExecutionScope, _ end: ScopeEnd, in run: isolated RunExecution) {
        let open = run.state.open[node]!
        if end == .incomplete || open.hasPassedDeadline { return run.fail(node, StepFailure(.cancelled, "not all of its steps ran")) }
        // A process before told what follows from the pass, and not yet that the node has ended.
        if open.verdict != nil, let outputs = open.passOutputs { return run.succeed(node, .object(outputs)) }
        do throws(StepFailure) {
            guard end == .failed else { return try self.end(node, scope, in: run) }
            let (path, failure) = run.state.firstFailure(in: scope) ?? (node.path, StepFailure(.cancelled, "a step inside failed"))
            // A pass that the budget stopped in the middle leaves what the one before it gave.
            if failure.kind == .budget, scope.pass > 0, let previous = open.passOutputs {
                run.record(.passEnded(node.path, pass: scope.pass, .unaffordable))
                return run.succeed(node, .object(previous))
            }
            throw StepFailure(failure.kind, "\(path): \(failure.message)", details: failure.details)
        } catch {
            run.fail(node, error)
        }
    }
}
