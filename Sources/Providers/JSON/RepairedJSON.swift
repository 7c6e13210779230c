import Values

/// A JSON text as some servers write it, with the faults that have one meaning only put right: raw control characters in strings, bytes
/// that are not UTF-8, unknown escapes, `NaN` and its kind as numbers, commas in front of a closing bracket, and what stands behind the object.
///
/// Only for what a strict reader refused. An answer that was made is paid for, and its text is worth more than its form.
struct RepairedJSON {
    private(set) var text: [UInt8] = []
    /// Whether the object was closed.
    private(set) var isClosed = false
    /// Bytes behind the object that are something.
    private(set) var behind = 0

    /// - Returns: `nil` when the text is not the beginning of an object.
    init?(_ source: some Collection<UInt8>) {
        guard source.first == UInt8(ascii: "{") else { return nil }
        let bytes = Array(String(decoding: source, as: UTF8.self).utf8)
        text.reserveCapacity(bytes.count + 64)
        var depth = 0
        var index = 0
        // Where the commas begin that nothing stands behind yet.
        var commas: Int?
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                commas = nil
                index = copyString(bytes, from: index)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                commas = nil
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if let start = commas { text.removeSubrange(start...) }
                commas = nil
                depth -= 1
            case UInt8(ascii: ","): commas = commas ?? text.count
            case UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09: break
            case 0..<0x20:
                index += 1
                continue
            default:
                let end = bytes[index...].firstIndex { !Self.isOfWord($0) } ?? bytes.count
                commas = nil
                // A byte that begins nothing is left to the reader, who says so.
                guard end > index else { break }
                let word = Array(bytes[index..<end])
                // At the very end it may go on.
                text += end == bytes.count || (try? JSONParser.parse(word)) != nil ? word : Array("null".utf8)
                index = end
                continue
            }
            text.append(byte)
            index += 1
            if depth == 0 {
                isClosed = true
                behind = bytes[index...].count { $0 > 0x20 }
                return
            }
        }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// - Returns: the place behind it.
    private mutating func copyString(_ bytes: [UInt8], from start: Int) -> Int {
        text.append(bytes[start])
        var index = start + 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                text.append(byte)
                return index
            case UInt8(ascii: "\\"):
                text.append(byte)
                guard index < bytes.count else { return index }
                if Self.isEscape(bytes[index...]) {
                    text.append(bytes[index])
                    index += 1
                } else {
                    // A backslash that stands for itself.
                    text.append(byte)
                }
            case 0..<0x20: text += Array("\\u00".utf8) + [UInt8(ascii: "0") + byte >> 4, Array("0123456789abcdef".utf8)[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        return index
    }

    /// Whether it is what can follow a backslash, or its beginning at the very end.
    private static func isEscape(_ rest: ArraySlice<UInt8>) -> Bool {
        guard let first = rest.first else { return true }
        if first == UInt8(ascii: "u") { return rest.dropFirst().prefix(4).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20) } }
        return "\"\\/bfnrt".utf8.contains(first)
    }
}
