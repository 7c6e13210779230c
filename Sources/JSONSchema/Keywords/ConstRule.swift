import Values

/// `const`
final class ConstRule: Rule {
    private let pointer: String
    private let value: JSONValue

    init?(_ schema: SchemaReader) {
        guard let value = schema.object["const"] else { return nil }
        pointer = schema.pointer
        self.value = value
    }

    var isDecisive: Bool { true }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        ValueKey.areEqual(instance, value)
            || run.fail(
                pointer, "const", expected: Wording.expected(value),
                "must be \(Wording.expected(value)); found \(Wording.value(instance))")
    }
}
