import Values

/// `required`, `dependentRequired`, `minProperties`, `maxProperties`
final class ObjectSizeRule: Rule {
    private let pointer: String
    private let required: [String]
    private let dependent: [(name: String, required: [String])]
    private let minimum: Int
    private let maximum: Int

    init?(_ schema: SchemaReader) {
        guard schema.has("required", "dependentRequired", "minProperties", "maxProperties") else { return nil }
        pointer = schema.pointer
        required = schema.names("required") ?? []
        minimum = schema.count("minProperties") ?? 0
        maximum = schema.count("maxProperties") ?? .max
        switch schema.object["dependentRequired"] {
        case nil: dependent = []
        case .object(let members)?:
            dependent = members.keys.compactMap { name in
                schema.names(in: members[name] ?? .null, "dependentRequired").map { (name, $0) }
            }
        case .some(let other):
            schema.report("dependentRequired", "must be an object of arrays of names, found \(Wording.typedValue(other))")
            dependent = []
        }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .object(let object) = instance else { return true }
        guard run.spend(required.count / 8) else { return false }
        var isValid = true
        for name in required where !object.contains(name) {
            guard run.collects else { return false }
            let missing = run.name(.key(name))
            isValid = run.failSaying(pointer, "required", "\(missing) is required but missing")
        }
        for (name, needed) in dependent where object.contains(name) {
            for other in needed where !object.contains(other) {
                guard run.collects else { return false }
                let (missing, present) = (run.name(.key(other)), run.name(.key(name)))
                isValid = run.failSaying(
                    pointer, "dependentRequired", "\(missing) is required because \(present) is present, but it is missing")
            }
        }
        if object.count < minimum {
            isValid = run.fail(
                pointer, "minProperties",
                "must have at least \(Wording.count(minimum, "property", "properties")); found \(object.count)")
        }
        if object.count > maximum {
            isValid = run.fail(
                pointer, "maxProperties",
                "must have at most \(Wording.count(maximum, "property", "properties")); found \(object.count)")
        }
        return isValid
    }
}
