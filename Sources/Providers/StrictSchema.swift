import Values

/// The part of JSON Schema that OpenAI's strict mode takes. A schema outside it is sent as one that is not strict, rather
/// than refused by the server.
///
/// Source: OpenAI guide "Structured outputs", section "Supported schemas": every object closed and all its properties
/// required, an object at the root, and no keyword but these.
enum StrictSchema {
    private static let keywords: Set<String> = [
        "$schema", "$defs", "definitions", "$ref", "title", "description", "type", "enum", "const", "anyOf",
        "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
        "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ]

    static func accepts(_ schema: JSONValue) -> Bool {
        schema["type"] == "object" && schema["anyOf"] == nil && isSupported(schema)
    }

    private static func isSupported(_ schema: JSONValue) -> Bool {
        guard let object = schema.objectValue, object.keys.allSatisfy(keywords.contains) else { return false }
        func hasType(_ name: JSONValue) -> Bool { object["type"] == name || object["type"]?.arrayValue?.contains(name) == true }
        if hasType("object") || object.contains("properties") {
            let required = object["required"]?.arrayValue ?? []
            let names = object["properties"]?.objectValue?.keys.map { JSONValue.string($0) } ?? []
            guard object["additionalProperties"] == false, names.allSatisfy(required.contains) else { return false }
        }
        if hasType("array"), !object.contains("items") { return false }
        let inner =
            ["properties", "$defs", "definitions"].flatMap { object[$0]?.objectValue.map { Array($0.values) } ?? [] }
            + (object["anyOf"]?.arrayValue ?? []) + (object["items"].map { [$0] } ?? [])
        return inner.allSatisfy(isSupported)
    }
}
