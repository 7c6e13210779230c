import Values

/// `not`
final class NotRule: Rule {
    private let pointer: String
    private let schema: Int

    init?(_ schema: SchemaReader) {
        guard let negated = schema.schema("not") else { return nil }
        pointer = schema.pointer
        self.schema = negated
    }

    var appliedInPlace: [Int] { [schema] }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        let outer = run.evaluated
        defer { run.evaluated = outer }
        guard run.probe(schema, instance) else { return true }
        let negated = run.graph.nodes[schema].source
        return run.fail(
            pointer, "not",
            "must not match \(Wording.clipped(negated.jsonText, 200)); found \(Wording.value(instance))")
    }
}
