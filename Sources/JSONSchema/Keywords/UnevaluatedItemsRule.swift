import Values

/// `unevaluatedItems`
final class UnevaluatedItemsRule: Rule {
    private let pointer: String
    private let schema: Int

    init?(_ schema: SchemaReader) {
        guard let rest = schema.schema("unevaluatedItems") else { return nil }
        pointer = schema.pointer
        self.schema = rest
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .array(let elements) = instance, let evaluated = run.evaluated else { return true }
        let isForbidden = run.graph.nodes[schema].verdict == false
        var isValid = true
        for (position, element) in elements.enumerated() where !evaluated[position] {
            if isForbidden {
                isValid = run.fail(pointer, "unevaluatedItems", at: .index(position), "is an element that no part of the schema allows")
            } else {
                isValid = run.descend(.index(position), schema, element) && isValid
            }
            if !isValid, !run.collects { return false }
            run.evaluated?[position] = true
        }
        return isValid
    }
}
