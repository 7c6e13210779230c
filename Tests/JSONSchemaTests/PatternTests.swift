import Testing

@testable import JSONSchema

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        var run = Validation(try Schema(compiling: true).graph, collects: false, work: Limits.work)
        return try Pattern(pattern).matches(text, &run)
    }

    private static let cases: [(String, [String], [String])] = [
        ("", ["", "a"], []),
        ("b", ["abc"], ["ac"]),
        ("^abc$", ["abc"], ["abc\n", "xabc"]),
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("^(?:ab|c)*$", ["", "abc", "cab"], ["a", "abx"]),
        ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        ("^a{2,}$", ["aa", "aaaaa"], ["a"]),
        ("^(ab){0,2}?c$", ["c", "ababc"], ["abababc"]),
        ("^(a*)*$", ["", "aaa"], ["b"]),
        ("^[^a-c\\d]+$", ["xyz-"], ["a", "1"]),
        ("^[\\w.-]+@[\\w-]+\\.[a-z]{2,}$", ["first.last@mail.org"], ["first@mail", "@x.org"]),
        ("^[]]?$", [], ["]]"]),
        ("^\\d+$", ["12"], ["١٢"]),
        ("^\\w$", ["_"], ["é"]),
        ("^\\s$", ["\u{FEFF}", "\u{2029}", "\u{A0}"], ["\u{180E}", "x"]),
        ("^.$", ["é", "💩"], ["\n", "e\u{301}", "\u{2028}"]),
        ("^\\p{Lu}\\p{L}*$", ["Élan"], ["élan"]),
        ("^\\P{Letter}$", ["1"], ["a"]),
        ("^[\\p{Nd}x]$", ["٣", "x"], ["a"]),
        ("^\\u00e9\\x41\\u{1F4A9}\\uD83D\\uDCA9$", ["éA💩💩"], []),
        ("^\\cA\\t\\0$", ["\u{1}\t\0"], []),
        ("\\bcat\\b", ["a cat.", "cat"], ["concat", "cats"]),
        ("\\Bcat", ["concat"], ["cat"]),
        ("^(?=.*\\d)(?!.*\\s)[a-z\\d]{4,}$", ["abc1"], ["abcd", "ab 1", "a1"]),
        ("(?<=\\$)\\d+", ["cost $12"], ["cost 12"]),
        ("(?<!no)thing", ["something"], ["nothing"]),
        ("(?<=ab)c", ["abc"], ["bac"]),
        ("^a{,2}$", ["a{,2}"], ["aa"]),
        ("^{}$", ["{}"], []),
        ("^[a\\-z]+$", ["a-z"], ["b"]),
        ("^[-a]+[a-]+$", ["-a-a"], ["b"]),
    ]

    @Test(arguments: cases)
    func patterns(_ example: (pattern: String, matching: [String], others: [String])) throws {
        let (pattern, matching, others) = example
        for text in matching { #expect(try matches(pattern, text), "\(pattern) on \(text)") }
        for text in others { #expect(try !matches(pattern, text), "\(pattern) on \(text)") }
    }

    @Test(arguments: ["(", "a)", "[a", "*a", "a**", "a{2,1}", "\\", "\\q", "(?<n", "(?i)a", "\\1", "\\p{Nope}", "[b-a]", "^*", "\\u{110000}", "\\xZ", "((a{1000}){1000}){1000}", String(repeating: "(", count: 5000)])
    func unreadable(_ pattern: String) {
        #expect(throws: PatternError.self) { try Pattern(pattern) }
    }
}
