import Values

/// The JSON Schemas by which editors complete and check the files, of draft 2020-12. What they cannot say, `validate` does.
public enum EditorSchema: String, Sendable, CaseIterable {
    case workflow, project

    public var document: JSONValue {
        let mappings = self == .workflow ? LanguageMapping.workflow : LanguageMapping.project
        var schema: JSONObject = ["$schema": "https://json-schema.org/draft/2020-12/schema", "title": .string("agentctl \(rawValue) file, version 1")]
        mappings[0].schema.forEachPair { schema[$0] = $1 }
        schema["$defs"] = .object(JSONObject(mappings.dropFirst().map { ($0.name, .object($0.schema)) }))
        return .object(schema)
    }
}

extension LanguageMapping {
    fileprivate var schema: JSONObject {
        var properties = JSONObject()
        for key in keys { properties[key.name] = .object(key.schema) }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if let extensions {
            // Names of the author's are taken as they are: what they begin with has nothing that a pattern would read otherwise.
            let pattern = "^" + extensions.prefix.replacingBytes(of: ".", with: "\\.")
            schema["patternProperties"] = .object(JSONObject([(pattern, extensions.shape.map { .object($0.schema) } ?? true)]))
        }
        schema["additionalProperties"] = false
        let required = keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        if !oneOf.isEmpty { schema["oneOf"] = .array(oneOf.map { ["required": [.string($0)]] }) }
        return schema
    }
}

extension LanguageMapping.Key {
    fileprivate var schema: JSONObject {
        let remark = runs ? "" : " Checked, and not run by this version."
        var schema: JSONObject = ["description": .string(text + (defaultText.map { " Default: \($0)." } ?? "") + remark)]
        shape.schema.forEachPair { key, value in if key != "description" { schema[key] = value } }
        return schema
    }
}
