/// The one encoder of JSON text: what is sent, hashed, stored or compared is written here.
public struct JSONEncoding: Sendable {
    /// Whether keys are written in sorted order (by UTF-8 bytes). On for hashes and comparison keys, off on the wire.
    public var sortsKeys: Bool
    /// Two-space indentation for people; compact otherwise.
    public var isPretty: Bool
    /// Whether what a terminal would act on, or nobody would see, is escaped: it may be shown as it is. See ``TerminalText``.
    public var isHarmless = false

    /// Compact, keys in the author's order: the wire, and `${{ }}` inside text.
    public static let wire = JSONEncoding(sortsKeys: false, isPretty: false)
    /// Compact, keys sorted: the only form that is hashed or compared.
    public static let canonical = JSONEncoding(sortsKeys: true, isPretty: false)
    /// Indented, keys in the author's order: for people.
    public static let pretty = JSONEncoding(sortsKeys: false, isPretty: true, isHarmless: true)
    /// A line for people and for programs that show it to them: compact, keys in the author's order.
    public static let line = JSONEncoding(sortsKeys: false, isPretty: false, isHarmless: true)

    public func string(_ value: JSONValue) -> String {
        let text = String(decoding: bytes(value), as: UTF8.self)
        // Outside of its strings JSON has nothing to escape.
        return isHarmless ? TerminalText.harmless(text) : text
    }

    public func bytes(_ value: JSONValue) -> [UInt8] {
        var output: [UInt8] = []
        write(value, to: &output)
        return output
    }

    public func write(_ value: JSONValue, to output: inout [UInt8]) {
        write(value, depth: 0, to: &output)
    }

    private func write(_ value: JSONValue, depth: Int, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): Self.write(value, to: &output)
        case .bigInt(let digits): output.append(contentsOf: digits.utf8)
        case .double(let value): output.append(contentsOf: value.description.utf8)
        case .string(let text): Self.write(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                newline(depth + 1, to: &output)
                write(element, depth: depth + 1, to: &output)
            }
            if !elements.isEmpty { newline(depth, to: &output) }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            var isFirst = true
            func pair(_ key: String, _ value: JSONValue) {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                newline(depth + 1, to: &output)
                Self.write(key, to: &output)
                output.append(UInt8(ascii: ":"))
                if isPretty { output.append(UInt8(ascii: " ")) }
                write(value, depth: depth + 1, to: &output)
            }
            if sortsKeys {
                let keys = object.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                for key in keys { pair(key, object[key]!) }
            } else {
                object.forEachPair(pair)
            }
            if !object.isEmpty { newline(depth, to: &output) }
            output.append(UInt8(ascii: "}"))
        }
    }

    private func newline(_ depth: Int, to output: inout [UInt8]) {
        guard isPretty else { return }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    /// Decimal digits without the cost of a `String`.
    public static func write(_ value: Int64, to output: inout [UInt8]) {
        if value < 0 { output.append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        if magnitude < 10 { output.append(UInt8(magnitude) + 0x30); return }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var count = 0
            while magnitude > 0 {
                digits[count] = UInt8(magnitude % 10) + 0x30
                magnitude /= 10
                count += 1
            }
            while count > 0 {
                count -= 1
                output.append(digits[count])
            }
        }
    }

    /// A JSON string literal. Escapes what RFC 8259 requires and nothing else: other characters are written as UTF-8.
    public static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for index in 0..<bytes.count {
                let byte = bytes[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                start = index + 1
                output.append(UInt8(ascii: "\\"))
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
                case 0x08: output.append(UInt8(ascii: "b"))
                case 0x09: output.append(UInt8(ascii: "t"))
                case 0x0A: output.append(UInt8(ascii: "n"))
                case 0x0C: output.append(UInt8(ascii: "f"))
                case 0x0D: output.append(UInt8(ascii: "r"))
                default:
                    let hex = Array("0123456789abcdef".utf8)
                    output.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]])
                }
            }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension JSONValue {
    /// Compact JSON text in the author's key order.
    public var jsonText: String { JSONEncoding.wire.string(self) }
}
