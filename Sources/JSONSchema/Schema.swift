import Values

/// A JSON Schema of draft 2020-12, checked and compiled once, then applied to many values.
///
///     let schema = try Schema(compiling: ["type": "object", "required": ["category"]])
///     for violation in schema.validate(answer) { print(violation.message) }
///
/// `format` and the `content...` keywords are annotations, as the draft has them by default. References stay inside
/// the document: `#...`, an `$anchor`, or the `$id` of an embedded schema.
public struct Schema: Sendable {
    /// The document as it was written.
    public let source: JSONValue
    /// What the draft allows but hardly anyone means: misspelt keywords and keywords of older drafts, which are ignored.
    public let warnings: [SchemaError.Problem]

    let graph: SchemaGraph

    /// - Parameter source: an object, or `true` or `false`.
    /// - Throws: ``SchemaError`` with every problem of the document.
    public init(compiling source: JSONValue) throws(SchemaError) {
        let compiler = SchemaCompiler()
        graph = try compiler.compile(source)
        warnings = compiler.warnings
        self.source = source
    }

    /// Every violation, in the order of the schema's keywords and the value's members; empty when the value is valid.
    ///
    /// Ends in bounded time: past a fixed amount of work the last violation has the keyword `limit` and says so.
    public func validate(_ instance: JSONValue) -> [Violation] {
        validate(instance, work: Limits.work)
    }

    /// Whether the value is valid: the same verdict as ``validate(_:)`` without its messages.
    public func isValid(_ instance: JSONValue) -> Bool {
        var run = Validation(graph, collects: false, work: Limits.work)
        return run.finish(run.evaluate(SchemaGraph.root, instance))
    }

    func validate(_ instance: JSONValue, work: Int) -> [Violation] {
        var run = Validation(graph, collects: true, work: work)
        _ = run.finish(run.evaluate(SchemaGraph.root, instance))
        return run.violations
    }
}
