import Foundation
import Testing
import Values

@Suite struct DiagnosticTests {
    private func frame(_ line: String, column: Int, length: Int, width: Int = 100) -> [String] {
        let place = SourceRange(SourceLocation(file: "w.yaml", line: 1, column: column), length: length)
        let text = DiagnosticFormatter(width: width).format(Diagnostic(code: "AW000", "wrong", at: place), sources: ["w.yaml": line])
        return text.split(separator: "\n").map(String.init)
    }

    /// Cells before the first caret, and the number of carets.
    private func caret(_ frame: [String]) -> (lead: Int, count: Int) {
        let line = frame.last!
        let bar = line.firstIndex(of: "|")!
        let rest = line[line.index(bar, offsetBy: 2)...]
        return (rest.prefix { $0 == " " }.count, rest.filter { $0 == "^" }.count)
    }

    @Test func theCaretStandsUnderTheWord() {
        let frame = frame("model: smal", column: 8, length: 4)
        #expect(frame == ["w.yaml:1:8: error[AW000]: wrong", "    |", "  1 | model: smal", "    |        ^^^^"])
    }

    @Test func tabsAndWideCharactersAreMeasured() {
        #expect(caret(frame("\tx: y", column: 2, length: 1)) == (4, 1))
        #expect(caret(frame("名前: x", column: 5, length: 1)) == (6, 1))
        #expect(caret(frame("✅ x", column: 3, length: 1)) == (3, 1))
    }

    @Test func longLinesAreClippedAroundTheCaret() {
        let line = String(repeating: "a", count: 500) + "HERE" + String(repeating: "b", count: 500)
        let frame = frame(line, column: 501, length: 4, width: 60)
        #expect(frame[2].contains("HERE") && frame[2].contains("…") && frame[2].terminalWidth <= 66)
        let bar = frame[2].distance(from: frame[2].startIndex, to: frame[2].range(of: "HERE")!.lowerBound)
        #expect(frame[3].distance(from: frame[3].startIndex, to: frame[3].firstIndex(of: "^")!) == bar)
    }

    @Test func problemsAreInTheOrderOfTheirPlaces() {
        func at(_ line: Int) -> Diagnostic { Diagnostic(code: "X", "\(line)", at: SourceRange(SourceLocation(file: "a", line: line, column: 1))) }
        #expect(Diagnostics([at(3), at(1), Diagnostic(code: "X", "nowhere", at: nil), at(2)]).all.map(\.message) == ["nowhere", "1", "2", "3"])
    }

    @Test(arguments: [
        ("promt", "prompt"), ("lenght", "length"), ("Steps", "steps"), ("max_output", "max_output_tokens"), ("xyz", nil), ("id", nil),
    ] as [(String, String?)])
    func theNearestNameIsSuggested(_ word: String, expected: String?) {
        #expect(Suggestion.closest(to: word, in: ["prompt", "length", "steps", "max_output_tokens", "if", "ok"]) == (word == "id" ? "if" : expected))
    }

    @Test func hashesAreReadAndPrinted() {
        let hash = ContentHash(of: "abc")
        #expect(hash.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ContentHash(hex: hash.hex.uppercased()) == hash)
        #expect(ContentHash(hex: "ba78") == nil && ContentHash(hex: String(repeating: "g", count: 64)) == nil)
        #expect(ContentHash(chaining: nil, Array("abc".utf8)) == hash)
        #expect(ContentHash(chaining: hash, []) != hash)
    }
}
