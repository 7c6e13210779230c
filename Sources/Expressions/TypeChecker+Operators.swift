import Values

/// Operators and calls, resolved by the signatures that stand beside the functions.
extension TypeChecker {
    func wantBool(_ id: SyntaxTree.ID, _ place: String) {
        let found = type(at: id)
        guard !found.mayBeBool else { return }
        _ = report(
            ExpressionCode.noOverload, "\(place) takes a bool, but \(tree.text(of: id)) is \(found.withArticle)", at: id,
            hint: (found.plain == .number ? .double : found.runtimeType).flatMap { OperandHint.bool($0, tree.text(of: id)) })
    }

    func negation(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID) -> StaticType {
        let found = type(at: operand)
        if let type = Overload.result(of: Overload.negation, for: [found]) { return type }
        return report(ExpressionCode.noOverload, "no overload of - for (\(found))", at: id, hint: nil)
    }

    func binary(_ id: SyntaxTree.ID, _ sign: SyntaxTree.BinaryOperator, _ left: SyntaxTree.ID, _ right: SyntaxTree.ID) -> StaticType {
        let a = type(at: left)
        let b = type(at: right)
        if let type = Overload.result(of: sign.overloads, for: [a, b]), canCompare(sign, a, b) {
            checkWords(sign, left, right)
            return type.bounded
        }
        return report(ExpressionCode.noOverload, "no overload of \(sign.sign) for (\(a), \(b))", at: id, hint: hint(sign, left, right))
    }

    /// `==` and `in` take all types, but values of some can never be equal.
    private func canCompare(_ sign: SyntaxTree.BinaryOperator, _ a: StaticType, _ b: StaticType) -> Bool {
        switch sign {
        case .equal, .notEqual: return a.mayEqual(b)
        case .in:
            switch b.withoutNull {
            case .list(let element): return a.mayEqual(element)
            case .map(let key, _): return a.mayEqual(key)
            case .object: return a.mayEqual(.string)
            default: return true
            }
        default: return true
        }
    }

    private func hint(_ sign: SyntaxTree.BinaryOperator, _ left: SyntaxTree.ID, _ right: SyntaxTree.ID) -> String? {
        // What may be an int or a double is converted as a double is.
        func operand(_ id: SyntaxTree.ID) -> OperandHint.Operand? {
            let found = type(at: id)
            return (found.plain == .number ? .double : found.runtimeType).map { ($0, tree.text(of: id)) }
        }
        guard let a = operand(left), let b = operand(right) else { return nil }
        if sign == .in, b.type == .list || b.type == .map {
            return "the \(b.type == .list ? "elements" : "keys") of \(b.text) are never \(type(at: left).withArticle)"
        }
        if sign == .remainder, a.type == .double || b.type == .double { return "'%' takes whole numbers: int(…)" }
        return OperandHint.binary(sign, a, b)
    }

    func call(_ id: SyntaxTree.ID, _ function: Function, _ children: SyntaxTree.Children) -> StaticType {
        let arguments = tree.children(children).map(type(at:))
        if let type = Overload.result(of: function.overloads, for: arguments) { return type.bounded }
        let types = arguments.map(\.description).joined(separator: ", ")
        return report(ExpressionCode.noOverload, "no overload of \(function.rawValue)() for (\(types))", at: id, hint: hint(function, Array(tree.children(children))))
    }

    private func hint(_ function: Function, _ arguments: [SyntaxTree.ID]) -> String {
        let text = tree.text(of: arguments[0])
        let first = type(at: arguments[0]).plain
        switch (function, first) {
        case (.contains, .list), (.contains, .map), (.contains, .object):
            return "write \(arguments.count > 1 ? tree.text(of: arguments[1]) : "x") in \(text)"
        case (.join, .list): return "map it first: \(text).map(x, string(x))"
        case (.string, .list), (.string, .map), (.string, .object): return "a list or map in a template is written as JSON already"
        case (_, .null): return "test for null first: \(text) != null"
        default: break
        }
        let fitting = function.overloads.filter { $0.parameters.count == arguments.count }
        let signatures = fitting.map { "(\($0.parameters.map(\.description).joined(separator: ", ")))" }
        var distinct: [String] = []
        for signature in signatures where !distinct.contains(signature) { distinct.append(signature) }
        return "it takes \(distinct.joined(separator: " or "))"
    }
}

extension Overload {
    /// The sign before a number.
    static let negation = [Overload([.int], .int), Overload([.double], .double)]
}
