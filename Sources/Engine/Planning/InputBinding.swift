import JSONSchema
import Values
import WorkflowModel

/// Checks what a run is given against what its workflow declares.
public enum InputBinding {
    /// The inputs with defaults filled in, in the order of declaration.
    ///
    /// - Throws: `Diagnostics` with every unknown, missing and ill-typed input.
    public static func bind(_ given: JSONObject, to graph: WorkflowGraph) throws(Diagnostics) -> JSONObject {
        var problems: [Diagnostic] = []
        var bound = JSONObject()
        let names = graph.inputs.map(\.name)
        for key in given.keys where !names.contains(key) {
            let known = names.isEmpty ? "the workflow takes no inputs" : "the workflow takes: \(names.joined(separator: ", "))"
            problems.append(
                Diagnostic(
                    code: "AW301", "unknown input '\(key)'", at: nil, hint: Suggestion.hint(for: key, in: names) ?? known))
        }
        for input in graph.inputs {
            guard let value = given[input.name] ?? input.defaultValue else {
                problems.append(
                    Diagnostic(
                        code: "AW302", "missing input '\(input.name)'", at: input.range,
                        hint: "give it with --input \(input.name)=VALUE, --input \(input.name)=@FILE or in --inputs FILE"))
                continue
            }
            for violation in input.schema.validate(value).prefix(5) {
                problems.append(Diagnostic(code: "AW303", "input '\(input.name)': \(violation.message)", at: input.range))
            }
            bound[input.name] = whole(value, input.schema)
        }
        if !problems.isEmpty { throw Diagnostics(problems) }
        return bound
    }

    /// To a schema `3.0` is an integer; expressions, which are typed by the schema, are given one.
    private static func whole(_ value: JSONValue, _ schema: Schema) -> JSONValue {
        guard case .double = value, let number = value.intValue, schema.typeNames.contains("integer"), !schema.typeNames.contains("number") else { return value }
        return .int(number)
    }
}
