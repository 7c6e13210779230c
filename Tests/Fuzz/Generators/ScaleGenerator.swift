/// Makes long texts out of one thing that is said over and over: what costs more than its length shows here.
enum ScaleGenerator {
    struct Pattern: Sendable {
        let head: String
        /// `@` is its number, `<` the number before it.
        let unit: String
        let tail: String

        init(_ head: String, _ unit: String, _ tail: String = "") {
            self.head = head
            self.unit = unit
            self.tail = tail
        }
    }

    private static let top = "version: 1\nname: w\nmodels: { small: { use: local/small } }\ndefaults: { model: small }\n"

    static let workflows: [Pattern] = [
        .init(top + "steps:\n", "  - { id: s@, prompt: hi }\n"),
        .init(top + "steps:\n  - { id: s0, prompt: hi }\n", "  - { id: s@, prompt: \"${{ steps.s<.output }}\" }\n"),
        .init(top + "steps:\n  - { id: s0, prompt: hi }\n", "  - { id: s@, when: steps.s<.output == 'x' && size(steps.s0.output) > 2, prompt: \"${{ steps.s<.output }}\" }\n"),
        .init(top + "steps:\n  - { id: s0, prompt: hi }\n", "  - { id: s@, prompt: hi, needs: [s0, s<] }\n"),
        .init(top + "steps:\n", "  - { id: s@, prompt: hi, needs: [s<, t@] }\n"),
        .init(top + "steps:\n  - { id: s0, prompt: hi, needs: [z] }\n", "  - { id: s@, prompt: hi, needs: [s<, s0] }\n", "  - { id: z, value: 1, needs: [s1, s2, s3] }\n"),
        .init(top + "steps:\n", "  - { id: s@, promt: \"${{ steps.t@.output }}\" }\n"),
        .init(top + "steps:\n", "  - { id: s@, prompt: \"${{ steps.s@x.output }}\" }\n"),
        .init(top + "steps:\n  - id: a\n    prompt: \"", "${{ inputs.n@ }}", "\"\n"),
        .init(top + "steps:\n  - id: a\n    prompt: \"", "${{ 1 + }}", "\"\n"),
        .init(top + "steps:\n  - { id: a, prompt: hi }\noutputs: { ", "k@: \"${{ steps.b.output }}\", ", "}\n"),
        .init(top + "inputs:\n", "  i@: { type: string, minLenght: 1 }\n", "steps: [{ id: a, value: 1 }]\n"),
        .init(top + "prefixes:\n", "  p@: { text: same text }\n", "steps: [{ id: a, prompt: hi }]\n"),
        .init(top + "prefixes: { p: { text: \"" + String(repeating: "abcdefghij", count: 40) + "\" } }\nsteps:\n", "  - { id: s@, prompt: \"" + String(repeating: "abcdefghij", count: 21) + "\" }\n"),
        .init(top + "x-a: &a " + String(repeating: "word ", count: 4000) + "\nx-b: [", "*a, ", "]\nsteps: [{ id: a, value: 1 }]\n"),
        .init(top + "x-a: &a \"" + String(repeating: "${{ inputs.n }} ", count: 1000) + "\"\nsteps:\n", "  - { id: s@, prompt: *a }\n"),
        .init(top + "x-a: &a { prompt: hi, limits: { max_output_tokens: 4 } }\nsteps:\n", "  - { id: s@, <<: *a }\n"),
        .init(top + "x-0: &a0 [a, b, c, d, e, f, g, h]\n", "x-@: &a@ [*a<, *a<, *a<, *a<]\n"),
        .init(top + "steps:\n  - id: a\n    value: { ", "k@, ", "}\n"),
        .init(top + "steps:\n  - id: a\n    with: { ", "K @: 1, ", "}\n    value: 1\n"),
        .init(top + "steps:\n  - id: a\n    value: ", "{ a: ", "1\n"),
        .init(top + "steps:\n", "  - id: g@\n    steps: [{ id: h@, prompt: \"${{ steps.g<.output.h< }}\" }]\n"),
        .init(top + "steps:\n  - id: a\n    run: [a]\n    env: { ", "K@: \"${{ inputs.n }}\", ", "}\n"),
        .init(top, "steps@: 1\n"),
        .init(top, "a: b: c@\n"),
        .init("", "%TAG !a@! tag:a,@:\n"),
        .init(top + "steps:\n", "  - { id: same, value: 1 }\n"),
        .init(top + "steps:\n", "  - { id: s@, model: t@, prompt: hi }\n"),
        .init(top + "steps:\n", "  - id: s@\n    value: 1\n    retry: { on: [timeuot] }\n"),
        .init(top + "steps:\n", "  - !x { id: s@ }\n"),
        .init(top + "steps:\n  - id: a\n    prompt: hi\n    output: { schema: { properties: { ", "p@: { type: strng, minLenght: 1 }, ", "} } }\n"),
        .init(top + "steps:\n  - id: a\n    prompt: |\n", "      ${{ inputs.n == 1 ? 'a' : 'b' }} line @\n"),
    ]

