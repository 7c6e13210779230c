import Values

/// `minItems`, `maxItems`, `uniqueItems`
final class ArraySizeRule: Rule {
    private let pointer: String
    private let minimum: Int
    private let maximum: Int
    private let isUnique: Bool

    init?(_ schema: SchemaReader) {
        guard schema.has("minItems", "maxItems", "uniqueItems") else { return nil }
        pointer = schema.pointer
        minimum = schema.count("minItems") ?? 0
        maximum = schema.count("maxItems") ?? .max
        isUnique = schema.flag("uniqueItems") ?? false
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .array(let elements) = instance else { return true }
        var isValid = true
        if elements.count < minimum {
            isValid = run.fail(pointer, "minItems", "must have at least \(Wording.count(minimum, "element")); found \(elements.count)")
        }
        if elements.count > maximum {
            isValid = run.fail(pointer, "maxItems", "must have at most \(Wording.count(maximum, "element")); found \(elements.count)")
        }
        if isUnique, elements.count > 1 {
            guard run.spend(elements.count) else { return false }
            // The only place where two parts of a value are compared, and so the only one whose depth nothing else bounds.
            guard !Limits.exceedsNesting(instance) else {
                return run.stop("it is nested deeper than \(Limits.nesting) levels")
            }
            var seen: [ValueKey: Int] = Dictionary(minimumCapacity: elements.count)
            for (position, element) in elements.enumerated() {
                guard let first = seen.updateValue(position, forKey: ValueKey(element)) else { continue }
                isValid = run.fail(
                    pointer, "uniqueItems",
                    "must not hold the same element twice; found \(Wording.value(element)) at positions \(first) and \(position)")
                break
            }
        }
        return isValid
    }
}
