import Testing
import Values

@testable import JSONSchema

func json(_ text: String) -> JSONValue {
    do { return try JSONParser.parse(text) } catch { fatalError("\(error) in \(text)") }
}

func schema(_ text: String) throws(SchemaError) -> Schema { try Schema(compiling: json(text)) }

/// A schema with values it must accept and values it must refuse.
struct Verdicts: Sendable, CustomTestStringConvertible {
    let schema: String
    let valid: [String]
    let invalid: [String]

    init(_ schema: String, valid: [String] = [], invalid: [String] = []) {
        self.schema = schema
        self.valid = valid
        self.invalid = invalid
    }

    var testDescription: String { schema }

    /// Checks both ways of asking.
    func check() throws {
        let compiled = try JSONSchemaTests.schema(schema)
        for text in valid {
            #expect(compiled.validate(json(text)).map(\.message) == [], "\(schema) with \(text)")
            #expect(compiled.isValid(json(text)), "\(schema) with \(text)")
        }
        for text in invalid {
            #expect(!compiled.validate(json(text)).isEmpty, "\(schema) with \(text)")
            #expect(!compiled.isValid(json(text)), "\(schema) with \(text)")
        }
    }
}
