import Expressions
import Testing
import Values

@Suite struct ReferenceTests {
    /// Paths in order, `?` after the guarded ones.
    private func references(_ source: String) throws -> String {
        try Expression(parsing: source, at: place).references.map { $0.path.joined(separator: ".") + ($0.isGuarded ? "?" : "") }.joined(separator: " ")
    }

    @Test(arguments: [
        ("steps.draft.output.text", "steps.draft.output.text"), ("a + b.c", "a b.c"), ("steps['draft'].output", "steps.draft.output"), ("a.b[0].c", "a.b"), ("a[b.c].d", "a b.c"), ("a['x'][i]['y']", "a.x i"), ("a.`b-c`", "a.b-c"),
        ("1 + 2", ""), ("a.b.trim().size()", "a.b"), ("size(a.b)", "a.b"), ("{'k': a}['k']", "a"), ("[a][b]", "b a"),
        ("l.map(x, x.y + z)", "l z"), ("l.map(x, x.map(y, y + x + w))", "l w"), ("l.map(x, .x)", "l x"), ("[1].all(a, a > 0) && a", "a"), ("type(a) == int", "a"), ("type.x", "type.x"), ("type(a) == google.protobuf.Timestamp", "a"),
        ("has(a.b)", "a.b?"), ("has(a.b) && a.b > 1", "a.b? a.b?"), ("a.b > 1 && has(a.b)", "a.b a.b?"), ("has(a.b) && a.b.c", "a.b? a.b.c?"), ("has(a.b.c) && a.b.c.d", "a.b.c? a.b.c.d?"), ("has(a.b) && a.c", "a.b? a.c"),
        ("has(a.b.c) && size(a.b) > 0", "a.b.c? a.b?"), ("has(a.b.c) && a.b.d", "a.b.c? a.b.d"), ("has(a.b) && a", "a.b? a?"),
        ("has(a.b) ? a.b : c", "a.b? a.b? c"), ("!has(a.b) ? c : a.b", "a.b? c a.b?"), ("has(a.b) ? c : a.b", "a.b? c a.b"), ("!has(a.b) || a.b", "a.b? a.b?"), ("has(a.b) || a.b", "a.b? a.b"), ("!!has(a.b) && a.b", "a.b? a.b?"),
        ("!(has(a.b) && d) || a.b", "a.b? d a.b?"), ("!(!has(a.b) || d) && a.b", "a.b? d a.b?"), ("has(a.b) && has(a.c) && a.b + a.c > 0", "a.b? a.c? a.b? a.c?"), ("(has(a.b) || has(a.c)) && a.b", "a.b? a.c? a.b"),
        ("(has(a.b) && x || has(a.b) && y) && a.b", "a.b? x a.b? y a.b?"), ("has(a.b) && (c || a.b)", "a.b? c a.b?"), ("(has(a.b) && c) || a.b", "a.b? c a.b"),
        ("has(a.b) && l.all(x, a.b == x)", "a.b? l a.b?"), ("l.map(x, has(a.b), a.b)", "l a.b? a.b?"), ("l.map(x, has(x.y) ? x.y : a.b)", "l a.b"), ("has(a.b) ? a['b'] : 0", "a.b? a.b?"), ("has(a[i].b) && a[i].b", "a? i a i"),
        ("has(steps.retrieve.output) ? steps.retrieve.output.docs : []", "steps.retrieve.output? steps.retrieve.output.docs?"),
    ])
    func paths(_ source: String, _ expected: String) throws { #expect(try references(source) == expected) }

    @Test func places() throws {
        let found = try Expression(parsing: "1 +\n steps.a.output", at: place).references[0].range
        #expect(found == SourceRange(SourceLocation(file: "flow.yaml", line: 4, column: 2), length: 14))
    }
}
