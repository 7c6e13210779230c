/// Undoes percent-encoding (RFC 3986) and the escapes of JSON strings (RFC 8259) wherever they stand, both at once: for finding what
/// is hidden by them, not for reading documents.
enum TextDecoding {
    /// How often something is encoded at the most: JSON within JSON, a URL within that.
    static let levels = 3

    static func isEncoded(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "%") }
    }

    /// - Returns: `nil` where nothing is encoded.
    static func decoded(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard isEncoded(bytes) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var isChanged = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%"), let piece = piece(bytes, index) {
                write(piece.scalar, to: &output, isByte: byte == UInt8(ascii: "%"))
                index += piece.length
                isChanged = true
            } else {
                output.append(byte)
                index += 1
            }
        }
        return isChanged ? output : nil
    }

    /// Where ranges of the decoded text came from.
    ///
    /// - Parameter ranges: in order, without overlaps.
    static func origins(of ranges: [Range<Int>], in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var origins: [Range<Int>] = []
        var (index, position, next) = (0, 0, 0)
        var start: Int?
        while index < bytes.count, next < ranges.count {
            var (length, size) = (1, 1)
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%"), let piece = piece(bytes, index) {
                length = piece.length
                size = byte == UInt8(ascii: "%") ? 1 : UTF8.width(piece.scalar)
            }
            if start == nil, ranges[next].lowerBound < position + size { start = index }
            (index, position) = (index + length, position + size)
            if let from = start, ranges[next].upperBound <= position {
                origins.append(from..<index)
                start = nil
                next += 1
            }
        }
        return origins
    }

    private static func write(_ scalar: Unicode.Scalar, to output: inout [UInt8], isByte: Bool) {
        if isByte { output.append(UInt8(truncatingIfNeeded: scalar.value)) } else { output.append(contentsOf: UTF8.encode(scalar)!) }
    }

    /// The escape that begins here. Of `%xx` the scalar is a byte.
    private static func piece(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (length: Int, scalar: Unicode.Scalar)? {
        func digits(_ from: Int, _ count: Int) -> UInt32? {
            guard from + count <= bytes.count else { return nil }
            var value: UInt32 = 0
            for byte in bytes[from..<(from + count)] {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
            }
            return value
        }
        if bytes[index] == UInt8(ascii: "%") { return digits(index + 1, 2).flatMap { Unicode.Scalar($0) }.map { (3, $0) } }
        guard index + 1 < bytes.count else { return nil }
        switch bytes[index + 1] {
        case UInt8(ascii: "u"): return digits(index + 2, 4).flatMap { Unicode.Scalar($0) }.map { (6, $0) }
        case UInt8(ascii: "\""): return (2, "\"")
        case UInt8(ascii: "\\"): return (2, "\\")
        case UInt8(ascii: "/"): return (2, "/")
        case UInt8(ascii: "b"): return (2, "\u{8}")
        case UInt8(ascii: "f"): return (2, "\u{C}")
        case UInt8(ascii: "n"): return (2, "\n")
        case UInt8(ascii: "r"): return (2, "\r")
        case UInt8(ascii: "t"): return (2, "\t")
        default: return nil
        }
    }
}
