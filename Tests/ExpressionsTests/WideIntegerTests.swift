import Expressions
import Testing
import Values

/// L8: integers beyond 64 bits are handed on, written and compared as they are; nothing is computed with them, and nothing is rounded.
@Suite struct WideIntegerTests {
    private static let wide = "12345678901234567890123"
    private static let scope = DictionaryBindings([
        "n": CELValue(.bigInt(wide)), "m": CELValue(.bigInt("-" + wide)), "more": CELValue(.bigInt("12345678901234567890124")), "top": CELValue(.bigInt("18446744073709551615")),
        "doc": CELValue(["id": .bigInt(wide), "list": [.bigInt(wide), 1]]),
    ])

    private func evaluate(_ source: String) throws -> JSONValue {
        try Expression(parsing: source, at: place).evaluate(Self.scope).json()
    }

    @Test(arguments: [
        ("n", wide), ("m", "-" + wide), ("doc.id", wide), ("doc.list[0]", wide), ("doc", #"{"id":12345678901234567890123,"list":[12345678901234567890123,1]}"#), ("[n, 1]", "[\(wide),1]"), ("{'x': n}", "{\"x\":\(wide)}"),
        ("true ? n : 1", wide),
        ("string(n)", "\"\(wide)\""), ("n == doc.id", "true"), ("n == more", "false"), ("n < more", "true"), ("m < n", "true"), ("n > 9223372036854775807", "true"), ("m < -5", "true"), ("n == 1", "false"), ("n > top", "true"),
        ("n > 1.5", "true"),
        ("doc.list.exists(x, x == n)", "true"), ("n in [1, 2]", "false"), ("double(n) > 1.2e22", "true"), ("top", "18446744073709551615"), ("type(n) == double", "true"),
    ]) func isKeptExactly(source: String, expected: String) throws {
        #expect(try evaluate(source).jsonText == expected)
    }

    @Test(arguments: ["n + 1", "1 + n", "n * 2", "n - n", "-n", "int(n)", "uint(n)", "n % 2"]) func isNotComputedWith(source: String) throws {
        let error = #expect(throws: EvaluationError.self) { try evaluate(source) }
        #expect(error?.code == .overflow && error?.message.contains("does not fit 64 bits") == true)
    }

    @Test func isWrittenExactlyInText() throws {
        #expect(try Template(parsing: "id ${{ n }}, ${{ doc }}", at: place).render(Self.scope) == #"id 12345678901234567890123, {"id":12345678901234567890123,"list":[12345678901234567890123,1]}"#)
        #expect(CELValue(.bigInt(Self.wide)).literal == Self.wide && CELValue(.bigInt(Self.wide)).exactJSON == .bigInt(Self.wide))
    }

    /// In the text of an expression, where it would be a number that is computed with, it is refused.
    @Test(arguments: ["12345678901234567890123", "n == 12345678901234567890123", "9223372036854775808"]) func aLiteralIsRefused(source: String) {
        #expect(throws: Diagnostics.self) { try Expression(parsing: source, at: place) }
    }
}
