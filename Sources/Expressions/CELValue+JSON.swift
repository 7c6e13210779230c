import Values

extension CELValue {
    /// Wraps JSON: integers beyond 64 bits become a `uint` when they fit one, else a `double`.
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .bigInt(let digits): self = UInt64(digits).map { .uint($0) } ?? .double(Double(digits) ?? .infinity)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(CELList(elements))
        case .object(let object): self = .map(CELMap(object))
        }
    }

    /// The value as JSON: timestamps and durations as text, keys of maps as text.
    ///
    /// - Throws: `JSONConversionError` for bytes, types, unknowns, and doubles that are not finite.
    public func json() throws(JSONConversionError) -> JSONValue {
        switch self {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .uint(let value): return Int64(exactly: value).map { .int($0) } ?? .bigInt(String(value))
        case .double(let value):
            guard value.isFinite else { throw JSONConversionError(message: "\(CELText.double(value)) has no form in JSON") }
            return .double(value)
        case .string(let value): return .string(value)
        case .list(let list):
            if let json = list.json { return .array(json) }
            var elements: [JSONValue] = []
            elements.reserveCapacity(list.count)
            for element in list { elements.append(try element.json()) }
            return .array(elements)
        case .map(let map):
            if let json = map.json { return .object(json) }
            var object = JSONObject(minimumCapacity: map.count)
            for key in map.keys {
                let name = CELText.scalar(key)!
                guard object.insert(try map[key]!.json(), forKey: name) else {
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
