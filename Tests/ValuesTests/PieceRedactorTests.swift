import Testing
import Values

/// Settled 36, of an answer that is handed on as it comes: no cut between two pieces lets a secret through.
@Suite struct PieceRedactorTests {
    private static let key = "sk-proj-4ea1c0de-XYZ"
    private let redactor = Redactor([Secret(name: "the key", value: key), Secret(name: "a phrase", value: "correct horse battery é")])

    private func told(_ pieces: [some StringProtocol]) -> [String] {
        var clean = PieceRedactor(redactor)
        return pieces.map { clean.push(String($0)) } + [clean.finish()]
    }

    @Test(arguments: [
        "the key is \(key), keep it", key, "\(key) \(key)", "a\(key)", "\(key.dropLast())", "\(key.dropFirst(2)) and sk-proj", "nothing of the kind: Grüße, 🎈🎈",
        "say correct horse battery é twice: correct horse battery é", "Authorization: Bearer \(key)\r\n", #"{"a":"\#(key)","b":[1,2]}"#,
    ])
    func everyCutComesToTheSame(text: String) {
        let whole = redactor.redact(text)
        #expect(told(text.map(String.init)).joined() == whole)
        for place in text.indices {
            #expect(told([text[..<place], text[place...]]).joined() == whole, "cut before '\(text[place...])'")
        }
    }

    @Test(arguments: ["%73%6B-proj-4ea1c0de-XYZ", #"\u0073k-proj-4ea1c0de-XYZ"#, #"sk\u002dproj%2D4ea1c0de-XYZ"#, "c2stcHJvai00ZWExYzBkZS1YWVo="])
    func neitherDoesAnEscape(form: String) {
        let text = "it is \(form) today"
        #expect(redactor.redact(text).contains("***"))
        for place in text.indices {
            let told = told([text[..<place], text[place...]]).joined()
            #expect(redactor.secret(in: told) == nil && told.hasPrefix("it is ***"), "cut before '\(text[place...])': \(told)")
        }
    }

    /// A piece ends where a text does not: more may be taken out, and never less.
    @Test(arguments: [key + key, "sk-sk-proj-\(key)", "\(key.dropFirst(2)) and sk-proj"])
    func whatTouchesIsGoneToo(text: String) {
        for place in text.indices {
            let told = told([text[..<place], text[place...]]).joined()
            #expect(told.contains("***") && redactor.redact(told) == told && !told.contains("4ea1c0de"), "\(told)")
        }
    }

    /// Nothing that was told is taken back, and what cannot be part of a secret does not wait.
    @Test func whatWaitsIsWhatMayBeOne() {
        #expect(told(["the key is sk-proj-4e", "a1c0de-XYZ, keep: ", "_"]) == ["the key is ", "***, keep:", " _", ""])
        var open = PieceRedactor(.none)
        #expect(open.push("sk-proj-4e") == "sk-proj-4e" && open.finish().isEmpty)
        // A word of escapes without an end is not held for ever.
        var long = PieceRedactor(redactor)
        #expect(long.push(String(repeating: "\\n", count: 10_000)).utf8.count >= 15_000)
    }
}
