import Values

extension Schema {
    /// A made-up value that fits most schemas: their default, their first word, else the smallest of its type. What patterns and combinations ask for it does not look at, so whoever needs it to be valid asks ``validate(_:)``.
    ///
    /// It has some ten thousand values at most, a long text for as many as it has lines: of a schema that asks for more, such as one that leads back to itself in several places, it leaves out the rest.
    public var sample: JSONValue {
        var sampler = Sampler(root: source)
        return sampler.sample(of: source, depth: 0)
    }
}

/// Makes one up.
private struct Sampler {
    let root: JSONValue
    /// Values that may still be made.
    private var left = 10_000

    private static let deepest = 12
    /// Of a text that counts as one value.
    private static let line = 64

    init(root: JSONValue) { self.root = root }

    mutating func sample(of schema: JSONValue, depth: Int) -> JSONValue {
        guard depth < Self.deepest, left > 0, let keys = schema.objectValue else { return spent("text") }
        if let value = keys["const"] ?? keys["default"] ?? keys["examples"]?.arrayValue?.first ?? keys["enum"]?.arrayValue?.first { return spent(value) }
        if let reference = keys["$ref"]?.stringValue, let found = resolve(reference) { return sample(of: found, depth: depth + 1) }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let first = keys[key]?.arrayValue?.first, keys["type"] == nil { return sample(of: first, depth: depth + 1) }
        }
        let type = keys["type"]?.stringValue ?? keys["type"]?.arrayValue?.first?.stringValue ?? (keys["properties"] != nil ? "object" : keys["items"] != nil ? "array" : "string")
        switch type {
        case "object":
            left -= 1
            var object = JSONObject()
            for (name, property) in keys["properties"]?.objectValue ?? [:] where left > 0 { object[name] = sample(of: property, depth: depth + 1) }
            return .object(object)
        case "array":
            left -= 1
            let before = left
            let element = sample(of: keys["items"] ?? true, depth: depth + 1)
            let size = max(1, before - left)
            let more = min(Int(min(max(keys["minItems"]?.intValue ?? 1, 1), 100)) - 1, max(0, left) / size)
            left -= more * size
            return .array([JSONValue](repeating: element, count: 1 + more))
        case "integer": return spent(.int(integer(keys)))
        case "number": return spent(keys["minimum"] ?? keys["maximum"] ?? 0.5)
        case "boolean": return spent(true)
        case "null": return spent(.null)
        default: return spent(.string(text(keys)))
        }
    }

    private mutating func spent(_ value: JSONValue) -> JSONValue {
        left -= Self.size(value)
        return value
    }

    private static func size(_ value: JSONValue) -> Int {
        switch value {
        case .string(let text): 1 + text.utf8.count / line
        case .array(let elements): elements.reduce(1) { $0 + size($1) }
        case .object(let object): object.values.reduce(1) { $0 + size($1) }
        default: 1
        }
    }

    private func integer(_ keys: JSONObject) -> Int64 {
        if let least = keys["minimum"]?.intValue { return least }
        // Above the largest there is none, which fits no less than the largest.
        if let below = keys["exclusiveMinimum"]?.intValue { return below == .max ? below : below + 1 }
        return min(1, keys["maximum"]?.intValue ?? 1)
    }

    private func text(_ keys: JSONObject) -> String {
        switch keys["format"]?.stringValue {
        case "date": return "2026-01-31"
        case "date-time": return "2026-01-31T12:00:00Z"
        case "time": return "12:00:00Z"
        case "email": return "somebody@example.com"
        case "uri", "url": return "https://example.com/"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default:
            let least = Int(min(max(keys["minLength"]?.intValue ?? 0, 0), 100_000))
            let most = Int(min(max(keys["maxLength"]?.intValue ?? 100_000, 0), 100_000))
            let word = "text"
            let text = String(repeating: "text ", count: max(0, least - word.count + 4) / 5) + word
            return String(text.prefix(max(least, min(text.count, most))))
        }
    }

    /// Inside of the same document, by a JSON Pointer.
    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.utf8.first == UInt8(ascii: "#") else { return nil }
        var value = root
        for part in reference.parts(at: UInt8(ascii: "/")).dropFirst() {
            guard let next = value.objectValue?[String(part)] else { return nil }
            value = next
        }
        return value
    }
}
