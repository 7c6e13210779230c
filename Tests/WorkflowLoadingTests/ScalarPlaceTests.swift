import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// Where the characters of a value stand, in whatever style it is written (case P1 and its kind).
@Suite struct ScalarPlaceTests {
    private static let styles: [WrittenScalar.Style] = [.plain, .single, .double, .literal, .folded]

    /// Random values with one mark in each: read, it stands where it was written.
    @Test(arguments: styles) func theMarkIsFoundWhereItStands(style: WrittenScalar.Style) throws {
        for seed in 0..<1500 {
            var random = SeededGenerator(seed: UInt64(seed))
            let written = WrittenScalar(style, &random)
            let (root, problems) = YAMLReader.read(written.document, file: "w.yaml")
            guard let scalar = root?.scalars.first(where: { $0.text.containsBytes(of: "§") }), problems.isEmpty else {
                Issue.record("seed \(seed) is not read: \(problems.map(\.message))\n\(written.document)")
                return
            }
            guard scalar.text.hasSameBytes(as: written.value) else {
                Issue.record("seed \(seed) is not what was written: \(scalar.text.debugDescription), not \(written.value.debugDescription)\n\(written.document)")
                return
            }
            let mark = Array(scalar.text.utf8).firstRange(of: Array("§".utf8))!
            let found = scalar.placed.range(mark.lowerBound, mark.upperBound)
            guard found == written.place else {
                Issue.record("seed \(seed): found at \(found.start) to \(found.end), stands at \(written.place.start) to \(written.place.end)\n\(written.document)")
                return
            }
        }
    }

    /// A line and a column of what is behind `§`, which is taken out of the text.
    @Test(arguments: [
        ("a: \"x\\n\\ny §z\"", 1, 12), ("a: 'it''s §z'", 1, 11), ("a: \"\\\"\\\\\\x41\\u00e9\\U0001F600§z\"", 1, 29), ("a: \"one \\\n  two\\\n  \\ §z\"", 3, 5),
        ("a: one\n  two\n\n  §z", 4, 3), ("a: >\n  one\n  two\n\n    more §z\n", 5, 10), ("a: |2-\n    x\n  §z", 3, 3), ("a: |+\n\n\n  §z\n\n", 4, 3),
        ("a: &x # why\n  # more\n  'b §z'\n", 3, 6), ("{ a: [b, \"c\n  §z\"] }", 2, 3), ("? |\n  é漢😀§z\n: 1\n", 2, 6), ("a: |\r\n  x\r\n  §z\r\n", 3, 3),
        ("\u{FEFF}a: §z", 1, 4), ("a:\t§z", 1, 4), ("a: \"b\u{2028}c§z\"", 1, 8), ("a: b\u{85}  c§z", 1, 9), ("a: >-\n  e\u{301}\r\n  §z", 3, 3), ("a: |1\n \t§z", 2, 3),
    ]) func placesByHand(marked: String, line: Int, column: Int) throws {
        let text = marked.replacing("§", with: "")
        let root = try #require(YAMLReader.read(text, file: "w.yaml").node)
        let scalar = try #require(root.scalars.first { $0.text.containsBytes(of: "z") })
        let offset = Array(scalar.text.utf8).firstIndex(of: UInt8(ascii: "z"))!
        #expect(scalar.placed.location(at: offset) == SourceLocation(file: "w.yaml", line: line, column: column), "\(marked.debugDescription)")
    }

    /// JSON is read for its places by a reader of its own: it takes what YAML does not.
    @Test func partsOfJSON() throws {
        let text = "\u{FEFF}{\"😀\": \"\\ud83d\\ude00\",\t\"e\u{301}\": [1, {\"\u{e9}\": 2}],\r\n \"a/b\": \"x\\ny §\", \"a/b\": {\"c\": true}}"
        let document = try SourceDocument(parsing: text, file: "d.json")
        let ranges = document.ranges(at: ["", "/😀", "/e\u{301}/1/\u{e9}", "/a~1b/c", "/e\u{301}/7", "/nowhere"]).map { $0.map { "\($0.start.line):\($0.start.column)" } }
        #expect(ranges == ["1:1", "1:7", "1:39", "2:32", "1:29", "1:1"])
    }
}

extension YAMLNode {
    /// All scalars in it, keys before their values.
    fileprivate var scalars: [YAMLScalar] {
        switch content {
        case .scalar(let scalar): [scalar]
        case .sequence(let elements): elements.flatMap(\.scalars)
        case .mapping(let pairs): pairs.flatMap { $0.key.scalars + $0.value.scalars }
        }
    }
}

