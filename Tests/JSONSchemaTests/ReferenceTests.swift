import Testing

@testable import JSONSchema

@Suite struct ReferenceTests {
    @Test(arguments: [
        Verdicts(##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"integer"}},"minimum":3}"##, valid: ["3"], invalid: ["2", #""a""#]),
        Verdicts(##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##, valid: [##"{"next":{"next":{}}}"##], invalid: [##"{"next":{"nest":{}}}"##]),
        Verdicts(##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"type":"null"}}}"##, valid: ["null"], invalid: ["1"]),
        Verdicts(##"{"items":{"$ref":"#/components/schemas/a"},"components":{"schemas":{"a":{"type":"null"}}}}"##, valid: ["[null]"], invalid: ["[1]"]),
        Verdicts(##"{"$ref":"#/$defs/a~1b%25%20~01","$defs":{"a/b% ~1":{"const":1}}}"##, valid: ["1"], invalid: ["2"]),
        Verdicts(##"{"$ref":"#name","$defs":{"a":{"$anchor":"name","const":1}}}"##, valid: ["1"], invalid: ["2"]),
        Verdicts(
            ##"{"$id":"https://example.com/a/root.json","$ref":"part.json","$defs":{"p":{"$id":"part.json","$ref":"#/$defs/q","$defs":{"q":{"const":1}}}}}"##,
            valid: ["1"], invalid: ["2"]),
        Verdicts(##"{"$ref":"urn:uuid:1#x","$defs":{"p":{"$id":"urn:uuid:1","$defs":{"q":{"$anchor":"x","const":1}}}}}"##, valid: ["1"], invalid: ["2"]),
        Verdicts(##"{"prefixItems":[{"const":1},{"$ref":"#/prefixItems/0"}]}"##, valid: ["[1,1]"], invalid: ["[1,2]"]),
        Verdicts(##"{"const":{"$ref":"#/nowhere"}}"##, valid: [##"{"$ref":"#/nowhere"}"##]),
        Verdicts(##"{"$schema":"https://json-schema.org/draft/2020-12/schema"}"##, valid: ["1"]),
    ])
    func references(_ verdicts: Verdicts) throws { try verdicts.check() }

    /// A list whose element type is left open, closed by the document around it.
    @Test func dynamicReferenceTakesTheOutermostAnchor() throws {
        try Verdicts(
            ##"""
            {"$id":"https://example.com/strings","$ref":"list",
             "$defs":{
               "element":{"$dynamicAnchor":"T","type":"string"},
               "list":{"$id":"list","items":{"$dynamicRef":"#T"},"$defs":{"default":{"$dynamicAnchor":"T"}}}}}
            """##, valid: [##"["a"]"##], invalid: ["[1]"]
        ).check()
    }

    /// Without a dynamic anchor in its own resource, it is a plain reference.
    @Test func dynamicReferenceToAPlainAnchorIsStatic() throws {
        try Verdicts(
            ##"""
            {"$id":"https://example.com/strings","$ref":"list",
             "$defs":{
               "element":{"$dynamicAnchor":"T","type":"string"},
               "list":{"$id":"list","items":{"$dynamicRef":"#T"},"$defs":{"default":{"$anchor":"T"}}}}}
            """##, valid: [##"["a"]"##, "[1]"]
        ).check()
    }

    /// A tree that is closed against unknown properties where it is used, as in the draft's own example.
    @Test func dynamicReferenceExtendsATree() throws {
        try Verdicts(
            ##"""
            {"$id":"https://example.com/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,
             "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node",
               "properties":{"data":true,"children":{"items":{"$dynamicRef":"#node"}}}}}}
            """##,
            valid: [##"{"children":[{"data":1,"children":[]}]}"##], invalid: [##"{"children":[{"daat":1}]}"##, ##"{"x":1}"##]
        ).check()
    }
}
