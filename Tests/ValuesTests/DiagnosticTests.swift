import Testing
import Values

@Suite struct DiagnosticFormatterTests {
    private func frame(_ source: String, line: Int = 1, columns: Range<Int>, width: Int = 100) -> String {
        let range = SourceRange(
            SourceLocation(file: "w.yaml", line: line, column: columns.lowerBound),
            SourceLocation(file: "w.yaml", line: line, column: columns.upperBound))
        return frame(source, range, width: width)
    }

    private func frame(_ source: String, _ range: SourceRange, width: Int = 100) -> String {
        let diagnostic = Diagnostic(code: "AW101", "it is wrong", at: range)
        return DiagnosticFormatter(width: width).format(diagnostic, sources: ["w.yaml": source])
    }

    @Test func aProblemHasItsPlaceItsLineAndItsHint() {
        let diagnostic = Diagnostic(
            code: "AW101", "unknown key 'promt' in a step", at: SourceRange(SourceLocation(file: "w.yaml", line: 2, column: 3), length: 5),
            hint: "did you mean 'prompt'?")
        #expect(
            DiagnosticFormatter().format(diagnostic, sources: ["w.yaml": "- id: a\n  promt: hi\n"]) == """
                w.yaml:2:3: error[AW101]: unknown key 'promt' in a step
                    |
                  2 |   promt: hi
                    |   ^^^^^
                  hint: did you mean 'prompt'?

                """)
    }

    @Test func ofAVeryLongLineTheSurroundingsAreShown() {
        let source = String(repeating: "é", count: 50_000) + "fault" + String(repeating: "😀", count: 50_000)
        let lines = frame(source, columns: 50_001..<50_006).split(separator: "\n")
        let shown = lines[2].split(separator: " | ")[1]
        #expect(shown.hasPrefix("…é") && shown.hasSuffix("😀…") && shown.contains("éfault😀"))
        let before = shown.prefix(upTo: shown.firstRange(of: "fault")!.lowerBound)
        #expect(lines[3].hasSuffix(String(repeating: " ", count: before.count) + "^^^^^"))
        #expect(shown.prefix(while: { $0 != "f" }).count == before.count)
    }

    /// A18
    @Test func ofEachCodeTheFirstAreShownAndTheOthersCounted() {
        let problems = (1...1_200).map { Diagnostic(code: "AW1", "x", at: SourceRange(SourceLocation(file: "w.yaml", line: 1, column: $0))) }
        let sources = ["w.yaml": String(repeating: "a", count: 2_000)]
        let text = DiagnosticFormatter().format(Diagnostics(problems, sources: sources), .first(all: "--all"))
        #expect(text.split(separator: "\n").count == DiagnosticFormatter.mostOfACode * 4 + 1)
        #expect(text.contains("w.yaml:1:3: error[AW1]: x\n") && !text.contains("w.yaml:1:4: ") && text.hasSuffix("^\n\nand 1197 more AW1 (--all shows them)\n"), "\(text.suffix(300))")
        let few = Diagnostics([Diagnostic(code: "AW2", "y", at: nil)] + problems.prefix(3))
        #expect(!DiagnosticFormatter().format(few, .first(all: "--all")).contains("more AW"))
        #expect(DiagnosticFormatter().format(Diagnostics(problems, sources: sources)).contains("w.yaml:1:1200: error[AW1]: x\n"))
    }

    /// S3: warnings hide no error, however many there are.
    @Test func errorsStandBeforeWarnings() {
        func problem(_ severity: Diagnostic.Severity, _ code: String, _ line: Int) -> Diagnostic {
            Diagnostic(severity, code: code, "x", at: SourceRange(SourceLocation(file: "w", line: line, column: 1)))
        }
        let problems = (1...100).map { problem(.warning, "AW4\($0 % 5)", $0) } + (90...95).map { problem(.error, "AW1", $0) } + [problem(.error, "AW2", 99)]
        let lines = DiagnosticFormatter().format(Diagnostics(problems), .first(all: "--all")).split(separator: "\n")
        #expect(lines[..<4] == ["w:90:1: error[AW1]: x", "w:91:1: error[AW1]: x", "w:92:1: error[AW1]: x", "w:99:1: error[AW2]: x"])
        #expect(lines[4] == "and 3 more AW1 (--all shows them)" && lines.count == 5 + 15 + 5)
        #expect(lines.suffix(5).allSatisfy { $0.hasPrefix("and 17 more AW4") })
    }

    @Test func aProblemWithoutAPlaceIsOneLine() {
        let text = DiagnosticFormatter().format(Diagnostic(.warning, code: "AW001", "cannot read x", at: nil), sources: [:])
        #expect(text == "warning[AW001]: cannot read x\n")
    }

    @Test func aFileThatIsNotAtHandHasNoFrame() {
        let diagnostic = Diagnostic(code: "AW1", "x", at: SourceRange(SourceLocation(file: "other", line: 9, column: 1)))
        #expect(DiagnosticFormatter().format(diagnostic, sources: ["w.yaml": "a"]) == "other:9:1: error[AW1]: x\n")
        #expect(frame("a\n", line: 7, columns: 1..<2) == "w.yaml:7:1: error[AW101]: it is wrong\n")
    }

    private func expect(_ frame: String, _ lines: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        #expect(frame.split(separator: "\n").dropFirst().joined(separator: "\n") == lines, sourceLocation: sourceLocation)
    }

    @Test func caretsStandUnderTabs() {
        expect(
            frame("\tkey:\tvalue", columns: 7..<12),
            """
                |
              1 |     key:    value
                |             ^^^^^
            """)
    }

    @Test func caretsStandUnderWideCharacters() {
        expect(
            frame("日本: ${{ x }}", columns: 5..<8),
            """
                |
              1 | 日本: ${{ x }}
                |       ^^^
            """)
        expect(
            frame("a: 日本語", columns: 4..<7),
            """
                |
              1 | a: 日本語
                |    ^^^^^^
            """)
    }

    @Test func caretsStandUnderWhatFollowsAnEmoji() {
        for emoji in ["✅", "⭐", "⚡", "😀", "🇫🇷", "👩‍👩‍👧", "👍🏽", "❤️"] {
            let column = emoji.unicodeScalars.count + 2
            expect(
                frame("\(emoji) x", columns: column..<column + 1),
                """
                    |
                  1 | \(emoji) x
                    |    ^
                """)
        }
    }

    @Test func combiningMarksTakeNoRoom() {
        expect(
            frame("e\u{301}a x", columns: 5..<6),
            """
                |
              1 | e\u{301}a x
                |    ^
            """)
    }

    @Test func controlCharactersAreNotPrinted() {
        expect(
            frame("a\u{1B}[31mb", columns: 2..<3),
            #"""
                |
              1 | a\u001b[31mb
                |  ^^^^^^
            """#)
    }

    @Test func aRangeOverSeveralLinesIsMarkedOnItsFirst() {
        let range = SourceRange(SourceLocation(file: "w.yaml", line: 1, column: 8), SourceLocation(file: "w.yaml", line: 3, column: 2))
        expect(
            frame("steps: [\n  a\n]", range),
            """
                |
              1 | steps: [
                |        ^
            """)
    }

    @Test func thePlaceBehindTheLastCharacterHasACaret() {
        expect(
            frame("abc", columns: 4..<5),
            """
                |
              1 | abc
                |    ^
            """)
        expect(
            frame("", columns: 1..<2),
            """
                |
              1 |\u{20}
                | ^
            """)
    }

    @Test func linesThatEndAsOnWindowsAreLines() {
        expect(
            frame("a: 1\r\nb: 2\r\n", line: 2, columns: 4..<5),
            """
                |
              2 | b: 2
                |    ^
            """)
    }

    @Test func numbersOfSeveralDigitsKeepTheGutterStraight() {
        expect(
            frame(String(repeating: "\n", count: 99) + "x", line: 100, columns: 1..<2),
            """
                  |
              100 | x
                  | ^
            """)
    }

    // MARK: Long lines

    private let long = String(repeating: "0123456789", count: 20)

    @Test func aLongLineIsClippedAroundTheCaret() {
        expect(
            frame(long, columns: 101..<104, width: 50),
            """
                |
              1 | …7890123456789012345678901234567890123456…
                |               ^^^
            """)
    }

    @Test func aLongLineIsClippedAtItsEnd() {
        expect(
            frame(long, columns: 1..<3, width: 50),
            """
                |
              1 | 0123456789012345678901234567890123456789…
                | ^^
            """)
    }

    @Test func aLongLineIsClippedAtItsStart() {
        expect(
            frame(long, columns: 199..<201, width: 50),
            """
                |
              1 | …0123456789012345678901234567890123456789
                |                                        ^^
            """)
    }

    @Test func whatIsMarkedBeyondTheClippingIsMarkedAsFarAsItShows() {
        let lines = frame(long, columns: 1..<201, width: 50).split(separator: "\n")
        #expect(lines[3] == "    | " + String(repeating: "^", count: 40))
    }

    @Test(arguments: [40, 60, 100]) func noFrameIsWiderThanTheTerminal(width: Int) {
        for text in [long, String(repeating: "日", count: 200), String(repeating: "\t", count: 100), String(repeating: "👩‍👩‍👧", count: 100)] {
            for column in [1, 50, 99, 200] {
                for line in frame(text, columns: column..<column + 3, width: width).split(separator: "\n").dropFirst() {
                    #expect(String(line).terminalWidth <= width)
                }
            }
        }
    }

    // MARK: Colour

    @Test func colourIsAroundTheSameText() {
        let diagnostic = Diagnostic(
            .warning, code: "AW9", "odd", at: SourceRange(SourceLocation(file: "w", line: 1, column: 1)), hint: "mend it")
        let coloured = DiagnosticFormatter(usesColor: true).format(diagnostic, sources: ["w": "x"])
        #expect(coloured.contains("\u{1B}[33;1mwarning[AW9]\u{1B}[0m"))
        let plain = coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        #expect(plain == DiagnosticFormatter().format(diagnostic, sources: ["w": "x"]))
    }

    // MARK: Several

    @Test func problemsAreSortedByPlace() {
        func at(_ file: String, _ line: Int, _ column: Int) -> Diagnostic {
            Diagnostic(code: "AW1", "\(file)\(line)\(column)", at: SourceRange(SourceLocation(file: file, line: line, column: column)))
        }
        let all = Diagnostics([at("b", 1, 1), at("a", 10, 1), at("a", 9, 5), at("a", 9, 1), Diagnostic(code: "AW1", "nowhere", at: nil)])
        #expect(all.all.map(\.message) == ["nowhere", "a91", "a95", "a101", "b11"])
        #expect(all.hasErrors)
        #expect(!Diagnostics([Diagnostic(.warning, code: "AW1", "x", at: nil)]).hasErrors)
    }
}

@Suite struct TerminalWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｱ", 1), ("ＡＢ", 4), ("한국", 4), ("…", 1), ("→", 1), ("✓", 1), ("█", 1), ("├─", 2),
        ("✅", 2), ("⭐", 2), ("⚡", 2), ("⏳", 2), ("😀", 2), ("🇫🇷", 2), ("🇫🇷🇩🇪", 4), ("👩‍👩‍👧", 2), ("👍🏽", 2), ("❤️", 2), ("❤", 1), ("1️⃣", 2), ("\u{200B}", 0), ("©", 1), ("™", 1), ("a✅b", 4),
        ("नमस्ते", 4), ("ไทย", 3),
    ])
    func cells(text: String, width: Int) { #expect(text.terminalWidth == width) }
}
