import Testing
import Values

@testable import Expressions

/// What a workflow could have in scope: `item` is not known, `inputs` is closed, `open` is not.
private let environment: TypeEnvironment = {
    let person = ObjectType([.init("name", .string), .init("age", .int), .init("email", .nullable(.string), isRequired: false)])
    let inputs = ObjectType([
        .init("n", .int), .init("x", .double), .init("amount", .number), .init("name", .string), .init("none", .null), .init("maybe", .nullable(.int)),
        .init("tags", .list(.string)), .init("people", .list(.object(person))), .init("any", .dyn), .init("flag", .bool), .init("raw", .bytes),
    ])
    return TypeEnvironment([
        "inputs": .object(inputs), "open": .object(ObjectType([.init("a", .int)], others: .dyn)), "counts": .map(.string, .int), "d": .dyn,
        "t": .timestamp, "span": .duration, "big": .uint,
    ])
}()

@Suite struct TypeCheckerTests {
    private func type(_ source: String) throws -> String {
        let checked = try Expression(parsing: source, at: place).check(in: environment)
        return checked.problems.isEmpty ? "\(checked.type)" : "!" + checked.problems.map(\.code).joined(separator: " ")
    }

    @Test(arguments: [
        ("1", "int"), ("1u", "uint"), ("1.5", "double"), ("'a'", "string"), ("b'a'", "bytes"), ("null", "null"), ("true", "bool"), ("int", "type"), ("google.protobuf.Duration", "type"), ("type(1)", "type"),
        ("[]", "list(dyn)"), ("[1]", "list(int)"), ("[1, 'a']", "list(dyn)"), ("[[], [[]], [[[]]]]", "list(list(list(list(dyn))))"), ("[] + [1]", "list(int)"), ("{}", "map(dyn, dyn)"), ("{'a': 1}", "map(string, int)"),
        ("{1: 'a', 2: 'b'}", "map(int, string)"), ("{'a': 1, 2: 'b'}", "map(dyn, dyn)"), ("{'a': 1}.a", "int"), ("[null, 1]", "list(int or null)"), ("[].map(x, x)[0].foo", "dyn"),
        ("inputs.n + 1", "int"), ("inputs.n + d", "int"), ("d + d", "dyn"), ("d + 'a'", "string"), ("inputs.amount + 1", "int"), ("inputs.amount * inputs.amount", "number"), ("inputs.amount > 0.5", "bool"), ("-inputs.amount", "number"),
        ("inputs.maybe + 1", "int"), ("big * 2u", "uint"), ("t - t", "duration"), ("t + span", "timestamp"), ("span + t", "timestamp"), ("t - span", "timestamp"),
        ("inputs.n == 1.5", "bool"), ("inputs.n < 2.5", "bool"), ("inputs.n == null", "bool"), ("inputs.tags == []", "bool"), ("[1] == ['a']", "bool"), ("{} == inputs", "bool"), ("d == 'x'", "bool"), ("1 in [1.0]", "bool"),
        ("'a' in inputs", "bool"), ("1 in []", "bool"),
        ("inputs.people[0].name", "string"), ("inputs.people.map(p, p.age)", "list(int)"), ("inputs.people.filter(p, p.age > 3).map(p, p.name).join(', ')", "string"), ("inputs.people.map(p, has(p.email), p.email)", "list(string or null)"),
        ("inputs.tags.map(x, inputs.tags.map(y, x + y))", "list(list(string))"), ("counts.map(k, counts[k])", "list(int)"), ("counts.filter(k, k != '')", "list(string)"), ("inputs.all(k, k != '')", "bool"), ("d.map(x, x.a)", "list(dyn)"),
        ("[1].map(x, [2.5].map(x, x))", "list(list(double))"), ("[1.5].transformList(i, v, i)", "list(int)"), ("counts.transformMap(k, v, v + 0)", "map(string, int)"), ("[[1]].map(x, x.map(y, y)).map(z, z[0])", "list(int)"),
        ("open.a", "int"), ("open.b.c", "dyn"), ("counts.anything", "int"), ("has(open.zz)", "bool"), ("inputs['name']", "string"), ("inputs[inputs.name]", "dyn"), ("inputs.flag ? 1 : 2.5", "number"),
        ("inputs.flag ? 'a' : null", "string or null"), ("d && d || !d", "bool"), ("size(inputs)", "int"), ("inputs.name.split(',')", "list(string)"), ("'%s'.format([1, 'a'])", "string"), ("strings.quote('a')", "string"),
        ("t.getHours('UTC')", "int"), ("span.getHours()", "int"), ("string(inputs.amount)", "string"), ("dyn(1)", "dyn"), ("double(inputs.n)", "double"), ("int == type(1)", "bool"),
    ])
    func types(_ source: String, _ expected: String) throws { #expect(try type(source) == expected, "\(source)") }

    @Test(
        arguments: [
            ("'a' + 1", "AX007", 9, "no overload of + for (string, int)", "string(1) makes text of it"),
            ("inputs.n + inputs.x", "AX007", 9, "no overload of + for (int, double)", "convert with double(inputs.n)"),
            ("inputs.amount + 'a'", "AX007", 9, "no overload of + for (number, string)", "string(inputs.amount) makes text of it"),
            ("inputs.x % 2.0", "AX007", 9, "no overload of % for (double, double)", "'%' takes whole numbers: int(…)"),
            ("inputs.n == '5'", "AX007", 9, "no overload of == for (int, string)", "string(inputs.n) makes text of it"),
            ("inputs.flag == 'yes'", "AX007", 9, "no overload of == for (bool, string)", "string(inputs.flag) makes text of it"),
            ("null < 1", "AX007", 9, "no overload of < for (null, int)", "test for null first: 1 != null"),
            ("1 in inputs.tags", "AX007", 9, "no overload of in for (int, list(string))", "the elements of inputs.tags are never an int"),
            ("'a' in inputs.name", "AX007", 9, "no overload of in for (string, string)", "write inputs.name.contains('a')"),
            ("-'a'", "AX007", 9, "no overload of - for (string)", nil),
            ("true && inputs.name", "AX007", 17, "'&&' takes a bool, but inputs.name is a string", "compare it: inputs.name != ''"),
            ("!inputs.tags", "AX007", 10, "'!' takes a bool, but inputs.tags is a list(string)", "compare it: size(inputs.tags) > 0"),
            ("inputs.n ? 1 : 2", "AX007", 9, "the condition of '?' takes a bool, but inputs.n is an int", "compare it: inputs.n != 0"),
            ("size(inputs.n)", "AX007", 9, "no overload of size() for (int)", "it takes (string) or (bytes) or (list(A)) or (map(A, B))"),
            ("inputs.tags.contains('a')", "AX007", 9, "no overload of contains() for (list(string), string)", "write 'a' in inputs.tags"),
            ("[1].join(',')", "AX007", 9, "no overload of join() for (list(int), string)", "map it first: [1].map(x, string(x))"),
            ("inputs.name.charAt('a')", "AX007", 9, "no overload of charAt() for (string, string)", "it takes (string, int)"),
            ("inputs.nmae", "AX008", 9, "inputs has no field 'nmae'", "did you mean 'name'?"),
            ("has(inputs.nmae)", "AX008", 9, "inputs has no field 'nmae'", "did you mean 'name'?"),
            ("inputs.people[0].phone", "AX008", 9, "inputs.people[0] has no field 'phone'", "it has: name, age, email"),
            ("inputs.people.map(p, p.nmae)", "AX008", 30, "p has no field 'nmae'", "did you mean 'name'?"),
            ("inputs.name.length", "AX008", 9, "inputs.name is a string and has no field 'length'", "write size(inputs.name)"),
            ("inputs.people.name", "AX008", 9, "inputs.people is a list(map(string, dyn)) and has no field 'name'", "take an element: inputs.people[0].name, or all: inputs.people.map(x, x.name)"),
            ("inputs.tags['a']", "AX007", 9, "inputs.tags is a list, whose index is an int, not a string", nil),
            ("counts[1]", "AX007", 9, "the keys of counts are string, not int", "string(…) makes text of it"),
            ("inputs.name[0]", "AX007", 9, "inputs.name is a string, which has no elements", "write inputs.name.charAt(0)"),
            ("inputs.n.map(x, x)", "AX007", 9, "map() takes a list or a map, but inputs.n is an int", nil),
            ("inputs.tags.filter(x, x)", "AX007", 31, "filter() takes a bool, but x is a string", "compare it: x != ''"),
            ("input.n", "AX009", 9, "there is no 'input' here", "did you mean 'inputs'?"),
            ("zzz", "AX009", 9, "there is no 'zzz' here", "known here: big, counts, d, inputs, open, span, …"),
            ("{1.5: 'a'}", "AX007", 10, "a double is no key of a map", "keys are string, int, uint or bool"),
            ("{'a': 1, 'a': 2}", "AX006", 18, "the key 'a' stands twice in the map", nil),
        ] as [(String, String, Int, String, String?)])
    func problems(_ source: String, _ code: String, _ column: Int, _ message: String, _ hint: String?) throws {
        let found = try Expression(parsing: source, at: place).check(in: environment).problems
        let problem = try #require(found.first)
        #expect(found.count == 1)
        #expect(problem.message == message)
        #expect(problem.hint == hint)
        #expect(problem.code == code)
        #expect(problem.range?.start == SourceLocation(file: "flow.yaml", line: 3, column: column))
    }

    @Test func aPartAtFaultIsReportedOnceAndTheRestGoesOn() throws {
        let checked = try Expression(parsing: "('a' + 1 + 2) > 3 &&\n inputs.nmae == 1", at: place).check(in: environment)
        #expect(checked.problems.map { "\($0.code) \($0.range!.start.line):\($0.range!.start.column)" } == ["AX007 3:10", "AX008 4:2"])
    }

    @Test(
        arguments: [
            ("n: ${{ inputs.n }}", nil), ("${{ inputs.none }}", nil), ("${{ inputs.maybe }}!", nil), ("${{ t }}", nil), ("${{ int }} is a type", nil),
            ("v: ${{ inputs.none }}", "inputs.none is always null, which has no form as text"), ("${{ null }}.", "null is always null, which has no form as text"),
            ("${{ inputs.raw }}", "inputs.raw is bytes, which have no form in text or JSON"), ("x ${{ inputs.raw }}", "inputs.raw is bytes, which have no form in text or JSON"), ("${{ int }}", "int is a type, which has no form in JSON"),
            ("${{ {'a': b'x'} }}", "{'a': b'x'} is bytes, which have no form in text or JSON"),
        ] as [(String, String?)])
    func templates(_ text: String, _ problem: String?) throws {
        #expect(try Template(parsing: text, at: place).check(in: environment).problems.first?.message == problem)
    }

    @Test func outputsAreJSON() throws {
        func type(_ text: String) throws -> String { "\(try Template(parsing: text, at: place).check(in: environment).type)" }
        #expect(try type("${{ t }}") == "string")
        #expect(try type("${{ [span] }}") == "list(string)")
        #expect(try type("${{ {1: 2u} }}") == "map(string, int)")
        #expect(try type("a ${{ inputs.n }}") == "string")
    }

    @Test func typesOfData() throws {
        let data = try JSONParser.parse(#"{"a": [{"x": 1}, {"x": 2.5, "y": "s"}], "b": {"c": null}, "d": 18446744073709551615}"#)
        let environment = TypeEnvironment(["data": StaticType(of: data)])
        func type(_ source: String) throws -> String { "\(try Expression(parsing: source, at: place).check(in: environment).type)" }
        #expect(try type("data.a.map(e, e.x)") == "list(number)")
        #expect(try type("data.a[0].y") == "string")
        #expect(try type("data.b.c") == "null")
        #expect(try type("data.d") == "uint")
    }

    /// Work and memory stay bounded whatever the types look like.
    @Test func typesDoNotGrowWithoutEnd() throws {
        var source = "[1]"
        for _ in 0..<60 { source += ".map(x, {'p': x, 'q': x})" }
        #expect(try Expression(parsing: source, at: place).check(in: environment).problems.isEmpty)
        let wide = "[" + (0..<5000).map { "{'a\($0)': 1}" }.joined(separator: ",") + "]"
        #expect(try type(wide).hasPrefix("list("))
        let wrong = "[" + String(repeating: "'a'+1,", count: 10_000) + "]"
        #expect(try Expression(parsing: wrong, at: place).check(in: environment).problems.count == 20)
        #expect(try type(String(repeating: "[", count: 190) + String(repeating: "]", count: 190)).hasPrefix("list("))
    }
}
