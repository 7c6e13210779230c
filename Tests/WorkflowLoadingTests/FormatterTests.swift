import Testing
import Values

@testable import WorkflowLoading

@Suite struct FormatterTests {
    private func expect(_ text: String, _ formatted: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(try LanguageFormatter.format(text, file: "w.yaml") == formatted, sourceLocation: sourceLocation)
        #expect(try LanguageFormatter.format(formatted, file: "w.yaml") == formatted, sourceLocation: sourceLocation)
    }

    @Test func blocksAreIndentedByTwo() throws {
        try expect(
            """
            steps:
            - id:    a
              prompt: hi
            -   id: b
                needs:
                -   a
            outputs:
                  a: 1
            """,
            """
            steps:
              - id:    a
                prompt: hi
              - id: b
                needs:
                  - a
            outputs:
              a: 1

            """)
    }

    @Test func flowCollectionsHaveTheirSpaces() throws {
        try expect("a: {b: 1,c:  [1,2 , {d: e}],\"f\":g , h: {},i: [ ]}\n", "a: { b: 1, c: [1, 2, { d: e }], f: g, h: {}, i: [] }\n")
        try expect("a: [\n  1, # one\n     2\n]\nb: { c: [\n1 ] }\n", "a: [\n  1, # one\n  2\n]\nb: { c: [\n    1] }\n")
    }

    /// Without indentation its text would be read as something else.
    @Test func aBlockThatIsTheWholeFileIsIndented() throws {
        try expect("|-\n     ]", "|-\n  ]\n")
        try expect(">-\n }} text\n", ">-\n  }} text\n")
    }

    @Test func commentsStayWithWhatTheyStandBy() throws {
        try expect(
            """


            # first
            a:   # at a
                # in a
                b: 1   # aligned
                # behind b
            # before c


            # and this
            c: 1
              # last
            """,
            """
            # first
            a:   # at a
              # in a
              b: 1   # aligned
              # behind b
            # before c

            # and this
            c: 1
            # last

            """)
    }

    @Test func blockScalarsKeepTheirContent() throws {
        try expect(
            "a:\n    b: |  # why\n          one\n            two\n\n          # no comment\n\n\n    c: >-\n      x\n    d: |+\n      y\n\n    e: |2\n        z\n",
            "a:\n  b: |  # why\n    one\n      two\n\n    # no comment\n\n  c: >-\n    x\n  d: |+\n    y\n\n  e: |2\n      z\n")
    }

    @Test func aBlockScalarThatTheFileEndsKeepsItsEnd() throws { try expect("a: |\n  b", "a: |-\n  b\n") }

    @Test func textsOfSeveralLinesMoveWithTheirBlock() throws {
        try expect("a:\n    b: one\n     two\n\n     three\n    c: \"x \\\n        y\\ \n       z\"\n", "a:\n  b: one\n    two\n\n    three\n  c: \"x \\\n    y\\ \n    z\"\n")
    }

    @Test(arguments: [
        ("\"plain\"", "plain"), ("'it''s'", "it's"), ("\"12\"", "\"12\""), ("\"true\"", "\"true\""), ("\"yes\"", "\"yes\""), ("\"\"", "\"\""), ("'a: b'", "'a: b'"),
        ("'a #b'", "'a #b'"), ("\"a\\nb\"", "\"a\\nb\""), ("\"${{ inputs.x }}\"", "\"${{ inputs.x }}\""), ("'- a'", "'- a'"), ("\"!x\"", "\"!x\""), ("'2026-11-21'", "'2026-11-21'"),
        ("\"http://x/y\"", "http://x/y"), ("\" x\"", "\" x\""), ("[\"a b\", \"a, b\", \"${{ x }}\", 'x:y']", "[a b, \"a, b\", \"${{ x }}\", 'x:y']"), ("\"日本\"", "日本"),
    ])
    func quotesStayWhereTheyAreNeeded(value: String, formatted: String) throws { try expect("k: \(value)\n", "k: \(formatted)\n") }

