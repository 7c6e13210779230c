import Testing
import Values

@testable import JSONSchema

/// Values that are made up.
@Suite struct SampleTests {
    @Test(arguments: [
        (#"{"type":"object","properties":{"a":{"type":"integer","minimum":4},"b":{"enum":["x","y"]},"c":{"type":"array","items":{"type":"boolean"},"minItems":2}}}"#, #"{"a":4,"b":"x","c":[true,true]}"#),
        (#"{"type":"integer","exclusiveMinimum":3}"#, "4"), (#"{"type":"integer","maximum":-2}"#, "-2"), (#"{"type":"string","minLength":7}"#, #""text text""#),
        (##"{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"null"},{"type":"string"}]}}}"##, "null"),
        // Above the largest integer there is none.
        (#"{"type":"integer","exclusiveMinimum":9223372036854775807}"#, "9223372036854775807"),
    ])
    func samplesFit(text: String, value: String) throws { #expect(try schema(text).sample == json(value)) }

    private func size(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): elements.reduce(1) { $0 + size($1) }
        case .object(let object): object.values.reduce(1) { $0 + size($1) }
        case .string(let text): 1 + text.utf8.count / 64
        default: 1
        }
    }

    private static let lists = (0..<6).reduce(#"{"type":"string"}"#) { inner, _ in #"{"type":"array","minItems":100,"items":\#(inner)}"# }
    private static let trees = ##"{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#"},"d":{"$ref":"#"},"e":{"$ref":"#"},"f":{"$ref":"#"},"g":{"$ref":"#"},"h":{"$ref":"#"}}}"##
    private static let texts = #"{"type":"array","minItems":100,"items":{"type":"array","minItems":100,"items":{"type":"string","minLength":100000}}}"#
    private static let words = #"{"type":"array","minItems":100,"items":{"type":"array","minItems":100,"items":{"const":[1,2,3,4,5,6,7,8,9]}}}"#

    /// A schema that asks for more values than anybody would read.
    @Test(arguments: [lists, trees, texts, words]) func theyAreBounded(text: String) throws {
        let sample = try schema(text).sample
        #expect((100...12_000).contains(size(sample)), "\(size(sample)) values")
    }
}
