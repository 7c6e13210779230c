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
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let index = range.start.line - 1
        guard lines.indices.contains(index) else { return "" }
        let scalars = Array(lines[index].unicodeScalars.filter { $0 != "\r" })
        let first = min(max(range.start.column - 1, 0), scalars.count)
        let last = range.end.line == range.start.line ? min(max(range.end.column - 1, first + 1), max(scalars.count, first + 1)) : scalars.count
        // Columns are counted in scalars; what is printed is measured in cells, so that carets
        // stand right under tabs and wide characters.
        let cells = scalars.map(Self.rendered)
        var from = 0
        var to = cells.count
        let room = width - 10
        let widthOf = { (slice: ArraySlice<(String, Int)>) in slice.reduce(0) { $0 + $1.1 } }
        if widthOf(cells[...]) > room {
            from = max(0, first - room / 3)
            to = from
            var used = 0
            while to < cells.count, used + cells[to].1 <= room { used += cells[to].1; to += 1 }
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

    private static func rendered(_ scalar: Unicode.Scalar) -> (String, Int) {
        if scalar == "\t" { return ("    ", 4) }
        if scalar.value < 0x20 || scalar.value == 0x7F { return ("�", 1) }
        return (String(Character(scalar)), scalar.terminalWidth)
    }

    private func color(_ text: String, _ code: String) -> String { usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
    private func bold(_ text: String) -> String { color(text, "1") }
    private func dim(_ text: String) -> String { color(text, "2") }
}

extension Unicode.Scalar {
    /// How many terminal cells it takes: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
    ///
    /// Ranges: Unicode 15 EastAsianWidth W and F, the blocks that occur; marks by general category.
    public var terminalWidth: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension String {
    /// Terminal cells that the text takes.
    public var terminalWidth: Int { unicodeScalars.reduce(0) { $0 + $1.terminalWidth } }
}
