import Expressions
import Values
import WorkflowModel

/// What expressions read, and what they come to.
extension RunExecution {
    /// For `when`, `for_each.items` and outputs: neither `with` nor an item is in scope.
    func scope(item: (name: String, value: CELValue, index: Int)?) -> RunScope {
        RunScope(inputs: inputsValue, steps: CELValue(.object(steps)), run: runValue, with: nil, item: item)
    }

    private func itemScope(_ node: Node) -> RunScope {
        guard let index = node.item, let forEach = graph.steps[node.step].forEach else { return scope(item: nil) }
        return scope(item: (forEach.name, CELValue(items[node.step]![index]), index))
    }

    func nodeScope(_ node: Node) throws(StepFailure) -> RunScope {
        let scope = itemScope(node)
        let with = graph.steps[node.step].with
        return try evaluating { () throws(EvaluationError) in try scope.evaluating(with: with) }
    }

    /// For `on_error.value`. That `with` has no value may be the very failure it stands in for.
    func fallbackScope(_ node: Node) -> RunScope {
        (try? nodeScope(node)) ?? itemScope(node)
    }

    func evaluating<T>(_ body: () throws(EvaluationError) -> T) throws(StepFailure) -> T {
        try StepFailure.evaluating(body)
    }

    /// An output that reads a step which did not deliver is left out.
    func evaluateOutputs() throws(EvaluationError) -> JSONObject {
        var outputs = JSONObject()
        let scope = scope(item: nil)
        for (key, template) in graph.outputs {
            let readsMissing = template.references.contains { reference in
                guard !reference.isGuarded, reference.path.first == "steps", reference.path.count > 2, reference.path[2] == "output",
                    let step = steps[reference.path[1]]
                else { return false }
                return step["output"] == nil
            }
            if !readsMissing { outputs[key] = try template.evaluate(scope) }
        }
        return outputs
    }

    func store(_ value: JSONValue) -> OutputReference {
        let blob = Blob(JSONEncoding.wire.bytes(value))
        append(blob: blob)
        return OutputReference(hash: blob.hash)
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
