import Values

/// `minLength`, `maxLength`, `pattern`
final class StringRule: Rule {
    private let pointer: String
    private let minimum: Int
    private let maximum: Int
    private let pattern: Pattern?

    init?(_ schema: SchemaReader) {
        guard schema.has("minLength", "maxLength", "pattern") else { return nil }
        pointer = schema.pointer
        minimum = schema.count("minLength") ?? 0
        maximum = schema.count("maxLength") ?? .max
        pattern = schema.text("pattern").flatMap { schema.pattern($0, "pattern") }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard case .string(let text) = instance else { return true }
        var isValid = true
        if minimum > 0 || maximum < .max {
            let bytes = text.utf8.count
            // Between a quarter of the bytes and all of them: mostly there is nothing to count.
            if bytes > maximum || (bytes + 3) / 4 < minimum {
                guard run.spend(bytes / 64) else { return false }
                let length = text.unicodeScalars.count
                if length < minimum {
                    isValid = run.fail(pointer, "minLength", "must have at least \(Wording.count(minimum, "character")); found \(length)")
                }
                if length > maximum {
                    isValid = run.fail(pointer, "maxLength", "must have at most \(Wording.count(maximum, "character")); found \(length)")
                }
            }
        }
        if let pattern, !pattern.matches(text, &run) {
            isValid = run.fail(pointer, "pattern", "must match the pattern \(pattern.text); found \(Wording.value(instance))")
        }
        return isValid
    }
}
