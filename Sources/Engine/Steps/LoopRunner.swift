import Expressions
import Values
import WorkflowModel

/// Steps that are repeated until a condition holds, a number of passes is reached, or the budget would not carry another.
struct LoopRunner: ContainerRunner {
    let loop: LoopStep

    func scope(at place: ScopePlace) throws(StepFailure) -> ExecutionScope {
        var value: JSONObject = ["index": .int(Int64(place.pass))]
        if let previous = place.previous { value["previous"] = .object(previous) }
        return place.scope(of: loop.body, passValue: CELValue(.object(value)))
    }

    func end(_ node: Node, _ scope: ExecutionScope, in run: isolated RunExecution) throws(StepFailure) {
        let verdict = try verdict(scope, run)
        run.record(.passEnded(node.path, pass: scope.pass, verdict))
        if verdict != .again { run.succeed(node, .object(scope.outputs)) }
    }

    private func verdict(_ scope: ExecutionScope, _ run: isolated RunExecution) throws(StepFailure) -> PassVerdict {
        if let until = loop.until {
            let bindings = run.state.bindings(scope)
            guard case .bool(let holds) = try StepFailure.evaluating({ () throws(EvaluationError) in try until.evaluate(bindings) }) else {
                throw StepFailure(.expression, "until: must be true or false")
            }
            if holds { return .done }
        }
        if scope.pass + 1 >= loop.max { return .exhausted }
        return run.state.bands.closing == nil && run.state.canAfford(anotherLike: scope) ? .again : .unaffordable
    }
}
