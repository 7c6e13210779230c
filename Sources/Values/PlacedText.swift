/// A text that a file says, and where in the file each of its bytes stands: a text with escapes, folds or an indentation has other
/// bytes than the file.
public struct PlacedText: Sendable {
    /// Where the text leaves what the file has: what follows, up to the next of them, stands in the file byte by byte, or is one unit.
    public struct Turn: Sendable {
        /// In the text.
        public let offset: Int
        /// In the file.
        public let place: Int
        /// How many bytes of the file are one unit, such as an escape; 0 where they are the text's.
        public let length: Int

        public init(offset: Int, place: Int, length: Int = 0) {
            self.offset = offset
            self.place = place
            self.length = length
        }
    }

    public let text: String
    private let source: SourceBytes
    /// In their order, the first at 0.
    private let turns: [Turn]
    /// Where the text begins in that to which the turns belong.
    private let base: Int

    private init(_ text: String, _ source: SourceBytes, _ turns: [Turn], _ base: Int) {
        (self.text, self.source, self.turns, self.base) = (text, source, turns, base)
    }

    /// A text as it stands in a file.
    public init(_ text: String, at location: SourceLocation) {
        self.init(text, SourceBytes(Array(text.utf8), at: location), [Turn(offset: 0, place: 0)], 0)
    }

    /// - Parameter turns: in order, and one at 0.
    public init(_ text: String, in source: SourceBytes, turns: [Turn]) { self.init(text, source, turns, 0) }

    /// A text of which only the place of the whole is known.
    public init(_ text: String, in source: SourceBytes, wholeAt place: Range<Int>) {
        self.init(text, source, [Turn(offset: 0, place: place.lowerBound, length: max(place.count, 1))], 0)
    }

    /// A part of it, from a byte on.
    public func part(_ text: String, from offset: Int) -> PlacedText { PlacedText(text, source, turns, base + offset) }

    /// The place of a byte.
    public func location(at offset: Int) -> SourceLocation {
        let turn = turn(at: base + offset)
        return source.location(ofByte: turn.length == 0 ? turn.place + base + offset - turn.offset : turn.place)
    }

    /// From the first byte to the place behind the last.
    public func range(_ start: Int, _ end: Int) -> SourceRange {
        let last = base + max(end, start + 1) - 1
        let turn = turn(at: last)
        let behind = turn.length == 0 ? turn.place + last - turn.offset + 1 : turn.place + turn.length
        return SourceRange(location(at: start), source.location(ofByte: behind))
    }

    private func turn(at offset: Int) -> Turn {
        var (low, high) = (0, turns.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if turns[middle].offset <= offset { low = middle } else { high = middle }
        }
        return turns[low]
    }
}
