/// Prints a diagnostic as people read it: `file:line:column: error[CODE]: message`, the line with a caret, the hint.
public struct DiagnosticFormatter: Sendable {
    public var usesColor: Bool
    /// Lines are clipped around the caret to this many columns.
    public var width: Int

    /// What of many problems is printed.
    public enum Extent: Sendable, Hashable {
        case all
        /// Errors before warnings, the first of each code; the others are counted.
        ///
        /// - Parameter all: how the others are seen: `--all`.
        case first(all: String)
    }

    /// Nobody reads more of one code than this, and a small file can have fifty thousand mistakes.
    public static let mostOfACode = 3

    public init(usesColor: Bool = false, width: Int = 100) {
        self.usesColor = usesColor
        self.width = max(width, 40)
    }

    /// By file and place; or the first of each code of errors, then of warnings.
    public func format(_ diagnostics: Diagnostics, _ extent: Extent = .all) -> String {
        var known: [String: SourceLines] = [:]
        guard case .first(let way) = extent else {
            return diagnostics.all.map { format($0, diagnostics.sources, &known) }.joined(separator: "\n")
        }
        var text = ""
        for severity in [Diagnostic.Severity.error, .warning] {
            var counts: [String: Int] = [:]
            for diagnostic in diagnostics.all where diagnostic.severity == severity {
                counts[diagnostic.code, default: 0] += 1
                guard counts[diagnostic.code]! <= Self.mostOfACode else { continue }
                if !text.isEmpty { text += "\n" }
                text += format(diagnostic, diagnostics.sources, &known)
            }
            let more = counts.filter { $0.value > Self.mostOfACode }.sorted { $0.key < $1.key }
            if !more.isEmpty { text += "\n" }
            for (code, count) in more { text += "and \(count - Self.mostOfACode) more \(code) (\(way) shows them)\n" }
        }
        return text
    }

    public func format(_ diagnostic: Diagnostic, sources: [String: String]) -> String {
        var known: [String: SourceLines] = [:]
        return format(diagnostic, sources, &known)
    }

    private func format(_ diagnostic: Diagnostic, _ sources: [String: String], _ known: inout [String: SourceLines]) -> String {
        var text = ""
        if let start = diagnostic.range?.start { text += bold(TerminalText.harmless("\(start)")) + ": " }
        let label = "\(diagnostic.severity.rawValue)[\(diagnostic.code)]"
        text += color(label, diagnostic.severity == .error ? "31;1" : "33;1") + ": " + bold(TerminalText.harmless(diagnostic.message)) + "\n"
        if let range = diagnostic.range, let source = sources[range.file] {
            if let line = known[range.file, default: SourceLines(source)].line(range.start.line) { text += frame(range, line) }
        }
        if let hint = diagnostic.hint { text += "  " + color("hint:", "36") + " \(TerminalText.harmless(hint))\n" }
        return text
    }

    private func frame(_ range: SourceRange, _ line: [Unicode.Scalar]) -> String {
        // Of a line of many thousand characters only the surroundings are looked at.
        let begin = min(max(range.start.column - 1, 0), line.count)
        let window = max(0, begin - 2 * width)..<min(line.count, begin + 2 * width)
        // Columns are counted in scalars; what is printed is measured in cells, so that carets
        // stand right under tabs and wide characters.
        let cells = Self.cells(line[window])
        let first = begin - window.lowerBound
        let last =
            range.end.line == range.start.line ? min(max(range.end.column - 1 - window.lowerBound, first + 1), max(cells.count, first + 1)) : cells.count
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
        let (isCutBefore, isCutBehind) = (from + window.lowerBound > 0, to + window.lowerBound < line.count)
        let number = String(range.start.line)
        let gutter = String(repeating: " ", count: number.count)
        var shown = isCutBefore ? "…" : ""
        for (text, _) in cells[from..<to] { shown += text }
        if isCutBehind { shown += "…" }
        let lead = widthOf(cells[from..<max(from, min(first, to))]) + (isCutBefore ? 1 : 0)
        let carets = max(1, widthOf(cells[min(first, to)..<min(max(last, first), to)]))
        return """
              \(gutter) \(dim("|"))
              \(dim(number)) \(dim("|")) \(shown)
              \(gutter) \(dim("|")) \(String(repeating: " ", count: lead))\(color(String(repeating: "^", count: carets), "31;1"))

            """
    }

    private static func cells(_ scalars: ArraySlice<Unicode.Scalar>) -> [(String, Int)] {
        if scalars.allSatisfy(\.isASCII) { return scalars.map(rendered) }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text).flatMap(cells)
    }

    /// What is printed for the scalars of a character and the cells that each takes: all of it counts for the first.
    private static func cells(_ character: Character) -> [(String, Int)] {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return [rendered(scalars.first!)] }
        return scalars.enumerated().map { index, scalar in TerminalText.isHarmful(scalar) ? rendered(scalar) : (String(Character(scalar)), index == 0 ? character.terminalWidth : 0) }
    }

    private static func rendered(_ scalar: Unicode.Scalar) -> (String, Int) {
        if scalar == "\t" { return ("    ", 4) }
        if TerminalText.isHarmful(scalar) {
            let escape = TerminalText.escape(scalar)
            return (escape, escape.utf8.count)
        }
        return (String(Character(scalar)), scalar.terminalWidth)
    }

    private func color(_ text: String, _ code: String) -> String { usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
    private func bold(_ text: String) -> String { color(text, "1") }
    private func dim(_ text: String) -> String { color(text, "2") }
}
