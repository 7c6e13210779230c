import Values

/// How to say that none of several schemas holds: as one choice where they are values or types of the value itself,
/// else by what speaks against the alternative that was most likely meant.
enum Alternatives {
    private static let reasonsTold = 3
    private static let longestReason = 300

    /// Reports it. Always `false`, to be returned.
    static func fail(
        _ schemas: [Int], _ keyword: String, _ instance: JSONValue, _ pointer: String, _ run: inout Validation
    ) -> Bool {
        guard run.collects else { return false }
        // Which members the right alternative would have looked at is not known: none are to be called unevaluated.
        if let count = run.evaluated?.count { run.evaluated = [Bool](repeating: true, count: count) }
        var objections: [[Violation]] = []
        for schema in schemas { objections.append(run.objections(of: schema, to: instance)) }

        let choices = objections.compactMap { list in
            list.count == 1 && run.isPlace(list[0]) ? list[0].expected : nil
        }
        if choices.count == schemas.count {
            let expected = Wording.either(choices)
            return run.fail(pointer, keyword, expected: expected, "must be \(expected); found \(Wording.typedValue(instance))")
        }
        let distances = objections.map { distance($0, run) }
        guard schemas.count > 1, let least = distances.min(), let nearest = distances.firstIndex(of: least) else {
            return run.fail(pointer, keyword, "must match the only alternative: \(told(objections.first ?? []))")
        }
        return run.fail(
            pointer, keyword,
            "matches none of \(schemas.count) alternatives; the nearest, /\(keyword)/\(nearest), fails: \(told(objections[nearest]))")
    }

    private static func told(_ objections: [Violation]) -> String {
        let rest = objections.count - reasonsTold
        // Clipped, as reasons hold the reasons of alternatives inside them.
        let reasons = objections.prefix(reasonsTold).map { Wording.clipped($0.message, longestReason) }
        return reasons.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }

    /// A wrong type is furthest; a wrong fixed value is next, since such values tell alternatives apart.
    private static func distance(_ objections: [Violation], _ run: Validation) -> Int {
        objections.reduce(0) { sum, violation in
            switch violation.keyword {
            case "type", "false": sum + (run.isPlace(violation) ? 10_000 : 2)
            case "const", "enum": sum + (run.isPlace(violation) ? 10_000 : 100)
            default: sum + 1
            }
        }
    }
}
