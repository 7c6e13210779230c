import Testing
import Values

@testable import JSONSchema

/// Nothing that a schema or an answer holds may hang a run or exhaust its stack.
@Suite struct BoundsTests {
    private func nested(_ levels: Int, in wrap: (JSONValue) -> JSONValue, around inner: JSONValue) -> JSONValue {
        (0..<levels).reduce(inner) { value, _ in wrap(value) }
    }

    @Test func nestedQuantifiersDoNotBacktrack() throws {
        let compiled = try schema(#"{"pattern":"^((a+)+|(a|a)*)+$"}"#)
        let text = String(repeating: "a", count: 20_000)
        #expect(compiled.isValid(.string(text)))
        #expect(!compiled.isValid(.string(text + "!")))
    }

    @Test func patternsOfThousandsOfLookaheadsAreRefused() {
        let pattern = String(repeating: "(?=.*y)", count: 9_000)
        #expect(throws: SchemaError.self) { try Schema(compiling: ["pattern": .string(pattern)]) }
    }

    @Test func beginningsOfMatchesAreCharged() throws {
        let patterns = JSONObject((0..<200).map { ("^x\($0)$", JSONValue.bool(true)) })
        let compiled = try Schema(compiling: ["patternProperties": .object(patterns)])
        let instance = JSONValue.object(JSONObject((0..<200).map { ("a\($0)", JSONValue.int(1)) }))
        #expect(compiled.validate(instance, work: 100_000).last?.keyword == "limit")
        #expect(compiled.validate(instance).isEmpty)
    }

    @Test func lookaheadsAreCharged() throws {
        let compiled = try schema(#"{"pattern":"((?=.*x).)+y"}"#)
        let violations = compiled.validate(.string(String(repeating: "a", count: 20_000)), work: 100_000)
        #expect(violations.last?.keyword == "limit")
    }

    @Test func doublingReferencesRunOutOfWork() throws {
        var definitions = JSONObject()
        for level in 0..<40 {
            let next: JSONValue = ["$ref": .string("#/$defs/l\(level + 1)")]
            definitions["l\(level)"] = ["allOf": [next, next]]
        }
        definitions["l40"] = true
        let compiled = try Schema(compiling: ["$ref": "#/$defs/l0", "$defs": .object(definitions)])
        let violations = compiled.validate(1, work: 50_000)
        #expect(violations.map(\.keyword) == ["limit"])
        #expect(violations.first?.message == "the value could not be checked completely: it takes more work than one validation may spend")
        #expect(!compiled.isValid(1))
    }

    /// Each failing level is tried for its verdict and then for its reasons.
    @Test func doublingAlternativesRunOutOfWork() throws {
        var definitions = JSONObject()
        for level in 0..<40 {
            let next: JSONValue = ["$ref": .string("#/$defs/l\(level + 1)"), "minimum": 5]
            definitions["l\(level)"] = ["anyOf": [next, next]]
        }
        definitions["l40"] = ["minimum": 3]
        let compiled = try Schema(compiling: ["$ref": "#/$defs/l0", "$defs": .object(definitions)])
        #expect(compiled.validate(1).last?.keyword == "limit")
    }

    @Test func abandonedChecksAreNeverPasses() throws {
        let compiled = try schema(#"{"not":{"items":{"type":"integer"}}}"#)
        #expect(compiled.validate(.array(Array(repeating: 1, count: 100)), work: 50).map(\.keyword) == ["limit"])
    }

    /// The smallest stacks in question are those of tasks.
    @Test func recursionEndsAtItsLimit() async throws {
        let compiled = try schema(##"{"type":["array","integer"],"anyOf":[{"items":{"allOf":[{"$ref":"#"}]}}]}"##)
        let shallow = nested(200, in: { .array([$0]) }, around: 1)
        let deep = nested(2000, in: { .array([$0]) }, around: "x")
        let unlike = nested(200, in: { .array([$0]) }, around: "x")
        await Task.detached {
            #expect(compiled.validate(shallow).isEmpty)
            #expect(compiled.validate(deep).last?.message == "the value could not be checked completely: schemas apply each other more than 1000 deep at this place")
            #expect(!compiled.isValid(unlike))
            #expect(!compiled.validate(unlike).isEmpty)
        }.value
    }

    @Test func dynamicLoopsEndAtTheLimit() throws {
        let compiled = try schema(##"{"$dynamicAnchor":"a","allOf":[{"$dynamicRef":"#a"}]}"##)
        #expect(compiled.validate(1).map(\.keyword) == ["limit"])
    }

    @Test func comparingDeepElementsIsRefused() throws {
        let deep = nested(1000, in: { .array([$0]) }, around: 1)
        #expect(try schema(#"{"uniqueItems":true}"#).validate([deep, deep]).map(\.keyword) == ["limit"])
    }

    @Test func deepSchemasAreRefused() {
        let deep = nested(1000, in: { ["not": $0] }, around: true)
        #expect(throws: SchemaError.self) { try Schema(compiling: deep) }
    }

    @Test func longChainsOfReferencesCompile() throws {
        var definitions = JSONObject()
        for level in 0..<5000 { definitions["l\(level)"] = ["$ref": .string("#/$defs/l\(level + 1)")] }
        definitions["l5000"] = true
        let compiled = try Schema(compiling: ["$ref": "#/$defs/l0", "$defs": .object(definitions)])
        #expect(compiled.validate(1).map(\.keyword) == ["limit"])
    }

    @Test func hugeNumbersAreCompared() throws {
        let digits = String(repeating: "7", count: 20_000)
        let compiled = try schema(#"{"multipleOf":12345678901234567891,"minimum":0}"#)
        #expect(!compiled.isValid(.bigInt(digits)))
    }

    @Test func longWordsDoNotSlowSuggestions() throws {
        let long = String(repeating: "x", count: 1_000_000)
        let compiled = try schema(#"{"properties":{"a":{"enum":["xxxxxxxx","yyyyyyyy"]}},"additionalProperties":false}"#)
        #expect(compiled.validate(["a": .string(long), long: 1]).count == 2)
    }
}
