import Testing
import Values

/// Two spellings of one word, of the same look and of other bytes. Swift's `==` holds for them.
private let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")

/// Keys are equal when their bytes are (case T3 and its kind).
@Suite struct TextKeyTests {
    @Test func swiftTakesThemForEqual() { #expect(composed == decomposed) }

    @Test func twoSpellingsAreTwoKeysOfAnObject() throws {
        let object = try #require(JSONParser.parse("{\"caf\\u00e9\":1,\"cafe\\u0301\":2}").objectValue)
        #expect(object.count == 2 && object[composed] == 1 && object[decomposed] == 2)
        #expect(Array(JSONValue.object(object).jsonText.utf8) == Array("{\"\(composed)\":1,\"\(decomposed)\":2}".utf8))
        // Sorted by bytes: `e` stands before `é`.
        #expect(Array(JSONEncoding.canonical.string(.object(object)).utf8) == Array("{\"\(decomposed)\":2,\"\(composed)\":1}".utf8))
    }

    /// Beyond a few keys an object has a table.
    @Test(arguments: [0, 14, 15, 40]) func anObjectOfAnySize(others: Int) {
        var object = JSONObject((0..<others).map { ("k\($0)", .int(Int64($0))) })
        object[composed] = "composed"
        object[decomposed] = "decomposed"
        for round in 0..<2 {
            #expect(object.count == others + 2)
            #expect(object[composed] == "composed" && object[decomposed] == "decomposed" && object.contains(decomposed) && !object.contains("caf"))
            #expect((0..<others).allSatisfy { object["k\($0)"] == .int(Int64($0)) })
            #expect(object.keys.map { Array($0.utf8) } == ((0..<others).map { "k\($0)" } + [composed, decomposed]).map { Array($0.utf8) })
            guard round == 0 else { break }
            // What is put again keeps its place, what was removed goes to the end.
            object["k0"] = others > 0 ? 0 : nil
            object[composed] = nil
            object[decomposed] = nil
            #expect(object.count == others && object[composed] == nil && object[decomposed] == nil)
            object[composed] = "composed"
            object[decomposed] = "decomposed"
        }
    }

    @Test func valuesAreComparedByBytes() {
        let (a, b) = (JSONValue.string(composed), JSONValue.string(decomposed))
        #expect(a != b && Set([a, b]).count == 2)
        #expect(JSONValue.array([a]) != [b] && JSONValue.object([composed: 1]) != [decomposed: 1])
        #expect(JSONValue.object([composed: 1, decomposed: 2]) == [decomposed: 2, composed: 1])
        #expect(JSONValue.object([composed: 1, decomposed: 2]).hashValue == JSONValue.object([decomposed: 2, composed: 1]).hashValue)
    }

    @Test func tablesAndSets() {
        var table: TextTable<Int> = [composed: 1]
        table[decomposed, default: 10] += 1
        #expect(table.count == 2 && table[composed] == 1 && table[decomposed] == 11)
        #expect(table.sortedByKey.map(\.value) == [11, 1])
        let set = TextSet([composed, decomposed, composed])
        #expect(set.count == 2 && set.contains(decomposed) && !set.contains("cafe") && set.subtracting([composed]) == [decomposed])
    }

    /// Texts of every length, in every storage, against the bytes themselves.
    @Test func theSameBytes() {
        for count in 0...40 {
            let text = String(repeating: "a", count: count)
            var other = String(repeating: "b", count: 60)
            other.removeAll(keepingCapacity: true)
            other += text
            #expect(text.hasSameBytes(as: other) && TextKey(text) == TextKey(other) && TextKey(text).hashValue == TextKey(other).hashValue)
            #expect(!(text + "é").hasSameBytes(as: text + "e\u{301}") && !text.hasSameBytes(as: text + "a"))
        }
    }
}

/// Lines, marks and parts of texts are found by bytes (cases T1 and T2 and their kind).
@Suite struct TextByteTests {
    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb\n\r\nc", ["a", "b", "", "c"]), ("\n\n", ["", ""]), ("\r\n", [""]), ("a\rb", ["a\rb"]), ("\u{301}\n\u{301}", ["\u{301}", "\u{301}"]),
        ("a\u{2028}b\u{85}\n", ["a\u{2028}b\u{85}"]), ("\r\r\n", ["\r"]),
    ]) func lines(text: String, lines: [String]) {
        #expect(text.lines.map { Array($0.utf8) } == lines.map { Array($0.utf8) })
    }

    @Test func theLastLineEnd() {
        let cases = [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\r", "a\r"), ("", ""), ("\n", ""), ("\r\n", "")]
        for (text, rest) in cases { #expect(Array(text.withoutLastLineEnd.utf8) == Array(rest.utf8)) }
    }

    @Test func aMarkBehindASignHidesItNot() throws {
        let (name, value) = try #require("t=\u{301}x=y".cut(at: UInt8(ascii: "=")))
        #expect(name == "t" && Array(value.utf8) == Array("\u{301}x=y".utf8))
        #expect("a/\u{301}b".lastPathPart.utf8.count == 3 && "a/\u{301}b".folderWithSlash == "a/" && "a".folderWithSlash.isEmpty)
        #expect("${{\u{301} x }}".containsBytes(of: "${{") && !"${ {".containsBytes(of: "${{") && "$${{".containsBytes(of: "${{"))
        #expect("a,\u{301}b,,c".parts(at: UInt8(ascii: ",")).count == 3)
        let address = try #require(URLParts("http://u:\u{301}pa55word@\u{301}h:80/p?k=\u{301}v&\u{301}x#f"))
        #expect(address.userInfo?.utf8.count == 12 && address.port == nil || address.port == "80")
        #expect(address.query.map(\.name.utf8.count) == [1, 3])
    }

    @Test func aByteOrderMarkIsSkippedOnce() throws {
        #expect(Array("\u{FEFF}\u{FEFF}a".withoutByteOrderMark.utf8) == Array("\u{FEFF}a".utf8) && "a\u{FEFF}".withoutByteOrderMark.utf8.count == 4)
        #expect(try JSONParser.parse("\u{FEFF}{\"a\":1}") == ["a": 1])
        #expect(try JSONParser.parse([0xEF, 0xBB, 0xBF, 0x31]) == 1)
        #expect(throws: JSONParseError.self) { try JSONParser.parse("\u{FEFF}\u{FEFF}1") }
        #expect(throws: JSONParseError.self) { try JSONParser.parse("1\u{FEFF}") }
    }

    /// Columns are scalars, and the mark before the text is none.
    @Test(arguments: [("\u{FEFF}\"é😀\": 1", 1, 5), ("[\"é\",\r\n\"漢\" x]", 2, 5), ("\u{FEFF}x", 1, 1)])
    func placesInJSON(text: String, line: Int, column: Int) {
        do throws(JSONParseError) {
            _ = try JSONParser.parse(text)
            Issue.record("it was accepted")
        } catch {
            #expect(error.line == line && error.column == column, "\(error)")
        }
    }
}