    static let yaml: [Pattern] = [
        .init("", "# comment @\n"), .init("a:\n", "\n"), .init("a: 'x", "\n\n  y", "'"), .init("a: |\n", "  line\n"), .init("a: \"", "\\\\\\\"", "\""), .init("", "k@: v # c\n"), .init("[", "a, ", "]"),
        .init("{", "a@, ", "}"), .init("{", "? a@ : b, ", "}"), .init("", "- "), .init("", "- - a\n"), .init("a: &a [x]\nb: [", "*a, ", "]"), .init("&a a: 1\n", "<<: { k@: 1 }\n"), .init("a: b", " ", "c"),
        .init("", "[", ""), .init("", "{a: ", ""), .init("", "a: \n  ", ""), .init("a: &x [b]\nb:\n", "  *x : @\n"), .init("a: >\n", "  word\n\n"), .init("\"", "\\u00e9", "\": 1"), .init("", "&a@ "), .init("", "!!"), .init("a: ", "\t"),
        .init("", "\u{85}"), .init("", "k: v\r"), .init("- |\n", " a\n", "b"), .init("{", "\n a: b,", "}"), .init("", "k@: 99999999999999999999\n"), .init("a: ", "9"), .init("a: 1.", "0"), .init("a: 0x", "f"),
    ]

    static let expressions: [Pattern] = [
        .init("true", " && inputs.flag"), .init("true", " || inputs.n == @"), .init("1", " + 1"), .init("[", "1, ", "]"), .init("{", "@: 1, ", "}"), .init("", "-", "1"), .init("", "!", "true"), .init("", "(", ""), .init("inputs", ".a"),
        .init("inputs.tags", "[0]"), .init("'", "a", "'"), .init("'a'", " + 'a'"), .init("inputs.n in [", "@, ", "1]"), .init("", "true ? 1 : ", "2"), .init("inputs.tags", ".map(x, x)"), .init("inputs.tags", ".map(x, [x, x])"),
        .init("", "inputs.tags.map(v@, ", "1"), .init("[1,2,3,4,5,6,7,8]", ".map(x, [1,2,3,4,5,6,7,8])"), .init("'a,a'", ".split(',').join(',a')"), .init("'aaaa'", ".replace('a', 'aa')"), .init("[[1]]", ".map(x, x + x)"),
        .init("'" + String(repeating: "a", count: 2000) + "'.matches('", "(a?)", "')"), .init("'aaaaaaaa'.matches('", "(a|", "b"), .init("'", "%s", "'.format([1])"), .init("has(a.b) ", "&& has(a.b@) "), .init("{", "'k@': {", ""),
        .init("x == 1 ", "&& x != @ "), .init("x == 1 ", "&& x == @ "), .init("inputs.", "a", ""), .init("", "unknown_@ + ", "1"), .init("size(", "size(", "1"), .init("", "`", ""), .init("f(", "@, ", "1)"), .init("[", "{}, ", "] == []"),
        .init("{1: 2", ", 'a@': 'b'", "}.transformMap(k, v, v) == {}"), .init("'", "\\u00e9", "' == ''"), .init("", "//", ""), .init("1", "\n + 1"), .init("a ", "b ", ""), .init("[1, 2, 3].map(a, [1, 2, 3]", ".map(b, [1, 2, 3])", ")"),
        .init("duration('", "1h", "')"), .init("timestamp('", "2", "')"), .init("int('", "9", "')"), .init("", "9", ""), .init("0.", "0", "1"), .init("[1].exists(x, ", "x == @ || ", "false)"),
    ]

