import Testing
import Values

@testable import JSONSchema

@Suite struct IntrospectionTests {
    private let compiled = Result {
        try schema(
            ##"""
            {"$ref":"#/$defs/ticket",
             "$defs":{
               "ticket":{"type":"object","required":["id"],"additionalProperties":false,
                 "properties":{"id":{"type":["integer","null"]},"lines":{"type":"array","items":{"$ref":"#/$defs/line"}}}},
               "line":{"type":"object","properties":{"kind":{"enum":["a","b",1]}}}}}
            """##)
    }

    @Test func topLevelIsBehindItsReference() throws {
        let compiled = try compiled.get()
        #expect(compiled.typeNames == ["object"])
        #expect(compiled.propertyNames == ["id", "lines"])
        #expect(compiled.required == ["id"])
        #expect(compiled.property("id") == ["type": ["integer", "null"]])
        #expect(compiled.property("nothing") == nil)
        #expect(compiled.shape.isClosed)
    }

    @Test func shapesLeadInward() throws {
        let line = try #require(try compiled.get().shape.property("lines")?.element)
        #expect(line.propertyNames == ["kind"])
        #expect(line.property("kind")?.typeNames == ["string", "integer"])
        #expect(!line.isClosed)
        #expect(line.element == nil)
    }

    @Test func closedObjectsAreThoseThatNothingOpens() throws {
        func isClosed(_ text: String) throws -> Bool { try schema(text).shape.isClosed }
        #expect(try isClosed(#"{"additionalProperties":false,"anyOf":[{"properties":{"a":true}}]}"#))
        #expect(try isClosed(#"{"unevaluatedProperties":false}"#))
        #expect(try !isClosed(#"{"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}]}"#))
        #expect(try !isClosed(#"{"additionalProperties":false,"patternProperties":{"^x":true}}"#))
        #expect(try !isClosed(#"{"additionalProperties":{"type":"string"}}"#))
        #expect(try schema(#"{"additionalProperties":{"type":"string"}}"#).shape.additional?.typeNames == ["string"])
    }

    @Test func nothingIsSaidOfNothing() throws {
        let open = try Schema(compiling: true)
        #expect(open.typeNames == [])
        #expect(open.propertyNames == nil)
        #expect(open.required == [])
        #expect(open.source == true)
    }
}
