import Values

/// The tree of a JSON document, for the places of its parts. YAML's reader takes most of JSON, but no pair of surrogates, no tab in some
/// places, no key that stands twice and not the depth that JSON may have.
struct JSONNodes {
    private let source: SourceBytes
    private let bytes: [UInt8]
    private var position = 0
    private var nodes = 0

    /// - Parameter text: what `JSONParser` takes.
    /// - Returns: `nil` where it has more parts than YAML may have here.
    static func read(_ text: String, file: String) -> YAMLNode? {
        var reader = JSONNodes(SourceBytes(Array(text.withoutByteOrderMark.utf8), at: SourceLocation(file: file, line: 1, column: 1)))
        let root = reader.node()
        return reader.nodes <= YAMLReader.maximumNodes ? root : nil
    }

    private init(_ source: SourceBytes) {
        self.source = source
        bytes = source.bytes
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    /// Skips space, and one of these signs.
    private mutating func take(_ sign: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == sign else { return false }
        position += 1
        return true
    }

    private mutating func node() -> YAMLNode {
        nodes += 1
        // The rest is passed over.
        if nodes > YAMLReader.maximumNodes { position = bytes.count }
        skipSpace()
        let start = position
        if take(UInt8(ascii: "{")) {
            var pairs: [(key: YAMLNode, value: YAMLNode)] = []
            var known: TextTable<Int> = [:]
            while position < bytes.count, !take(UInt8(ascii: "}")) {
                let key = node()
                _ = take(UInt8(ascii: ":"))
                let pair = (key: key, value: node())
                _ = take(UInt8(ascii: ","))
                // Of a key that stands twice the last value wins.
                if let index = known[key.scalar?.text ?? ""] {
                    pairs[index] = pair
                } else {
                    known[key.scalar?.text ?? ""] = pairs.count
                    pairs.append(pair)
                }
            }
            return node(.mapping(pairs), from: start)
        }
        if take(UInt8(ascii: "[")) {
            var elements: [YAMLNode] = []
            while position < bytes.count, !take(UInt8(ascii: "]")) {
                elements.append(node())
                _ = take(UInt8(ascii: ","))
            }
            return node(.sequence(elements), from: start)
        }
        let isText = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
        if isText {
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
            position = min(position + 1, bytes.count)
        } else {
            // What is no value is passed over byte by byte, so that this ends.
            position += 1
            while position < bytes.count, !" \n\r\t,]}".utf8.contains(bytes[position]) { position += 1 }
            position = min(position, bytes.count)
        }
        let written = Array(bytes[min(start, position)..<position])
        let text = isText ? (try? JSONParser.parse(written))?.stringValue ?? "" : String(decoding: written, as: UTF8.self)
        return node(.scalar(YAMLScalar(text: text, style: isText ? .doubleQuoted : .plain, source: source, content: start..<position)), from: start)
    }

    private func node(_ content: YAMLNode.Content, from start: Int) -> YAMLNode {
        YAMLNode(content: content, range: SourceRange(source.location(ofByte: start), source.location(ofByte: position)), isInFlow: true, weight: 1, height: 1)
    }
}
