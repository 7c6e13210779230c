import Values

/// Text with `${{ expression }}` parts; `$${{` stands for a literal `${{`.
public struct Template: Sendable {
    public enum Part: Sendable {
        case text(String)
        case expression(Expression)
    }

    public let parts: [Part]
    /// What all expressions read, in order of writing.
    public let references: [Reference]

    /// - Parameters:
    ///   - text: the text as YAML or a prompt file holds it.
    ///   - location: where it starts; places count on from there.
    ///   - margin: the column in which its later lines start, for text that is indented where it stands.
    /// - Throws: `Diagnostics` with the problems of all expressions in it, codes as in `ExpressionCode`.
    public init(parsing text: String, at location: SourceLocation, margin: Int = 1) throws(Diagnostics) {
        var scanner = TemplateScanner(text: text, location: location, margin: margin)
        parts = try scanner.scan()
        references = parts.flatMap { part -> [Reference] in
            if case .expression(let expression) = part { expression.references } else { [] }
        }
    }

    /// Whether there is nothing to evaluate.
    public var isLiteral: Bool {
        parts.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The expression when the text is exactly one `${{ }}`: its value keeps its type.
    public var wholeExpression: Expression? {
        if parts.count == 1, case .expression(let expression) = parts[0] { return expression }
        return nil
    }

    /// The value: typed when the text is one whole expression, else a string.
    ///
    /// - Throws: `EvaluationError`, also when a value has no form as JSON or text.
    public func evaluate(_ scope: any Bindings) throws(EvaluationError) -> JSONValue {
        guard let expression = wholeExpression else { return .string(try render(scope)) }
        let value = try expression.evaluate(scope)
        do throws(JSONConversionError) {
            return try value.json()
        } catch {
            throw EvaluationError(code: .notRepresentable, message: "\(expression.name): \(error.message)", range: expression.range)
        }
    }

    /// The text: strings as they are, numbers and bools in their shortest form, lists and objects as compact JSON.
    ///
    /// - Throws: `EvaluationError`, also for null and bytes.
    public func render(_ scope: any Bindings) throws(EvaluationError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .expression(let expression): text += try Self.text(of: expression, scope)
            }
        }
        return text
    }

    private static func text(of expression: Expression, _ scope: any Bindings) throws(EvaluationError) -> String {
        let value = try expression.evaluate(scope)
        if let text = CELText.scalar(value) { return text }
        do throws(JSONConversionError) {
            if case .null = value {
                throw JSONConversionError(message: "the value is null, which has no form as text; choose another: x != null ? x : 'none'")
            }
            return try value.json().jsonText
        } catch {
            throw EvaluationError(code: .notRepresentable, message: "\(expression.name): \(error.message)", range: expression.range)
        }
    }
}

extension Expression {
    /// Its text on one line, for messages.
    fileprivate var name: String { tree.text(of: tree.root) }
}