    static let templates: [Pattern] = [
        .init("", "${{ inputs.n }}"), .init("", "${{"), .init("", "}}"), .init("", "$${{"), .init("${{ '", "}}", "' }}"), .init("${{ {", "{", "}}"), .init("", "$"), .init("", "${{ 1 + }} "), .init("", "${{ \"a }}\n"), .init("a", "\n"),
        .init("", "${{ 'a' // }}\n }}"), .init("", "${{ r'"), .init("${{ ", "rb", "'x' }}"), .init("${{ ", "'a' + ", "'b' }}"), .init("", "${{ inputs.tags }}\n"), .init("", "é"), .init("", "${{ unknown@ }}\n"),
    ]

    static let schemas: [Pattern] = [
        .init(##"{"properties":{"##, ##""p@":{"type":"string"},"##, ##""z":true},"additionalProperties":false}"##), .init(##"{"allOf":["##, ##"{"minimum":@},"##, "true]}"), .init(##"{"anyOf":["##, ##"{"type":"strin@"},"##, "true]}"),
        .init(##"{"$defs":{"##, ##""d@":{"$ref":"#/$defs/d<"},"##, ##""d-":true},"$ref":"#/$defs/d5"}"##),
        .init(##"{"$defs":{"d0":true,"##, ##""d@":{"allOf":[{"$ref":"#/$defs/d<"},{"$ref":"#/$defs/d<"}]},"##, ##""x":true},"$ref":"#/$defs/d30"}"##),
        .init(##"{"anyOf":["##, ##"{"required":["a@"]},"##, ##"{"const":9}]}"##), .init(##"{"oneOf":["##, ##"{"enum":["a@"]},"##, ##"{"const":9}]}"##), .init(##"{"enum":["##, ##""word@","##, "1]}"),
        .init(##"{"required":["##, ##""a@","##, ##""b"]}"##),
        .init(##"{"patternProperties":{"##, ##""^(a+)+@$":true,"##, ##""b":true}}"##), .init(##"{"pattern":""##, "(a?)", ##""}"##), .init(##"{"pattern":"((?=.*x).)"##, "(?=.*y)", ##""}"##), .init(##"{"pattern":""##, "(a|", ##"b)"}"##),
        .init(##"{"pattern":""##, "[a-z]{1,9}", ##""}"##),
        .init("", ##"{"not":"##, "true"), .init("", ##"{"items":{"contains":"##, "true"), .init(##"{"uniqueItems":true,"const":["##, "[1,@],", "0]}"), .init(##"{"multipleOf":0.0"##, "0", "1}"), .init(##"{"multipleOf":"##, "7", "}"),
        .init(##"{"minimum":-"##, "9", "}"),
        .init(##"{"dependentRequired":{"##, ##""a@":["a<"],"##, ##""z":[]}}"##), .init(##"{"$id":"https://a/","##, ##""x@":{"$id":"b@"},"##, ##""$ref":"b1"}"##), .init(##"{"propertyNames":{"enum":["##, ##""a@","##, ##""b"]}}"##),
        .init(##"{"##, ##""unknown@":1,"##, ##""type":1}"##),
    ]

    static let instances: [Pattern] = [
        .init("[", "@,", "1]"), .init("{", #""p@":1,"#, #""z":2}"#), .init("\"", "a", "\""), .init("[", "[", ""), .init("", "7", ""), .init("[", #"{"p1":"x","a":[1]},"#, "1]"), .init("[", #""word@","#, "1]"), .init("\"", "aaaaaaaab", "\""),
        .init("{", #""a@":{"a@":1},"#, #""b":1}"#),
        .init("[", "[1,[2]],", "1]"), .init("0.", "0", "1"), .init("\"", "\\u00e9", "\""), .init("[", "1.5,", "1]"),
    ]

    static func text(_ pattern: Pattern, bytes: Int) -> String {
        var text = pattern.head
        var size = text.utf8.count + pattern.tail.utf8.count
        var number = 1
        while true {
            let unit = pattern.unit.replacing("<", with: "\(number - 1)").replacing("@", with: "\(number)")
            size += unit.utf8.count
            guard size <= bytes else { return text + pattern.tail }
            text += unit
            number += 1
        }
    }

    /// A pattern at a random size. Few are long, as a long one costs as much as thousands of short ones.
    static func text(of patterns: [Pattern], _ random: inout FuzzRandom) -> String {
        text(random.pick(patterns), bytes: random.pick([200, 800, 800, 3000, 3000, 16_000, 64_000]))
    }
}
