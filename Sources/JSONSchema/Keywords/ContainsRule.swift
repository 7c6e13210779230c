import Values

/// `contains`, `minContains`, `maxContains`
final class ContainsRule: Rule {
    private let pointer: String
    private let schema: Int
    private let minimum: Int
    private let maximum: Int

    init?(_ schema: SchemaReader) {
        guard schema.has("contains", "minContains", "maxContains") else { return nil }
        pointer = schema.pointer
        minimum = schema.count("minContains") ?? 1
        maximum = schema.count("maxContains") ?? .max
        // The counts alone say nothing, but their form was to be checked.
        guard let contains = schema.schema("contains") else { return nil }
        self.schema = contains
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .array(let elements) = instance else { return true }
        var matches = 0
        for (position, element) in elements.enumerated() where run.probeMember(schema, element) {
            matches += 1
            run.evaluated?[position] = true
        }
        let graph = run.graph
        if matches < minimum {
            return run.fail(
                pointer, minimum == 1 ? "contains" : "minContains",
                "must hold at least \(wanted(minimum, graph)); found \(matches) of \(elements.count)")
        }
        if matches > maximum {
            return run.fail(
                pointer, "maxContains",
                "must hold at most \(wanted(maximum, graph)); found \(matches)")
        }
        return true
    }

    private func wanted(_ count: Int, _ graph: SchemaGraph) -> String {
        let text = Wording.clipped(graph.nodes[schema].source.jsonText, 200)
        return "\(Wording.count(count, "element")) that \(count == 1 ? "matches" : "match") \(text)"
    }
}
