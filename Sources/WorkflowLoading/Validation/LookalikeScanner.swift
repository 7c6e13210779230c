import Expressions
import Values

/// Finds in a text what looks like an expression and is none: `{{ inputs.x }}` of Jinja and Mustache, `${ inputs.x }` and `$inputs.x` of shells and
/// JavaScript, `{inputs.x}` of Python, `<inputs.x>`, and a text that is an expression as a whole.
struct LookalikeScanner {
    struct Lookalike {
        /// In the text.
        let bytes: Range<Int>
        /// As messages have it, in quotes.
        let text: String
        /// The same as a part of a quoted text.
        let bare: String
        let hint: String
        /// Whether it is the whole text.
        let isWhole: Bool
    }

    private let text: String
    private let bytes: [UInt8]
    private let names: LookalikeNames
    private let isCommand: Bool
    private var found: [Lookalike] = []
    private var seen: Set<String> = []

    /// More of one text nobody mends one by one.
    private static let most = 20
    /// As far as braces are looked for.
    private static let reach = 300

    init(text: String, names: LookalikeNames, isCommand: Bool) {
        self.text = text
        self.names = names
        self.isCommand = isCommand
        bytes = Array(text.utf8)
    }

    mutating func find() -> [Lookalike] {
        if let whole { return [whole] }
        var index = 0
        var start = 0
        // What stands between expressions; one that is written `$${{` is meant as it stands.
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "$"), at(index + 1) == UInt8(ascii: "{"), at(index + 2) == UInt8(ascii: "{") else {
                index += 1
                continue
            }
            scan(start..<index)
            let end = close(from: index + 3, "}}") ?? bytes.count
            (index, start) = (end, end)
        }
        scan(start..<bytes.count)
        return found
    }

    private func at(_ index: Int) -> UInt8 { bytes.indices.contains(index) ? bytes[index] : 0 }

    /// The end of the next mark.
    private func close(from start: Int, _ mark: StaticString, within end: Int = .max) -> Int? {
        let count = mark.utf8CodeUnitCount
        var index = start
        while index + count <= min(bytes.count, end) {
            if starts(index, mark) { return index + count }
            index += 1
        }
        return nil
    }

    private func starts(_ index: Int, _ mark: StaticString) -> Bool {
        guard index >= 0, index + mark.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<mark.utf8CodeUnitCount where bytes[index + offset] != mark.utf8Start[offset] { return false }
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_") }

    private static func trimmed(_ text: String) -> String { String(text.trimmingPrefix { $0.isWhitespace }.reversed().trimmingPrefix { $0.isWhitespace }.reversed()) }

    // MARK: The whole text

    private var whole: Lookalike? {
        guard bytes.count <= 1_000, !text.contains("${{") else { return nil }
        let trimmed = Self.trimmed(text)
        guard let first = trimmed.utf8.first, !trimmed.hasPrefix("[["), Self.isWord(first) || "![(-\"'".utf8.contains(first), trimmed.utf8.contains(UInt8(ascii: ".")) || names.isRoot(trimmed) else { return nil }
        let start = text.utf8.count - text.trimmingPrefix { $0.isWhitespace }.utf8.count
        func lookalike(_ expression: String) -> Lookalike {
            let short = String(trimmed.prefix(60)) + (trimmed.count > 60 ? "…" : "")
            return Lookalike(bytes: start..<start + trimmed.utf8.count, text: "'\(short)'", bare: short, hint: "write \"${{ \(expression) }}\"", isWhole: true)
        }
        if names.isRoot(trimmed) { return names.meant(bare: trimmed).map { lookalike($0.joined(separator: ".")) } }
        return expression(trimmed).map(lookalike)
    }

    /// A text as an expression, each of whose names can be read here; `nil` where it is none.
    private func expression(_ source: String) -> String? {
        // Go's templates begin with a dot.
        var source = source.hasPrefix(".") ? String(source.dropFirst()) : source
        guard let parsed = try? Expression(parsing: source, at: SourceLocation(file: "", line: 1, column: 1)), !parsed.references.isEmpty else { return nil }
        // From behind, so that places stay.
        for reference in parsed.references.reversed() {
            guard let meant = names.meant(reference.path) else { return nil }
            guard meant != reference.path else { continue }
            let written = reference.path.joined(separator: ".")
            let offset = reference.range.start.column - 1
            let scalars = Array(source.unicodeScalars)
            guard reference.range.start.line == 1, offset + written.unicodeScalars.count <= scalars.count, String(String.UnicodeScalarView(scalars[offset...].prefix(written.unicodeScalars.count))) == written else { return nil }
            source = String(String.UnicodeScalarView(scalars[..<offset])) + meant.joined(separator: ".") + String(String.UnicodeScalarView(scalars[(offset + written.unicodeScalars.count)...]))
        }
        return source
    }

    // MARK: Parts of a text

    private mutating func scan(_ stretch: Range<Int>) {
        var index = stretch.lowerBound
        while index < stretch.upperBound, found.count < Self.most {
            let byte = bytes[index]
            if byte == UInt8(ascii: "{"), let end = bare(at: index, in: stretch) {
                index = end
            } else if Self.isWord(byte), byte &- 0x30 >= 10, !Self.isWord(at(index - 1)) || index == stretch.lowerBound {
                index = word(at: index, in: stretch)
            } else {
                index += 1
            }
        }
    }

    /// A word, and the path that it begins where it is a root; the place behind it.
    private mutating func word(at start: Int, in stretch: Range<Int>) -> Int {
        var end = start
        while end < stretch.upperBound, Self.isWord(bytes[end]) { end += 1 }
        let root = String(decoding: bytes[start..<end], as: UTF8.self)
        guard names.isRoot(root), !isMember(start) else { return end }
        var path = [root]
        while end < stretch.upperBound {
            var (next, mark) = (end + 1, UInt8(0))
            if bytes[end] == UInt8(ascii: "["), at(end + 1) == UInt8(ascii: "'") || at(end + 1) == UInt8(ascii: "\"") {
                (next, mark) = (end + 2, bytes[end + 1])
            } else if bytes[end] != UInt8(ascii: ".") {
                break
            }
            var last = next
            while last < stretch.upperBound, Self.isWord(bytes[last]) { last += 1 }
            guard last > next else { break }
            path.append(String(decoding: bytes[next..<last], as: UTF8.self))
            if mark != 0 {
                guard at(last) == mark, at(last + 1) == UInt8(ascii: "]") else { break }
                last += 2
            }
            end = last
        }
        guard let meant = names.meant(path), let around = frame(start..<end, in: stretch, hasIndex: bytes[start..<end].contains(UInt8(ascii: "["))) else { return end }
        add(around.range, meant.joined(separator: "."), inner: around.inner, opening: around.opening)
        return max(end, around.range.upperBound)
    }

    /// Whether a word belongs to something before it: `github.event.inputs`, `$json.inputs`; Go's templates begin with a dot.
    private func isMember(_ start: Int) -> Bool {
        guard at(start - 1) == UInt8(ascii: ".") else { return at(start - 1) == UInt8(ascii: "-") || at(start - 1) == UInt8(ascii: "/") || at(start - 1) == UInt8(ascii: "\\") }
        let before = at(start - 2)
        return !(before == 0x20 || before == UInt8(ascii: "{") || before == UInt8(ascii: "("))
    }

    private struct Frame {
        let range: Range<Int>
        /// What stands inside, where that could be an expression.
        let inner: Range<Int>?
        /// `{%` and `{{#` begin a statement.
        let opening: String
    }

    /// What stands around a path so that it looks like an expression.
    ///
    /// - Parameter hasIndex: whether `[…]` is part of the path: PHP writes `$inputs['x']`.
    private func frame(_ path: Range<Int>, in stretch: Range<Int>, hasIndex: Bool) -> Frame? {
        if !hasIndex, at(path.lowerBound - 1) == UInt8(ascii: "$"), path.lowerBound > stretch.lowerBound, at(path.lowerBound - 2) != UInt8(ascii: "\\") {
            return Frame(range: path.lowerBound - 1..<path.upperBound, inner: path, opening: "$")
        }
        let floor = max(stretch.lowerBound, path.lowerBound - Self.reach)
        let ceiling = min(stretch.upperBound, path.upperBound + Self.reach)
        // The nearest opening that is not closed before the path.
        var index = path.lowerBound - 1
        while index >= floor {
            if starts(index, "}}") || starts(index, "%}") { break }
            if starts(index, "{{"), !starts(index - 1, "{{{") || index == floor {
                let begin = starts(index - 1, "{{") && index > floor ? index - 1 : index
                guard let end = close(from: path.upperBound, "}}", within: ceiling) else { break }
                let last = at(end) == UInt8(ascii: "}") && begin < index ? end + 1 : end
                let mark = at(index + 2)
                let isStatement = "#^/".utf8.contains(mark)
                return Frame(range: begin..<last, inner: isStatement ? nil : index + 2..<end - 2, opening: isStatement ? "{{#" : "{{")
            }
            if starts(index, "{%") {
                guard let end = close(from: path.upperBound, "%}", within: ceiling) else { break }
                return Frame(range: index..<end, inner: nil, opening: "{%")
            }
            if starts(index, "${") || starts(index, "#{") || starts(index, "@{") {
                guard at(index - 1) != UInt8(ascii: "\\"), let end = close(from: path.upperBound, "}", within: ceiling) else { break }
                return Frame(range: index..<end, inner: index + 2..<end - 1, opening: "${")
            }
            if bytes[index] == UInt8(ascii: "}") || bytes[index] == 0x0A && starts(index - 1, "\n") { break }
            index -= 1
        }
        // Right around it.
        var (left, right) = (path.lowerBound, path.upperBound)
        while left > stretch.lowerBound, bytes[left - 1] == 0x20 { left -= 1 }
        while right < stretch.upperBound, bytes[right] == 0x20 { right += 1 }
        for (opening, closing) in [("[[", "]]"), ("$(", ")"), ("{", "}"), ("<", ">"), ("%", "%")] as [(StaticString, StaticString)] {
            let begin = left - opening.utf8CodeUnitCount
            guard begin >= stretch.lowerBound, starts(begin, opening), starts(right, closing), !"\\$".utf8.contains(at(begin - 1)) else { continue }
            return Frame(range: begin..<right + closing.utf8CodeUnitCount, inner: path, opening: "\(opening)")
        }
        return nil
    }

    /// `{{ ticket }}`, `${ticket}` or `{ticket}`, where nothing reads what is called so; the place behind it.
    private mutating func bare(at start: Int, in stretch: Range<Int>) -> Int? {
        guard !isCommand else { return nil }
        let isDouble = at(start + 1) == UInt8(ascii: "{")
        let isShell = at(start - 1) == UInt8(ascii: "$") && start > stretch.lowerBound
        let before = isShell ? at(start - 2) : at(start - 1)
        // `\frac{text}`, `f{x}`, `\${x}`
        if start > stretch.lowerBound, !isDouble || isShell, Self.isWord(before) || "\\}]^".utf8.contains(before) { return nil }
        if isDouble, at(start + 2) == UInt8(ascii: "{") { return nil }
        var begin = start + (isDouble ? 2 : 1)
        while at(begin) == 0x20 { begin += 1 }
        var end = begin
        while end < stretch.upperBound, Self.isWord(bytes[end]) { end += 1 }
        guard end - begin >= 2 else { return nil }
        var last = end
        while at(last) == 0x20 { last += 1 }
        // A filter may follow: `{{ ticket | trim }}`.
        if isDouble, at(last) == UInt8(ascii: "|") { while last < min(stretch.upperBound, end + 80), !starts(last, "}}") { last += 1 } }
        guard isDouble ? starts(last, "}}") : at(last) == UInt8(ascii: "}") else { return nil }
        guard let meant = names.meant(bare: String(decoding: bytes[begin..<end], as: UTF8.self)) else { return nil }
        let close = last + (isDouble ? 2 : 1)
        add((isShell ? start - 1 : start)..<close, meant.joined(separator: "."), inner: nil, opening: "{{")
        return close
    }

    private mutating func add(_ range: Range<Int>, _ path: String, inner: Range<Int>?, opening: String) {
        let shown = String(decoding: bytes[range], as: UTF8.self)
        guard seen.insert(shown).inserted else { return }
        let short = shown.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var hint = "write ${{ \(path) }}"
        if ["{%", "{{#"].contains(opening) {
            hint = "texts have no loops and conditions: write ${{ … ? 'a' : 'b' }}, or list.map(x, …).join('\\n'), over \(path)"
        } else if let inner, let source = expression(Self.trimmed(String(decoding: bytes[inner].map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self))) {
            hint = "write ${{ \(source) }}"
        }
        let clipped = String(short.prefix(60)) + (short.count > 60 ? "…" : "")
        found.append(Lookalike(bytes: range, text: "'\(clipped)'", bare: clipped, hint: hint, isWhole: false))
    }
}