    @Test func lineEndsAreMended() throws { try expect("a: 1  \r\nb: |\r\n  x\r\n\r\n", "a: 1\nb: |\n  x\n") }

    @Test func whatIsEmptyStaysEmpty() throws {
        try expect("", "")
        try expect("# only\n", "# only\n")
        try expect("---\na: 1\n...\n", "---\na: 1\n...\n")
    }

    @Test func aliasesStayAliases() throws {
        try expect("a: &x {b: 1}\nc: *x\nd: {<<: *x, *y : 1, e: *x}\n".replacing("*y : 1, ", with: ""), "a: &x { b: 1 }\nc: *x\nd: { <<: *x, e: *x }\n")
    }

    @Test func whatIsNotYAMLIsRefused() {
        #expect(throws: Diagnostics.self) { try LanguageFormatter.format("a: [", file: "w.yaml") }
        #expect(throws: Diagnostics.self) { try LanguageFormatter.format("a: 1\na: 2\n", file: "w.yaml") }
    }

    // MARK: Any document

    /// Two hundred documents for each seed: the tree and the comments stay, and once is enough.
    @Test(arguments: 1...12) func anyDocumentSaysTheSame(seed: UInt64) throws {
        var maker = DocumentMaker(seed: seed)
        for _ in 0..<200 {
            let text = maker.document()
            let (before, problems) = YAMLReader.read(text, file: "w.yaml")
            let tree = try #require(before, "\(problems.map(\.message))\n\(text)")
            try #require(problems.isEmpty, "\(problems.map(\.message))\n\(text)")
            let once = try formatted(text)
            #expect(YAMLReader.read(once, file: "w.yaml").node?.json.jsonText == tree.json.jsonText, "\(text)\n=====\n\(once)")
            #expect(try formatted(once) == once)
            #expect(Self.comments(once) == Self.comments(text), "\(text)\n=====\n\(once)")
        }
    }

    private func formatted(_ text: String) throws -> String {
        do throws(Diagnostics) {
            return try LanguageFormatter.format(text, file: "w.yaml")
        } catch {
            Issue.record("\(error.all.map(\.message))\n\(text)")
            throw error
        }
    }

