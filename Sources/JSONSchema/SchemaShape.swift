import Values

/// What one schema of a document says outright of its values, for checkers that have no value at hand.
///
/// A schema that is only a `$ref` counts as its target. Nothing is inferred from `allOf` and its kin.
public struct SchemaShape: Sendable {
    private let graph: SchemaGraph
    private let node: SchemaNode

    init(_ graph: SchemaGraph, _ index: Int) {
        self.graph = graph
        var node = graph.nodes[index]
        // A chain of references ends: the compiler refuses loops.
        while let target = node.alias { node = graph.nodes[target] }
        self.node = node
    }

    /// The schema as written.
    public var source: JSONValue { node.source }

    /// The names of the types a value may have, in the order written; taken from `const` or `enum` when there is no
    /// `type`, and empty when the schema does not say.
    public var typeNames: [String] {
        switch source["type"] {
        case .string(let name): return [name]
        case .array(let names): return names.compactMap(\.stringValue)
        default: break
        }
        var names: [String] = []
        for value in source["const"].map({ [$0] }) ?? source["enum"]?.arrayValue ?? [] where !names.contains(value.typeName) {
            names.append(value.typeName)
        }
        return names
    }

    private static let deepestChoice = 8
    private static let mostBranches = 200

    /// The only values that an instance can have: those of `const` or `enum`, or of all branches of `anyOf` or `oneOf`; `nil` where the
    /// schema has no such set.
    public var closedValues: [JSONValue]? { closedValues(Self.deepestChoice) }

    private func closedValues(_ depth: Int) -> [JSONValue]? {
        if let value = source["const"] { return [value] }
        if let values = source["enum"]?.arrayValue { return values }
        guard depth > 0 else { return nil }
        for keyword in ["anyOf", "oneOf"] {
            guard let branches = source[keyword]?.arrayValue, !branches.isEmpty, branches.count <= Self.mostBranches else { continue }
            var values: [JSONValue] = []
            for index in branches.indices {
                guard let branch = child(keyword, String(index))?.valuesOfBranch(depth - 1) else { return nil }
                values += branch
            }
            return values
        }
        for index in (source["allOf"]?.arrayValue ?? []).prefix(Self.mostBranches).indices {
            if let values = child("allOf", String(index))?.closedValues(depth - 1) { return values }
        }
        return nil
    }

    /// A branch for null alone has one value, too.
    private func valuesOfBranch(_ depth: Int) -> [JSONValue]? { source["type"] == "null" ? [.null] : closedValues(depth) }

    /// The properties that the schema names, in the order written; `nil` when it has no `properties`.
    public var propertyNames: [String]? { source["properties"]?.objectValue.map { Array($0.keys) } }

    /// The properties that an object must have.
    public var required: [String] { source["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    /// Whether an object has no other properties than those that are named, whatever else the schema asks.
    public var isClosed: Bool {
        guard source["patternProperties"] == nil else { return false }
        if source["additionalProperties"] == false { return true }
        // Properties that a schema applied in place has evaluated are not left over.
        return source["unevaluatedProperties"] == false && !Self.applicators.contains { source[$0] != nil }
    }

    private static let applicators = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"]

    /// The shape of the properties that are not named, where one schema is for all of them.
    public var additional: SchemaShape? { source["patternProperties"] == nil ? child("additionalProperties") : nil }

    /// The shape of a property that the schema names.
    public func property(_ name: String) -> SchemaShape? { child("properties", name) }

    /// The shape of an array's elements, where one schema is for all of them.
    public var element: SchemaShape? { source["prefixItems"] == nil ? child("items") : nil }

    private func child(_ tokens: String...) -> SchemaShape? {
        graph.index(at: tokens.reduce(node.pointer) { JSONPointer.child($0, $1) }).map { SchemaShape(graph, $0) }
    }
}
