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
    ///   - text: the text of a prompt file.
    ///   - location: where it starts; places count on from there.
    /// - Throws: `Diagnostics` with the problems of all expressions in it, codes as in `ExpressionCode`.
    public init(parsing text: String, at location: SourceLocation) throws(Diagnostics) {
        try self.init(parsing: text) { PlacedText(text, at: location) }
    }

    /// - Parameters:
    ///   - text: the text as YAML holds it.
    ///   - placed: the same with its places, asked for where there is an expression in it.
    /// - Throws: the same.
    public init(parsing text: String, placed: () -> PlacedText) throws(Diagnostics) {
        var scanner = TemplateScanner(text: text)
        try self.init(scanner.scan(placed))
    }

    private init(_ parts: [Part]) {
        self.parts = parts
        references = parts.flatMap { part -> [Reference] in
            if case .expression(let expression) = part { expression.references } else { [] }
        }
    }

    /// The same with more text behind it, which is no expression.
    public func followed(by text: String) -> Template {
        guard case .text(let last)? = parts.last else { return Template(parts + [.text(text)]) }
        return Template(parts.dropLast() + [.text(last + text)])
    }

    /// Whether there is nothing to evaluate.
    public var isLiteral: Bool {
        parts.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The text, when there is nothing to evaluate.
    public var literalText: String? {
        guard isLiteral else { return nil }
        return parts.map { part in if case .text(let text) = part { text } else { "" } }.joined()
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
