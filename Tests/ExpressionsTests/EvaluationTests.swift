import Expressions
import Testing

/// The semantics as tables: an expression and what it comes to.
@Suite struct EvaluationTests {
    typealias Case = (String, String)

    private func check(_ cases: [Case], _ location: SourceLocation = #_sourceLocation) {
        for (source, expected) in cases {
            let found = result(source)
            #expect(found == expected, "\(source)", sourceLocation: location)
        }
    }

    @Test func literals() {
        check([
            ("1", "1"), ("-1", "-1"), ("0x1F", "31"), ("-0x1f", "-31"), ("7u", "7u"), ("0xFFu", "255u"), ("18446744073709551615u", "18446744073709551615u"),
            ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "?AX001"), ("-9223372036854775809", "?AX001"), ("99999999999999999999999", "?AX001"),
            ("1.5", "1.5"), (".5", "0.5"), ("-2.5e3", "-2500.0"), ("1e3", "1000.0"), ("1E-2", "0.01"), ("1e400", "?AX001"), ("1.", "?AX001"), ("12ab", "?AX001"),
            ("true", "true"), ("false", "false"), ("null", "null"), ("'a'", "'a'"), ("\"it's\"", "'it's'"), ("''", "''"),
            ("'''a'b''c'''", "'a'b''c'"), ("\"\"\"two\nlines\"\"\"", "'two\nlines'"), ("'two\nlines'", "?AX001"),
            (#"'\n\t\\\'\"\?\`'"#, "'\n\t\\'\"?`'"), (#"'\x41\u00e9\U0001F600\101'"#, "'Aé😀A'"), (#"r'\d\n'"#, #"'\d\n'"#), (#"R"\x""#, #"'\x'"#),
            (#"'\q'"#, "?AX001"), (#"'\u12'"#, "?AX001"), (#"'\ud800'"#, "?AX001"), (#"'\400'"#, "?AX001"), ("'open", "?AX001"),
            ("b'abc'", "b.97.98.99"), (#"b'\xff\000'"#, "b.255.0"), (#"rb'\x'"#, "b.92.120"), (#"bR'\x'"#, "b.92.120"), ("b'é'", "b.195.169"), (#"b'\u00e9'"#, "?AX001"),
            ("[]", "[]"), ("[1, 'a', [true]]", "[1, 'a', [true]]"), ("[1, 2,]", "[1, 2]"), ("{}", "{}"), ("{'a': 1, 'b': {'c': 2}}", "{'a': 1, 'b': {'c': 2}}"),
            ("{1: 'x', 2u: 'y', true: 'z',}", "{1: 'x', 2u: 'y', true: 'z'}"), ("{'a': 1, 'a': 2}", "!invalid_key"), ("{1: 1, 1u: 2}", "!invalid_key"),
            ("{1.0: 1}", "!invalid_key"), ("{[]: 1}", "!invalid_key"), ("1 // one", "1"), ("// first\n 2", "2"), ("(((3)))", "3"),
        ])
    }

    @Test func arithmetic() {
        check([
            ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("7 - 2 - 1", "4"), ("1-1", "0"), ("7 / 2", "3"), ("-7 / 2", "-3"), ("7 % 3", "1"), ("-7 % 3", "-1"),
            ("2u + 3u", "5u"), ("3u - 4u", "!overflow"), ("7u / 2u", "3u"), ("7u % 4u", "3u"), ("1.5 + 2.25", "3.75"), ("1.0 / 4.0", "0.25"),
            ("1.0 / 0.0", "inf"), ("5.0 % 2.0", "!no_such_overload"), ("1 / 0", "!divide_by_zero"), ("1 % 0", "!divide_by_zero"), ("1u / 0u", "!divide_by_zero"),
            ("9223372036854775807 + 1", "!overflow"), ("-9223372036854775808 - 1", "!overflow"), ("9223372036854775807 * 2", "!overflow"),
            ("-9223372036854775808 / -1", "!overflow"), ("-(-9223372036854775808)", "!overflow"), ("18446744073709551615u + 1u", "!overflow"),
            ("1e308 * 10.0", "inf"), ("-inputs.n", "-5"), ("- inputs.x", "-2.5"), ("--1", "1"), ("-(2u)", "!no_such_overload"), ("-'a'", "!no_such_overload"),
            ("1 + 1.0", "!no_such_overload"), ("1 + 1u", "!no_such_overload"), ("'a' + 1", "!no_such_overload"), ("null + 1", "!no_such_overload"), ("true + true", "!no_such_overload"),
            ("'a' + 'b'", "'ab'"), ("b'a' + b'b'", "b.97.98"), ("[1] + [2, 3]", "[1, 2, 3]"), ("inputs.tags + inputs.tags == inputs.tags", "false"),
            ("'a' - 'b'", "!no_such_overload"), ("'a' * 3", "!no_such_overload"), ("[1] - [1]", "!no_such_overload"), ("inputs.n + 1", "6"), ("inputs.n + inputs.x", "!no_such_overload"),
        ])
    }

    @Test func comparison() {
        check([
            ("1 == 1", "true"), ("1 == 1u", "true"), ("1 == 1.0", "true"), ("1u == 1.0", "true"), ("1 != 2u", "true"), ("1 == '1'", "false"), ("null == null", "true"),
            ("null == 0", "false"), ("null != false", "true"), ("true == 1", "false"), ("0.0 == -0.0", "true"), ("double('NaN') == double('NaN')", "false"),
            ("double('NaN') != double('NaN')", "true"), ("[1, 2.0] == [1u, 2]", "true"), ("[1] == [1, 2]", "false"), ("{'a': 1} == {'a': 1.0}", "true"),
            ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"), ("{'a': 1} == {'b': 1}", "false"), ("[] == {}", "false"), ("b'a' == b'a'", "true"), ("b'a' == 'a'", "false"),
            ("9007199254740993 == 9007199254740992.0", "true"), ("9007199254740994 > 9007199254740992.0", "true"), ("9223372036854775807 < 9223372036854775808.0", "false"),
            ("-1 < 0u", "true"), ("0u > -1", "true"), ("18446744073709551615u > 9223372036854775807", "true"), ("18446744073709551615u < 1e30", "true"), ("1 < 1.5", "true"), ("-1 > -1.5", "true"),
            ("2.5 >= 2", "true"), ("1 <= double('NaN')", "false"), ("1 > double('NaN')", "false"), ("'a' < 'b'", "true"), ("'Z' < 'a'", "true"), ("'a' < 'ab'", "true"), ("'' < 'a'", "true"),
            ("'é' == 'e\\u0301'", "false"), ("'\\uffff' < '\\U00010000'", "true"), ("b'a' < b'b'", "true"), ("false < true", "true"), ("true < true", "false"), ("1 < 'a'", "!no_such_overload"),
            ("[1] < [2]", "!no_such_overload"), ("null < 1", "!no_such_overload"), ("1 < 2 == true", "true"), ("inputs.huge == 18446744073709551615u", "true"), ("inputs.vast > 1e19", "true"),
            ("inputs.huge", "18446744073709551615u"), ("type(inputs.vast)", "type double"), ("inputs.tags == ['red', 'green', 'blue']", "true"), ("inputs.people[0] == {'age': 30.0, 'name': 'Bo'}", "true"),
            ("duration('60s') == duration('1m')", "true"), ("duration('1s') < duration('1m')", "true"),
            ("timestamp('2026-01-01T00:00:00Z') == timestamp('2026-01-01T02:00:00+02:00')", "true"), ("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')", "true"),
            ("1 in [1, 2]", "true"), ("1.0 in [1u]", "true"), ("3 in [1, 2]", "false"), ("'a' in {'a': 1}", "true"), ("'b' in {'a': 1}", "false"), ("1u in {1: 'x'}", "true"), ("1.0 in {1: 'x'}", "true"), ("'1' in {1: 'x'}", "false"),
            ("'red' in inputs.tags", "true"), ("'n' in inputs", "true"), ("'a' in 'abc'", "!no_such_overload"), ("[1] in [[1]]", "true"), ("null in [null]", "true"), ("!(4 in [1])", "true"), ("1 in []", "false"),
        ])
    }

    @Test func logic() {
        check([
            ("true && true", "true"), ("true && false", "false"), ("false || true", "true"), ("false || false", "false"), ("!true", "false"), ("!!true", "true"),
            ("true || 1/0 > 0", "true"), ("1/0 > 0 || true", "true"), ("false && 1/0 > 0", "false"), ("1/0 > 0 && false", "false"), ("1/0 > 0 || false", "!divide_by_zero"), ("1/0 > 0 && true", "!divide_by_zero"),
            ("1/0 > 0 && true && false", "false"), ("'a' || true", "true"), ("'a' && false", "false"), ("'a' && true", "!no_such_overload"), ("1 || false", "!no_such_overload"), ("!1", "!no_such_overload"), ("!'a'", "!no_such_overload"),
            ("true || false && false", "true"), ("(true || false) && false", "false"), ("true ? 1 : 2", "1"), ("false ? 1 : 2", "2"), ("true ? 1 : 1/0", "1"), ("false ? 1/0 : 2", "2"), ("1/0 > 0 ? 1 : 2", "!divide_by_zero"),
            ("1 ? 2 : 3", "!no_such_overload"), ("false ? 1 : true ? 2 : 3", "2"), ("true ? (false ? 1 : 2) : 3", "2"), ("true ? false ? 1 : 2 : 3", "?AX001"), ("nobody || true", "true"), ("nobody && false", "false"),
            ("nobody || false", "!unknown_name"),
        ])
    }

    @Test func unknowns() {
        check([
            ("u", "unknown"), ("u && false", "false"), ("false && u", "false"), ("u && true", "unknown"), ("u || true", "true"), ("u || false", "unknown"), ("!u", "unknown"), ("u ? 1 : 2", "unknown"), ("true ? 1 : u", "1"),
            ("u + 1", "unknown"), ("u == 1", "unknown"), ("[1, u] == [2, u]", "false"), ("[1, u] == [1, 2]", "unknown"), ("1 in [u, 1]", "true"), ("2 in [u, 1]", "unknown"), ("size(u)", "unknown"), ("u.a.b", "unknown"), ("u[0]", "unknown"),
            ("has(u.a)", "unknown"),
            ("u || 1/0 > 0", "unknown"), ("1/0 > 0 && u", "unknown"), ("[1, 2].exists(x, x == 2 || u)", "true"), ("[1, 2].all(x, u)", "unknown"), ("[1].map(x, u)", "[unknown]"), ("[1].filter(x, u)", "unknown"), ("u.map(x, x)", "unknown"),
            ("checks.sure.passed && (checks.sure.passed || checks.judge.score >= 0.8)", "true"), ("checks.sure.passed && checks.judge.passed", "unknown"), ("!checks.sure.passed && checks.judge.passed", "false"),
            ("has(checks.judge)", "unknown"), ("has(checks.judge.score)", "unknown"),
        ])
    }

    @Test func reads() {
        check([
            ("inputs.n", "5"), ("inputs['n']", "5"), ("inputs.`a-b`", "1"), ("inputs['a-b']", "1"), (".inputs.n", "5"), ("inputs.people[1].name", "'Cy'"), ("inputs.tags[2]", "'blue'"), ("inputs.tags[2u]", "'blue'"),
            ("inputs.tags[1.0]", "'green'"),
            ("inputs.tags[3]", "!index_out_of_range"), ("inputs.tags[-1]", "!index_out_of_range"), ("inputs.tags['a']", "!no_such_overload"), ("inputs.tags[0.5]", "!no_such_overload"), ("inputs.tags.name", "!no_such_field"),
            ("inputs.gone", "!no_such_field"), ("inputs['gone']", "!no_such_key"),
            ("inputs.none", "null"), ("inputs.none.x", "!no_such_field"), ("inputs.name.x", "!no_such_field"), ("nobody", "!unknown_name"), ("nobody.x", "!unknown_name"), ("inputs.name[0]", "!no_such_overload"), ("{1: 'a'}[1u]", "'a'"),
            ("{1: 'a'}[1.0]", "'a'"), ("{1: 'a'}[2]", "!no_such_key"), ("{'a': 1}.a", "1"), ("{'a': 1}[null]", "!invalid_key"), ("[[1, 2], [3]][0][1]", "2"),
            ("has(inputs.n)", "true"), ("has(inputs.gone)", "false"), ("has(inputs.none)", "true"), ("has(steps.retrieve.output)", "false"), ("has(steps.retrieve.output.docs)", "!no_such_field"), ("has({'a': 1}.a)", "true"),
            ("has(inputs.name.x)", "!no_such_field"), ("has(nobody.x)", "!unknown_name"), ("has(inputs.`a-b`)", "true"),
            ("has(steps.retrieve.output) ? steps.retrieve.output.docs : []", "[]"), ("has(inputs)", "?AX001"), ("has(inputs['n'])", "?AX001"), ("has(inputs.n, 1)", "?AX005"), ("steps.draft.output.if", "!no_such_field"),
        ])
    }

    @Test func comprehensions() {
        check([
            ("[1, 2, 3].all(x, x > 0)", "true"), ("[1, 2, 3].all(x, x > 1)", "false"), ("[].all(x, false)", "true"), ("[1, 0].all(x, 1 / x > 5)", "false"), ("[0, 1].all(x, 1 / x > 5)", "false"),
            ("[0, 1].all(x, 1 / x > 0)", "!divide_by_zero"), ("[1].all(x, x)", "!no_such_overload"),
            ("[1, 2].exists(x, x == 2)", "true"), ("[].exists(x, true)", "false"), ("[0, 1].exists(x, 1 / x == 1)", "true"), ("[0, 2].exists(x, 1 / x == 1)", "!divide_by_zero"), ("[1, 2, 2].exists_one(x, x == 1)", "true"),
            ("[1, 2, 2].exists_one(x, x == 2)", "false"), ("[0, 1].exists_one(x, 1 / x == 1)", "!divide_by_zero"), ("[1].existsOne(x, true)", "true"),
            ("[1, 2, 3].map(x, x * 2)", "[2, 4, 6]"), ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"), ("[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"), ("[].map(x, 1 / 0)", "[]"), ("[0].map(x, 1 / x)", "!divide_by_zero"),
            ("[1].filter(x, 'a')", "!no_such_overload"),
            ("{'a': 1, 'b': 2}.map(k, k)", "['a', 'b']"), ("{'a': 1, 'b': 2}.exists(k, k == 'b')", "true"), ("inputs.people.map(p, p.name)", "['Bo', 'Cy']"), ("inputs.people.filter(p, p.age > 35)[0].name", "'Cy'"),
            ("inputs.tags.filter(t, t.contains('e')).size()", "3"),
            ("[[1, 2], [3]].map(x, x.map(y, y + 1))", "[[2, 3], [4]]"), ("[1, 2].map(x, [10, 20].map(y, x * y))", "[[10, 20], [20, 40]]"), ("[1].map(x, [2].map(x, x))", "[[2]]"), ("[1].map(inputs, inputs + 1)", "[2]"),
            ("[1].map(inputs, .inputs.n)", "[5]"), ("[5].map(int, int + 1)", "[6]"),
            ("[5, 7].exists(i, v, i == 1 && v == 7)", "true"), ("{'a': 1}.all(k, v, k == 'a' && v == 1)", "true"), ("[7, 8].exists_one(i, v, v > 7)", "true"), ("[3, 4].transformList(i, v, v * i)", "[0, 4]"),
            ("[3, 4].transformList(i, v, v > 3, i)", "[1]"), ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k + 'x')", "{'b': 'bx'}"), ("[5].transformMap(i, v, v)", "{0: 5}"), ("[1].transformList(x, x)", "?AX001"),
            ("[1].exists(i, i, true)", "?AX001"), ("1.transformList(i, v, v)", "!no_such_overload"), ("[1, 0].exists(i, v, 1 / v == 1)", "true"), ("1.map(x, x)", "!no_such_overload"), ("'ab'.all(c, true)", "!no_such_overload"),
            ("[1].map(1, 2)", "?AX001"), ("[1].map(x.y, 2)", "?AX001"), ("[1].map(x)", "?AX001"), ("[1].all(x, true, false)", "?AX005"), ("map([1], x)", "?AX005"), ("inputs.people.all(p, has(p.name) && !has(p.pet))", "true"),
        ])
    }

    @Test func conversions() {
        check([
            ("int(3.99)", "3"), ("int(-3.99)", "-3"), ("int('42')", "42"), ("int('-7')", "-7"), ("int('4.2')", "!invalid_argument"), ("int('')", "!invalid_argument"), ("int(7u)", "7"), ("int(18446744073709551615u)", "!overflow"),
            ("int(1e19)", "!overflow"), ("int(9223372036854775808.0)", "!overflow"), ("int(double('NaN'))", "!overflow"), ("int(-9223372036854775808.0)", "!overflow"), ("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
            ("int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"), ("int(null)", "!no_such_overload"), ("int(true)", "!no_such_overload"),
            ("uint(3)", "3u"), ("uint(-1)", "!overflow"), ("uint(3.9)", "3u"), ("uint('12')", "12u"), ("uint('-1')", "!invalid_argument"), ("double(3)", "3.0"), ("double(3u)", "3.0"), ("double('2.5')", "2.5"),
            ("double('x')", "!invalid_argument"), ("double('Infinity')", "inf"), ("double(1.5)", "1.5"),
            ("string(1)", "'1'"), ("string(1u)", "'1'"), ("string(1.0)", "'1'"), ("string(-0.5)", "'-0.5'"), ("string(0.1 + 0.2)", "'0.30000000000000004'"), ("string(1e100)", "'1e+100'"), ("string(double('NaN'))", "'NaN'"),
            ("string(true)", "'true'"), ("string('a')", "'a'"), ("string(b'abc')", "'abc'"), (#"string(b'\xff')"#, "!invalid_argument"), ("string(null)", "!no_such_overload"), ("string([1])", "!no_such_overload"),
            ("string(duration('90m'))", "'5400s'"), ("string(duration('-1.5s'))", "'-1.5s'"), ("string(timestamp('2026-01-02T03:04:05.120Z'))", "'2026-01-02T03:04:05.12Z'"),
            ("bool('true')", "true"), ("bool('f')", "false"), ("bool('yes')", "!invalid_argument"), ("bool(true)", "true"), ("bool(1)", "!no_such_overload"), ("bytes('é')", "b.195.169"), ("bytes(b'a')", "b.97"), ("dyn(1)", "1"),
            ("dyn([1])[0]", "1"),
            ("type(1)", "type int"), ("type(1u)", "type uint"), ("type(1.0)", "type double"), ("type('a') == string", "true"), ("type(b'')", "type bytes"), ("type(null) == null_type", "true"), ("type([]) == list", "true"),
            ("type({}) == map", "true"), ("type(int) == type", "true"), ("type(type)", "type type"), ("type(true) == bool", "true"), ("int == uint", "false"), ("type(timestamp(0)) == google.protobuf.Timestamp", "true"),
            ("type(duration('1s')) == google.protobuf.Duration", "true"),
            ("size('añ😀')", "3"), ("'abc'.size()", "3"), ("size(b'é')", "2"), ("size([1, 2])", "2"), ("{'a': 1}.size()", "1"), ("size(1)", "!no_such_overload"), ("size(inputs.tags)", "3"), ("size('e\\u0301')", "2"),
        ])
    }

    @Test func text() {
        check([
            ("'hello'.contains('ell')", "true"), ("'hello'.contains('')", "true"), ("'hello'.contains('x')", "false"), ("'aaab'.contains('aab')", "true"), ("'hello'.startsWith('he')", "true"), ("'hello'.endsWith('lo')", "true"),
            ("'lo'.endsWith('hello')", "false"), ("'a'.contains(1)", "!no_such_overload"), ("[1].contains(1)", "!no_such_overload"),
            ("'tacocat'.charAt(3)", "'o'"), ("'tacocat'.charAt(7)", "''"), ("'tacocat'.charAt(8)", "!index_out_of_range"), ("'tacocat'.charAt(-1)", "!index_out_of_range"), ("'©αT'.charAt(1)", "'α'"),
            ("'tacocat'.indexOf('ac')", "1"), ("'tacocat'.indexOf('none')", "-1"), ("'tacocat'.indexOf('')", "0"), ("'tacocat'.indexOf('a', 3)", "5"), ("'tacocat'.indexOf('at', 3)", "5"), ("'ta©o©αT'.indexOf('©')", "2"),
            ("'ta©o©αT'.indexOf('©', 3)", "4"), ("'ta©o©αT'.indexOf('©αT', 3)", "4"), ("'tacocat'.indexOf('a', 30)", "!index_out_of_range"),
            ("'tacocat'.lastIndexOf('at')", "5"), ("'tacocat'.lastIndexOf('')", "7"), ("'tacocat'.lastIndexOf('a', 3)", "1"), ("'tacocat'.lastIndexOf('a', 5)", "5"), ("'tacocat'.lastIndexOf('x')", "-1"), ("'ta©o©αT'.lastIndexOf('©')", "4"),
            ("'aaa'.lastIndexOf('aa')", "1"), ("'aaa'.lastIndexOf('aa', 0)", "0"), ("'tacocat'.lastIndexOf('a', -1)", "!index_out_of_range"),
            ("['x', 'y'].join()", "'xy'"), ("['x', 'y'].join('-')", "'x-y'"), ("[].join('-')", "''"), ("[1, 2].join('-')", "!no_such_overload"), ("inputs.tags.join(', ')", "'red, green, blue'"),
            ("'TacoÉ'.lowerAscii()", "'tacoÉ'"), ("'tacoé'.upperAscii()", "'TACOé'"), ("'hello'.replace('l', 'L')", "'heLLo'"), ("'hello'.replace('l', 'L', 1)", "'heLlo'"), ("'hello'.replace('l', '', 0)", "'hello'"),
            ("'hello'.replace('l', 'x', -1)", "'hexxo'"), ("'añb'.replace('', '_')", "'_a_ñ_b_'"), ("'ab'.replace('', '_', 2)", "'_a_b'"), ("''.replace('', 'x')", "'x'"),
            ("'a,b,c'.split(',')", "['a', 'b', 'c']"), ("'a,b,c'.split(',', 2)", "['a', 'b,c']"), ("'a,b'.split(',', 0)", "[]"), ("'a,b'.split(',', 1)", "['a,b']"), ("'a,b'.split(',', -1)", "['a', 'b']"),
            ("'año'.split('')", "['a', 'ñ', 'o']"), ("'abc'.split('', 2)", "['a', 'bc']"), ("''.split(',')", "['']"), ("''.split('')", "[]"), (",a,'.split(',')", "?AX001"), ("',a,'.split(',')", "['', 'a', '']"),
            ("'tacocat'.substring(4)", "'cat'"), ("'tacocat'.substring(0, 4)", "'taco'"), ("'ta©o©αT'.substring(2, 6)", "'©o©α'"), ("'tacocat'.substring(7)", "''"), ("'tacocat'.substring(8)", "!index_out_of_range"),
            ("'tacocat'.substring(-1)", "!index_out_of_range"), ("'tacocat'.substring(4, 3)", "!index_out_of_range"), ("'tacocat'.substring(1, 50)", "!index_out_of_range"),
            ("'  \\n x y\\t\\u2003'.trim()", "'x y'"), ("'   '.trim()", "''"), ("'gums'.reverse()", "'smug'"), ("'añ😀'.reverse()", "'😀ña'"), ("''.reverse()", "''"), ("'a'.trim(1)", "?AX005"), ("'a'.replace('b')", "?AX005"),
            ("1.trim()", "!no_such_overload"),
        ])
    }

    @Test func format() {
        check([
            ("'no values'.format([])", "'no values'"), ("'%%%s%%'.format(['x'])", "'%x%'"), ("'%s %s %s %s'.format([1, 2u, 1.5, true])", "'1 2 1.5 true'"), ("'%s'.format([null])", "'null'"), ("'%s'.format([b'xyz'])", "'xyz'"),
            ("'%s'.format([type('a')])", "'string'"),
            ("'%s'.format([['abc', 3.14, null, [9, 8], timestamp('2023-02-03T23:31:20Z')]])", "'[abc, 3.14, null, [9, 8], 2023-02-03T23:31:20Z]'"),
            ("'%s'.format([{'k5': null, 'k2': duration('2h'), 'k1': b'xyz'}])", "'{k1: xyz, k2: 7200s, k5: null}'"), ("'%s'.format([{'s': 'x', 6: 1, true: 42}])", "'{6: 1, s: x, true: 42}'"),
            ("'%d %d'.format([42, 7u])", "'42 7'"), ("'%d'.format([double('NaN')])", "'NaN'"), ("'%f'.format([2.71828])", "'2.718280'"), ("'%.3f'.format([1.2345])", "'1.234'"), ("'%.0f'.format([2.5])", "'2'"),
            ("'%e'.format([2.71828])", "'2.718280e+00'"), ("'%.2e'.format([1052.03])", "'1.05e+03'"), ("'%f'.format([double('-Infinity')])", "'-Infinity'"), ("'%.2f'.format([3])", "'3.00'"),
            ("'%b %b'.format([5, true])", "'101 1'"), ("'%o'.format([11])", "'13'"), ("'%x %X %x'.format([30, 30, -3])", "'1e 1E -3'"), ("'%x'.format(['hi'])", "'6869'"), ("'%X'.format([b'\\xab'])", "'AB'"),
            ("'%a'.format([1])", "!invalid_argument"), ("'%d %d'.format([0])", "!invalid_argument"), ("'%d'.format([1, 2])", "!invalid_argument"), ("'%'.format([])", "!invalid_argument"), ("'%.999f'.format([1.0])", "!invalid_argument"),
            ("'%E'.format([0.5])", "!invalid_argument"), ("'%d'.format(['a'])", "!no_such_overload"), ("'%b'.format(['a'])", "!no_such_overload"), ("'%x'.format([0.5])", "!no_such_overload"), ("'%f'.format([null])", "!no_such_overload"),
            ("'%s'.format(1)", "!no_such_overload"),
        ])
    }

    @Test func patterns() {
        check([
            ("'hello'.matches('ell')", "true"), ("matches('hello', '^h.*o$')", "true"), ("'hello'.matches('^ell')", "false"), ("'hello'.matches(pattern)", "true"), ("'hello'.matches('l{2}')", "true"), ("'hello'.matches('l{3,}')", "false"),
            ("'a{b'.matches('a{b')", "true"), ("''.matches('')", "true"), ("''.matches('a*')", "true"), ("''.matches('a+')", "false"),
            (#"'order 42'.matches('\\d+')"#, "true"), (#"'x'.matches(r'\d')"#, "false"), (#"'a_1'.matches(r'^\w+$')"#, "true"), (#"'a b'.matches(r'^\S+$')"#, "false"), (#"'cat dog'.matches(r'\bdog\b')"#, "true"),
            (#"'catdog'.matches(r'\bdog')"#, "false"), (#"'catdog'.matches(r'\Bdog')"#, "true"), ("'gray grey'.matches('gr[ae]y gr(a|e)y')", "true"), ("'b'.matches('[^a]')", "true"), ("'a'.matches('[^a]')", "false"),
            ("'-'.matches('[a-]')", "true"), ("']'.matches('[]]')", "true"), (#"'5'.matches(r'[\D5]')"#, "true"), (#"'5'.matches(r'[\D]')"#, "false"),
            ("'HELLO'.matches('hello')", "false"), ("'HELLO'.matches('(?i)hello')", "true"), ("'ÉTÉ'.matches('(?i)été')", "true"), ("'HELLO'.matches('h(?i:ELLO)')", "false"), ("'heLLO'.matches('h(?i:ello)')", "true"),
            ("'x'.matches('(?i)[W-Z]')", "true"), ("'a\\nb'.matches('a.b')", "false"), ("'a\\nb'.matches('(?s)a.b')", "true"), ("'a\\nb'.matches('^b')", "false"), ("'a\\nb'.matches('(?m)^b$')", "true"), ("'😀'.matches('^.$')", "true"),
            ("'é'.matches('^[à-ü]$')", "true"), (#"'é'.matches(r'^\p{L}$')"#, "true"), (#"'é'.matches(r'\PL')"#, "false"), ("'a1'.matches('^[[:alpha:]][[:digit:]]$')", "true"), (#"'A'.matches(r'\x41')"#, "true"),
            (#"'é'.matches(r'\x{e9}')"#, "true"), (#"'a.b'.matches(r'a\.b')"#, "true"), (#"'a'.matches(r'\Aa\z')"#, "true"), ("'ab'.matches('(?P<x>a)(?<y>b)')", "true"), ("'aab'.matches('a*?b')", "true"), ("'x'.matches('(a|b|)x')", "true"),
            ("'abab'.matches('^(?:ab)+$')", "true"), ("'aaa'.matches('^a{2}$')", "false"), ("'b'.matches('^(a?){3}b$')", "true"),
            ("'a'.matches('(')", "?AX006"), ("'a'.matches('*a')", "?AX006"), ("'a'.matches(')')", "?AX006"), ("'a'.matches('[a')", "?AX006"), ("'a'.matches('a**')", "?AX006"), ("'a'.matches('(?=a)')", "?AX006"),
            (#"'a'.matches(r'(a)\1')"#, "?AX006"), ("'a'.matches('a{2000}')", "?AX006"), ("'a'.matches('((a{100}){100}){100}')", "?AX006"), ("'a'.matches('(((){1000}){1000}){1000}')", "?AX006"), ("'a'.matches('[z-a]')", "?AX006"),
            (#"'a'.matches(r'\q')"#, "?AX006"), ("'a'.matches('a' + '(')", "!invalid_argument"), ("1.matches('a')", "!no_such_overload"),
        ])
    }

    @Test func time() {
        check([
            ("timestamp('2009-02-13T23:31:30Z')", "time 2009-02-13T23:31:30Z"), ("timestamp('2009-02-13T23:31:30.5+02:00')", "time 2009-02-13T21:31:30.5Z"), ("timestamp(1234567890)", "time 2009-02-13T23:31:30Z"),
            ("timestamp('2009-02-13')", "!invalid_argument"), ("timestamp('yesterday')", "!invalid_argument"), ("timestamp('0000-01-01T00:00:00Z')", "!invalid_argument"), ("timestamp(253402300800)", "!overflow"),
            ("timestamp(1.5)", "!no_such_overload"),
            ("duration('1h30m')", "5400000000000ns"), ("duration('1.5s')", "1500000000ns"), ("duration('-250ms')", "-250000000ns"), ("duration('1us2ns')", "1002ns"), ("duration('0')", "0ns"), ("duration('.5h')", "1800000000000ns"),
            ("duration('0.1h')", "360000000000ns"), ("duration('5')", "!invalid_argument"), ("duration('')", "!invalid_argument"), ("duration('1d')", "!invalid_argument"), ("duration('9999999999999h')", "!invalid_argument"),
            ("duration(5)", "!no_such_overload"),
            ("timestamp(0) + duration('1m')", "time 1970-01-01T00:01:00Z"), ("duration('1m') + timestamp(0)", "time 1970-01-01T00:01:00Z"), ("timestamp(60) - duration('1m') == timestamp(0)", "true"),
            ("timestamp(60) - timestamp(0)", "60000000000ns"), ("duration('1h') - duration('1m')", "3540000000000ns"), ("duration('1h') + duration('1m')", "3660000000000ns"),
            ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "!overflow"), ("timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "!overflow"), ("timestamp(0) + 1", "!no_such_overload"),
            ("timestamp(0) + timestamp(0)", "!no_such_overload"), ("duration('2562047h') + duration('2562047h')", "!overflow"),
            ("timestamp('2009-02-13T23:31:30.123Z').getFullYear()", "2009"), ("timestamp('2009-02-13T23:31:30Z').getMonth()", "1"), ("timestamp('2009-02-13T23:31:30Z').getDate()", "13"),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfMonth()", "12"), ("timestamp('2009-02-13T23:31:30Z').getDayOfWeek()", "5"), ("timestamp('2009-02-13T23:31:30Z').getDayOfYear()", "43"),
            ("timestamp('2024-12-31T00:00:00Z').getDayOfYear()", "365"), ("timestamp('1969-12-27T12:00:00Z').getDayOfWeek()", "6"), ("timestamp('2009-02-13T23:31:30Z').getHours()", "23"),
            ("timestamp('2009-02-13T23:31:30Z').getMinutes()", "31"), ("timestamp('2009-02-13T23:31:30Z').getSeconds()", "30"), ("timestamp('2009-02-13T23:31:30.123Z').getMilliseconds()", "123"),
            ("timestamp('2009-02-13T23:31:30Z').getHours('+02:30')", "2"), ("timestamp('2009-02-13T23:31:30Z').getDate('+02:30')", "14"), ("timestamp('2009-02-13T23:31:30Z').getDayOfWeek('+01:00')", "6"),
            ("timestamp('2009-02-13T23:31:30Z').getHours('-08:00')", "15"), ("timestamp('2009-02-13T23:31:30Z').getHours('UTC')", "23"), ("timestamp('2009-02-13T23:31:30Z').getHours('Mars/Olympus')", "!invalid_argument"),
            ("timestamp('2009-02-13T23:31:30Z').getHours('Australia/Sydney')", "10"), ("timestamp('2009-02-13T02:00:00Z').getDayOfMonth('America/St_Johns')", "11"), ("timestamp('2009-02-13T23:31:30Z').getMinutes('Asia/Kathmandu')", "16"),
            ("timestamp('2300-07-01T12:00:00Z').getHours('Europe/Zurich')", "14"), ("timestamp('2300-01-01T12:00:00Z').getHours('Europe/Zurich')", "13"), ("timestamp('2300-01-01T12:00:00Z').getHours('Australia/Sydney')", "23"),
            ("timestamp(0).getHours('../Europe/Zurich')", "!invalid_argument"), ("timestamp('0001-01-01T00:00:01.000000001Z') + duration('-999999999ns')", "time 0001-01-01T00:00:00.000000002Z"),
            ("timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", "!overflow"), ("timestamp(0).getHours(1)", "!no_such_overload"),
            ("duration('10000s').getHours()", "2"), ("duration('3730s').getMinutes()", "62"), ("duration('90s').getSeconds()", "90"), ("duration('123.321456789s').getMilliseconds()", "321"),
            ("duration('1s').getFullYear()", "!no_such_overload"), ("'a'.getHours()", "!no_such_overload"),
        ])
    }
}
