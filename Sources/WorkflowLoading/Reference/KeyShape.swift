import Values

/// What the value of a key looks like.
indirect enum KeyShape: Sendable {
    case text, template, expression, valueTemplate
    /// A name that expressions can use.
    case name
    /// `provider/model`.
    case model
    case version, boolean, duration, money
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case words([String])
    case list(KeyShape)
    /// One word alone counts as a list of one.
    case oneOrList(KeyShape)
    /// Names of the author's to values of one shape.
    case names(KeyShape)
    /// Another mapping of the language.
    case mapping(String)
    case jsonSchema
    case either([KeyShape])
    case null

    static func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> KeyShape where Word.RawValue == String { .words(Word.allCases.map(\.rawValue)) }

    /// As JSON Schema of draft 2020-12.
    var schema: JSONObject {
        switch self {
        // What YAML reads as a number or a boolean is taken as the text that was written.
        case .text, .template, .expression: return ["type": ["string", "number", "boolean"]]
        case .valueTemplate: return [:]
        case .name: return ["type": "string", "pattern": "^[a-z][a-z0-9_]*$"]
        case .model: return ["type": "string", "pattern": "^[^/]+/.+$"]
        case .version: return ["const": 1]
        case .boolean: return ["type": "boolean"]
        case .duration: return ["type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$"]
        case .money: return ["type": ["number", "string"], "minimum": 0, "pattern": "^[0-9]+(\\.[0-9]{1,12})?$"]
        case .integer(let range):
            var schema: JSONObject = ["type": "integer", "minimum": .int(Int64(range.lowerBound))]
            if range.upperBound < .max { schema["maximum"] = .int(Int64(range.upperBound)) }
            return schema
        case .number(let range): return ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)]
        case .words(let words): return ["enum": .array(words.map(JSONValue.string))]
        case .list(let element): return ["type": "array", "items": .object(element.schema)]
        case .oneOrList(let element): return ["anyOf": [.object(element.schema), ["type": "array", "items": .object(element.schema)]]]
        case .names(let value): return ["type": "object", "additionalProperties": .object(value.schema)]
        case .mapping(let name): return ["$ref": .string("#/$defs/\(name)")]
        case .jsonSchema: return ["type": ["object", "boolean"], "description": "A JSON Schema of draft 2020-12."]
        case .either(let shapes): return ["anyOf": .array(shapes.map { .object($0.schema) })]
        case .null: return ["type": "null"]
        }
    }
}
