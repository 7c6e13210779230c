import Values

/// `type`
final class TypeRule: Rule {
    private struct Types: OptionSet {
        let rawValue: UInt8
        static let null = Types(rawValue: 1)
        static let boolean = Types(rawValue: 2)
        static let integer = Types(rawValue: 4)
        static let fraction = Types(rawValue: 8)
        static let string = Types(rawValue: 16)
        static let array = Types(rawValue: 32)
        static let object = Types(rawValue: 64)
    }

    private static let names: [(name: String, types: Types)] = [
        ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", [.integer, .fraction]),
        ("string", .string), ("array", .array), ("object", .object),
    ]

    /// What other type systems call them.
    private static let aliases = [
        "list": "array", "tuple": "array", "dict": "object", "map": "object", "json": "object", "float": "number", "double": "number", "decimal": "number", "text": "string", "int": "integer", "int32": "integer",
        "int64": "integer", "bool": "boolean", "str": "string", "none": "null",
    ]

    private let pointer: String
    private let allowed: Types
    private let expected: String

    init?(_ schema: SchemaReader) {
        let written: [String]
        switch schema.object["type"] {
        case nil: return nil
        case .string(let name): written = [name]
        case .array(let list)?:
            if list.isEmpty { schema.report("type", "must name at least one type") }
            guard let names = schema.names(in: .array(list), "type") else { return nil }
            written = names
        case .some(let other):
            schema.report("type", "must be a type name or an array of them, found \(Wording.typedValue(other))")
            return nil
        }
        var allowed: Types = []
        for name in written {
            if let known = Self.names.first(where: { $0.name == name }) {
                allowed.formUnion(known.types)
            } else {
                let names = Self.names.map(\.name)
                let choices = Wording.list(Wording.quoted(names))
                schema.report("type", "must be one of \(choices), found '\(name)'\(Self.aliases[name.lowercased()].map { " (did you mean '\($0)'?)" } ?? Wording.hint(for: name, in: names))")
            }
        }
        pointer = schema.pointer
        self.allowed = allowed
        expected = Wording.either(written.map(Wording.type))
    }

    var isDecisive: Bool { true }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        allows(instance)
            || run.fail(
                pointer, "type", expected: expected,
                "must be \(expected); found \(Wording.typedValue(instance))\(hint(instance))")
    }

    private func allows(_ instance: JSONValue) -> Bool {
        switch instance {
        case .null: allowed.contains(.null)
        case .bool: allowed.contains(.boolean)
        case .int, .bigInt: allowed.contains(.integer)
        case .double: allowed.contains(.fraction) || allowed.contains(.integer) && Numbers.isInteger(instance)
        case .string: allowed.contains(.string)
        case .array: allowed.contains(.array)
        case .object: allowed.contains(.object)
        }
    }

    /// Models like to wrap a right answer in quotes; then what to mend is the quotes.
    private func hint(_ instance: JSONValue) -> String {
        guard case .string(let text) = instance, text.utf8.count <= 10_000,
            let inner = try? JSONParser.parse(text), allows(inner)
        else { return "" }
        return " (write it without the quotes)"
    }
}
