import Values

/// `enum`
final class EnumRule: Rule {
    /// Below this, comparing one by one is faster than hashing.
    private static let fewest = 12

    private let pointer: String
    private let values: [JSONValue]
    private let index: Set<ValueKey>?

    init?(_ schema: SchemaReader) {
        guard let written = schema.object["enum"] else { return nil }
        guard case .array(let values) = written else {
            schema.report("enum", "must be an array of values, found \(Wording.typedValue(written))")
            return nil
        }
        pointer = schema.pointer
        self.values = values
        index = values.count > Self.fewest ? Set(values.map(ValueKey.init)) : nil
    }

    var isDecisive: Bool { true }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        let isListed = index?.contains(ValueKey(instance)) ?? values.contains { ValueKey.areEqual($0, instance) }
        return isListed || run.fail(pointer, "enum", expected: Wording.list(values.map(Wording.expected)), problem(instance))
    }

    private func problem(_ instance: JSONValue) -> String {
        let found = "found \(Wording.value(instance))"
        guard !values.isEmpty else { return "cannot be valid, as the schema allows no value; \(found)" }
        let choices = Wording.list(values.map(Wording.expected))
        let hint = instance.stringValue.map { Wording.hint(for: $0, in: values.compactMap(\.stringValue)) } ?? ""
        return "must be \(values.count == 1 ? "" : "one of ")\(choices); \(found)\(hint)"
    }
}
