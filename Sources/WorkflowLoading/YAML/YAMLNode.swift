import Values

/// A piece of a YAML document with its place in the file. A class, since rules and readers hand hundreds of thousands of them around.
final class YAMLNode: Sendable {
    enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    let range: SourceRange
    /// Whether it is written inside `{ }` or `[ ]`, where commas and braces end a plain text.
    let isInFlow: Bool
    /// How many nodes it consists of, aliases expanded, and one more for every 64 bytes of a text: what bounds the expansion.
    let weight: Int
    /// How many levels it has, aliases expanded.
    let height: Int

    init(content: Content, range: SourceRange, isInFlow: Bool, weight: Int, height: Int) {
        self.content = content
        self.range = range
        self.isInFlow = isInFlow
        self.weight = weight
        self.height = height
    }

    var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { return scalar }
        return nil
    }

    /// `a string`, `a list`, …, for messages.
    var typeName: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return "nothing"
            case .bool: return "a boolean"
            case .int, .bigInt: return "an integer"
            case .double: return "a number"
            default: return "a string"
            }
        }
    }

    /// As JSON; keys in order.
    var json: JSONValue {
        switch content {
        case .scalar(let scalar): return scalar.value
        case .sequence(let nodes): return .array(nodes.map(\.json))
        case .mapping(let pairs): return .object(JSONObject(pairs.map { ($0.key.scalar?.text ?? "", $0.value.json) }))
        }
    }
}

/// A scalar: its text, and what the core schema of YAML 1.2 makes of it.
struct YAMLScalar: Sendable {
    enum Style: Sendable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    let text: String
    let style: Style
    /// The file that it stands in.
    let source: SourceBytes
    /// Its bytes there, quotes and the header of a block included.
    let content: Range<Int>

    /// Written without quotes and not as a block: only then can it be anything but a string.
    var isPlain: Bool { style == .plain }

    var isBlock: Bool { style == .literal || style == .folded }

    /// The text of a block without the line ends at its end, for keys that mean none; of another style as it is.
    var textWithoutLineEnds: String {
        guard isBlock else { return text }
        return String(decoding: text.utf8[..<(text.utf8.lastIndex { $0 != 0x0A }.map { text.utf8.index(after: $0) } ?? text.utf8.startIndex)], as: UTF8.self)
    }

    /// The text with the place of each of its bytes. Read again for who asks: few texts have anything to point at.
    var placed: PlacedText { ScalarPlaces.placed(text, style, in: source, at: content) }

    /// The line end that a block has at its end because it is a block; `nil` where there is none, or where `+` says that it is meant.
    var lineEndOfBlock: String? {
        guard isBlock, text.utf8.last == 0x0A else { return nil }
        let header = source.bytes[content].prefix { $0 != 0x0A && $0 != 0x0D && $0 != UInt8(ascii: "#") }
        return header.contains(UInt8(ascii: "+")) ? nil : "\n"
    }

    /// YAML 1.2.2 section 10.3: `no`, `on` and `off` are strings.
    var value: JSONValue {
        guard isPlain else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return Self.number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        guard let first = text.utf8.first, first &- 0x30 < 10 || first == 0x2D || first == 0x2B || first == 0x2E else { return nil }
        if text.hasPrefix("0x") || text.hasPrefix("0o") {
            let digits = text.dropFirst(2)
            // `Int64` would take a sign here.
            guard digits.utf8.first != 0x2D, digits.utf8.first != 0x2B else { return nil }
            return Int64(digits, radix: text.hasPrefix("0x") ? 16 : 8).map { .int($0) }
        }
        let unsigned = text.drop { $0 == "-" || $0 == "+" }
        guard text.count - unsigned.count <= 1 else { return nil }
        if !unsigned.isEmpty, unsigned.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
            // JSON has no zeros in front.
            let digits = (text.hasPrefix("-") ? "-" : "") + (unsigned.utf8.allSatisfy { $0 == 0x30 } ? "0" : unsigned.drop { $0 == "0" })
            return Int64(digits).map { .int($0) } ?? .bigInt(digits)
        }
        // [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
        var digitsBefore = 0
        var digitsAfter = 0
        var rest = unsigned[...]
        while let c = rest.utf8.first, c &- 0x30 < 10 { rest = rest.dropFirst(); digitsBefore += 1 }
        if rest.first == "." {
            rest = rest.dropFirst()
            while let c = rest.utf8.first, c &- 0x30 < 10 { rest = rest.dropFirst(); digitsAfter += 1 }
        }
        guard digitsBefore + digitsAfter > 0 else { return nil }
        if rest.first == "e" || rest.first == "E" {
            rest = rest.dropFirst()
            if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        } else if !rest.isEmpty {
            return nil
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return .double(value)
    }
}
