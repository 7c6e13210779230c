import Values

extension Evaluator {
    @inline(never)
    mutating func opposite(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID) throws(Failure) -> CELValue {
        switch try value(of: operand) {
        case .int(let value):
            guard value != .min else { throw overflow(id, "-\(value)", .int) }
            return .int(-value)
        case .double(let value): return .double(-value)
        case .wide(let digits): throw tooWide(id, digits)
        case .unknown: return .unknown
        case let other:
            throw Failure(.noSuchOverload, id) { [tree] in "'-' does not take \(tree.text(of: operand)), \(other.type.withArticle)" }
        }
    }

    @inline(never)
    mutating func binary(_ id: SyntaxTree.ID, _ sign: SyntaxTree.BinaryOperator, _ left: SyntaxTree.ID, _ right: SyntaxTree.ID) throws(Failure) -> CELValue {
        let a = try value(of: left)
        let b = try value(of: right)
        if a.isUnknown || b.isUnknown { return .unknown }
        switch sign {
        case .equal: return try equality(id, a, b, positive: true)
        case .notEqual: return try equality(id, a, b, positive: false)
        case .less, .lessEqual, .greater, .greaterEqual:
            if case .string(let text) = a { try charge(bytes: text.utf8.count, id) }
            guard let order = Comparison.order(a, b) else { throw noOverload(id, sign, a, b) }
            return switch sign {
            case .less: .bool(order == .less)
            case .lessEqual: .bool(order == .less || order == .equal)
            case .greater: .bool(order == .greater)
            default: .bool(order == .greater || order == .equal)
            }
        case .in: return try membership(id, a, b)
        case .add, .subtract, .multiply, .divide, .remainder: return try arithmetic(id, sign, a, b)
        }
    }

    private mutating func equality(_ id: SyntaxTree.ID, _ a: CELValue, _ b: CELValue, positive: Bool) throws(Failure) -> CELValue {
        var comparison = Comparison(fuel: fuel)
        let isEqual = comparison.equal(a, b)
        fuel = comparison.fuel
        if fuel < 0 { throw outOfFuel(id) }
        return isEqual && comparison.sawUnknown ? .unknown : .bool(isEqual == positive)
    }

    private mutating func membership(_ id: SyntaxTree.ID, _ a: CELValue, _ b: CELValue) throws(Failure) -> CELValue {
        switch b {
        case .list(let list):
            var sawUnknown = false
            for element in list {
                switch try equality(id, a, element, positive: true) {
                case .bool(true): return .bool(true)
                case .unknown: sawUnknown = true
                default: break
                }
            }
            return sawUnknown ? .unknown : .bool(false)
        case .map(let map):
            if case .string(let key) = a { try charge(bytes: key.utf8.count, id) }
            switch a {
            case .string, .int, .uint, .bool, .double: return .bool(map[a] != nil)
            default: throw noOverload(id, .in, a, b)
            }
        default: throw noOverload(id, .in, a, b)
        }
    }

    private func noOverload(_ id: SyntaxTree.ID, _ sign: SyntaxTree.BinaryOperator, _ a: CELValue, _ b: CELValue) -> Failure {
        Failure(.noSuchOverload, id) { [tree] in
            var hint: String?
            if case .binary(_, let left, let right) = tree.nodes[Int(id)] {
                hint = OperandHint.binary(sign, (a.type, tree.text(of: left)), (b.type, tree.text(of: right)))
            }
            return "'\(sign.sign)' does not take \(a.type.shortName) and \(b.type.shortName) in \(tree.text(of: id))\(hint.map { "; " + $0 } ?? "")"
        }
    }

    /// An integer of a document that does not fit 64 bits, where something is computed with it.
    func tooWide(_ id: SyntaxTree.ID, _ digits: String) -> Failure {
        Failure(.overflow, id) { "\(digits.prefix(40)) does not fit 64 bits, so nothing is computed with it; hand it over as text, or as double(…) where it may be rounded" }
    }

    func overflow(_ id: SyntaxTree.ID, _ text: @autoclosure @escaping @Sendable () -> String, _ type: CELType) -> Failure {
        Failure(.overflow, id) { "\(text()) does not fit \(type.withArticle)" }
    }

    private mutating func arithmetic(_ id: SyntaxTree.ID, _ sign: SyntaxTree.BinaryOperator, _ a: CELValue, _ b: CELValue) throws(Failure) -> CELValue {
        switch (a, b) {
        case (.int(let x), .int(let y)): return .int(try integer(id, sign, x, y, .int))
        case (.uint(let x), .uint(let y)): return .uint(try integer(id, sign, x, y, .uint))
        case (.double(let x), .double(let y)):
            switch sign {
            case .add: return .double(x + y)
            case .subtract: return .double(x - y)
            case .multiply: return .double(x * y)
            case .divide: return .double(x / y)
            default: throw noOverload(id, sign, a, b)
            }
        case (.string(let x), .string(let y)) where sign == .add:
            try charge(bytes: x.utf8.count + y.utf8.count, id)
            return .string(x + y)
        case (.bytes(let x), .bytes(let y)) where sign == .add:
            try charge(bytes: x.count + y.count, id)
            return .bytes(x + y)
        case (.list(let x), .list(let y)) where sign == .add:
            try charge(x.count + y.count, id)
            return .list(x.appending(y))
        case (.timestamp(let x), .duration(let y)) where sign == .add: return try moved(id, x, by: y)
        case (.duration(let x), .timestamp(let y)) where sign == .add: return try moved(id, y, by: x)
        case (.timestamp(let x), .duration(let y)) where sign == .subtract:
            guard y != .min else { throw overflow(id, "the time", .timestamp) }
            return try moved(id, x, by: -y)
        case (.timestamp(let x), .timestamp(let y)) where sign == .subtract:
            guard let nanoseconds = x.since(y) else { throw overflow(id, "the span", .duration) }
            return .duration(nanoseconds: nanoseconds)
        case (.duration(let x), .duration(let y)) where sign == .add || sign == .subtract:
            let (sum, isOver) = sign == .add ? x.addingReportingOverflow(y) : x.subtractingReportingOverflow(y)
            if isOver { throw overflow(id, "the sum", .duration) }
            return .duration(nanoseconds: sum)
        case (.wide(let digits), _), (_, .wide(let digits)): throw tooWide(id, digits)
        default: throw noOverload(id, sign, a, b)
        }
    }

    private func integer<I: FixedWidthInteger & Sendable>(
        _ id: SyntaxTree.ID, _ sign: SyntaxTree.BinaryOperator, _ x: I, _ y: I, _ type: CELType
    ) throws(Failure) -> I {
        let result: (partialValue: I, overflow: Bool)
        switch sign {
        case .add: result = x.addingReportingOverflow(y)
        case .subtract: result = x.subtractingReportingOverflow(y)
        case .multiply: result = x.multipliedReportingOverflow(by: y)
        default:
            guard y != 0 else { throw Failure(.divideByZero, id) { [tree] in "division by zero in \(tree.text(of: id))" } }
            result = sign == .divide ? x.dividedReportingOverflow(by: y) : x.remainderReportingOverflow(dividingBy: y)
        }
        if result.overflow { throw overflow(id, "\(x) \(sign.sign) \(y)", type) }
        return result.partialValue
    }

    private func moved(_ id: SyntaxTree.ID, _ time: CELTimestamp, by nanoseconds: Int64) throws(Failure) -> CELValue {
        guard let moved = time.adding(nanoseconds: nanoseconds) else { throw overflow(id, "the time", .timestamp) }
        return .timestamp(moved)
    }
}