/// A random value with one `§` in it, written in a style somewhere in a document.
struct WrittenScalar {
    enum Style: String, Sendable {
        case plain, single, double, literal, folded
    }

    let value: String
    private(set) var document = ""
    /// Of the `§`, found by looking at the document.
    let place: SourceRange

    init(_ style: Style, _ random: inout SeededGenerator) {
        func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
        let isKey = style != .literal && style != .folded && chance(8)
        let isInFlow = !isKey && style != .literal && style != .folded && chance(4)
        let value = Self.value(style, isOneLine: isKey, &random)
        let indentation = [2, 4, 7].randomElement(using: &random)!
        let margin = String(repeating: " ", count: indentation)
        let written: String
        switch style {
        case .plain: written = Self.folded(value, margin, isOneLine: isKey, &random) { _, scalar in String(scalar) }
        case .single: written = "'" + Self.folded(value, margin, isOneLine: isKey, &random) { _, scalar in scalar == "'" ? "''" : String(scalar) } + "'"
        case .double: written = Self.doubleQuoted(value, margin, isOneLine: isKey, &random)
        case .literal, .folded: written = Self.block(value, margin, isFolded: style == .folded, &random)
        }
        var document = "# 漢字: 'quoted' \"and\" é\nfirst: [1, 2]\n"
        if isKey {
            document += chance(2) ? "? \(written)\n: 1\n" : "\(written): 1\n"
        } else if isInFlow {
            document += "k: { \"é\": [x, " + (chance(3) ? "&anchor " : "") + written + ", y], b: 1 }\n"
        } else {
            let parent = String(repeating: " ", count: indentation - 1)
            let properties = chance(3) ? "&anchor " : ""
            // A block counts its indentation from the one that it stands in.
            document += chance(2) ? "k:\n\(parent)v: \(properties)\(written)\n" : "k:\n\(parent)- \(properties)\(written)\n"
        }
        document += "last: 1\n"
        // In a text of CRLF only line ends are: a lone carriage return is none of ours.
        if chance(3) { document = document.unicodeScalars.reduce(into: "") { $0.unicodeScalars.append(contentsOf: $1 == "\n" ? ["\r", "\n"] : [$1]) } }
        place = Self.place(in: document)
        self.value = value
        self.document = (chance(4) ? "\u{FEFF}" : "") + document
    }

    /// Where the mark stands, or the escape that stands for it.
    private static func place(in document: String) -> SourceRange {
        let scalars = Array(document.unicodeScalars)
        for unit in ["§", "\\xA7", "\\u00a7", "\\U000000a7"] {
            let wanted = Array(unit.unicodeScalars)
            guard let index = scalars.indices.first(where: { scalars[$0...].starts(with: wanted) }) else { continue }
            let before = scalars[..<index]
            let column = index - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
            return SourceRange(SourceLocation(file: "w.yaml", line: before.count { $0 == "\n" } + 1, column: column), length: wanted.count)
        }
        preconditionFailure("no mark in \(document)")
    }

    // MARK: Values

    private static func value(_ style: Style, isOneLine: Bool, _ random: inout SeededGenerator) -> String {
        var letters = ["a", "B", "é", "e\u{301}", "漢", "😀", "x\\", "-", "1"]
        if style != .plain { letters += ["'", "\"", "''", "#", ":", "{", "]", "\\n", "${{ a }}", "&", "*", "%"] }
        var words: [String] = []
        for _ in 0..<Int.random(in: 1...7, using: &random) {
            // A plain text begins as one, and so does each of its lines.
            words.append((style == .plain || style == .folded ? "w" : "") + (0..<Int.random(in: 1...4, using: &random)).map { _ in letters.randomElement(using: &random)! }.joined())
        }
        words[Int.random(in: 0..<words.count, using: &random)] += "§" + (Bool.random(using: &random) ? "é" : "")
        var text = words[0]
        for word in words.dropFirst() {
            let spaces = isOneLine ? [" ", "  "] : [" ", " ", "  ", "\n", "\n\n", "\n\n\n"] + (style == .literal ? ["\n ", "\n\t", " \n", "\t"] : [])
            text += spaces.randomElement(using: &random)! + word
        }
        if style == .literal || style == .folded {
            if style == .literal { text = ["", "", " ", "\n", "\n\n  ", "\t"].randomElement(using: &random)! + text }
            text += String(repeating: "\n", count: Int.random(in: 0...3, using: &random))
        }
        return text
    }

