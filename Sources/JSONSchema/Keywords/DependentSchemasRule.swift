import Values

/// `dependentSchemas`
final class DependentSchemasRule: Rule {
    private let dependents: [(name: String, index: Int)]

    init?(_ schema: SchemaReader) {
        dependents = schema.schemasByName("dependentSchemas")
        if dependents.isEmpty { return nil }
    }

    var appliedInPlace: [Int] { dependents.map(\.index) }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .object(let object) = instance else { return true }
        var isValid = true
        for (name, schema) in dependents where object.contains(name) {
            isValid = run.evaluate(schema, instance) && isValid
            if !isValid, !run.collects { break }
        }
        return isValid
    }
}
