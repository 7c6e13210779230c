import Values

extension Schema {
    /// A made-up value that fits most schemas: their default, their first word, else the smallest of its type. What patterns and combinations ask for it does not look at, so whoever needs it to be valid asks ``validate(_:)``.
    public var sample: JSONValue { Self.sample(of: source, in: source, depth: 0) }

    private static let deepest = 12

    private static func sample(of schema: JSONValue, in root: JSONValue, depth: Int) -> JSONValue {
        guard depth < deepest, let keys = schema.objectValue else { return "text" }
        if let value = keys["const"] ?? keys["default"] ?? keys["examples"]?.arrayValue?.first ?? keys["enum"]?.arrayValue?.first { return value }
        if let reference = keys["$ref"]?.stringValue, let found = resolve(reference, in: root) { return sample(of: found, in: root, depth: depth + 1) }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let first = keys[key]?.arrayValue?.first, keys["type"] == nil { return sample(of: first, in: root, depth: depth + 1) }
        }
        let type = keys["type"]?.stringValue ?? keys["type"]?.arrayValue?.first?.stringValue ?? (keys["properties"] != nil ? "object" : keys["items"] != nil ? "array" : "string")
        switch type {
        case "object":
            var object = JSONObject()
            keys["properties"]?.objectValue?.forEachPair { object[$0] = sample(of: $1, in: root, depth: depth + 1) }
            return .object(object)
        case "array":
            let element = sample(of: keys["items"] ?? true, in: root, depth: depth + 1)
            return .array([JSONValue](repeating: element, count: Int(max(1, min(keys["minItems"]?.intValue ?? 1, 100)))))
        case "integer": return .int(keys["minimum"]?.intValue ?? keys["exclusiveMinimum"]?.intValue.map { $0 + 1 } ?? min(1, keys["maximum"]?.intValue ?? 1))
        case "number": return keys["minimum"] ?? keys["maximum"] ?? 0.5
        case "boolean": return true
        case "null": return .null
        default: return .string(text(keys))
        }
    }

    private static func text(_ keys: JSONObject) -> String {
        switch keys["format"]?.stringValue {
        case "date": return "2026-01-31"
        case "date-time": return "2026-01-31T12:00:00Z"
        case "time": return "12:00:00Z"
        case "email": return "somebody@example.com"
        case "uri", "url": return "https://example.com/"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default:
            let least = Int(min(keys["minLength"]?.intValue ?? 0, 100_000))
            let most = Int(min(keys["maxLength"]?.intValue ?? 100_000, 100_000))
            let word = "text"
            let text = String(repeating: "text ", count: max(0, least - word.count + 4) / 5) + word
            return String(text.prefix(max(least, min(text.count, most))))
        }
    }

    /// Inside of the same document, by a JSON Pointer.
    private static func resolve(_ reference: String, in root: JSONValue) -> JSONValue? {
        guard reference.utf8.first == UInt8(ascii: "#") else { return nil }
        var value = root
        for part in reference.parts(at: UInt8(ascii: "/")).dropFirst() {
            guard let next = value.objectValue?[String(part)] else { return nil }
            value = next
        }
        return value
    }
}
