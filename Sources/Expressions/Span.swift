import Values

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

extension PlacedText {
    func range(_ span: Span) -> SourceRange { range(Int(span.start), Int(span.end)) }
}
