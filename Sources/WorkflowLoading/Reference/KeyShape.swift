import Values

/// What the value of a key looks like.
indirect enum KeyShape: Sendable {
    case text, template, expression, valueTemplate
    /// An expression that is true or false.
    case condition
    /// A name that expressions can use.
    case name
    /// The name of a tier, of a prefix.
    case tier, prefix
    /// A field of the output, by a path of names.
    case field
    /// `provider/model`.
    case model
    /// `server.tool`.
    case tool
    /// Begins with `http://` or `https://`.
    case url
    /// A name of the time zone database, or `UTC`.
    case timeZone
    case version, boolean, duration, money
    /// From `0%` to `100%`.
    case percent
    /// A share of what happens in a time: `30%/1h`.
    case rate
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case words([String])
    case list(KeyShape)
    /// One word alone counts as a list of one.
    case oneOrList(KeyShape)
    /// Words of the author's to values of one shape.
    case names(KeyShape)
    /// Names that expressions can use to values of one shape. The text names one of them in messages: `a check`.
    case named(String, KeyShape)
    /// Another mapping of the language.
    case mapping(String)
    case jsonSchema
    /// A JSON Schema, or the path of its file.
    case schema
    /// The path of a file with a template.
    case templateFile
    case either([KeyShape])
    case null

    static func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> KeyShape where Word.RawValue == String { .words(Word.allCases.map(\.rawValue)) }

    var isNull: Bool { if case .null = self { true } else { false } }

    private static let namePattern: JSONValue = "^[a-z][a-z0-9_]*$"

    /// As JSON Schema of draft 2020-12.
    var schema: JSONObject {
        switch self {
        // What YAML reads as a number or a boolean is taken as the text that was written.
        case .text, .template, .expression, .condition, .templateFile, .timeZone: return ["type": ["string", "number", "boolean"]]
        case .valueTemplate: return [:]
        case .name, .tier, .prefix: return ["type": "string", "pattern": Self.namePattern]
        case .field: return ["type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$"]
        case .model: return ["type": "string", "pattern": "^[^/]+/.+$"]
        case .tool: return ["type": "string", "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_.-]+$"]
        case .url: return ["type": "string", "pattern": "^https?://."]
        case .version: return ["const": 1]
        case .boolean: return ["type": "boolean"]
        case .duration: return ["type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$"]
        case .money: return ["type": ["number", "string"], "minimum": 0, "pattern": "^[0-9]+(\\.[0-9]{1,12})?$"]
        case .percent: return ["type": "string", "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$"]
        case .rate: return ["type": "string", "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%/([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$"]
        case .integer(let range):
            var schema: JSONObject = ["type": "integer", "minimum": .int(Int64(range.lowerBound))]
            if range.upperBound < .max { schema["maximum"] = .int(Int64(range.upperBound)) }
            return schema
        case .number(let range): return ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)]
        case .words(let words): return ["enum": .array(words.map(JSONValue.string))]
        case .list(let element): return ["type": "array", "items": .object(element.schema)]
        case .oneOrList(let element): return ["anyOf": [.object(element.schema), ["type": "array", "items": .object(element.schema)]]]
        case .names(let value): return ["type": "object", "additionalProperties": .object(value.schema)]
        case .named(_, let value): return ["type": "object", "propertyNames": ["pattern": Self.namePattern], "additionalProperties": .object(value.schema)]
        case .mapping(let name): return ["$ref": .string("#/$defs/\(name)")]
        case .jsonSchema: return ["type": ["object", "boolean"], "description": "A JSON Schema of draft 2020-12."]
        case .schema: return ["anyOf": [.object(KeyShape.jsonSchema.schema), .object(KeyShape.text.schema)]]
        case .either(let shapes): return ["anyOf": .array(shapes.map { .object($0.schema) })]
        case .null: return ["type": "null"]
        }
    }
}
