import Expressions
import JSONSchema
import Values
import WorkflowModel

/// Collects what is wrong while a file is decoded: everything in one pass.
final class DecodingContext {
    let file: String
    let files: SourceFiles
    private(set) var diagnostics: [Diagnostic] = []
    /// What the language has and this version does not do: checked like the rest, refused when it is to run.
    private(set) var notExecuted: [Diagnostic] = []
    /// What is declared but could not be decoded.
    var broken = BrokenNames()
    /// By their text, in which order counts: many steps ask for answers of one shape.
    private var schemas: TextTable<Schema> = [:]

    /// What parts refer to that only their declarations check, since it was taken last.
    private(set) var uses: [CheckedUse] = []

    init(file: String, files: SourceFiles) {
        self.file = file
        self.files = files
    }

    func note(_ use: CheckedUse) { uses.append(use) }

    /// Hands out what was noted, and puts something in its place.
    func takeUses(leaving others: [CheckedUse] = []) -> [CheckedUse] {
        defer { uses = others }
        return uses
    }

    /// Reads what its declaration has checked already, so that nothing is said twice: of what is wrong in it, that was reported.
    func afterItsDeclaration<Value>(_ read: () -> Value) -> Value {
        let before = (diagnostics, notExecuted, uses)
        defer { (diagnostics, notExecuted, uses) = before }
        return read()
    }

    func report(_ code: String, _ message: String, at range: SourceRange?, hint: String? = nil) {
        diagnostics.append(Diagnostic(code: code, message, at: range, hint: hint))
    }

    func noteNotExecuted(_ key: String, of mapping: LanguageMapping, at range: SourceRange) { noteNotExecuted(key, "in \(mapping.what)", at: range) }

    /// - Parameter place: of the key, in words: `in a model step`, `beside 'escalate'`.
    func noteNotExecuted(_ key: String, _ place: String, at range: SourceRange) {
        notExecuted.append(
            Diagnostic(
                code: "AW123", "'\(key)' \(place) is checked, but this version does not run it", at: range,
                hint: "remove it to run the workflow: nothing is ignored in silence"))
    }

    func report(_ other: Diagnostics) { diagnostics += other.all }
    func report(_ other: [Diagnostic]) { diagnostics += other }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Each schema is compiled once.
    func schema(_ document: JSONValue) throws(SchemaError) -> Schema {
        let text = document.jsonText
        if let known = schemas[text] { return known }
        let schema = try Schema(compiling: document)
        schemas[text] = schema
        return schema
    }

    // MARK: Scalars with expressions

    /// - Parameter key: for messages.
    func template(_ node: YAMLNode, _ key: String? = nil) -> Template? {
        guard let scalar = node.scalar else {
            report("AW103", "expected text, found \(node.typeName)", at: node.range, hint: ShapeHints.text(node, key))
            return nil
        }
        do throws(Diagnostics) {
            guard let lineEnd = scalar.lineEndOfBlock else { return try Template(parsing: scalar.text) { scalar.placed } }
            // A block that is one expression keeps its type: that its last line ends is YAML's and not the author's.
            let template = try Template(parsing: String(scalar.text.utf8.dropLast())!) { scalar.placed }
            return template.wholeExpression == nil ? template.followed(by: lineEnd) : template
        } catch {
            report(error)
            return nil
        }
    }

    func template(_ text: String, at location: SourceLocation) -> Template? {
        do throws(Diagnostics) {
            return try Template(parsing: text, at: location)
        } catch {
            report(error)
            return nil
        }
    }

    /// Bare CEL, or exactly one `${{ }}`. Text around it would always be a string, and so always true; the
    /// line ends of a block are no text here.
    func expression(_ node: YAMLNode, key: String) -> Expression? {
        guard let scalar = node.scalar else {
            var hint: String?
            if key == "items", case .sequence(let elements) = node.content { hint = ShapeHints.list(elements).map { "write the list as an expression: \(key): \"\($0)\"" } }
            report("AW103", "\(key) is an expression, found \(node.typeName)", at: node.range, hint: hint)
            return nil
        }
        do throws(Diagnostics) {
            guard scalar.text.containsBytes(of: "${{") else { return try Expression(parsing: scalar.placed) }
            let template = try Template(parsing: scalar.textWithoutLineEnds) { scalar.placed }
            if let whole = template.wholeExpression { return whole }
            report(
                "AW110", "\(key) is one expression; text around ${{ }} would make it a string", at: node.range,
                hint: "write the expression alone: \(key): inputs.n > 3")
            return nil
        } catch {
            report(error)
            return nil
        }
    }

    /// A document with expressions at its leaves.
    func valueTemplate(_ node: YAMLNode) -> ValueTemplate? {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.text.containsBytes(of: "${{") else { return .literal(scalar.value) }
            // Literal still means that `$${{` has become `${{`.
            return template(node, nil).map { template in
                guard template.isLiteral else { return .template(template) }
                let text = template.parts.map { part in if case .text(let text) = part { text } else { "" } }.joined()
                return .literal(.string(text))
            }
        case .sequence(let nodes):
            return .array(nodes.compactMap(valueTemplate))
        case .mapping(let pairs):
            return .object(pairs.compactMap { pair in valueTemplate(pair.value).map { (pair.key.scalar?.text ?? "", $0) } })
        }
    }
}
