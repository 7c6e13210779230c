import Testing
import Values

@testable import Expressions

/// What a condition comes to whatever its names stand for.
@Suite struct VerdictTests {
    private func expression(_ text: String) throws -> Expression {
        try Expression(parsing: text, at: SourceLocation(file: "w", line: 1, column: 1))
    }

    @Test(
        arguments: [
            ("true", true), ("false", false), ("1 < 2", true), ("size('ab') == 2", true), ("x || true", true), ("x && false", false), ("x", nil), ("x > 1", nil),
            ("x && !x", false), ("x || !x", nil), ("x > 1 && x < 1", false), ("x >= 1 && x <= 1", nil), ("x > 1 && x <= 1", false), ("1 < x && x < 0.5", false),
            ("x == 1 && x == 1.0", nil), ("x == 1 && x == 2", false), ("x == 'a' && x != 'a'", false), ("x == 'a' && y == 'b'", nil), ("x == 7 && x < 5", false),
            ("!(x == 1 || x != 1)", false), ("x.y  == 1 && x.y == 2", false), ("x[0] == 1 && x[1] == 2", nil), ("has(x.y) && !has(x.y)", false),
            ("x in [1, 2]", nil), ("x == 'caf\u{e9}' && x != 'cafe\u{301}'", nil), ("x['\u{e9}'] == 1 && x['e\u{301}'] == 2", nil), ("[].exists(i, i > 3)", false), ("1 / 0 == 1", nil), ("'yes'", nil),
        ] as [(String, Bool?)])
    func verdicts(text: String, expected: Bool?) throws { #expect(try expression(text).verdict == expected, "\(text)") }

    /// A name that is not there makes it fail; true it is wherever it comes to something.
    @Test(arguments: [
        ("n != 1 || n != 2", true), ("n != 1 || n == 1", true), ("n > 1 || n <= 1", true), ("n < 5 || n > 3", true), ("x || !x", true), ("!(n == 1 && n == 2)", true), ("n != 'a' || n != 'b' || m", true),
        ("n != 1 || n == 2", false), ("n != 1 && n != 2", false), ("n > 3 || n < 3", false), ("n != 1 || m != 2", false), ("n == 1 || n == 2", false),
    ])
    func conditionsThatDecideNothing(text: String, isTrue: Bool) throws { #expect(try expression(text).isTrueWhereComputed == isTrue, "\(text)") }

    @Test func conditionsOfTwoPlaces() throws {
        #expect(Expression.contradict([try expression("a.b == 'x'"), try expression("a.b == 'y' && c")]))
        #expect(!Expression.contradict([try expression("a.b == 'x'"), try expression("a.c == 'y'")]))
    }

    /// Spaces between tokens do not count, those inside of texts do.
    @Test func spacesInTextsTellTermsApart() throws {
        for (source, isNever) in [
            ("x.y  ==  1 && x.y == 2", true), ("a.contains('x  y') && !a.contains('x y')", false),
            ("a.contains('x  y') && !(a.contains('x  y'))", true), (#"a.contains('\'  ') && !a.contains('\' ')"#, false),
        ] {
            #expect(try Expression(parsing: source, at: place).verdict == (isNever ? false : nil), "\(source)")
        }
    }
}
