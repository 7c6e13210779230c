import Values

/// `anyOf`
final class AnyOfRule: Rule {
    let appliedInPlace: [Int]
    private let pointer: String

    init?(_ schema: SchemaReader) {
        pointer = schema.pointer
        appliedInPlace = schema.schemas("anyOf")
        if appliedInPlace.isEmpty { return nil }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        var isValid = false
        for schema in appliedInPlace where run.probe(schema, instance) {
            isValid = true
            // Later ones can only add to what was evaluated.
            if run.evaluated == nil { break }
        }
        return isValid || Alternatives.fail(appliedInPlace, "anyOf", instance, pointer, &run)
    }
}
