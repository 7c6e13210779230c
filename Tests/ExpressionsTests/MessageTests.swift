import Expressions
import Testing
import Values

/// What people read when something is wrong, and the place it points to.
@Suite struct MessageTests {
    @Test(arguments: [
        ("steps.draft.output.txt", "steps.draft.output has no field 'txt' (did you mean 'text'?)", 9, 31),
        ("stepz.draft", "there is no 'stepz' here (did you mean 'steps'?)", 9, 14),
        ("1 + steps.draft.output.zzz", "steps.draft.output has no field 'zzz'; it has 'text', 'citations'", 13, 35),
        ("inputs.name.length", "inputs.name is a string and has no field 'length' (write size(inputs.name))", 9, 27),
        ("inputs.none.x", "inputs.none is null and has no field 'x'", 9, 22),
        ("inputs.tags[7]", "inputs.tags has 3 elements, so none at index 7", 9, 23),
        ("'n: ' + inputs.n", "'+' does not take string and int in 'n: ' + inputs.n; string(inputs.n) makes text of it", 9, 25),
        ("'a' in inputs.name", "'in' does not take string and string in 'a' in inputs.name; write inputs.name.contains('a')", 9, 27),
        ("inputs.name && true", "'&&' takes a bool, but inputs.name is a string (compare it: inputs.name != '')", 9, 20),
        ("true && (inputs.n / (inputs.n - 5)) > 1", "division by zero in inputs.n / (inputs.n - 5)", 18, 43),
        ("inputs.n.trim()", "trim() does not apply to an int in inputs.n.trim()", 9, 24),
        ("inputs.tags.contains(1)", "contains() on a list does not take (int) in inputs.tags.contains(1)", 9, 32),
        ("int('x')", "'x' is not an int", 9, 17),
        ("inputs.tags.map(t, t.x)", "t is a string and has no field 'x'", 28, 31),
    ])
    func evaluation(_ source: String, _ message: String, _ start: Int, _ end: Int) throws {
        let error = try #require(failure(source))
        #expect(error.message == message)
        #expect(error.range == SourceRange(SourceLocation(file: "flow.yaml", line: 3, column: start), length: end - start))
    }

    @Test(arguments: [
        ("a and b", "AX001", 11, "&&"), ("a or b", "AX001", 11, "||"), ("not a", "AX001", 9, "'!'"), ("a not in b", "AX001", 11, "!(value in list)"),
        ("a = b", "AX001", 11, "=="), ("a === b", "AX001", 11, "=="), ("a !== b", "AX001", 11, "!="), ("a <> b", "AX001", 11, "!="), ("a & b", "AX001", 11, "&&"), ("a | upper", "AX001", 11, "filters"),
        ("x if c else y", "AX001", 11, "condition ? value : other"), ("a is None", "AX001", 11, "=="), ("{{ a }}", "AX001", 9, "${{"), ("${{ a }}", "AX001", 9, "leave out"), ("$a", "AX001", 9, "without a sign"),
        ("a ?? b", "AX001", 11, "has("), ("a?.b", "AX001", 10, "has("), ("x => x", "AX001", 11, "list.map"), ("None", "AX001", 9, "null"), ("True", "AX001", 9, "true"), ("“a”", "AX001", 9, "straight"),
        ("{a b}", "AX001", 12, "side by side"), ("{a}", "AX001", 11, "{'a': …}"), ("Foo{a: 1}", "AX001", 12, "message types"), ("a 'b'", "AX001", 11, "'+'"),
        ("'a' + length(x)", "AX003", 15, "size(x)"), ("a.length()", "AX003", 11, "size(x)"), ("a.lower()", "AX003", 11, "lowerAscii"), ("a.startswith('b')", "AX003", 11, "startsWith"), ("siez(a)", "AX003", 9, "did you mean 'size'?"),
        ("a.jion(',')", "AX003", 11, "did you mean 'join'?"),
        ("contains(a, b)", "AX005", 9, "x.contains"), ("a.int()", "AX005", 11, "int(x)"), ("all(a, x)", "AX005", 9, "list.all(x, …)"), ("has(a)", "AX001", 13, "has(a.b)"), ("[1].map(x.y, 1)", "AX001", 17, "list.map(x, x.text)"),
        ("a.matches('(?=b)')", "AX006", 19, "&&"), ("'a\\q'", "AX001", 11, "raw"),
    ])
    func hints(_ source: String, _ code: String, _ column: Int, _ hint: String) throws {
        let problem = try #require(problems(source).first)
        #expect(problem.code == code)
        #expect(problem.range?.start == SourceLocation(file: "flow.yaml", line: 3, column: column))
        #expect(problem.hint?.contains(hint) == true, "\(problem.message) / \(problem.hint ?? "-")")
    }

    @Test(arguments: [
        "", " ", "1 +", "(1", "[1", "{'a'", "{'a': }", "a.", "a[", "a[1", "f(", "a ? b", "a ? b :", "1 2", ")", "&& a", "a.in", "in", "for", "a..b", "a.1", "`a`", "a.``", "'a", "1u2", "0x", "\u{0}", "a\\b", "a ? : b", "[,]", "[1,,2]",
        "a.*.b", "size(", "size(1,)", "[1].map(x, )", "{1: 2, 3}",
    ])
    func refused(_ source: String) { #expect(problems(source).first?.code == "AX001") }

    @Test func severalProblemsInOnePass() {
        let found = problems("siez(a) > 1 && b.jion() == 'x' && size(1, 2) == 3 && 'a'.matches('(')")
        #expect(found.map(\.code) == ["AX003", "AX003", "AX005", "AX006"])
        #expect(found.map { $0.range?.start.column } == [9, 26, 43, 74])
        #expect(found[2].message == "size() takes 1 argument, here 2")
    }

    @Test func placesOnLaterLines() {
        let problem = problems("inputs.n > 1 &&\n  'é😀' == = b")[0]
        #expect(problem.range?.start == SourceLocation(file: "flow.yaml", line: 4, column: 11))
        #expect(failure("'é' == 'é' &&\n   inputs.gone == 1")?.range.start == SourceLocation(file: "flow.yaml", line: 4, column: 4))
    }
}
