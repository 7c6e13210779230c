import Values

/// What is known of a value before it is computed: CEL's types, and what JSON Schemas add to them.
///
/// Checking is gradual: `dyn` goes with everything, and what is only partly known is refused only where no value of it could do.
public indirect enum StaticType: Sendable, Hashable {
    /// Known only when it is computed.
    case dyn
    case null, bool, int, uint, double, string, bytes, timestamp, duration, type
    /// A number of JSON: an int or a double, as the document has it.
    case number
    case list(StaticType)
    case map(StaticType, StaticType)
    /// A map whose keys are text and known by name.
    case object(ObjectType)
    /// The type or null.
    case nullable(StaticType)
    /// One of a few values.
    case choice(Choice)
    /// What an empty list or map holds: it goes with every type and gives way to it.
    case nothing
}

extension StaticType {
    /// The type that the value has, if it is one; `nil` where that is not known.
    var runtimeType: CELType? {
        switch self {
        case .dyn, .nothing, .number: nil
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .list: .list
        case .map, .object: .map
        case .nullable(let type): type.runtimeType
        case .choice(let choice): choice.base.runtimeType
        }
    }

    /// Without the possibility of null.
    public var withoutNull: StaticType {
        if case .nullable(let type) = self { return type }
        return self
    }

    /// Without the possibility of null, and without knowing its values.
    public var plain: StaticType {
        switch self {
        case .nullable(let type): type.plain
        case .choice(let choice): choice.base
        default: self
        }
    }

    /// Whether nothing is known of it.
    public var isDynamic: Bool { self == .dyn || self == .nothing }

    /// Whether a value of it can be a bool.
    public var mayBeBool: Bool { accepts(.bool) }

    /// The type of the elements, if a value of it can be a list.
    public var element: StaticType? {
        switch withoutNull {
        case .dyn, .nothing: .dyn
        case .list(let element): element
        default: nil
        }
    }

    /// Whether a value of this type can be one of a scalar type.
    func accepts(_ wanted: StaticType) -> Bool {
        switch self {
        case .dyn, .nothing: true
        case .nullable(let type): wanted == .null || type.accepts(wanted)
        case .number: wanted == .int || wanted == .double || wanted == .number
        case .choice(let choice): choice.base.accepts(wanted)
        default: self == wanted
        }
    }

    private var isNumeric: Bool {
        switch self {
        case .int, .uint, .double, .number: true
        default: false
        }
    }

    /// Whether a value of the one can equal one of the other. Null is compared with everything: that is how it is found.
    public func mayEqual(_ other: StaticType) -> Bool {
        switch (plain, other.plain) {
        case (.dyn, _), (_, .dyn), (.nothing, _), (_, .nothing), (.null, _), (_, .null): true
        case (.list, .list): true
        case (.map, .map), (.map, .object), (.object, .map), (.object, .object): true
        case (let a, let b): a == b || a.isNumeric && b.isNumeric
        }
    }

    /// The narrowest type that has the values of both.
    public func joined(with other: StaticType) -> StaticType {
        if self == other { return self }
        switch (self, other) {
        case (.nothing, let type), (let type, .nothing): return type
        case (.dyn, _), (_, .dyn): return .dyn
        case (.null, .nullable(let type)), (.nullable(let type), .null): return .nullable(type)
        case (.null, let type), (let type, .null): return .nullable(type)
        case (.nullable(let a), let b), (let b, .nullable(let a)):
            let joined = a.joined(with: b.withoutNull)
            return joined == .dyn ? .dyn : .nullable(joined)
        case (.choice(let a), .choice(let b)): return a.joined(with: b)
        case (.choice(let choice), let type), (let type, .choice(let choice)): return choice.base.joined(with: type)
        case (.int, .double), (.double, .int), (.number, .int), (.int, .number), (.number, .double), (.double, .number): return .number
        case (.list(let a), .list(let b)): return .list(a.joined(with: b))
        case (.map(let k, let v), .map(let l, let w)): return .map(k.joined(with: l), v.joined(with: w))
        case (.object(let a), .object(let b)): return a.joined(with: b).map { .object($0) } ?? .map(.string, .dyn)
        case (.object(let object), .map(let key, let value)), (.map(let key, let value), .object(let object)):
            return .map(key.joined(with: .string), value.joined(with: object.anyField))
        default: return .dyn
        }
    }

