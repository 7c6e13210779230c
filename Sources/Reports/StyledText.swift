import Values

/// A piece of one line: text in spans of one tint each, measured in terminal cells.
///
/// Escape codes are written last, by ``rendered(_:)``, so that cutting and padding never meet one. What comes in is made
/// harmless: line breaks become spaces, and ``TerminalText`` does the rest, since models and servers write into reports.
public struct StyledText: Sendable, Hashable, ExpressibleByStringInterpolation {
    struct Span: Sendable, Hashable {
        var text: String
        var tint: Tint?
    }

    private(set) var spans: [Span]
    /// How many of the last spans are cut after all others.
    private var keptSpans = 0

    public init(_ text: String, _ tint: Tint? = nil) {
        spans = text.isEmpty ? [] : [Span(text: text.harmless, tint: tint)]
    }

    public init(stringLiteral value: String) { self.init(value) }

    private init(spans: [Span]) { self.spans = spans }

    public static func + (a: StyledText, b: StyledText) -> StyledText { StyledText(spans: a.spans + b.spans) }

    /// Itself with an end that tells more: where both do not fit, what stands before it gives way.
    public func before(kept end: StyledText) -> StyledText {
        guard !end.isEmpty else { return self }
        var text = self + end
        text.keptSpans = end.spans.count
        return text
    }

    /// Terminal cells that it takes.
    public var width: Int { spans.reduce(0) { $0 + $1.text.terminalWidth } }

    public var isEmpty: Bool { spans.isEmpty }

    /// At most `limit` cells; what was cut ends in an ellipsis.
    public func clipped(to limit: Int, _ style: TextStyle) -> StyledText {
        guard width > limit else { return self }
        if keptSpans > 0 {
            let end = StyledText(spans: Array(spans.suffix(keptSpans)))
            let room = limit - end.width
            // Less than a few letters of the beginning tell nothing.
            guard room >= 4 else { return end.withoutLeadingSpaces.clipped(to: limit, style) }
            return StyledText(spans: Array(spans.dropLast(keptSpans))).clipped(to: room, style) + end
        }
        let mark = String(style.ellipsis.prefix(max(0, limit)))
        var room = limit - mark.terminalWidth
        var kept: [Span] = []
        cutting: for span in spans {
            var text = ""
            for character in span.text {
                let cells = String(character).terminalWidth
                guard cells <= room else {
                    kept.append(Span(text: text + mark, tint: span.tint))
                    break cutting
                }
                text.append(character)
                room -= cells
            }
            kept.append(Span(text: text, tint: span.tint))
        }
        return StyledText(spans: kept)
    }

    private var withoutLeadingSpaces: StyledText {
        var text = self
        while var first = text.spans.first {
            first.text = String(first.text.drop { $0 == " " })
            guard first.text.isEmpty else {
                text.spans[0] = first
                break
            }
            text.spans.removeFirst()
        }
        return text
    }

    /// The text itself, with escape codes where the style has color.
    public func rendered(_ style: TextStyle) -> String {
        guard style.usesColor else { return spans.reduce("") { $0 + $1.text } }
        return spans.reduce("") { $0 + ($1.tint.map { "\u{1B}[\($0.rawValue)m" } ?? "") + $1.text + ($1.tint == nil ? "" : "\u{1B}[0m") }
    }

    /// One line of the style's width at most, without spaces at its end.
    func line(_ style: TextStyle) -> String {
        var line = style.width.map { clipped(to: $0, style) } ?? self
        while var last = line.spans.popLast() {
            while last.text.last == " " { last.text.removeLast() }
            guard last.text.isEmpty else {
                line.spans.append(last)
                break
            }
        }
        return line.rendered(style)
    }
}

extension String {
    /// One line without anything that moves a cursor, changes a color or turns the direction of writing.
    var harmless: String {
        let breaks: Set<Unicode.Scalar> = ["\n", "\r", "\t", "\u{2028}", "\u{2029}"]
        guard unicodeScalars.contains(where: breaks.contains) else { return TerminalText.harmless(self) }
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in unicodeScalars {
            defer { previous = scalar }
            // "\r\n" is one break.
            if scalar == "\n", previous == "\r" { continue }
            scalars.append(breaks.contains(scalar) ? " " : scalar)
        }
        return TerminalText.harmless(String(scalars))
    }

    /// Lines of at most `limit` cells, broken at spaces where there are any; the text's own breaks and indents stay.
    func wrapped(to limit: Int?) -> [String] {
        var lines: [String] = []
        for paragraph in split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let text = String(paragraph).replacing("\t", with: "    ").harmless
            guard let limit, text.terminalWidth > limit else {
                lines.append(text)
                continue
            }
            let room = max(1, limit)
            let indent = String(text.prefix { $0 == " " }.prefix(room / 2))
            var line = indent
            var used = indent.count
            var hasWord = false
            for word in text.split(separator: " ") {
                var word = word
                let cells = String(word).terminalWidth
                if hasWord, used + 1 + cells <= room {
                    line += " " + word
                    used += 1 + cells
                    continue
                }
                if hasWord {
                    lines.append(line)
                    line = indent
                    used = indent.count
                }
                // A word longer than a line is cut, so that an URL or a hash stays whole on a wide terminal only.
                while String(word).terminalWidth > room - used {
                    var taken = 0
                    var end = word.startIndex
                    while end < word.endIndex {
                        let step = String(word[end]).terminalWidth
                        if taken + step > room - used { break }
                        taken += step
                        end = word.index(after: end)
                    }
                    if end == word.startIndex { end = word.index(after: end) }
                    lines.append(line + word[..<end])
                    word = word[end...]
                    line = indent
                    used = indent.count
                }
                line += word
                used += String(word).terminalWidth
                hasWord = !word.isEmpty
            }
            if hasWord { lines.append(line) }
        }
        return lines
    }
}
