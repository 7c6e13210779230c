import Values

/// The ways to print a value so that nothing of it is lost.
extension CELValue {
    /// The value as an expression writes it: `7u`, `b"a"`, `timestamp("1970-01-01T00:00:00Z")`.
    public var literal: String {
        switch self {
        case .null: "null"
        case .bool, .int, .type: CELText.scalar(self)!
        case .uint(let value): "\(value)u"
        case .wide(let digits): digits
        case .double(let value): value.isFinite ? value.description : "double(\"\(CELText.double(value))\")"
        case .string(let text): CELText.quoted(text)
        case .bytes(let bytes): "b\"\(bytes.map(Self.escaped).joined())\""
        case .timestamp, .duration: "\(type.shortName)(\"\(CELText.scalar(self)!)\")"
        case .list(let list): "[\(list.map(\.literal).joined(separator: ", "))]"
        case .map(let map): "{\(map.keys.map { "\($0.literal): \(map[$0]!.literal)" }.joined(separator: ", "))}"
        case .unknown: "unknown"
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: String(UnicodeScalar(byte))
        default: (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
        }
    }

    /// The value as JSON, of every type: bytes in base64, durations as `12.5s`, times in RFC 3339, types by name, a map with
    /// keys that are no strings as a list of pairs, doubles that JSON does not have as `"NaN"`, `"Infinity"`, `"-Infinity"`.
    public var exactJSON: JSONValue {
        switch self {
        case .null, .unknown: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .uint(let value): Int64(exactly: value).map { .int($0) } ?? .bigInt(String(value))
        case .wide(let digits): .bigInt(digits)
        case .double(let value): value.isFinite ? .double(value) : .string(CELText.double(value))
        case .string(let text): .string(text)
        case .bytes(let bytes): .string(Self.base64(bytes))
        case .timestamp, .duration, .type: .string(CELText.scalar(self)!)
        case .list(let list): .array(list.map(\.exactJSON))
        case .map(let map): Self.exactJSON(map)
        }
    }

    private static func exactJSON(_ map: CELMap) -> JSONValue {
        let keys = map.keys
        guard keys.allSatisfy({ $0.type == .string }) else { return .array(keys.map { .array([$0.exactJSON, map[$0]!.exactJSON]) }) }
        var object = JSONObject(minimumCapacity: keys.count)
        for case .string(let key) in keys { object[key] = map[key]!.exactJSON }
        return .object(object)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? digits[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