    /// The type of the value once it has been written as JSON, as the outputs of steps are.
    public var afterJSON: StaticType {
        switch self {
        case .timestamp, .duration: .string
        case .uint: .int
        case .double: .number
        case .list(let element): .list(element.afterJSON)
        case .map(_, let value): .map(.string, value.afterJSON)
        case .object(let object): .object(object.mapTypes(\.afterJSON))
        case .nullable(let type): .nullable(type.afterJSON)
        case .nothing: .dyn
        default: self
        }
    }
}

// MARK: Bounds

extension StaticType {
    /// Types nested deeper, or with more parts, are taken for `dyn`: a program cannot make the checker work without end.
    private static let maximumDepth = 48
    private static let maximumParts = 4096

    /// The type, or `dyn` if it is too large to work with.
    public var bounded: StaticType {
        var parts = Self.maximumParts
        return fits(Self.maximumDepth, &parts) ? self : .dyn
    }

    private func fits(_ depth: Int, _ parts: inout Int) -> Bool {
        parts -= 1
        guard depth > 0, parts > 0 else { return false }
        switch self {
        case .list(let type), .nullable(let type): return type.fits(depth - 1, &parts)
        case .map(let key, let value): return key.fits(depth - 1, &parts) && value.fits(depth - 1, &parts)
        case .object(let object):
            for field in object.fields where !field.type.fits(depth - 1, &parts) { return false }
            return object.others?.fits(depth - 1, &parts) ?? true
        default: return true
        }
    }
}

// MARK: Of values

extension StaticType {
    /// The type of a JSON value that stands beside others: of texts, numbers and bools the value itself.
    public init(exactly json: JSONValue) {
        if case .object(let object) = json, object.count <= Self.maximumDepth {
            var fields: [ObjectType.Field] = []
            object.forEachPair { fields.append(ObjectType.Field($0, StaticType(exactly: $1))) }
            self = StaticType.object(ObjectType(fields)).bounded
        } else {
            self = Choice([json], origin: .constant).map { .choice($0) } ?? StaticType(of: json)
        }
    }

    /// The type of a JSON value: of an object the fields that it has.
    public init(of json: JSONValue) { self = Self.type(of: json, depth: Self.maximumDepth).bounded }

    private static func type(of json: JSONValue, depth: Int) -> StaticType {
        guard depth > 0 else { return .dyn }
        switch json {
        case .null: return .null
        case .bool: return .bool
        case .int: return .int
        case .bigInt(let digits): return UInt64(digits) == nil ? .double : .uint
        case .double: return .double
        case .string: return .string
        case .array(let elements):
            var element = StaticType.nothing
            for value in elements where element != .dyn { element = element.joined(with: type(of: value, depth: depth - 1)) }
            return .list(element)
        case .object(let object):
            guard object.count <= maximumParts else { return .map(.string, .dyn) }
            var fields: [ObjectType.Field] = []
            object.forEachPair { fields.append(ObjectType.Field($0, type(of: $1, depth: depth - 1))) }
            return .object(ObjectType(fields))
        }
    }
}

extension StaticType: CustomStringConvertible {
    /// As CEL writes types: `list(int)`, `map(string, dyn)`.
    public var description: String {
        switch self {
        case .dyn, .nothing: "dyn"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .type: "type"
        case .number: "number"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .object(let object): "map(string, \(object.anyField))"
        case .nullable(let type): "\(type) or null"
        case .choice(let choice): choice.base.description
        }
    }

    /// `an int`, `a list(string)`, `null`.
    var withArticle: String {
        switch self {
        case .null: "null"
        case .int: "an int"
        case .nullable(let type): "\(type.withArticle) or null"
        case .choice(let choice): choice.base.withArticle
        default: "a \(self)"
        }
    }
}
