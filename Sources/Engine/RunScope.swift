import Expressions
import Values
import WorkflowModel

/// What the expressions of one node can read.
struct RunScope: Bindings {
    let inputs: CELValue
    let steps: CELValue
    let run: CELValue
    var with: CELValue?
    /// The element's name, the element and its index, inside `for_each`.
    var item: (name: String, value: CELValue, index: Int)?

    func value(named name: String) -> CELValue? {
        switch name {
        case "inputs": return inputs
        case "steps": return steps
        case "run": return run
        case "with": return with
        case "index": return item.map { .int(Int64($0.index)) }
        default:
            if let item, item.name == name { return item.value }
            return nil
        }
    }

    var names: [String] {
        ["inputs", "steps", "run"] + (with == nil ? [] : ["with"]) + (item.map { [$0.name, "index"] } ?? [])
    }

    /// This scope with the values of a step's `with`, which are evaluated in it.
    func evaluating(with templates: [(key: String, value: ValueTemplate)]) throws(EvaluationError) -> RunScope {
        guard !templates.isEmpty else { return self }
        var values = JSONObject(minimumCapacity: templates.count)
        for (key, template) in templates { values[key] = try template.evaluate(self) }
        var scope = self
        scope.with = CELValue(.object(values))
        return scope
    }
}
