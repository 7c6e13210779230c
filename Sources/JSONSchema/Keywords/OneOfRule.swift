import Values

/// `oneOf`
final class OneOfRule: Rule {
    let appliedInPlace: [Int]
    private let pointer: String

    init?(_ schema: SchemaReader) {
        pointer = schema.pointer
        appliedInPlace = schema.schemas("oneOf")
        if appliedInPlace.isEmpty { return nil }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        var matches: [Int] = []
        for (position, schema) in appliedInPlace.enumerated() where run.probe(schema, instance) {
            matches.append(position)
            if matches.count > 1, !run.collects { return false }
        }
        switch matches.count {
        case 1: return true
        case 0: return Alternatives.fail(appliedInPlace, "oneOf", instance, pointer, &run)
        default:
            let which = matches.map { "/oneOf/\($0)" }
            let all = which.dropLast().joined(separator: ", ") + " and " + (which.last ?? "")
            return run.fail(
                pointer, "oneOf", "must match exactly one of \(appliedInPlace.count) alternatives, but matches \(all)")
        }
    }
}
