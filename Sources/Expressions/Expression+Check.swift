import Values

/// What checking found: the type as far as it is known, and everything that can never work.
public struct CheckedType: Sendable {
    public let type: StaticType
    /// Errors with codes as in `ExpressionCode`, in the order of the text.
    public let problems: [Diagnostic]
}

extension Expression {
    /// Finds the type without evaluating anything.
    ///
    /// Gradual, as CEL's own checker: what is `dyn` is taken to fit. No problem means that no operator or function is given
    /// what it can never take; it does not mean that evaluating succeeds.
    public func check(in environment: TypeEnvironment) -> CheckedType {
        let checker = TypeChecker(tree, in: environment)
        let type = checker.check()
        return CheckedType(type: type, problems: Diagnostics(checker.problems).all)
    }

    /// The same, for a value that becomes JSON.
    public func checkJSON(in environment: TypeEnvironment) -> CheckedType {
        let checked = check(in: environment)
        guard checked.problems.isEmpty, let reason = checked.type.reasonAgainstJSON else {
            return CheckedType(type: checked.type.afterJSON, problems: checked.problems)
        }
        return CheckedType(type: .dyn, problems: [representation(reason)])
    }

    fileprivate func representation(_ reason: (message: String, hint: String)) -> Diagnostic {
        Diagnostic(code: ExpressionCode.notRepresentable, "\(tree.text(of: tree.root)) \(reason.message)", at: range, hint: reason.hint)
    }
}

extension Template {
    /// The type of what the template comes to: the expression's if it is one whole expression, else a string.
    public func check(in environment: TypeEnvironment) -> CheckedType {
        if let expression = wholeExpression { return expression.checkJSON(in: environment) }
        return checkText(in: environment)
    }

    /// For a template that becomes text: a part that is always null, or has no form as text, is an error.
    public func checkText(in environment: TypeEnvironment) -> CheckedType {
        var problems: [Diagnostic] = []
        for case .expression(let expression) in parts {
            let checked = expression.check(in: environment)
            problems += checked.problems
            if checked.problems.isEmpty, let reason = checked.type.reasonAgainstText { problems.append(expression.representation(reason)) }
        }
        return CheckedType(type: .string, problems: problems)
    }
}

extension StaticType {
    fileprivate typealias Reason = (message: String, hint: String)

    /// Why no value of it can be put in text.
    fileprivate var reasonAgainstText: Reason? {
        switch self {
        case .null: ("is always null, which has no form as text", "leave it out, or write a text")
        case .type: nil
        default: reasonAgainstJSON
        }
    }

    /// Why no value of it can become JSON.
    fileprivate var reasonAgainstJSON: Reason? {
        switch self {
        case .bytes: ("is bytes, which have no form in text or JSON", "string(…) makes text of bytes")
        case .type: ("is a type, which has no form in JSON", "string(…) gives its name")
        case .nullable(let type): type.reasonAgainstJSON
        // An empty list is fine, whatever it is a list of; a field that is always there is not.
        case .object(let object): object.fields.lazy.filter(\.isRequired).compactMap(\.type.reasonAgainstJSON).first
        default: nil
        }
    }
}
