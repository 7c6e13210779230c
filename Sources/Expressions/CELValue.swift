import Values

/// A value while it is computed with.
///
/// Lists and maps may wrap JSON and convert an element only when it is asked for, so a large document costs nothing to bind.
public enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    /// An integer of a JSON document that fits neither an int nor a uint, with its digits: it is handed on, written and compared as it is, and
    /// nothing is computed with it.
    case wide(String)
    /// Compared by code points, without normalisation.
    case string(String)
    case bytes([UInt8])
    case list(CELList)
    case map(CELMap)
    case timestamp(CELTimestamp)
    case duration(nanoseconds: Int64)
    case type(CELType)
    /// Not known yet. Absorbed by `&&`, `||` and `?:` where another operand decides; otherwise the result is unknown too.
    case unknown

    public var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .wide: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .unknown: .unknown
        }
    }

    public var isUnknown: Bool {
        if case .unknown = self { return true }
        return false
    }

    public var boolValue: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }
}

extension CELValue: Equatable {
    /// CEL's `==`: numbers by value across `int`, `uint` and `double`, other types never equal to each other.
    /// An unknown equals nothing.
    public static func == (a: CELValue, b: CELValue) -> Bool {
        var comparison = Comparison(fuel: .max)
        return comparison.equal(a, b) && !comparison.sawUnknown
    }
}

extension CELValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: CELValue...) { self = .list(CELList(elements)) }
    public init(dictionaryLiteral elements: (String, CELValue)...) { self = .map(CELMap(elements)) }
}
