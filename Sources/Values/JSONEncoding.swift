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
        output.reserveCapacity(Self.capacity(for: value))
        write(value, to: &output)
        return output
    }

    /// For most values of the kind: a list or an object that grew byte by byte would be moved five times.
    private static func capacity(for value: JSONValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count + 2
        case .array, .object: 224
        case .null, .bool, .int, .bigInt, .double: 16
        }
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
        text.withBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = firstEscaped(bytes, from: start)
                output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<end]))
                if end < bytes.count { escape(bytes[end], to: &output) }
                start = end + 1
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Where the next byte stands that must not stand in a string literal as it is; the end, where none does.
    @inline(__always)
    private static func firstEscaped(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let base = UnsafeRawPointer(bytes.baseAddress!)
        let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        // Eight at once: a byte below n makes `word - n * ones` borrow into its top bit, unless it had that already.
        while index + 8 <= bytes.count {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let (quote, slash) = (word ^ (0x22 &* ones), word ^ (0x5C &* ones))
            let found = ((word &- 0x20 &* ones) & ~word) | ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)
            if found & tops != 0 { break }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index += 1
        }
        return index
    }

    private static func escape(_ byte: UInt8, to output: inout [UInt8]) {
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
}

extension JSONValue {
    /// Compact JSON text in the author's key order.
    public var jsonText: String { JSONEncoding.wire.string(self) }
}
