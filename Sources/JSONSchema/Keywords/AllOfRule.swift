import Values

/// `allOf`
final class AllOfRule: Rule {
    let appliedInPlace: [Int]

    init?(_ schema: SchemaReader) {
        appliedInPlace = schema.schemas("allOf")
        if appliedInPlace.isEmpty { return nil }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        var isValid = true
        for schema in appliedInPlace where !run.evaluate(schema, instance) {
            isValid = false
            if !run.collects { break }
        }
        return isValid
    }
}
