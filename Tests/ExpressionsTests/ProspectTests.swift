import Testing
import Values

@testable import Expressions

@Suite struct ProspectTests {
    /// The verdict, or the names that are still read.
    private func prospect(_ source: String, _ values: [String: CELValue] = [:]) throws -> String {
        let expression = try Expression(parsing: source, at: SourceLocation(file: "t", line: 1, column: 1))
        var all: [String: CELValue] = ["a": .unknown, "b": .unknown, "c": .unknown]
        for (name, value) in values { all[name] = value }
        let prospect = expression.prospect(DictionaryBindings(all))
        switch prospect.verdict {
        case .holds: return "holds"
        case .fails: return "fails"
        case .open: return prospect.reads.map { $0.path.joined(separator: ".") }.joined(separator: " ")
        }
    }

    @Test(arguments: [
        ("a && b", "a b"), ("a || b", "a b"), ("!a", "a"), ("a ? b : c", "a b c"),
        // What decides settles the rest.
        ("a && false", "fails"), ("true || a", "holds"), ("a && (b || true)", "a"), ("a || (b && false)", "a"), ("true ? b : c", "b"),
        // An error is a no, and what it does to the whole is seen through.
        ("1 / 0 > 0 && a", "fails"), ("1 / 0 > 0 || a", "a"), ("!(1 / 0 > 0 && a)", "a"), ("(1 / 0 > 0 && a) || b", "b"), ("1 / 0 > 0 ? a : b", "fails"),
        ("!(1 / 0 > 0)", "fails"), ("a ? 1 / 0 > 0 : b", "a b"),
        // Parts that are no logic are taken as a whole.
        ("a.score >= 0.8 && b.x == c.y", "a.score b.x c.y"), ("[a, b].exists(x, x.ok)", "a b"), ("[true, a].exists(x, x)", "holds"),
        ("a.score > 0.5 && 'x' == 'y'", "fails"), ("1", "fails"),
    ])
    func whatIsLeftToBeKnown(_ source: String, _ expected: String) throws { #expect(try prospect(source) == expected) }

    /// What has no value is never true, and says why; what is false does not.
    @Test(
        arguments: [
            ("1 / n == 1", EvaluationError.Code.divideByZero), ("1 / n == 1 && a", .divideByZero), ("a ? 1 / n == 1 : 1 / n == 2", .divideByZero), ("n", .noSuchOverload),
            ("n == 1", nil), ("n == 1 && 1 / n == 1", nil), ("a && n == 1", nil), ("n == 0 || 1 / n == 1", nil), ("a", nil),
        ] as [(String, EvaluationError.Code?)])
    func whatHasNoValueSaysWhy(_ source: String, _ code: EvaluationError.Code?) throws {
        let expression = try Expression(parsing: source, at: SourceLocation(file: "t", line: 1, column: 1))
        #expect(expression.prospect(DictionaryBindings(["n": .int(0), "a": .unknown])).failure?.code == code)
    }

    @Test func fieldsOfWhatIsKnown() throws {
        let known: [String: CELValue] = ["a": .map(CELMap([("passed", true)])), "b": .map(CELMap([("passed", .unknown), ("score", 0.5)]))]
        #expect(try prospect("a.passed && b.passed", known) == "b.passed")
        #expect(try prospect("a.passed && b.score > 0.9", known) == "fails")
        // The field is not there.
        #expect(try prospect("a.score > 0.1 || b.passed", known) == "b.passed")
    }

    /// Of formulas of four names with every assignment of true, false, an error and unknown: what is settled is so however the unknown
    /// comes out, and a name that is not read any more changes nothing.
    @Test func whatIsSettledStaysSettled() throws {
        let names = ["a", "b", "c", "d"]
        let sources = [
            "a && b && c && d", "a || b || c || d", "a && (b || c) && d", "(a || b) && (c || d)", "!(a && b) || (c && !d)", "a ? b : (c || d)",
            "(a ? b : c) && d", "!(a ? !b : c)", "a && b || a && c || !d",
        ]
        let states: [CELValue] = [true, false, .int(1), .unknown]
        for source in sources {
            let expression = try Expression(parsing: source, at: SourceLocation(file: "t", line: 1, column: 1))
            for code in 0..<256 {
                var values: [String: CELValue] = [:]
                for (place, name) in names.enumerated() { values[name] = states[code >> (2 * place) & 3] }
                let prospect = expression.prospect(DictionaryBindings(values))
                let unknown = names.filter { values[$0]!.isUnknown }
                let read = Set(prospect.reads.map { $0.path[0] })
                #expect(prospect.verdict != .open || !read.isDisjoint(with: unknown), "\(source) \(code)")
                for completion in 0..<(1 << (2 * unknown.count)) where completion >> (2 * unknown.count) == 0 {
                    var known = values
                    for (place, name) in unknown.enumerated() { known[name] = states[min(2, completion >> (2 * place) & 3)] }
                    let holds = (try? expression.evaluate(DictionaryBindings(known)))?.boolValue == true
                    if prospect.verdict != .open { #expect(holds == (prospect.verdict == .holds), "\(source) \(code) \(completion)") }
                }
                // Names that are not read: any of their values leaves the result as it is.
                for name in unknown where prospect.verdict == .open && !read.contains(name) {
                    for completion in 0..<(1 << (2 * unknown.count)) {
                        var known = values
                        for (place, other) in unknown.enumerated() { known[other] = states[min(2, completion >> (2 * place) & 3)] }
                        let results = Set(
                            states.prefix(3).map { value -> Bool in
                                known[name] = value
                                return (try? expression.evaluate(DictionaryBindings(known)))?.boolValue == true
                            })
                        #expect(results.count == 1, "\(source) \(code): \(name)")
                    }
                }
            }
        }
    }
}
