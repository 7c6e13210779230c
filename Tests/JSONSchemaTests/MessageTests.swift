import Testing
import Values

@testable import JSONSchema

/// Messages are read by people and by models that repair answers: their wording is part of the promise.
@Suite struct MessageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let schema, instance: String
        let messages: [String]
        init(_ schema: String, _ instance: String, _ messages: String...) {
            (self.schema, self.instance, self.messages) = (schema, instance, messages)
        }
        var testDescription: String { "\(schema) with \(instance)" }
    }

    @Test(arguments: [
        Case(
            #"{"properties":{"category":{"enum":["billing","technical","account"]}}}"#, #"{"category":"bill"}"#,
            "'category' must be one of 'billing', 'technical', 'account'; found 'bill' (did you mean 'billing'?)"),
        Case(#"{"type":"object","required":["a","b"]}"#, #"{"b":1}"#, "'a' is required but missing"),
        Case(
            #"{"items":{"required":["id"],"properties":{"id":{"type":"integer"}}}}"#, #"[{"id":"7"},{}]"#,
            "'[0].id' must be an integer; found string '7' (write it without the quotes)", "'[1].id' is required but missing"),
        Case(#"{"type":"object"}"#, #""{\"a\":1}""#, #"the value must be an object; found string '{"a":1}' (write it without the quotes)"#),
        Case(#"{"type":["string","null"]}"#, "[1,2]", "the value must be a string or null; found an array of 2 elements"),
        Case(
            #"{"properties":{"name":{}},"additionalProperties":false}"#, #"{"nmae":1}"#,
            "'nmae' is not an allowed property; allowed: 'name' (did you mean 'name'?)"),
        Case(
            #"{"properties":{"a.b":{"properties":{"c d":{"minLength":3}}}}}"#, #"{"a.b":{"c d":"é"}}"#,
            #"'["a.b"]["c d"]' must have at least 3 characters; found 1"#),
        Case(#"{"anyOf":[{"type":"string"},{"type":"null"},{"enum":[1,2]}]}"#, "5", "the value must be a string, null or 1, 2; found integer 5"),
        Case(
            #"{"oneOf":[{"properties":{"kind":{"const":"a"}},"required":["kind","x"]},{"properties":{"kind":{"const":"b"},"y":{"type":"integer"}},"required":["kind"]}]}"#,
            #"{"kind":"b","y":"no"}"#,
            "the value matches none of 2 alternatives; the nearest, /oneOf/1, fails: 'y' must be an integer; found string 'no'"),
        Case(#"{"oneOf":[true,{"type":"integer"},false]}"#, "5", "the value must match exactly one of 3 alternatives, but matches /oneOf/0 and /oneOf/1"),
        Case(#"{"type":"string","minLength":5,"pattern":"^x"}"#, "5", "the value must be a string; found integer 5"),
        Case(#"{"minimum":0.5,"multipleOf":0.1}"#, "0.25", "the value must be at least 0.5; found 0.25", "the value must be a multiple of 0.1; found 0.25"),
        Case(#"{"pattern":"^[A-Z]+$"}"#, #""ab\n\u001b[31m""#, "the value must match the pattern ^[A-Z]+$; found 'ab\\n\\u{1b}[31m'"),
        Case(#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#, #"{"A1":1}"#, "the property name 'A1' must match the pattern ^[a-z]+$; found 'A1'"),
        Case(#"{"contains":{"const":1}}"#, "[2,3]", #"the value must hold at least 1 element that matches {"const":1}; found 0 of 2"#),
        Case(#"{"uniqueItems":true}"#, #"["a","b","a"]"#, "the value must not hold the same element twice; found 'a' at positions 0 and 2"),
        Case(#"{"not":{"type":"integer"}}"#, "3", #"the value must not match {"type":"integer"}; found 3"#),
        Case(#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#, "'b' is required because 'a' is present, but it is missing"),
        Case(#"{"prefixItems":[true],"items":false}"#, "[1,2]", "the value must have at most 1 element; found 2"),
        Case(
            #"{"allOf":[{"properties":{"a":{"type":"string"}}}],"unevaluatedProperties":false}"#, #"{"a":1,"b":2}"#,
            "'a' must be a string; found integer 1", "'b' is a property that no part of the schema allows"),
    ])
    func wording(_ example: Case) throws {
        #expect(try schema(example.schema).validate(json(example.instance)).map(\.message) == example.messages)
    }

    @Test func placesAreJSONPointers() throws {
        let violations = try schema(
            ##"{"properties":{"a/b":{"items":{"$ref":"#/$defs/x~y"}}},"required":["c"],"$defs":{"x~y":{"maximum":1}}}"##
        ).validate(json(#"{"a/b":[0,2]}"#))
        #expect(violations.map(\.instancePath) == ["", "/a~1b/1"])
        #expect(violations.map(\.schemaPath) == ["/required", "/$defs/x~0y/maximum"])
        #expect(violations.map(\.keyword) == ["required", "maximum"])
    }

    @Test func orderIsThatOfTheInstance() throws {
        let compiled = try schema(#"{"properties":{"a":{"type":"null"},"b":{"type":"null"}}}"#)
        #expect(compiled.validate(json(#"{"b":1,"a":1}"#)).map(\.instancePath) == ["/b", "/a"])
    }

    @Test func manyViolationsAreCutShort() throws {
        let compiled = try schema(#"{"items":{"type":"null"}}"#)
        #expect(compiled.validate(.array(Array(repeating: 1, count: Limits.violations))).count == Limits.violations)
        let violations = compiled.validate(.array(Array(repeating: 1, count: 5000)))
        #expect(violations.count == Limits.violations + 1)
        #expect(violations.last?.message == "only the first 100 violations are listed")
    }
}
