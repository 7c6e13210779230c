import Values

/// A map whose keys are known by name.
public final class ObjectType: Sendable {
    public struct Field: Sendable, Hashable {
        @ByBytes public private(set) var name: String
        public let type: StaticType
        /// Whether every such object has it.
        public let isRequired: Bool

        public init(_ name: String, _ type: StaticType, isRequired: Bool = true) {
            _name = ByBytes(wrappedValue: name)
            self.type = type
            self.isRequired = isRequired
        }
    }

    /// Up to this many, names are compared one by one.
    private static let few = 8
    /// Fields of types that were joined: a list of ten thousand objects without a common field is no record.
    private static let most = 64

    public let fields: [Field]
    /// What fields have that are not named; `nil` when there are no others.
    public let others: StaticType?
    private let positions: TextTable<Int>

    /// - Parameter fields: each name once.
    public init(_ fields: [Field], others: StaticType? = nil) {
        self.fields = fields
        self.others = others
        positions = fields.count <= Self.few ? [:] : TextTable(zip(fields.map(\.name), 0...), uniquingKeysWith: { first, _ in first })
    }

    /// Whether it may have fields that are not named.
    public var isOpen: Bool { others != nil }

    public func field(_ name: String) -> Field? {
        if fields.count <= Self.few { return fields.first { $0.name.hasSameBytes(as: name) } }
        return positions[name].map { fields[$0] }
    }

    /// What any of its fields may be.
    var anyField: StaticType {
        var type = others ?? .nothing
        for field in fields where type != .dyn { type = type.joined(with: field.type) }
        return type
    }

    func mapTypes(_ transform: (StaticType) -> StaticType) -> ObjectType {
        ObjectType(fields.map { Field($0.name, transform($0.type), isRequired: $0.isRequired) }, others: others.map(transform))
    }

    /// What has the values of both; `nil` when they share so little that naming the fields would say nothing.
    func joined(with other: ObjectType) -> ObjectType? {
        var joined: [Field] = fields.map { field in
            if let match = other.field(field.name) {
                return Field(field.name, field.type.joined(with: match.type), isRequired: field.isRequired && match.isRequired)
            }
            return Field(field.name, other.others.map { field.type.joined(with: $0) } ?? field.type, isRequired: false)
        }
        for field in other.fields where self.field(field.name) == nil {
            guard joined.count < Self.most else { return nil }
            joined.append(Field(field.name, others.map { field.type.joined(with: $0) } ?? field.type, isRequired: false))
        }
        let rest: StaticType? =
            switch (others, other.others) {
            case (let a?, let b?): a.joined(with: b)
            case (let a, let b): a ?? b
            }
        return ObjectType(joined, others: rest)
    }
}

extension ObjectType: Hashable {
    public static func == (a: ObjectType, b: ObjectType) -> Bool {
        a === b || a.fields == b.fields && a.others == b.others
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(fields)
        hasher.combine(others)
    }
}
