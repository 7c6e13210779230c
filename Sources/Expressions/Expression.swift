import Values

/// A CEL expression, parsed once and evaluated any number of times.
///
///     let expression = try Expression(parsing: "inputs.n > 3", at: SourceLocation(file: "w.yaml", line: 4, column: 9))
///     try expression.evaluate(DictionaryBindings(["inputs": ["n": 4]]))   // .bool(true)
public struct Expression: Sendable {
    /// What evaluating may cost before it is stopped: about one step for a node evaluated, an element or 32 bytes handled.
    public static let defaultStepLimit = 1_000_000

    let tree: SyntaxTree

    /// What is read of the bindings, in order of writing. Variables of comprehensions are not among them.
    public let references: [Reference]

    /// - Parameters:
    ///   - source: at most 64 KiB, nested at most 200 levels.
    ///   - location: where the text starts; places count on from there.
    /// - Throws: `Diagnostics` with every problem found, codes as in `ExpressionCode`.
    public init(parsing source: String, at location: SourceLocation) throws(Diagnostics) {
        try self.init(parsing: PlacedText(source, at: location))
    }

    /// - Parameter source: the same, wherever each of its bytes stands.
    /// - Throws: the same.
    public init(parsing source: PlacedText) throws(Diagnostics) {
        tree = try Parser.parse(source)
        references = ReferenceCollector.references(in: tree)
    }

    public var source: String { tree.source.text }

    /// The place of the whole text.
    public var range: SourceRange { tree.source.range(Span(0, tree.source.text.utf8.count)) }

    /// - Throws: `EvaluationError`, also when the work exceeds `stepLimit`.
    public func evaluate(_ scope: any Bindings, stepLimit: Int = Expression.defaultStepLimit) throws(EvaluationError) -> CELValue {
        var evaluator = Evaluator(tree: tree, scope: scope, fuel: stepLimit)
        do throws(Failure) {
            return try evaluator.value(of: tree.root)
        } catch {
            throw self.error(error)
        }
    }
}

extension Expression {
    /// The value as JSON.
    ///
    /// - Throws: `EvaluationError`, also when the value has no form in JSON.
    public func evaluateJSON(_ scope: any Bindings) throws(EvaluationError) -> JSONValue {
        let value = try evaluate(scope)
        do throws(JSONConversionError) {
            return try value.json()
        } catch {
            throw EvaluationError(code: .notRepresentable, message: error.message, range: range)
        }
    }
}
