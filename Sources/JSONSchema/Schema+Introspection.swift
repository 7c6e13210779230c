import Values

extension Schema {
    /// What the document says of the whole value.
    public var shape: SchemaShape { SchemaShape(graph, SchemaGraph.root) }

    /// See ``SchemaShape/typeNames``.
    public var typeNames: [String] { shape.typeNames }

    /// See ``SchemaShape/propertyNames``.
    public var propertyNames: [String]? { shape.propertyNames }

    /// See ``SchemaShape/required``.
    public var required: [String] { shape.required }

    /// The schema of a property that the schema names, as written; behind its `$ref` if it is only that.
    public func property(_ name: String) -> JSONValue? { shape.property(name)?.source }
}
