import Expressions
import Testing
import Values

@Suite struct TemplateTests {
    /// JSON of the value, `!message` of an evaluation error, `?code line:column` of the first problem.
    private func value(_ text: String) -> String {
        do throws(Diagnostics) {
            let template = try Template(parsing: text, at: place)
            do throws(EvaluationError) { return try template.evaluate(world).jsonText } catch { return "!\(error.message)" }
        } catch {
            return error.all.map { "?\($0.code) \($0.range!.start.line):\($0.range!.start.column)" }.joined(separator: " ")
        }
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), ("a { b } }} c", #""a { b } }} c""#), ("cost: $5 {{ x }}", #""cost: $5 {{ x }}""#), ("Hi ${{ inputs.name }}!", #""Hi Ada!""#), ("${{inputs.name}}${{inputs.n}}", #""Ada5""#),
        ("${{ inputs.n }}", "5"), ("${{ inputs.x }}", "2.5"), ("${{ inputs.n > 3 }}", "true"), ("${{ inputs.none }}", "null"), ("${{ inputs.tags }}", #"["red","green","blue"]"#), ("${{ {'a': [1, 2u], 1: null} }}", #"{"a":[1,2],"1":null}"#),
        ("${{ inputs.huge }}", "18446744073709551615"), ("${{ duration('12.5s') }}", #""12.5s""#), ("${{ timestamp(0) }}", #""1970-01-01T00:00:00Z""#), (" ${{ inputs.n }}", #"" 5""#), ("${{ inputs.n }}\n", #""5\n""#),
        ("n=${{ inputs.n }} x=${{ inputs.x }} b=${{ true }} d=${{ 1.0 }}", #""n=5 x=2.5 b=true d=1""#), ("t: ${{ inputs.tags }} ${{ inputs.people[0] }}", #""t: [\"red\",\"green\",\"blue\"] {\"name\":\"Bo\",\"age\":30}""#),
        ("at ${{ timestamp(1) }} for ${{ duration('90s') }}", #""at 1970-01-01T00:00:01Z for 90s""#), ("t ${{ [null, 1.5] }}", #""t [null,1.5]""#),
        ("v=${{ inputs.none }}", "!inputs.none: the value is null, which has no form as text; choose another: x != null ? x : 'none'"), ("v=${{ b'x' }}", "!b'x': bytes have no form in JSON; use string(x) for text"),
        ("${{ [b'x'] }}", "![b'x']: bytes have no form in JSON; use string(x) for text"), ("${{ 1.0 / 0.0 }}", "!1.0 / 0.0: Infinity has no form in JSON"), ("${{ u }}", "!u: the value is not known yet"),
        ("${{ {1: 1, '1': 2} }}", "!{1: 1, '1': 2}: two keys of the map are '1' in JSON"),
        ("$${{ inputs.n }}", #""${{ inputs.n }}""#), ("$$${{ x", #""$${{ x""#), ("a $${{ b }} ${{ inputs.n }}", #""a ${{ b }} 5""#), ("$", #""$""#), ("${", #""${""#), ("$${", #""$${""#),
        ("${{ '}}' }}", #""}}""#), (#"${{ "a}}b" + 'c' }}"#, #""a}}bc""#), (#"${{ 'it\'s }}' }}"#, #""it's }}""#), (#"${{ r'\' + '}}' }}"#, #""\\}}""#), ("${{ '''}}'x''' }}", #""}}'x""#), ("${{ {'a': {'b': 1}}}}", #"{"a":{"b":1}}"#),
        ("${{ {'a': {'b': 1}}.a.b }}", "1"), ("${{ {'a': 1}['a'] }}-${{ 2 }}", #""1-2""#), ("${{ 1 // one }} two", #""1 two""#), ("${{ 1 // don't }}\n + 2 }}", #""1\n + 2 }}""#), ("${{ 1 + // don't\n 2 }}", "3"),
        ("${{\n  inputs.n\n}}", "5"),
        ("a ${{ b", "?AX002 3:11"), ("a\nbé ${{ 'x }}", "?AX002 4:4"), ("${{ }}", "?AX001 3:13"), ("${{ a b }} and ${{ siez(c) }}", "?AX001 3:15 ?AX003 3:28"), ("é\n ${{ a = b }}", "?AX001 4:8"), ("${{ a\n + * b }}", "?AX001 4:4"),
        ("${{ {{ a }} }}", "?AX001 3:13"),
    ])
    func values(_ text: String, _ expected: String) { #expect(value(text) == expected) }

    @Test func shape() throws {
        let whole = try Template(parsing: "${{ steps.a.output }}", at: place)
        #expect(whole.wholeExpression?.source == "steps.a.output")
        #expect(!whole.isLiteral)
        #expect(whole.references.map(\.path) == [["steps", "a", "output"]])
        #expect(whole.references[0].range.start.column == 13)
        let mixed = try Template(parsing: "x ${{ a }} ${{ b.c }}", at: place)
        #expect(mixed.wholeExpression == nil)
        #expect(mixed.parts.count == 4)
        #expect(mixed.references.map(\.path) == [["a"], ["b", "c"]])
        #expect(try Template(parsing: "plain $${{", at: place).isLiteral)
        #expect(try Template(parsing: "", at: place).parts.isEmpty)
        #expect(try Template(parsing: "${{ inputs.n }}", at: place).render(world) == "5")
        #expect(throws: EvaluationError.self) { try Template(parsing: "${{ inputs.none }}", at: place).render(world) }
    }
}