    /// The maker's comments are words that stand nowhere else.
    private static func comments(_ text: String) -> [String] { text.matches(of: /# note [0-9]+/).map { String($0.0) } }
}

/// Makes YAML as authors might: any nesting, odd indentation, comments, empty lines, every style of text.
private struct DocumentMaker {
    private var state: UInt64
    private var notes = 0

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    private mutating func next(_ bound: Int) -> Int {
        // SplitMix64
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }

    private mutating func chance(_ percent: Int) -> Bool { next(100) < percent }
    private mutating func pick(_ values: [String]) -> String { values[next(values.count)] }
    private mutating func spaces(_ range: ClosedRange<Int>) -> String { String(repeating: " ", count: range.lowerBound + next(range.count)) }

    private mutating func note() -> String {
        notes += 1
        return "# note \(notes)" + (chance(20) ? "  " : "")
    }

    mutating func document() -> String {
        notes = 0
        var text = chance(20) ? "\n\n" : ""
        if chance(30) { text += note() + "\n" }
        if chance(10) { text += "---\n" }
        text += mapping(at: 0, depth: 0)
        return chance(10) && !text.hasSuffix("\n\n") ? String(text.dropLast()) : text
    }

    private mutating func filler(_ column: Int) -> String {
        var text = ""
        for _ in 0..<next(3) { if chance(25) { text += chance(20) ? "   \n" : "\n" } else if chance(25) { text += String(repeating: " ", count: column) + note() + "\n" } }
        return text
    }

    /// Lines with their ends.
    private mutating func mapping(at column: Int, depth: Int) -> String {
        var text = ""
        for index in 0...next(4) {
            if index > 0 || depth == 0 { text += filler(column) }
            text += String(repeating: " ", count: column)
            let key = (chance(15) ? "\"k\(index)\"" : chance(10) ? "'k \(index)'" : "k\(index)") + (chance(10) ? " " : "")
            text += key + ":" + value(at: column, depth: depth, isSequence: false)
        }
        return text
    }

    private mutating func sequence(at column: Int, depth: Int) -> String {
        var text = ""
        for index in 0...next(3) {
            if index > 0 { text += filler(column) }
            text += String(repeating: " ", count: column) + "-" + value(at: column, depth: depth, isSequence: true)
        }
        return text
    }

    private mutating func end() -> String { (chance(20) ? spaces(1...4) + note() : chance(15) ? "  " : "") + "\n" }

    /// What follows a key's colon or an entry's dash, with the line's end.
    private mutating func value(at column: Int, depth: Int, isSequence: Bool) -> String {
        let kind = depth > 4 ? 4 + next(6) : next(10)
        let gap = spaces(1...3)
        switch kind {
        case 0, 1:
            let inner = column + 1 + next(5)
            if isSequence, chance(60) {
                // Compact: the first key stands behind the dash.
                let text = mapping(at: column + 1 + gap.count, depth: depth + 1)
                return gap + text.drop { $0 == " " }
            }
            return end() + mapping(at: inner, depth: depth + 1)
        case 2:
            let inner = !isSequence && chance(40) ? column : column + 1 + next(4)
            return end() + sequence(at: inner, depth: depth + 1)
        case 3: return gap + flow(depth: depth, column: column) + end()
        case 4:
            let header = pick(["|", ">", "|-", ">-", "|+", ">+"])
            let inner = String(repeating: " ", count: column + 1 + next(5))
            var text = gap + header + (chance(15) ? " " + note() : "") + "\n"
            for index in 0...next(3) {
                if index > 0, chance(20) { text += "\n" }
                text += inner + (index > 0 && chance(30) ? "   " : "") + pick(["text", "# a comment no more", "- x", "k: v", "${{ a ? b : c }}", "\"", "a  b"]) + "\n"
            }
            return text + (chance(20) ? "\n" : "")
        case 5:
            let inner = "\n" + String(repeating: " ", count: column + 1 + next(4))
            return gap + pick(["one\(inner)two", "one\n\(inner)two", "\"one\(inner)two \\\(inner)three\"", "'one\(inner)two''s'"]) + end()
        case 6:
            let inner = "\n" + String(repeating: " ", count: column + 1 + next(4))
            return inner + scalar() + end()
        case 7: return end()
        default: return gap + scalar() + end()
        }
    }

    private mutating func scalar() -> String {
        pick([
            "plain", "two words", "12", "1.50", "true", "~", "no", "\"12\"", "'yes'", "\"a: b\"", "'a #b'", "\"line\\nbreak\"", "\"plain\"", "'it''s'", "${{ inputs.x }}",
            "\"${{ a ? 'b' : 'c' }}\"", "http://x/y?z#w", "a:b", "\"\"", "'- x'", "日本", "\"é \\u00e9\"", "-1", "x{y}", "'{'",
        ])
    }

    private mutating func flow(depth: Int, column: Int) -> String {
        let isMapping = chance(50)
        var text = isMapping ? "{" : "["
        let count = next(4)
        for index in 0..<count {
            text += spaces(0...2)
            // A line break in a flow collection, sometimes behind a comment.
            if chance(15) { text += (chance(40) ? " " + note() : "") + "\n" + String(repeating: " ", count: column + 1 + next(6)) }
            if isMapping { text += (chance(20) ? "\"f\(index)\"" : "f\(index)") + ":" + spaces(1...2) }
            text += depth < 4 && chance(25) ? flow(depth: depth + 1, column: column) : pick(["a", "\"b\"", "1", "'c d'", "\"e, f\"", "\"${{ g }}\"", "h i", "\"2\"", "/j/k"])
            text += spaces(0...1)
            if index < count - 1 || chance(10) { text += "," }
        }
        return text + spaces(0...2) + (isMapping ? "}" : "]")
    }
}
