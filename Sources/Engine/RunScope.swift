import Expressions
import Values
import WorkflowModel

/// What the expressions of one node can read.
struct RunScope: Bindings {
    /// An element of a `for_each` list.
    struct Item {
        let name: String
        let value: CELValue
        let index: Int
    }

    let inputs: CELValue
    let steps: CELValue
    let run: CELValue
    var with: CELValue?
    /// The outermost first; an inner one hides an outer one of its name.
    var items: [Item] = []
    var pass: CELValue?

    func value(named name: String) -> CELValue? {
        switch name {
        case "inputs": return inputs
        case "steps": return steps
        case "run": return run
        case "with": return with
        case "pass": return pass
        case "index": return items.last.map { .int(Int64($0.index)) }
        default: return items.last { $0.name == name }?.value
        }
    }

    var names: [String] {
        ["inputs", "steps", "run"] + (with == nil ? [] : ["with"]) + (pass == nil ? [] : ["pass"])
            + (items.isEmpty ? [] : items.map(\.name) + ["index"])
    }
}
