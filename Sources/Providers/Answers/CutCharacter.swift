/// Joins a character that a server cut between two chunks: half of an escaped surrogate pair, or some bytes of its UTF-8.
///
/// Servers that hand on tokens as they come do so, as a token may be a part of a character. Each chunk alone is then no text.
struct CutCharacter {
    /// As it stood in the text of the last chunk.
    private(set) var pending: [UInt8] = []

    /// The chunk with what the one before it lacked, and without what it lacks itself.
    ///
    /// - Parameter isFaulty: whether the chunk as it stands cannot be read.
    mutating func joined(_ chunk: ArraySlice<UInt8>, isFaulty: Bool = false) -> ArraySlice<UInt8> {
        // Most chunks have no escape.
        guard !pending.isEmpty || isFaulty || chunk.contains(UInt8(ascii: "\\")), let start = Self.startOfText(in: chunk) else { return chunk }
        if !pending.isEmpty {
            let joined = Array(chunk[..<start]) + pending + chunk[start...]
            pending = []
            return cut(joined[...], from: start - chunk.startIndex)
        }
        return cut(chunk, from: start)
    }

    private mutating func cut(_ chunk: ArraySlice<UInt8>, from start: Int) -> ArraySlice<UInt8> {
        var index = start
        var half: Int?
        while index < chunk.endIndex, chunk[index] != UInt8(ascii: "\"") {
            let length: Int
            switch chunk[index] {
            case UInt8(ascii: "\\"):
                let isUnit = chunk[index...].dropFirst().first == UInt8(ascii: "u")
                length = isUnit ? 6 : 2
                half = isUnit && Self.isHigh(chunk[index...].prefix(6)) ? index : nil
            case 0xC2...0xF4:
                length = 1
                let size = chunk[index] >= 0xF0 ? 4 : chunk[index] >= 0xE0 ? 3 : 2
                let tail = chunk[(index + 1)...].prefix(size - 1).prefix { $0 & 0xC0 == 0x80 }
                half = tail.count < size - 1 && tail.endIndex < chunk.endIndex && chunk[tail.endIndex] == UInt8(ascii: "\"") ? index : nil
            case 0x80...0xBF: length = 1
            default:
                length = 1
                half = nil
            }
            index += length
        }
        guard let half, index < chunk.endIndex else { return chunk }
        pending = Array(chunk[half..<index])
        return (Array(chunk[..<half]) + chunk[index...])[...]
    }

    /// Whether an escape is the first half of a pair.
    private static func isHigh(_ escape: ArraySlice<UInt8>) -> Bool {
        let digits = Array(escape.dropFirst(2))
        return digits.count == 4 && digits[0] | 0x20 == UInt8(ascii: "d") && "89ab".utf8.contains(digits[1] | (digits[1] >= 0x41 ? 0x20 : 0))
    }

    /// Where the text of a chunk's content begins.
    private static func startOfText(in chunk: ArraySlice<UInt8>) -> Int? {
        for key in ["\"content\"", "\"text\"", "\"delta\"", "\"partial_json\""] {
            let key = Array(key.utf8)
            var index = chunk.startIndex
            while let quote = chunk[index...].firstIndex(of: key[0]) {
                index = quote + 1
                guard chunk[quote...].starts(with: key) else { continue }
                let rest = chunk[(quote + key.count)...].drop(while: isBlank)
                guard rest.first == UInt8(ascii: ":") else { continue }
                let value = rest.dropFirst().drop(while: isBlank)
                if value.first == UInt8(ascii: "\"") { return value.startIndex + 1 }
            }
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
