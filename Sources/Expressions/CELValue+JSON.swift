import Values

extension CELValue {
    /// Wraps JSON: integers beyond 64 bits become a `uint` when they fit one, and else keep their digits.
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .bigInt(let digits): self = UInt64(digits).map { .uint($0) } ?? .wide(digits)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(CELList(elements))
        case .object(let object): self = .map(CELMap(object))
        }
    }

    /// Parts of lists and maps that an expression made: the same list may stand in itself over and over, which as JSON is written
    /// out each time.
    private static let maximumParts = 500_000

    /// The value as JSON: timestamps and durations as text, keys of maps as text.
    ///
    /// - Throws: `JSONConversionError` for bytes, types, unknowns, doubles that are not finite, and what has too many parts.
    public func json() throws(JSONConversionError) -> JSONValue {
        var left = Self.maximumParts
        return try json(&left)
    }

    private func json(_ left: inout Int) throws(JSONConversionError) -> JSONValue {
        left -= 1
        guard left >= 0 else { throw JSONConversionError(message: "the value has more than \(Self.maximumParts) parts as JSON") }
        switch self {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .uint(let value): return Int64(exactly: value).map { .int($0) } ?? .bigInt(String(value))
        case .double(let value):
            guard value.isFinite else { throw JSONConversionError(message: "\(CELText.double(value)) has no form in JSON") }
            return .double(value)
        case .wide(let digits): return .bigInt(digits)
        case .string(let value): return .string(value)
        case .list(let list):
            if let json = list.json { return .array(json) }
            var elements: [JSONValue] = []
            elements.reserveCapacity(min(list.count, left))
            for element in list { elements.append(try element.json(&left)) }
            return .array(elements)
        case .map(let map):
            if let json = map.json { return .object(json) }
            var object = JSONObject(minimumCapacity: map.count)
            for key in map.keys {
                let name = CELText.scalar(key)!
                guard object.insert(try map[key]!.json(&left), forKey: name) else {
                    throw JSONConversionError(message: "two keys of the map are '\(name)' in JSON")
                }
            }
            return .object(object)
        case .timestamp(let time): return .string(time.rfc3339)
        case .duration(let nanoseconds): return .string(CELText.duration(nanoseconds))
        case .bytes: throw JSONConversionError(message: "bytes have no form in JSON; use string(x) for text")
        case .type(let type): throw JSONConversionError(message: "the type \(type.shortName) has no form in JSON")
        case .unknown: throw JSONConversionError(message: "the value is not known yet")
        }
    }
}
