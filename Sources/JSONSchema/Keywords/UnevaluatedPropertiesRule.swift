import Values

/// `unevaluatedProperties`
final class UnevaluatedPropertiesRule: Rule {
    private let pointer: String
    private let schema: Int

    init?(_ schema: SchemaReader) {
        guard let rest = schema.schema("unevaluatedProperties") else { return nil }
        pointer = schema.pointer
        self.schema = rest
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .object(let object) = instance, let evaluated = run.evaluated else { return true }
        let isForbidden = run.graph.nodes[schema].verdict == false
        var isValid = true
        for position in 0..<object.count where !evaluated[position] {
            let (key, value) = object.pair(at: position)
            if isForbidden {
                isValid = run.fail(pointer, "unevaluatedProperties", at: .key(key), "is a property that no part of the schema allows")
            } else {
                isValid = run.descend(.key(key), schema, value) && isValid
            }
            if !isValid, !run.collects { return false }
            run.evaluated?[position] = true
        }
        return isValid
    }
}
