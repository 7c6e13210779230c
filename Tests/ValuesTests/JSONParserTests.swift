import Testing
import Values

@Suite struct JSONParserTests {
    private static let values: [(String, JSONValue)] = [
        ("null", .null), (" true ", true), ("false", false), ("\t\r\n1", 1),
        ("0", 0), ("-0", 0), ("-1", -1), ("9007199254740993", .int(9_007_199_254_740_993)), ("9223372036854775807", .int(.max)),
        ("-9223372036854775808", .int(.min)), ("9223372036854775808", .bigInt("9223372036854775808")),
        ("-9223372036854775809", .bigInt("-9223372036854775809")), ("123456789012345678901234567890", .bigInt("123456789012345678901234567890")),
        ("1.0", .double(1)), ("-0.0", .double(-0.0)), ("0.1", 0.1), ("1e2", .double(100)), ("1E+2", .double(100)), ("25e-1", 2.5), ("1e-400", .double(0)),
        ("\"\"", ""), (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u00e9\u65E5""#, "é日"), ("\"日本\"", "日本"),
        (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"), (#""\u0000""#, "\u{0}"),
        ("[]", []), ("[1, [2], {}]", [1, [2], [:]]), ("{}", [:]), (#"{"a": {"b": [null]}}"#, ["a": ["b": [nil]]]), (#"{"": 1}"#, ["": 1]),
    ]

    @Test(arguments: JSONParserTests.values) func reads(text: String, value: JSONValue) throws {
        let parsed = try JSONParser.parse(text)
        #expect(parsed == value)
        #expect(parsed.typeName == value.typeName)
        #expect(try JSONParser.parse(Array(text.utf8)) == value)
    }

    private static let faults: [(String, String, Int, Int)] = [
        ("", "unexpected end of the text", 1, 1), ("  ", "unexpected end of the text", 1, 3), ("nul", "expected a value", 1, 1), ("tru e", "expected a value", 1, 1),
        ("01", "a number must not start with 0", 1, 1), ("-", "expected a digit", 1, 2), ("+1", "expected a value", 1, 1), (".5", "expected a value", 1, 1),
        ("1.", "expected a digit after '.'", 1, 3), ("1e", "expected a digit in the exponent", 1, 3), ("1e+", "expected a digit in the exponent", 1, 4),
        ("1e999", "the number 1e999 is out of range", 1, 6), ("NaN", "expected a value", 1, 1), ("'a'", "expected a value", 1, 1),
        ("\"a", "unterminated string", 1, 3), ("\"a\\", "unterminated string", 1, 4), (#""\x""#, "unknown escape", 1, 3),
        (#""\u12""#, "expected four hexadecimal digits", 1, 4), (#""\u12G4""#, "expected four hexadecimal digits", 1, 6),
        ("\"a\nb\"", "a control character in a string must be escaped", 1, 3), ("\"\\n\t\"", "a control character in a string must be escaped", 1, 4),
        ("[1 2]", "expected ',' or ']'", 1, 4), ("[1,]", "expected a value", 1, 4), ("[", "unexpected end of the text", 1, 2),
        (#"{"a" 1}"#, "expected ':' after the key", 1, 6), ("{a: 1}", "expected a key in double quotes", 1, 2), (#"{"a": 1,}"#, "expected a key in double quotes", 1, 9),
        (#"{"a": 1 "b"}"#, "expected ',' or '}'", 1, 9), ("1 2", "unexpected text after the document", 1, 3), ("{\n  \"a\": tru\n}", "expected a value", 2, 8),
        ("// no\n1", "expected a value", 1, 1),
    ]

    @Test(arguments: JSONParserTests.faults) func refuses(text: String, message: String, line: Int, column: Int) {
        do throws(JSONParseError) {
            _ = try JSONParser.parse(text)
            Issue.record("it was accepted")
        } catch {
            #expect(error.message == message)
            #expect(error.line == line)
            #expect(error.column == column)
        }
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22]] as [[UInt8]] {
            #expect(throws: JSONParseError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test func keysKeepTheirOrderAndTheLastOfTwoWins() throws {
        #expect(try JSONParser.parse(#"{"z":1,"a":2,"m":3}"#).jsonText == #"{"z":1,"a":2,"m":3}"#)
        #expect(try JSONParser.parse(#"{"a":1,"b":2,"a":3}"#).jsonText == #"{"a":3,"b":2}"#)
    }

    @Test func orderDoesNotCountForEquality() throws {
        let a = try JSONParser.parse(#"{"a":1,"b":[{"x":1,"y":2}]}"#)
        let b = try JSONParser.parse(#"{"b":[{"y":2,"x":1}],"a":1}"#)
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
        #expect(a != (try JSONParser.parse(#"{"a":1}"#)))
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSONParser.parse(nested(256)) }
        #expect(throws: JSONParseError.self) { try JSONParser.parse(nested(257)) }
        #expect(throws: JSONParseError.self) { try JSONParser.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONParseError.self) { try JSONParser.parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func integersAreExactWhereverTheyAreAskedFor() {
        #expect(JSONValue.double(3).intValue == 3)
        #expect(JSONValue.double(3.5).intValue == nil)
        #expect(JSONValue.double(1e300).intValue == nil)
        #expect(JSONValue.bigInt("18446744073709551616").doubleValue == 18_446_744_073_709_551_616)
        #expect(JSONValue.int(1) != .double(1))
    }

    @Test func membersWhosePlaceAnotherTookAreTold() throws {
        var replaced: [JSONParser.ReplacedMember] = []
        let document = try Array(#"{"a":1,"b":{"c":"x","c":"y"},"a":2}"#.utf8).withUnsafeBufferPointer { try JSONParser.parse($0, replaced: &replaced) }
        #expect(document == ["a": 2, "b": ["c": "y"]])
        #expect(replaced.map(\.key) == ["c", "a"] && replaced.map(\.value) == ["x", 1])
    }
}

@Suite struct JSONEncodingTests {
    private static let texts: [(JSONValue, String)] = [
        (.null, "null"), (true, "true"), (0, "0"), (-7, "-7"), (.int(.min), "-9223372036854775808"), (.int(.max), "9223372036854775807"),
        (.bigInt("123456789012345678901"), "123456789012345678901"), (0.1, "0.1"), (.double(1), "1.0"), (.double(-0.0), "-0.0"), (.double(1e21), "1e+21"),
        (.double(.leastNonzeroMagnitude), "5e-324"), ("", "\"\""), ("a\"\\/", #""a\"\\/""#), ("\u{8}\t\n\u{C}\r\u{1}\u{1F}", #""\b\t\n\f\r\u0001\u001f""#),
        ("é日😀\u{2028}\u{7F}", "\"é日😀\u{2028}\u{7F}\""), ([], "[]"), ([1, [2]], "[1,[2]]"), ([:], "{}"), (["b": 1, "a": [nil]], #"{"b":1,"a":[null]}"#),
    ]

    @Test(arguments: JSONEncodingTests.texts) func writes(value: JSONValue, text: String) throws {
        #expect(value.jsonText == text)
        #expect(JSONEncoding.canonical.string(value) == (value["b"] == nil ? text : #"{"a":[null],"b":1}"#))
        #expect(try JSONParser.parse(text).jsonText == text)
    }

    /// What must be escaped is looked for in eight bytes at once: each byte, at each place of them and behind them.
    @Test(arguments: 0...17) func escapesEachByteWhereverItStands(place: Int) throws {
        for byte in UInt8(0)...0x7F {
            for count in [place + 1, place + 9] {
                var bytes = Array(repeating: UInt8(ascii: "~"), count: count)
                bytes[place] = byte
                let text = String(decoding: bytes, as: UTF8.self)
                let isEscaped = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                let written = JSONValue.string(text).jsonText
                #expect(isEscaped == written.utf8.contains(UInt8(ascii: "\\")))
                #expect(try JSONParser.parse(written) == .string(text))
            }
        }
        let accents = String(repeating: "é😀", count: place) + "\n"
        #expect(JSONValue.string(accents).jsonText == "\"" + accents.dropLast() + "\\n\"")
    }

    @Test func anObjectIsWrittenStraightToBytes() {
        var json = JSONObjectWriter()
        json.put("list", ["a", "{"])
        json.put("none", [Int]()) { $1.put("number", $0) }
        json.put("objects", [1, 2, 3]) { number, json in
            if number == 2 { return }
            json.put("number", number)
            json.put("inner", [number]) { $1.put("n", $0) }
            json.put("hash", ContentHash(of: "abc"))
        }
        json.put("text", "{")
        json.put("last", true)
        let hash = ContentHash(of: "abc").hex
        let objects = [1, 3].map { #"{"number":\#($0),"inner":[{"n":\#($0)}],"hash":"\#(hash)"}"# }
        #expect(
            String(decoding: json.finish(), as: UTF8.self)
                == #"{"list":["a","{"],"none":[],"objects":["# + objects[0] + ",{}," + objects[1] + #"],"text":"{","last":true}"#)
        #expect(String(decoding: JSONObjectWriter().finish(), as: UTF8.self) == "{}")
    }

    @Test func prettyIsIndentedByTwo() {
        #expect(
            JSONEncoding.pretty.string(["b": [1, [:], []], "a": ["c": "x"]]) == """
                {
                  "b": [
                    1,
                    {},
                    []
                  ],
                  "a": {
                    "c": "x"
                  }
                }
                """)
    }

    @Test func canonicalSortsByBytes() {
        #expect(JSONEncoding.canonical.string(["é": 1, "z": 2, "Z": 3, "": 4, "aa": 5, "a": 6]) == #"{"":4,"Z":3,"a":6,"aa":5,"z":2,"é":1}"#)
    }

    @Test func objectsAreChangedInPlace() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = 9
        #expect(JSONValue.object(object).jsonText == #"{"a":1,"b":9,"c":3}"#)
        object["b"] = nil
        #expect(Array(object.keys) == ["a", "c"])
        let isNew = [object.insert(5, forKey: "d"), object.insert(6, forKey: "d")]
        #expect(isNew == [true, false])
        #expect(object.with("e", 1).with("f", nil).count == 4)
        #expect(object.map(\.key) == ["a", "c", "d"])
        #expect(!object.contains("e"))
        #expect(JSONValue.array([1])[0] == 1)
        #expect(JSONValue.array([1])[1] == nil)
        #expect(JSONValue.array([1])["a"] == nil)
    }
}

@Suite struct ContentHashTests {
    // FIPS 180-2, appendix B.1.
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func itIsSHA256() {
        #expect(ContentHash(of: "abc").hex == abc)
        #expect(ContentHash(of: Array("abc".utf8)) == ContentHash(of: "abc"))
        #expect(ContentHash(of: "").hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect("\(ContentHash(of: "abc"))" == abc)
    }

    @Test func itIsReadBackFromEitherForm() {
        let hash = ContentHash(of: "abc")
        #expect(ContentHash(hex: abc) == hash)
        #expect(ContentHash(hex: abc.uppercased()) == hash)
        #expect(hash.bytes.withUnsafeBytes { ContentHash(bytes: $0) } == hash)
        for text in ["", "ba", String(abc.dropLast()), abc + "0", abc.replacing("b", with: "g")] { #expect(ContentHash(hex: text) == nil) }
    }

    @Test func aChainDependsOnEveryLink() {
        let first = ContentHash(chaining: nil, [1])
        #expect(first == ContentHash(of: [1]))
        #expect(ContentHash(chaining: first, [2]) == ContentHash(of: first.bytes + [2]))
        #expect(ContentHash(chaining: first, [2]) != ContentHash(chaining: nil, [2]))
    }
}
