import Values

/// `prefixItems`, `items`
final class ItemsRule: Rule {
    private let pointer: String
    private let first: [Int]
    private let rest: Int?

    init?(_ schema: SchemaReader) {
        guard schema.has("prefixItems", "items") else { return nil }
        pointer = schema.pointer
        first = schema.schemas("prefixItems")
        rest = schema.schema("items")
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .array(let elements) = instance else { return true }
        if let rest, elements.count > first.count, run.graph.nodes[rest].verdict == false {
            return run.fail(
                pointer, "items",
                "must have at most \(Wording.count(first.count, "element")); found \(elements.count)")
        }
        var isValid = true
        for (position, element) in elements.enumerated() {
            guard let schema = position < first.count ? first[position] : rest else { break }
            if !run.descend(.index(position), schema, element) {
                isValid = false
                if !run.collects { return false }
            }
            run.evaluated?[position] = true
        }
        return isValid
    }
}
