/// One way to call a function or to write an operator: the types it takes, the receiver of a method first, and what it answers.
struct Overload: Sendable {
    enum Style: Sendable { case function, method }

    let parameters: [TypePattern]
    let result: TypePattern
    let style: Style

    init(_ parameters: [TypePattern], _ result: TypePattern, _ style: Style = .function) {
        self.parameters = parameters
        self.result = result
        self.style = style
    }

    /// What it answers for arguments of these types; `nil` when it does not take them.
    func result(for arguments: [StaticType]) -> StaticType? {
        guard arguments.count == parameters.count else { return nil }
        var bindings = TypePattern.Bindings()
        for (parameter, argument) in zip(parameters, arguments) where !parameter.matches(argument, &bindings) { return nil }
        return result.type(bindings)
    }

    /// What the overloads answer that take these types, together; `nil` when none does.
    static func result(of overloads: [Overload], for arguments: [StaticType]) -> StaticType? {
        var result: StaticType?
        for overload in overloads {
            guard let type = overload.result(for: arguments) else { continue }
            result = result?.joined(with: type) ?? type
            if result == .dyn { break }
        }
        return result
    }
}

/// A type in a signature, or a parameter that stands for any one.
indirect enum TypePattern: Sendable {
    case null, bool, int, uint, double, string, bytes, timestamp, duration, type
    case dyn
    /// `A` and `B` of CEL's signatures.
    case a, b
    case list(TypePattern)
    case map(TypePattern, TypePattern)

    struct Bindings {
        var a = StaticType.nothing
        var b = StaticType.nothing
    }

    /// The type that it names, if it is one without parts.
    private var scalar: StaticType? {
        switch self {
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
        case .dyn, .a, .b, .list, .map: nil
        }
    }

    func matches(_ type: StaticType, _ bindings: inout Bindings) -> Bool {
        switch self {
        case .dyn: return true
        case .a:
            bindings.a = bindings.a.joined(with: type)
            return true
        case .b:
            bindings.b = bindings.b.joined(with: type)
            return true
        case .list(let element):
            switch type.withoutNull {
            case .dyn, .nothing: return element.matches(.dyn, &bindings)
            case .list(let other): return element.matches(other, &bindings)
            default: return false
            }
        case .map(let key, let value):
            switch type.withoutNull {
            case .dyn, .nothing: return key.matches(.dyn, &bindings) && value.matches(.dyn, &bindings)
            case .map(let otherKey, let otherValue): return key.matches(otherKey, &bindings) && value.matches(otherValue, &bindings)
            case .object(let object): return key.matches(.string, &bindings) && value.matches(object, &bindings)
            default: return false
            }
        default: return scalar.map(type.accepts) ?? false
        }
    }

    private func matches(_ object: ObjectType, _ bindings: inout Bindings) -> Bool {
        if case .dyn = self { return true }
        return matches(object.anyField, &bindings)
    }

    func type(_ bindings: Bindings) -> StaticType {
        switch self {
        case .dyn: .dyn
        case .a: bindings.a
        case .b: bindings.b
        case .list(let element): .list(element.type(bindings))
        case .map(let key, let value): .map(key.type(bindings), value.type(bindings))
        default: scalar ?? .dyn
        }
    }
}

extension TypePattern: CustomStringConvertible {
    var description: String {
        switch self {
        case .a: "A"
        case .b: "B"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        default: (scalar ?? .dyn).description
        }
    }
}
