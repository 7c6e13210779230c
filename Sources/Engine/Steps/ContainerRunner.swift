import Economics
import Expressions
import Values
import WorkflowModel

/// How steps are run that have steps of their own.
protocol ContainerRunner: StepRunner {
    /// The scope in which its steps run. It follows from the run's state alone, now and when the record is read again.
    func scope(at place: ScopePlace) throws(StepFailure) -> ExecutionScope

    /// All of its steps are done with, and none failed that was not tolerated.
    ///
    /// - Throws: what the node fails with.
    func end(_ node: Node, _ scope: ExecutionScope, in run: isolated RunExecution) throws(StepFailure)
}

extension ContainerRunner {
    var container: (any ContainerRunner)? { self }
    func start(_ node: Node, in run: isolated RunExecution) { open(node, pass: 0, in: run) }
}

/// Where a scope is to be made.
struct ScopePlace {
    let node: Node
    let pass: Int
    let step: Step
    let parent: ExecutionScope
    /// What the expressions of the step itself read.
    let own: RunScope
    let caps: CallCaps
    let tags: JSONObject?
    /// What the pass before gave.
    let previous: JSONObject?

    /// A scope of steps of the same file.
    ///
    /// - Parameter passValue: what they read as `pass`; `nil`: that of the steps around.
    func scope(of body: StepGraph, passValue: CELValue? = nil) -> ExecutionScope {
        // Only what the step itself waits for can be read inside of it, and that does not change any more.
        var outer = parent.outer
        for dependency in parent.body.dependencies[node.step] {
            let id = parent.body.steps[dependency.step].id
            outer[id] = parent.steps[id]
        }
        return ExecutionScope(
            graph: parent.graph, body: body, node: node, pass: pass, inputs: parent.inputs, items: own.items, with: own.withValues,
            passValue: passValue ?? parent.passValue, caps: caps, tags: tags, outer: outer)
    }
}
