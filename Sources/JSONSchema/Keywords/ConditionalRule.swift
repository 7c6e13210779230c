import Values

/// `if`, `then`, `else`
final class ConditionalRule: Rule {
    private let condition: Int
    private let consequence: Int?
    private let alternative: Int?

    init?(_ schema: SchemaReader) {
        guard let condition = schema.schema("if") else { return nil }
        self.condition = condition
        consequence = schema.schema("then")
        alternative = schema.schema("else")
    }

    var appliedInPlace: [Int] { [condition] + [consequence, alternative].compactMap { $0 } }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard let branch = run.probe(condition, instance) ? consequence : alternative else { return true }
        return run.evaluate(branch, instance)
    }
}
