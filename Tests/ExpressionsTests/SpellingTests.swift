import Expressions
import Testing
import Values

/// Texts are compared, and maps are keyed, by code points (case T3).
@Suite struct SpellingTests {
    @Test(arguments: [
        ("'caf\u{e9}' == 'cafe\u{301}'", false), ("'caf\u{e9}' != 'cafe\u{301}'", true), ("'cafe\u{301}' < 'caf\u{e9}'", true), ("'caf\u{e9}' in {'cafe\u{301}': 1}", false),
        ("'caf\u{e9}' in ['cafe\u{301}']", false), ("size({'caf\u{e9}': 1, 'cafe\u{301}': 2}) == 2", true), ("{'caf\u{e9}': 1, 'cafe\u{301}': 2}['cafe\u{301}'] == 2", true),
        ("{'caf\u{e9}': 1} == {'cafe\u{301}': 1}", false), ("'caf\u{e9}'.contains('cafe')", false), ("'cafe\u{301}'.startsWith('cafe')", true), ("size('cafe\u{301}') == 5", true),
        ("'K' == '\u{212A}'", false), ("'a\\r\\nb'.contains('\\n')", true), ("size('a\\r\\nb'.split('\\n')) == 2", true), ("'x=\u{301}y'.split('=')[1] == '\u{301}y'", true),
        ("has(doc['caf\u{e9}'].x) || true", true), ("doc['cafe\u{301}'] == 2 && doc['caf\u{e9}'] == 1 && size(doc) == 2", true),
    ]) func values(source: String, expected: Bool) throws {
        let document = try JSONParser.parse("{\"doc\":{\"caf\\u00e9\":1,\"cafe\\u0301\":2}}")
        #expect(try Expression(parsing: source, at: place).evaluate(DictionaryBindings(document.objectValue!)) == .bool(expected), "\(source)")
    }
}
