/// Prints a diagnostic as people read it: `file:line:column: error[CODE]: message`, the line with a caret, the hint.
public struct DiagnosticFormatter: Sendable {
    public var usesColor: Bool
    /// Lines are clipped around the caret to this many columns.
    public var width: Int

    public init(usesColor: Bool = false, width: Int = 100) {
        self.usesColor = usesColor
        self.width = max(width, 40)
    }

    public func format(_ diagnostics: Diagnostics) -> String {
        diagnostics.all.map { format($0, sources: diagnostics.sources) }.joined(separator: "\n")
    }

    public func format(_ diagnostic: Diagnostic, sources: [String: String]) -> String {
        var text = ""
        if let start = diagnostic.range?.start { text += bold("\(start)") + ": " }
        let label = "\(diagnostic.severity.rawValue)[\(diagnostic.code)]"
        text += color(label, diagnostic.severity == .error ? "31;1" : "33;1") + ": " + bold(diagnostic.message) + "\n"
        if let range = diagnostic.range, let source = sources[range.file] { text += frame(range, source) }
        if let hint = diagnostic.hint { text += "  " + color("hint:", "36") + " \(hint)\n" }
        return text
    }

    private func frame(_ range: SourceRange, _ source: String) -> String {
        guard let line = Self.line(range.start.line, of: source) else { return "" }
        // Columns are counted in scalars; what is printed is measured in cells, so that carets
        // stand right under tabs and wide characters.
        let cells = line.flatMap(Self.cells)
        let first = min(max(range.start.column - 1, 0), cells.count)
        let last = range.end.line == range.start.line ? min(max(range.end.column - 1, first + 1), max(cells.count, first + 1)) : cells.count
        var from = 0
        var to = cells.count
        let room = width - 10
        let widthOf = { (slice: ArraySlice<(String, Int)>) in slice.reduce(0) { $0 + $1.1 } }
        if widthOf(cells[...]) > room {
            from = max(0, first - room / 3)
            to = from
            var used = 0
            while to < cells.count, used + cells[to].1 <= room { used += cells[to].1; to += 1 }
            while from > 0, used + cells[from - 1].1 <= room { from -= 1; used += cells[from].1 }
        }
        let number = String(range.start.line)
        let gutter = String(repeating: " ", count: number.count)
        let shown = (from > 0 ? "…" : "") + cells[from..<to].map(\.0).joined() + (to < cells.count ? "…" : "")
        let lead = widthOf(cells[from..<max(from, min(first, to))]) + (from > 0 ? 1 : 0)
        let carets = max(1, widthOf(cells[min(first, to)..<min(max(last, first), to)]))
        return """
              \(gutter) \(dim("|"))
              \(dim(number)) \(dim("|")) \(shown)
              \(gutter) \(dim("|")) \(String(repeating: " ", count: lead))\(color(String(repeating: "^", count: carets), "31;1"))

            """
    }

    /// A line from 1, without its end. Bytes are looked at: as characters, `\r\n` is no `\n`.
    private static func line(_ number: Int, of source: String) -> String? {
        guard number > 0 else { return nil }
        var rest = source.utf8[...]
        for _ in 1..<number {
            guard let end = rest.firstIndex(of: 0x0A) else { return nil }
            rest = rest[rest.index(after: end)...]
        }
        let line = rest.prefix { $0 != 0x0A }
        return String(String.UnicodeScalarView(String(line)!.unicodeScalars.filter { $0 != "\r" }))
    }

    /// What is printed for the scalars of a character and the cells that each takes: all of it counts for the first.
    private static func cells(_ character: Character) -> [(String, Int)] {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return [rendered(scalars.first!)] }
        return scalars.enumerated().map { index, scalar in (String(Character(scalar)), index == 0 ? character.terminalWidth : 0) }
    }

    private static func rendered(_ scalar: Unicode.Scalar) -> (String, Int) {
        if scalar == "\t" { return ("    ", 4) }
        if scalar.value < 0x20 || scalar.value == 0x7F { return ("�", 1) }
        return (String(Character(scalar)), scalar.terminalWidth)
    }

    private func color(_ text: String, _ code: String) -> String { usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
    private func bold(_ text: String) -> String { color(text, "1") }
    private func dim(_ text: String) -> String { color(text, "2") }
}
