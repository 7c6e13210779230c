/// Closes a JSON text that broke off, so that what came of it can be read.
enum UnfinishedJSON {
    /// The text up to its last complete value, or to the cut inside a string that is a value, with all brackets closed.
    ///
    /// - Returns: `nil` when the text is not the beginning of an object, or has no fault of that kind.
    static func closed(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        var closers: [UInt8] = []
        // Up to where, and with what open, the text can be closed.
        var safe: (end: Int, closers: [UInt8]) = (0, [])
        // Whether a string that begins here would be a key.
        var expectsKey = false
        // Behind a value something else has come between.
        var expectsValue = true
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if !expectsValue { return nil }
                closers.append(byte == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                expectsKey = byte == UInt8(ascii: "{")
                index += 1
                if closers.count > 200 { return nil }
                safe = (index, closers)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else { return nil }
                index += 1
                safe = (index, closers)
                if closers.isEmpty { return nil }
                expectsKey = false
                expectsValue = false
            case UInt8(ascii: ","):
                expectsKey = closers.last == UInt8(ascii: "}")
                expectsValue = true
                index += 1
            case UInt8(ascii: ":"):
                expectsKey = false
                expectsValue = true
                index += 1
            case UInt8(ascii: "\""):
                if !expectsValue { return nil }
                guard let end = endOfString(bytes, from: index + 1) else {
                    if expectsKey { return finish(bytes, safe) }
                    return finish(bytes, (wholeCharacters(bytes, from: index + 1), closers), closesString: true)
                }
                index = end
                expectsValue = false
                if !expectsKey { safe = (index, closers) }
            case 0x20, 0x0A, 0x0D, 0x09:
                index += 1
            default:
                if !expectsValue { return nil }
                expectsValue = false
                var end = index
                while end < bytes.count, ![0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(bytes[end]) { end += 1 }
                // A number or a word at the very end may go on.
                if end == bytes.count { return finish(bytes, safe) }
                index = end
                safe = (index, closers)
            }
        }
        return finish(bytes, safe)
    }

    private static func finish(_ bytes: [UInt8], _ safe: (end: Int, closers: [UInt8]), closesString: Bool = false) -> [UInt8] {
        var text = Array(bytes[..<safe.end])
        if closesString { text.append(UInt8(ascii: "\"")) }
        text.append(contentsOf: safe.closers.reversed())
        return text
    }

    /// Behind its closing quote.
    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") { return index + 1 }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// The end of the last escape and the last character that are complete.
    private static func wholeCharacters(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let length: Int =
                switch bytes[index] {
                case UInt8(ascii: "\\"): index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "u") ? 6 : 2
                case 0xC0..<0xE0: 2
                case 0xE0..<0xF0: 3
                case 0xF0...: 4
                default: 1
                }
            if index + length > bytes.count { return index }
            index += length
        }
        return index
    }
}
