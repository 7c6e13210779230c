import Testing
import Values

/// A7: nothing that a terminal acts on, and nothing that cannot be seen, gets to one.
@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("a\u{1B}]52;c;ZXZpbA==\u{7}b", #"a\u001b]52;c;ZXZpbA==\u0007b"#), ("\u{9B}2J", #"\u009b2J"#), ("x\ry", #"x\u000dy"#), ("x\r\ny\tz\n", "x\r\ny\tz\n"),
        ("\u{202E}txt\u{2066}\u{2028}\u{200B}\u{FEFF}\u{AD}\u{7F}\u{0}", #"\u202etxt\u2066\u2028\u200b\ufeff\u00ad\u007f\u0000"#),
        ("\u{E0041}", #"\udb40\udc41"#), ("é名😀👩‍👩‍👧 \u{FE0F}क्‍ष", "é名😀👩‍👩‍👧 \u{FE0F}क्‍ष"), ("\u{1B}[31mred\u{1B}[0m", #"\u001b[31mred\u001b[0m"#), ("", ""),
    ]) func itIsMadeVisible(text: String, shown: String) {
        #expect(TerminalText.harmless(text) == shown)
    }

    @Test func onlyTintsOfOurOwnTextStay() {
        #expect(TerminalText.harmless("\u{1B}[31;1mred\u{1B}[0m\u{1B}[2J\u{1B}[5", keepsTints: true) == "\u{1B}[31;1mred\u{1B}[0m\\u001b[2J\\u001b[5")
    }

    @Test func jsonStaysWhatItWas() throws {
        let value: JSONValue = ["a\u{9B}": "\u{202E}\u{1B}[2J\u{7F}\u{E0041}\n"]
        for text in [JSONEncoding.pretty.string(value), JSONEncoding.line.string(value), TerminalText.harmless(value.jsonText)] {
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !TerminalText.isHarmful($0) })
            #expect(try JSONParser.parse(text) == value)
        }
    }

    /// Every scalar by itself: harmless text is not changed, and what comes out is harmless.
    @Test func everyScalar() {
        for value in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = TerminalText.harmless("a\(Character(scalar))b")
            #expect(shown.unicodeScalars.allSatisfy { !TerminalText.isHarmful($0) })
            if !TerminalText.isHarmful(scalar) { #expect(shown.unicodeScalars.count == 3) }
        }
    }
}
