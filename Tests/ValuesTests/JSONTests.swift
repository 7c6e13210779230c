import Testing
import Values

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"b":1,"a":2}"#, #"[1,-1,0,9223372036854775807,-9223372036854775808]"#, #"123456789012345678901234567890"#, #"-12345678901234567890"#,
        #"[1.5,-0.25,1e-07,true,false,null]"#, #""aé€😀""#, #""\"\\\b\f\n\r\t\u0001""#, #"{}"#, #"[]"#, #"{"a":[{"b":{}}]}"#, #"1.0"#,
    ])
    func whatIsReadIsWrittenAgain(_ text: String) throws {
        #expect(try JSONParser.parse(text).jsonText == text)
    }

    @Test(arguments: [
        ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 4), ("{\"a\" 1}", 1, 6), ("01", 1, 1), ("1.", 1, 3), ("+1", 1, 1), ("nul", 1, 1), ("\"a", 1, 3),
        ("\"\n\"", 1, 2), ("\"\\x\"", 1, 3), ("[1] 2", 1, 5), ("{\n  \"a\": tru\n}", 2, 8), ("1e999", 1, 6), ("{a:1}", 1, 2),
    ])
    func aFaultHasItsPlace(_ text: String, line: Int, column: Int) {
        do throws(JSONParseError) {
            let value = try JSONParser.parse(text)
            Issue.record("\(text) was read as \(value)")
        } catch {
            #expect(error.line == line && error.column == column, "\(text): \(error)")
        }
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONParseError.self) { try JSONParser.parse(deep) }
        let within = String(repeating: "[", count: 250) + String(repeating: "]", count: 250)
        #expect((try? JSONParser.parse(within)) != nil)
    }

    @Test func escapesAndSurrogates() throws {
        #expect(try JSONParser.parse(#""\ud83d\ude00\u00e9\/""#) == "😀é/")
        #expect(try JSONParser.parse(#""\ud83dx""#) == "\u{FFFD}x")
        #expect(try JSONParser.parse(#""\ude00""#) == "\u{FFFD}")
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: JSONParseError.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func orderCountsOnTheWireAndNotInEquality() throws {
        let a = try JSONParser.parse(#"{"x":1,"y":[{"b":2,"a":3}]}"#)
        let b = try JSONParser.parse(#"{"y":[{"a":3,"b":2}],"x":1}"#)
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
        #expect(a.jsonText != b.jsonText)
        #expect(JSONEncoding.canonical.string(a) == JSONEncoding.canonical.string(b))
        #expect(JSONEncoding.canonical.string(a) == #"{"x":1,"y":[{"a":3,"b":2}]}"#)
    }

    @Test func theLastOfTwoEqualKeysCounts() throws {
        #expect(try JSONParser.parse(#"{"a":1,"b":2,"a":3}"#).jsonText == #"{"a":3,"b":2}"#)
    }

    @Test func prettyIsForPeople() throws {
        let value = try JSONParser.parse(#"{"a":[1,2],"b":{},"c":[]}"#)
        #expect(JSONEncoding.pretty.string(value) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}")
    }
}
