import Values

/// The plainest value that a JSON Schema accepts, the same for the same schema.
///
/// Knows `$ref` within the document, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, types, bounds of numbers, lengths and
/// item counts, and the common formats; not `pattern`, `not` or conditionals.
public enum SchemaExample {
    public static func value(for schema: JSONValue) -> JSONValue {
        value(schema, root: schema, depth: 0)
    }

    private static func value(_ schema: JSONValue, root: JSONValue, depth: Int) -> JSONValue {
        // A recursive schema ends where its optional parts may be left out.
        guard depth < 32 else { return nil }
        if let reference = schema["$ref"]?.stringValue { return value(resolve(reference, in: root), root: root, depth: depth + 1) }
        if let constant = schema["const"] { return constant }
        if let first = schema["enum"]?[0] { return first }
        for key in ["anyOf", "oneOf"] {
            guard let choices = schema[key]?.arrayValue, let first = choices.first else { continue }
            // Deep inside a recursion the way out is the choice without structure.
            let isSimple = { (choice: JSONValue) in choice["type"]?.stringValue.map { $0 != "object" && $0 != "array" } ?? false }
            return value(depth > 6 ? choices.first(where: isSimple) ?? first : first, root: root, depth: depth + 1)
        }
        if let parts = schema["allOf"]?.arrayValue, !parts.isEmpty {
            var merged = JSONObject()
            for part in parts + [schema] {
                var part = part
                while let reference = part["$ref"]?.stringValue { part = resolve(reference, in: root) }
                part.objectValue?.forEachPair { key, value in
                    if key == "allOf" { return }
                    if key == "properties", let old = merged[key]?.objectValue, let new = value.objectValue {
                        merged[key] = .object(JSONObject(old.map { ($0.key, $0.value) } + new.map { ($0.key, $0.value) }))
                    } else {
                        merged[key] = value
                    }
                }
            }
            return value(.object(merged), root: root, depth: depth + 1)
        }
        switch type(of: schema) {
        case "string": return .string(string(schema))
        case "integer": return integer(schema)
        case "number": return number(schema)
        case "boolean": return true
        case "array": return array(schema, root: root, depth: depth)
        case "object": return object(schema, root: root, depth: depth)
        case "null": return nil
        default: return "text"
        }
    }

    private static func type(of schema: JSONValue) -> String {
        if let name = schema["type"]?.stringValue { return name }
        if let names = schema["type"]?.arrayValue?.compactMap(\.stringValue) { return names.first { $0 != "null" } ?? "null" }
        if schema["properties"] != nil { return "object" }
        if schema["items"] != nil { return "array" }
        return "string"
    }

    private static func resolve(_ reference: String, in root: JSONValue) -> JSONValue {
        guard reference.hasPrefix("#") else { return [:] }
        var value = root
        for part in reference.dropFirst().split(separator: "/") {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            var next = value[key]
            if next == nil, let index = Int(key) { next = value[index] }
            guard let next else { return [:] }
            value = next
        }
        return value
    }

    private static func string(_ schema: JSONValue) -> String {
        switch schema["format"]?.stringValue {
        case "date": return "2025-01-01"
        case "date-time": return "2025-01-01T00:00:00Z"
        case "time": return "00:00:00Z"
        case "email": return "text@example.com"
        case "uri", "url": return "https://example.com/"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default: break
        }
        var text = "text"
        while text.count < Int(schema["minLength"]?.intValue ?? 0) { text += "text" }
        if let limit = schema["maxLength"]?.intValue { text = String(text.prefix(Int(limit))) }
        return text
    }

    private static func integer(_ schema: JSONValue) -> JSONValue {
        let step = max(1, schema["multipleOf"]?.intValue ?? 1)
        var low = schema["minimum"]?.doubleValue.map { Int64($0.rounded(.up)) }
        if let bound = schema["exclusiveMinimum"]?.doubleValue { low = max(low ?? .min, Int64(bound.rounded(.down)) + 1) }
        var result = low ?? step
        if result % step != 0 { result += step - ((result % step) + step) % step }
        if low == nil {
            if let high = schema["maximum"]?.doubleValue, Double(result) > high { result = Int64(high.rounded(.down)) }
            if let high = schema["exclusiveMaximum"]?.doubleValue, Double(result) >= high { result = Int64(high.rounded(.up)) - 1 }
        }
        return .int(result)
    }

    private static func number(_ schema: JSONValue) -> JSONValue {
        if let low = schema["minimum"] { return low }
        if let low = schema["exclusiveMinimum"]?.doubleValue {
            let high = schema["maximum"]?.doubleValue ?? schema["exclusiveMaximum"]?.doubleValue ?? low + 2
            return .double((low + high) / 2)
        }
        if let high = schema["maximum"], let bound = high.doubleValue, bound < 1 { return high }
        if let high = schema["exclusiveMaximum"]?.doubleValue, high <= 1 { return .double(high - 1) }
        return 1
    }

    private static func array(_ schema: JSONValue, root: JSONValue, depth: Int) -> JSONValue {
        let prefix = schema["prefixItems"]?.arrayValue ?? []
        var count = max(schema["minItems"].flatMap(\.intValue).map { Int($0) } ?? (depth > 6 ? 0 : 1), prefix.count)
        if let limit = schema["maxItems"]?.intValue { count = min(count, Int(limit)) }
        return .array(
            (0..<count).map { index in
                value(index < prefix.count ? prefix[index] : schema["items"] ?? [:], root: root, depth: depth + 1)
            })
    }

    private static func object(_ schema: JSONValue, root: JSONValue, depth: Int) -> JSONValue {
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        var object = JSONObject()
        schema["properties"]?.objectValue?.forEachPair { name, property in
            if depth > 6, !required.contains(name) { return }
            object[name] = value(property, root: root, depth: depth + 1)
        }
        for name in required where object[name] == nil { object[name] = "text" }
        return .object(object)
    }
}
