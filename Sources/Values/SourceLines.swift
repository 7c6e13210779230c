/// The lines of a text by number, so that not every one of thousands of frames reads it from the start.
struct SourceLines {
    private let bytes: [UInt8]
    /// Where each line begins.
    private let starts: [Int]
    /// The line that was asked for last: problems come in the order of the text, and a line may have many.
    private var last: (number: Int, scalars: [Unicode.Scalar])?

    /// Bytes are looked at: as characters, `\r\n` is no `\n`.
    init(_ text: String) {
        bytes = Array(text.utf8)
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
        self.starts = starts
    }

    /// A line from 1, without its end, be it LF or CRLF.
    mutating func line(_ number: Int) -> [Unicode.Scalar]? {
        guard number > 0, number <= starts.count else { return nil }
        if let last, last.number == number { return last.scalars }
        var text = bytes[starts[number - 1]..<(number < starts.count ? starts[number] - 1 : bytes.count)]
        if text.last == 0x0D { text.removeLast() }
        last = (number, Array(String(decoding: text, as: UTF8.self).unicodeScalars))
        return last?.scalars
    }
}
