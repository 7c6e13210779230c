import Values

/// A text that is no JSON document, as the documents that stand in it: one on each line, joined without anything between, in a list, with
/// frame of an event stream in front of them, or with something else between.
///
/// A line that broke off ends at its line end, so that it takes none of the next ones with it.
struct JSONSequence {
    enum Item {
        /// From brace to brace.
        case object(ArraySlice<UInt8>)
        /// `[DONE]`.
        case done
        /// The last object, which has no end.
        case begun(ArraySlice<UInt8>)
        case junk(ArraySlice<UInt8>)
    }

    private(set) var items: [Item] = []
    /// How many objects that go over a line's end are looked for: each look reads all of the text.
    private static let mostLooks = 8

    /// - Parameter allowsBreaks: whether line ends may stand inside the texts of an object.
    init(_ bytes: ArraySlice<UInt8>, allowsBreaks: Bool) {
        var index = bytes.startIndex
        var junk: Int?
        var looks = 0
        func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
        func closeJunk(_ items: inout [Item]) {
            if let start = junk { items.append(.junk(bytes[start..<index])) }
            junk = nil
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            let rest = bytes[index...]
            if isLineEnd(byte) {
                closeJunk(&items)
                index += 1
            } else if byte == UInt8(ascii: "["), Self.isDone(rest) {
                closeJunk(&items)
                items.append(.done)
                index += 6
            } else if byte == UInt8(ascii: "{") {
                closeJunk(&items)
                let lineEnd = rest.firstIndex(where: isLineEnd) ?? bytes.endIndex
                if let end = Self.end(of: bytes[index..<lineEnd]) {
                    items.append(.object(bytes[index..<end]))
                    index = end
                    continue
                }
                looks += 1
                if lineEnd < bytes.endIndex, looks > Self.mostLooks {
                    items.append(.junk(bytes[index..<lineEnd]))
                    index = lineEnd
                    continue
                }
                let isAlone = !Self.hasObjectOnLine(of: bytes[lineEnd...])
                if lineEnd < bytes.endIndex, let end = Self.end(of: rest), Self.isObject(rest[..<end], allowsBreaks: allowsBreaks && isAlone) {
                    items.append(.object(rest[..<end]))
                    index = end
                } else if isAlone {
                    items.append(.begun(rest))
                    index = bytes.endIndex
                } else {
                    items.append(.junk(bytes[index..<lineEnd]))
                    index = lineEnd
                }
            } else if junk == nil, rest.starts(with: "data:".utf8) {
                index += 5
            } else if junk == nil, Self.isBetween(byte) {
                index += 1
            } else {
                if junk == nil { junk = index }
                index += 1
            }
        }
        closeJunk(&items)
    }

    /// Blanks, the mark of JSON text sequences (RFC 7464), and what parts the elements of a list.
    private static func isBetween(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, 0x1E, 0x20, 0x09, UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: false
        }
    }

    private static func isDone(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 6 && zip(bytes.prefix(6), "[done]".utf8).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
    }

    /// Whether an object begins at the beginning of a line.
    private static func hasObjectOnLine(of bytes: ArraySlice<UInt8>) -> Bool {
        var isAtStart = false
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if isAtStart, bytes[index] == UInt8(ascii: "{") || bytes[index...].starts(with: "data:".utf8) { return true }
            isAtStart = bytes[index] == 0x0A || bytes[index] == 0x0D
            index += 1
        }
        return false
    }

    private static func isObject(_ bytes: ArraySlice<UInt8>, allowsBreaks: Bool) -> Bool {
        if (try? JSONParser.parse(Array(bytes))) != nil { return true }
        guard allowsBreaks, let repaired = RepairedJSON(bytes), repaired.isClosed, repaired.behind == 0 else { return false }
        return (try? JSONParser.parse(repaired.text)) != nil
    }

    /// Behind the bracket that closes the first one.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                while index < bytes.endIndex, bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }
}
