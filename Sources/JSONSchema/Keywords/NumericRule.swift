import Values

/// `minimum`, `exclusiveMinimum`, `maximum`, `exclusiveMaximum`, `multipleOf`
final class NumericRule: Rule {
    private let pointer: String
    private let minimum: JSONValue?
    private let exclusiveMinimum: JSONValue?
    private let maximum: JSONValue?
    private let exclusiveMaximum: JSONValue?
    private let divisor: Divisor?

    init?(_ schema: SchemaReader) {
        guard schema.has("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf") else { return nil }
        pointer = schema.pointer
        minimum = schema.number("minimum")
        exclusiveMinimum = schema.number("exclusiveMinimum")
        maximum = schema.number("maximum")
        exclusiveMaximum = schema.number("exclusiveMaximum")
        let multiple = schema.number("multipleOf")
        let isPositive = multiple.map { Numbers.compare($0, 0) > 0 } ?? true
        divisor = isPositive ? multiple.map(Divisor.init) : nil
        if let multiple, !isPositive { schema.report("multipleOf", "must be above 0, found \(Wording.value(multiple))") }
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        guard Numbers.isNumber(instance) else { return true }
        if case .bigInt(let digits) = instance, !run.spend(digits.utf8.count) { return false }
        var isValid = true
        func require(_ holds: Bool, _ keyword: String, _ words: String, _ limit: JSONValue, _ run: inout Validation) {
            guard !holds else { return }
            isValid = run.fail(pointer, keyword, "must be \(words) \(Wording.value(limit)); found \(Wording.value(instance))")
        }
        if let minimum { require(Numbers.compare(instance, minimum) >= 0, "minimum", "at least", minimum, &run) }
        if let exclusiveMinimum {
            require(Numbers.compare(instance, exclusiveMinimum) > 0, "exclusiveMinimum", "above", exclusiveMinimum, &run)
        }
        if let maximum { require(Numbers.compare(instance, maximum) <= 0, "maximum", "at most", maximum, &run) }
        if let exclusiveMaximum {
            require(Numbers.compare(instance, exclusiveMaximum) < 0, "exclusiveMaximum", "below", exclusiveMaximum, &run)
        }
        if let divisor {
            require(divisor.divides(instance), "multipleOf", "a multiple of", divisor.value, &run)
        }
        return isValid
    }
}
