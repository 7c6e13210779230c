import Values

/// A compiled document: its schemas by number, so that applying one costs no look-up.
final class SchemaGraph: Sendable {
    static let root = 0

    let nodes: [SchemaNode]
    /// Per resource (the document, or an embedded schema with its own `$id`), the dynamic anchors it declares.
    let dynamicAnchors: [TextTable<Int>]
    /// Whether the dynamic scope can matter at all: one resource has one answer to every `$dynamicRef`.
    let tracksScope: Bool
    private let indexes: TextTable<Int>

    init(nodes: [SchemaNode], indexes: TextTable<Int>, dynamicAnchors: [TextTable<Int>], tracksScope: Bool) {
        self.nodes = nodes
        self.indexes = indexes
        self.dynamicAnchors = dynamicAnchors
        self.tracksScope = tracksScope
    }

    func index(at pointer: String) -> Int? { indexes[pointer] }
}

/// One schema of a document.
final class SchemaNode: Sendable {
    /// Where it stands in the document.
    let pointer: String
    let source: JSONValue
    /// The resource that it belongs to.
    let resource: Int
    /// The answer of `true` and `false`.
    let verdict: Bool?
    let rules: [any Rule]
    /// Rules on what the others left unevaluated; they run last.
    let lastRules: [any Rule]
    /// The target, when the schema is nothing but a `$ref`.
    let alias: Int?

    init(pointer: String, source: JSONValue, resource: Int, verdict: Bool?, rules: [any Rule], lastRules: [any Rule], alias: Int?) {
        self.pointer = pointer
        self.source = source
        self.resource = resource
        self.verdict = verdict
        self.rules = rules
        self.lastRules = lastRules
        self.alias = alias
    }
}
