/// Makes text harmless for a terminal. What moves a cursor, changes a colour, writes a clipboard, turns the direction of writing or
/// cannot be seen is written as `\u001b`: the form that JSON has for it, so that JSON stays what it was.
public enum TerminalText {
    /// - Parameters:
    ///   - text: line breaks and tabs stay.
    ///   - keepsTints: whether select-graphic-rendition sequences stay, which only text of our own may have.
    public static func harmless(_ text: String, keepsTints: Bool = false) -> String {
        var text = text
        let clean: [UInt8]? = text.withUTF8 { Self.clean($0, keepsTints: keepsTints) }
        return clean.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    /// Whether a scalar is written as an escape. Joiners stay: scripts and emoji need them.
    public static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: return false
        case ..<0x20, 0x7F...0x9F, 0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
            0xE0000...0xE007F:
            return true
        default: return false
        }
    }

    /// `\u202e`; beyond the basic plane two of them.
    public static func escape(_ scalar: Unicode.Scalar) -> String {
        UTF16.encode(scalar)!.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
    }

    /// - Returns: `nil` where nothing changes.
    private static func clean(_ bytes: UnsafeBufferPointer<UInt8>, keepsTints: Bool) -> [UInt8]? {
        var output: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            // Only these can begin one.
            guard byte < 0x20 || byte == 0x7F || byte >= 0xC2 else { index += 1; continue }
            if byte == 0x1B, keepsTints, let length = tint(bytes, index) { index += length; continue }
            // The line end of CSV and of files from elsewhere.
            if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1; continue }
            let (scalar, length) = Self.scalar(bytes, index)
            if isHarmful(scalar) {
                output.append(contentsOf: bytes[copied..<index])
                output.append(contentsOf: escape(scalar).utf8)
                copied = index + length
            }
            index += length
        }
        guard copied > 0 else { return nil }
        output.append(contentsOf: bytes[copied...])
        return output
    }

    /// The length of `ESC [ … m`.
    private static func tint(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        guard index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "[") else { return nil }
        var end = index + 2
        while end < bytes.count, bytes[end] == UInt8(ascii: ";") || (bytes[end] >= 0x30 && bytes[end] <= 0x39) { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "m") ? end + 1 - index : nil
    }

    /// Of valid UTF-8.
    private static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (Unicode.Scalar, Int) {
        let first = bytes[index]
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard length > 1, index + length <= bytes.count else { return (Unicode.Scalar(first), 1) }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}
