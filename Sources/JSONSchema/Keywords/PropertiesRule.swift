import Values

/// `properties`, `patternProperties`, `additionalProperties`, `propertyNames`
final class PropertiesRule: Rule {
    /// Up to this many, names are compared one by one.
    private static let few = 4

    private let pointer: String
    private let names: [String]
    private let schemas: [Int]
    private let positions: TextTable<Int>
    private let patterns: [(pattern: Pattern, schema: Int)]
    private let additional: Int?
    private let nameSchema: Int?

    init?(_ schema: SchemaReader) {
        guard schema.has("properties", "patternProperties", "additionalProperties", "propertyNames") else { return nil }
        pointer = schema.pointer
        let properties = schema.schemasByName("properties")
        names = properties.map(\.name)
        schemas = properties.map(\.index)
        positions = TextTable(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        patterns = schema.schemasByName("patternProperties").compactMap { member in
            schema.pattern(member.name, "patternProperties").map { ($0, member.index) }
        }
        additional = schema.schema("additionalProperties")
        nameSchema = schema.schema("propertyNames")
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .object(let object) = instance else { return true }
        var isValid = true
        var next = 0
        for index in 0..<object.count {
            let (key, value) = object.pair(at: index)
            var isEvaluated = false
            if let position = position(of: key, &next) {
                isEvaluated = true
                isValid = run.descend(.key(key), schemas[position], value) && isValid
            }
            for (pattern, schema) in patterns where pattern.matches(key, &run) {
                isEvaluated = true
                isValid = run.descend(.key(key), schema, value) && isValid
            }
            if let additional, !isEvaluated {
                isEvaluated = true
                isValid = checkAdditional(additional, key, value, &run) && isValid
            }
            if isEvaluated { run.evaluated?[index] = true }
            if let nameSchema { isValid = checkName(nameSchema, key, &run) && isValid }
            if !isValid, !run.collects { return false }
        }
        return isValid
    }

    /// The place of a name among `properties`. Values mostly keep the schema's order, so the name after the last one
    /// found is tried before any hashing.
    private func position(of key: String, _ next: inout Int) -> Int? {
        if next < names.count, names[next].hasSameBytes(as: key) {
            next += 1
            return next - 1
        }
        guard let found = names.count <= Self.few ? names.firstIndex(where: { $0.hasSameBytes(as: key) }) : positions[key] else { return nil }
        next = found + 1
        return found
    }

    private func checkAdditional(_ schema: Int, _ key: String, _ value: JSONValue, _ run: inout Validation) -> Bool {
        guard run.graph.nodes[schema].verdict == false else { return run.descend(.key(key), schema, value) }
        return run.fail(pointer, "additionalProperties", at: .key(key), notAllowed(key))
    }

    private func notAllowed(_ key: String) -> String {
        let patternTexts = patterns.map { "names that match \($0.pattern.text)" }
        let allowed = Wording.quoted(names) + patternTexts
        let choices = allowed.isEmpty ? "none are" : "allowed: \(Wording.list(allowed))"
        return "is not an allowed property; \(choices)\(Wording.hint(for: key, in: names))"
    }

    private func checkName(_ schema: Int, _ key: String, _ run: inout Validation) -> Bool {
        let name = JSONValue.string(key)
        if run.probeMember(schema, name) { return true }
        guard run.collects else { return false }
        let reasons = run.objections(of: schema, to: name, at: .key(key)).map(\.message)
        return run.failSaying(pointer, "propertyNames", at: .key(key), "the property name \(reasons.joined(separator: ", and "))")
    }
}
