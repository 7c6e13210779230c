import Testing
import Values

@testable import JSONSchema

@Suite struct SchemaErrorTests {
    private static let cases: [(String, [String])] = [
        (##"{"type":"strng"}"##, ["#/type: type must be one of 'null', 'boolean', 'integer', 'number', 'string', 'array', 'object', found 'strng' (did you mean 'string'?)"]),
        (
            ##"{"properties":{"a":{"minLength":-1},"b":5},"required":"a"}"##,
            [
                "#/properties/b: a schema must be an object, true or false, found integer 5",
                "#/required: required must be an array of strings, found string 'a'",
                "#/properties/a/minLength: minLength must be an integer from 0, found integer -1",
            ]
        ),
        ("[]", ["#: a schema must be an object, true or false, found an empty array"]),
        (##"{"pattern":"(a"}"##, ["#/pattern: pattern holds a pattern that cannot be read: a '(' without its ')' in '(a'"]),
        (##"{"patternProperties":{"[z-a]":{}}}"##, ["#/patternProperties: patternProperties holds a pattern that cannot be read: a range of a class whose ends are out of order in '[z-a]'"]),
        (##"{"multipleOf":0}"##, ["#/multipleOf: multipleOf must be above 0, found 0"]),
        (##"{"items":[{}]}"##, ["#/items: items must be one schema; a schema per position is written prefixItems since draft 2020-12"]),
        (##"{"anyOf":[]}"##, ["#/anyOf: anyOf must hold at least one schema"]),
        (##"{"required":["a","a"]}"##, ["#/required: required must not name 'a' twice"]),
        (##"{"$ref":"#/$defs/adress","$defs":{"address":{}}}"##, ["#/$ref: '#/$defs/adress' leads nowhere: there is no 'adress' at '#/$defs' (did you mean 'address'?)"]),
        (##"{"$ref":"#adress","$anchor":"address"}"##, ["#/$ref: $ref '#adress' names an anchor that is not declared (did you mean 'address'?)"]),
        (##"{"$ref":"https://example.com/s.json"}"##, ["#/$ref: $ref 'https://example.com/s.json' leads out of the document: remote references are not followed; copy the schema under $defs and refer to it as '#/$defs/...'"]),
        (
            ##"{"$ref":"other.json#/a"}"##,
            ["#/$ref: $ref 'other.json#/a' leads out of the document: no schema of this document has that $id, and references to other documents are not followed; copy the schema under $defs and refer to it as '#/$defs/...'"]
        ),
        (##"{"$schema":"http://json-schema.org/draft-07/schema#"}"##, ["#/$schema: $schema must be https://json-schema.org/draft/2020-12/schema or absent, found 'http://json-schema.org/draft-07/schema#'; other drafts are not supported"]),
        (##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#"}]}}}"##, ["#: the schema applies itself to the same value without end: # -> #/$defs/a -> #/$defs/a/allOf/0 -> #"]),
        (
            ##"{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"},"c":{"$anchor":"1"}}}"##,
            [
                "#/$defs/b/$anchor: the anchor 'x' is declared twice",
                "#/$defs/c/$anchor: $anchor must be a name of ASCII letters, digits, '-', '_' and '.' that begins with a letter or '_', found '1'",
            ]
        ),
    ]

    @Test(arguments: cases)
    func problems(_ source: String, _ expected: [String]) {
        do throws(SchemaError) {
            _ = try schema(source)
            Issue.record("compiled")
        } catch {
            #expect(error.problems.map(\.description) == expected)
        }
    }

    @Test func warningsNameWhatIsIgnored() throws {
        let compiled = try schema(##"{"requred":["a"],"x-order":1,"properties":{"a":{"additionalItems":false}}}"##)
        #expect(
            compiled.warnings.map(\.description) == [
                "#/requred: the unknown keyword 'requred' is ignored; did you mean 'required'?",
                "#/properties/a/additionalItems: 'additionalItems' is ignored; since draft 2020-12 it is written 'items' beside 'prefixItems'",
            ])
    }
}
