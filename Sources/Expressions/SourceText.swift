import Values

/// The text of one expression and where it stands, so that byte offsets become places only when somebody asks.
struct SourceText: Sendable {
    private typealias Mark = (line: Int, column: Int)
    private static let stride = 256

    let text: String
    let location: SourceLocation
    /// Where lines after the first begin.
    private let margin: Int
    /// The place of every 256th byte: a long text with thousands of references is not read from the start for each.
    private let marks: [Mark]

    init(text: String, location: SourceLocation, margin: Int = 1) {
        self.text = text
        self.location = location
        self.margin = margin
        var marks: [Mark] = []
        var mark: Mark = (location.line, location.column)
        for (offset, byte) in text.utf8.enumerated() {
            if offset % Self.stride == 0 { marks.append(mark) }
            Self.pass(byte, &mark, margin)
        }
        self.marks = marks
    }

    /// The place of a byte: lines are counted on `\n`, columns in Unicode scalars; the first line begins at `location`, the others at the margin.
    func location(at offset: Int) -> SourceLocation {
        guard !marks.isEmpty else { return location }
        let index = min(offset / Self.stride, marks.count - 1)
        var mark = marks[index]
        for byte in text.utf8.dropFirst(index * Self.stride).prefix(offset - index * Self.stride) { Self.pass(byte, &mark, margin) }
        return SourceLocation(file: location.file, line: mark.line, column: mark.column)
    }

    private static func pass(_ byte: UInt8, _ mark: inout Mark, _ margin: Int) {
        if byte == 0x0A {
            mark = (mark.line + 1, margin)
        } else if byte & 0xC0 != 0x80 {
            mark.column += 1
        }
    }

    func range(_ span: Span) -> SourceRange {
        SourceRange(location(at: Int(span.start)), location(at: Int(max(span.end, span.start + 1))))
    }
}

/// A stretch of bytes of the source.
struct Span: Sendable, Hashable {
    var start: Int32
    var end: Int32

    init(_ start: Int, _ end: Int) {
        self.start = Int32(start)
        self.end = Int32(end)
    }

    init(_ first: Span, through last: Span) {
        start = first.start
        end = last.end
    }
}
