import Expressions
import Values
import WorkflowModel

/// What expressions read.
extension RunState {
    /// For `when`, `for_each.items`, `until` and outputs: neither the step's own `with` nor its item is in scope.
    func bindings(_ scope: ExecutionScope) -> RunScope {
        RunScope(
            inputs: scope.inputs, steps: CELValue(.object(scope.steps)), run: runValue,
            with: scope.with, items: scope.items, pass: scope.passValue)
    }

    private func itemScope(_ node: Node) -> RunScope {
        let scope = scopes[node.scope]!
        let bindings = bindings(scope)
        guard let index = node.item, let forEach = scope.body.steps[node.step].forEach else { return bindings }
        return bindings.adding(RunScope.Item(name: forEach.name, value: CELValue(scope.lists[node.step]![index]), index: index))
    }

    func nodeScope(_ node: Node) throws(StepFailure) -> RunScope {
        let bindings = itemScope(node)
        let with = step(node).with
        return try StepFailure.evaluating { () throws(EvaluationError) in try bindings.evaluating(with: with) }
    }

    /// For `on_error.value`. That `with` has no value may be the very failure it stands in for.
    func fallbackScope(_ node: Node) -> RunScope {
        (try? nodeScope(node)) ?? itemScope(node)
    }

    /// An output that reads a step which did not deliver is left out.
    func evaluateOutputs(_ templates: [(key: String, value: ValueTemplate)], in scope: ExecutionScope) throws(EvaluationError) -> JSONObject {
        var outputs = JSONObject()
        let bindings = bindings(scope)
        for (key, template) in templates {
            let readsMissing = template.references.contains { reference in
                guard !reference.isGuarded, reference.path.first == "steps", reference.path.count > 2, reference.path[2] == "output",
                    let step = scope.steps[reference.path[1]]
                else { return false }
                return step["output"] == nil
            }
            if !readsMissing { outputs[key] = try template.evaluate(bindings) }
        }
        return outputs
    }
}

extension StepFailure {
    /// Evaluates; an expression without a value is a failure of its step.
    static func evaluating<T>(_ body: () throws(EvaluationError) -> T) throws(StepFailure) -> T {
        do throws(EvaluationError) {
            return try body()
        } catch {
            throw StepFailure(.expression, error.message, details: ["at \(error.range.start)"])
        }
    }
}
