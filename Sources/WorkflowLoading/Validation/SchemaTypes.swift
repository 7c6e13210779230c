import Expressions
import JSONSchema
import Values

/// Reads JSON Schemas as types of expressions. What a schema does not say outright is `dyn`, so that nothing is refused
/// which a valid document could make work.
struct SchemaTypes {
    private static let maximumDepth = 12
    /// Schemas read for one type; what lies beyond is `dyn`. Shapes that refer to each other would never end.
    private static let maximumSchemas = 500

    private var left = maximumSchemas
    /// Who has to keep to the words of an `enum`.
    private let origin: Choice.Origin

    /// - Parameter origin: `given` where the values come from outside, as inputs do.
    static func type(of schema: Schema, _ origin: Choice.Origin = .declared) -> StaticType {
        var types = SchemaTypes(origin: origin)
        return types.type(of: schema.shape, depth: maximumDepth).bounded
    }

    private mutating func type(of shape: SchemaShape, depth: Int) -> StaticType {
        left -= 1
        guard depth > 0, left > 0 else { return .dyn }
        if let values = shape.closedValues, let choice = Choice(values.filter { !$0.isNull }, origin: origin) {
            return values.contains(.null) ? .nullable(.choice(choice)) : .choice(choice)
        }
        var type = StaticType.nothing
        for name in shape.typeNames { type = type.joined(with: self.type(named: name, shape, depth: depth)) }
        return type == .nothing ? .dyn : type
    }

    private mutating func type(named name: String, _ shape: SchemaShape, depth: Int) -> StaticType {
        switch name {
        case "null": return .null
        case "boolean": return .bool
        case "integer": return .int
        case "number": return .number
        case "string": return .string
        case "array": return .list(shape.element.map { type(of: $0, depth: depth - 1) } ?? .dyn)
        case "object": return object(shape, depth: depth)
        default: return .dyn
        }
    }

    private mutating func object(_ shape: SchemaShape, depth: Int) -> StaticType {
        let required = Set(shape.required)
        var fields: [ObjectType.Field] = []
        for name in shape.propertyNames ?? [] {
            guard let property = shape.property(name) else { continue }
            fields.append(ObjectType.Field(name, type(of: property, depth: depth - 1), isRequired: required.contains(name)))
        }
        let others: StaticType? = shape.isClosed ? nil : shape.additional.map { type(of: $0, depth: depth - 1) } ?? .dyn
        return fields.isEmpty && others != nil ? .map(.string, others!) : .object(ObjectType(fields, others: others))
    }
}
