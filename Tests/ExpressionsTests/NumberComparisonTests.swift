import Testing
import Values

@testable import Expressions

/// Comparisons with numbers, and what they come to within bounds.
@Suite struct NumberComparisonTests {
    private func comparisons(_ source: String) throws -> [String] {
        try Expression(parsing: source, at: SourceLocation(file: "x", line: 1, column: 1)).numberComparisons.map {
            "\($0.path.joined(separator: ".")) \($0.sign.rawValue) \($0.number) @\($0.range.start.column)"
        }
    }

    @Test func whatIsCompared() throws {
        #expect(try comparisons("a.b >= 2 && 3u > c || !(d['x'] == -1.5)") == ["a.b >= 2.0 @8", "c < 3.0 @13", "d.x == -1.5 @35"])
        #expect(try comparisons("a + 1 > 2 || a[i] > 2 || 'x' == a || a == b || l.all(x, x > 2)") == [])
    }

    /// Held against every number of a range.
    @Test(arguments: [
        NumberRange(0, 10), NumberRange(0, 10, isLowOpen: true), NumberRange(0, 10, isHighOpen: true), NumberRange(3, 3), NumberRange(0, 10, isLowOpen: true, isHighOpen: true),
    ])
    func theOutcomeIsThatOfAllNumbers(range: NumberRange) {
        var numbers = stride(from: range.low, through: range.high, by: 0.25).map(\.self)
        if range.isLowOpen { numbers.removeFirst() }
        if range.isHighOpen { numbers.removeLast() }
        let place = SourceRange(SourceLocation(file: "x", line: 1, column: 1))
        let signs: [(NumberComparison.Sign, (Double, Double) -> Bool)] = [
            (.less, (<)), (.lessEqual, (<=)), (.greater, (>)), (.greaterEqual, (>=)), (.equal, (==)), (.notEqual, (!=)),
        ]
        for bound in stride(from: -1.0, through: 11.0, by: 0.5) {
            for (sign, holds) in signs {
                let all = Set(numbers.map { holds($0, bound) })
                let told = NumberComparison(path: [], sign: sign, number: bound, range: place).outcome(in: range)
                // One number alone is always equal to itself, which is a constant and no range: nothing is told of it.
                if range.low == range.high, sign == .equal || sign == .notEqual, bound == range.low { continue }
                #expect(told == (all.count == 1 ? all.first : nil), "\(sign) \(bound)")
            }
        }
    }

    @Test(arguments: [
        ("checks.a.passed && tier == 'x'", ["checks.a.passed"]), ("tier == 'x' || checks.a.passed", []), ("tier == 'y' && checks.a.passed", []),
        ("tier == 'x' ? checks.a.passed : checks.b.passed", ["checks.a.passed"]), ("!(tier == 'y') && (checks.a.passed || tier == 'y' && checks.b.passed)", ["checks.a.passed"]),
        ("checks.a.score > 0.5 || has(checks.b.score)", ["checks.a.score", "checks.b.score"]), ("n == 1 ? checks.a.passed : checks.b.passed", ["n", "checks.a.passed", "checks.b.passed"]),
    ])
    func whatStillMattersWhereANameIsKnown(source: String, kept: [String]) throws {
        let expression = try Expression(parsing: source, at: SourceLocation(file: "x", line: 1, column: 1))
        #expect(expression.references(knowing: ["tier": .string("x")]).map { $0.path.joined(separator: ".") } == kept)
    }

    @Test func constantsThatItCanComeTo() throws {
        let expression = try Expression(parsing: "n > 3 ? 'mid' : n > 1 ? 'low' : string(n) + 'x'", at: SourceLocation(file: "x", line: 1, column: 1))
        #expect(expression.constantTexts.map(\.text) == ["mid", "low"])
    }
}
