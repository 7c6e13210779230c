import Values

/// Where a field stands in the text of a document: a JSON text, maybe with something around it.
enum DocumentPlaces {
    /// How many beginnings of a document are tried.
    private static let mostBeginnings = 16

    /// The bytes of a field's value; of a text those between its quotes, unless there are none.
    ///
    /// - Parameters:
    ///   - path: names of fields.
    ///   - document: the value that was read of the text.
    static func range(of path: [String], in text: [UInt8], document: JSONValue) -> Range<Int>? {
        var tried = 0
        for start in text.indices where text[start] == UInt8(ascii: "{") && tried < mostBeginnings {
            tried += 1
            guard let end = end(of: start, in: text), (try? JSONParser.parse(Array(text[start..<end]))) == document else { continue }
            var range = start..<end
            for name in path {
                guard let member = member(name, of: range, in: text) else { return nil }
                range = member
            }
            let isText = text[range.lowerBound] == UInt8(ascii: "\"") && range.count > 2
            return isText ? range.lowerBound + 1..<range.upperBound - 1 : range
        }
        return nil
    }

    /// The value of a member of an object; of a name that stands twice, the last.
    private static func member(_ name: String, of object: Range<Int>, in text: [UInt8]) -> Range<Int>? {
        guard text[object.lowerBound] == UInt8(ascii: "{") else { return nil }
        var found: Range<Int>?
        var index = spaces(object.lowerBound + 1, text)
        while index < object.upperBound, text[index] == UInt8(ascii: "\"") {
            guard let keyEnd = end(of: index, in: text) else { return nil }
            let key = (try? JSONParser.parse(Array(text[index..<keyEnd])))?.stringValue
            let colon = spaces(keyEnd, text)
            let start = spaces(colon + 1, text)
            guard start < object.upperBound, let valueEnd = end(of: start, in: text) else { return nil }
            if key?.hasSameBytes(as: name) == true { found = start..<valueEnd }
            index = spaces(valueEnd, text)
            guard index < object.upperBound, text[index] == UInt8(ascii: ",") else { break }
            index = spaces(index + 1, text)
        }
        return found
    }

    private static func spaces(_ start: Int, _ text: [UInt8]) -> Int {
        var index = start
        while index < text.count, text[index] == 0x20 || 0x09...0x0D ~= text[index] { index += 1 }
        return index
    }

    /// Behind the value that begins there; `nil`: it does not end.
    private static func end(of start: Int, in text: [UInt8]) -> Int? {
        var index = start
        var depth = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""):
                index += 1
                while index < text.count, text[index] != UInt8(ascii: "\"") { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
                guard index < text.count else { return nil }
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // Of a number or a word, the end of what it stands in.
                if depth == 0 { return index }
                depth -= 1
            case UInt8(ascii: ","), 0x20, 0x09...0x0D: if depth == 0 { return index }
            default: break
            }
            index += 1
            let last = text[index - 1]
            if depth == 0, last == UInt8(ascii: "\"") || last == UInt8(ascii: "}") || last == UInt8(ascii: "]") { return index }
        }
        return depth == 0 ? index : nil
    }
}