    // MARK: Styles

    /// Line ends of the value as one more in the text, and some of its blanks as line ends.
    private static func folded(
        _ value: String, _ margin: String, isOneLine: Bool, _ random: inout SeededGenerator, _ write: (inout SeededGenerator, Unicode.Scalar) -> String
    ) -> String {
        let scalars = Array(value.unicodeScalars)
        var text = ""
        for (index, scalar) in scalars.enumerated() {
            let isSpaceAround = { (offset: Int) in scalars.indices.contains(index + offset) && [" ", "\n"].contains(scalars[index + offset]) }
            if scalar == "\n" {
                if !isSpaceAround(-1) { text += ["", " ", "\t "].randomElement(using: &random)! + "\n" }
                text += "\n"
                if !isSpaceAround(1) { text += margin }
            } else if scalar == " ", !isOneLine, !isSpaceAround(1), !isSpaceAround(-1), index > 0, Int.random(in: 0..<3, using: &random) == 0 {
                text += ["", "  "].randomElement(using: &random)! + "\n" + margin + ["", " "].randomElement(using: &random)!
            } else {
                text += write(&random, scalar)
            }
        }
        return text
    }

    private static func doubleQuoted(_ value: String, _ margin: String, isOneLine: Bool, _ random: inout SeededGenerator) -> String {
        func hexadecimal(_ scalar: Unicode.Scalar, _ count: Int, _ isUpper: Bool) -> String {
            let digits = String(scalar.value, radix: 16, uppercase: isUpper)
            return String(repeating: "0", count: count - digits.count) + digits
        }
        func escaped(_ random: inout SeededGenerator, _ scalar: Unicode.Scalar) -> String {
            let choice = Int.random(in: 0..<10, using: &random)
            // A line that goes on below begins behind its blanks.
            let before = choice == 9 && !isOneLine ? "\\\n" + margin : ""
            switch scalar {
            case "\"", "\\": return before + "\\" + String(scalar)
            case "\n": return before + "\\n"
            case " ": return before + "\\ "
            case _ where choice == 0 && scalar.value <= 0xFF: return before + "\\x" + hexadecimal(scalar, 2, true)
            case _ where choice == 1 && scalar.value <= 0xFFFF: return before + "\\u" + hexadecimal(scalar, 4, false)
            case _ where choice == 2: return before + "\\U" + hexadecimal(scalar, 8, false)
            default: return before + String(scalar)
            }
        }
        if isOneLine || Bool.random(using: &random) {
            return "\"" + value.unicodeScalars.map { $0 == " " && Bool.random(using: &random) ? " " : escaped(&random, $0) }.joined() + "\""
        }
        return "\"" + folded(value, margin, isOneLine: false, &random) { random, scalar in scalar == " " ? " " : escaped(&random, scalar) } + "\""
    }

    private static func block(_ value: String, _ margin: String, isFolded: Bool, _ random: inout SeededGenerator) -> String {
        let body = Array(value.unicodeScalars.reversed().drop { $0 == "\n" }.reversed())
        let ends = value.unicodeScalars.count - body.count
        // Its parent is indented by one less; with a text that begins blank a reader could not tell.
        let indicator = [" ", "\t", "\n"].contains(body[0]) || Int.random(in: 0..<3, using: &random) == 0 ? "1" : ""
        let chomping = ends == 0 ? "-" : ends == 1 ? "" : "+"
        var header = (isFolded ? ">" : "|") + (Bool.random(using: &random) ? indicator + chomping : chomping + indicator)
        if Bool.random(using: &random) { header += "  # § is said later".replacing("§", with: "it") }
        var text = ""
        var isAtStart = true
        for (index, scalar) in body.enumerated() {
            let next = index + 1 < body.count ? body[index + 1] : nil
            if scalar == "\n" {
                if isFolded, index > 0, body[index - 1] != "\n" { text += "\n" }
                text += "\n"
                isAtStart = true
                continue
            }
            if isAtStart { text += margin }
            isAtStart = false
            if isFolded, scalar == " ", next != " ", next != "\n", index > 0, body[index - 1] != " ", Int.random(in: 0..<3, using: &random) == 0 {
                text += "\n"
                isAtStart = true
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return header + "\n" + text + String(repeating: "\n", count: max(0, ends - 1))
    }
}
