import TestSupport
import Testing

/// Expressions that do not go with the types of what they read. Each diagnostic as it is printed.
@Suite struct TypesDiagnosticTests {
    @Test func inputsHaveTheTypesOfTheirSchemas() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs:
                  n: { type: integer }
                  price: { type: number }
                  ticket: { type: object, properties: { id: { type: string }, tags: { type: array, items: { type: string } } }, additionalProperties: false }
                steps:
                  - { id: a, value: "'n: ' + inputs.n" }
                  - { id: b, value: inputs.price + inputs.ticket.id }
                  - { id: c, value: inputs.ticket.tgas }
                  - { id: d, value: "inputs.ticket.tags.map(t, t.name)" }
                  - { id: e, value: { deep: ["${{ inputs.n == 'one' }}", "text ${{ inputs.n.size() }}"] } }
                """#,
            #"""
            w.yaml:8:22: error[AX007]: no overload of + for (string, int)
                |
              8 |   - { id: a, value: "'n: ' + inputs.n" }
                |                      ^^^^^^^^^^^^^^^^
              hint: string(inputs.n) makes text of it

            w.yaml:9:21: error[AX007]: no overload of + for (number, string)
                |
              9 |   - { id: b, value: inputs.price + inputs.ticket.id }
                |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: string(inputs.price) makes text of it

            w.yaml:10:21: error[AX008]: inputs.ticket has no field 'tgas'
                 |
              10 |   - { id: c, value: inputs.ticket.tgas }
                 |                     ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'tags'?

            w.yaml:11:48: error[AX008]: t is a string and has no field 'name'
                 |
              11 |   - { id: d, value: "inputs.ticket.tags.map(t, t.name)" }
                 |                                                ^^^^^^

            w.yaml:12:35: error[AX007]: no overload of == for (int, string)
                 |
              12 | … - { id: e, value: { deep: ["${{ inputs.n == 'one' }}", "text ${{ inputs.n.size() }}"] } }
                 |                                   ^^^^^^^^^^^^^^^^^
              hint: string(inputs.n) makes text of it

            w.yaml:12:68: error[AX007]: no overload of size() for (int)
                 |
              12 | … - { id: e, value: { deep: ["${{ inputs.n == 'one' }}", "text ${{ inputs.n.size() }}"] } }
                 |                                                                    ^^^^^^^^^^^^^^^
              hint: it takes (string) or (bytes) or (list(A)) or (map(A, B))
            """#)
    }

    @Test func stepsHaveTheTypesOfTheirOutputs() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: late, value: steps.total.output + steps.note.output }
                  - { id: total, value: "1 + 2" }
                  - { id: note, prompt: hi }
                  - { id: class, prompt: hi, output: { schema: { type: object, properties: { score: { type: number }, why: { type: ["string", "null"] } }, additionalProperties: false } } }
                  - { id: list, run: [ls], output: { parse: jsonl } }
                  - { id: each, for_each: { items: steps.list.output, on_error: collect }, prompt: "${{ item.anything }} ${{ index + '1' }}" }
                  - { id: use, with: { score: "${{ steps.class.output.score }}" }, value: "with.score + 'x'" }
                  - { id: use2, value: "steps.each.output.map(e, e.outptu)" }
                  - { id: use3, value: "steps.each.output[0].output + 1" }
                  - { id: use4, value: "steps.class.output.why.trim() + steps.class.output.score" }
                  - { id: use5, value: "steps.list.output.map(l, l.a + 1)" }
                  - { id: use6, value: "steps.total.attempts + steps.total.status" }
                """#,
            #"""
            w.yaml:6:24: error[AX007]: no overload of + for (int, string)
                |
              6 |   - { id: late, value: steps.total.output + steps.note.output }
                |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: string(steps.total.output) makes text of it

            w.yaml:11:110: error[AX007]: no overload of + for (int, string)
                 |
              11 | …teps.list.output, on_error: collect }, prompt: "${{ item.anything }} ${{ index + '1' }}" }
                 |                                                                           ^^^^^^^^^^^
              hint: string(index) makes text of it

            w.yaml:12:76: error[AX007]: no overload of + for (number, string)
                 |
              12 | …{ id: use, with: { score: "${{ steps.class.output.score }}" }, value: "with.score + 'x'" }
                 |                                                                         ^^^^^^^^^^^^^^^^
              hint: string(with.score) makes text of it

            w.yaml:13:50: error[AX008]: e has no field 'outptu'
                 |
              13 |   - { id: use2, value: "steps.each.output.map(e, e.outptu)" }
                 |                                                  ^^^^^^^^
              hint: did you mean 'output'?

            w.yaml:14:25: error[AX007]: no overload of + for (string or null, int)
                 |
              14 |   - { id: use3, value: "steps.each.output[0].output + 1" }
                 |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: string(1) makes text of it

            w.yaml:15:25: error[AX007]: no overload of + for (string, number)
                 |
              15 |   - { id: use4, value: "steps.class.output.why.trim() + steps.class.output.score" }
                 |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: string(steps.class.output.score) makes text of it

            w.yaml:17:25: error[AX007]: no overload of + for (int, string)
                 |
              17 |   - { id: use6, value: "steps.total.attempts + steps.total.status" }
                 |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: string(steps.total.attempts) makes text of it
            """#)
    }

    @Test func placesThatWantAType() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: { type: integer }, o: { type: object } }
                decision: { outcome: "${{ null }}" }
                tags: { a: "${{ inputs.n + 'a' }}" }
                prefixes: { p: { text: "${{ b'x' }}" } }
                steps:
                  - { id: a, when: inputs.n, value: "1" }
                  - { id: b, for_each: { items: inputs.o }, value: item }
                  - { id: c, for_each: { items: "[1, 2]", as: x }, value: "x + 'a'", on_error: { value: "${{ x.y }}" } }
                  - { id: d, run: [echo, "v ${{ null }}"], env: { A: "${{ inputs.n.b }}" }, stdin: "${{ -inputs.o }}" }
                outputs: { o: "${{ steps.a.output + 'a' }}" }
                """#,
            #"""
            w.yaml:4:27: error[AX010]: null is always null, which has no form as text
                |
              4 | decision: { outcome: "${{ null }}" }
                |                           ^^^^
              hint: leave it out, or write a text

            w.yaml:5:17: error[AX007]: no overload of + for (int, string)
                |
              5 | tags: { a: "${{ inputs.n + 'a' }}" }
                |                 ^^^^^^^^^^^^^^
              hint: string(inputs.n) makes text of it

            w.yaml:6:29: error[AX010]: b'x' is bytes, which have no form in text or JSON
                |
              6 | prefixes: { p: { text: "${{ b'x' }}" } }
                |                             ^^^^
              hint: string(…) makes text of bytes

            w.yaml:8:20: error[AW206]: when takes a bool, found int
                |
              8 |   - { id: a, when: inputs.n, value: "1" }
                |                    ^^^^^^^^
              hint: compare it, for example inputs.n != …

            w.yaml:9:33: error[AW207]: for_each.items takes a list, found map(string, dyn)
                |
              9 |   - { id: b, for_each: { items: inputs.o }, value: item }
                |                                 ^^^^^^^^
              hint: take its keys: inputs.o.map(key, key)

            w.yaml:10:60: error[AX007]: no overload of + for (int, string)
                 |
              10 | …or_each: { items: "[1, 2]", as: x }, value: "x + 'a'", on_error: { value: "${{ x.y }}" } }
                 |                                               ^^^^^^^
              hint: string(x) makes text of it

            w.yaml:10:94: error[AX008]: x is an int and has no field 'y'
                 |
              10 | …or_each: { items: "[1, 2]", as: x }, value: "x + 'a'", on_error: { value: "${{ x.y }}" } }
                 |                                                                                 ^^^

            w.yaml:11:33: error[AX010]: null is always null, which has no form as text
                 |
              11 | …- { id: d, run: [echo, "v ${{ null }}"], env: { A: "${{ inputs.n.b }}" }, stdin: "${{ -inp…
                 |                                ^^^^
              hint: leave it out, or write a text

            w.yaml:11:59: error[AX008]: inputs.n is an int and has no field 'b'
                 |
              11 | …run: [echo, "v ${{ null }}"], env: { A: "${{ inputs.n.b }}" }, stdin: "${{ -inputs.o }}" }
                 |                                               ^^^^^^^^^^

            w.yaml:11:89: error[AX007]: no overload of - for (map(string, dyn))
                 |
              11 | …run: [echo, "v ${{ null }}"], env: { A: "${{ inputs.n.b }}" }, stdin: "${{ -inputs.o }}" }
                 |                                                                             ^^^^^^^^^

            w.yaml:12:20: error[AX007]: no overload of + for (int, string)
                 |
              12 | outputs: { o: "${{ steps.a.output + 'a' }}" }
                 |                    ^^^^^^^^^^^^^^^^^^^^
              hint: string(steps.a.output) makes text of it
            """#)
    }

    @Test func theFrameIsInTheBlock() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: { type: integer } }
                models: { m: { use: local/small } }
                steps:
                  - id: a
                    model: m
                    prompt: |
                      One line.
                      Then ${{ inputs.n + 1 }} and ${{ inputs.n + 'x' }}.
                """#,
            #"""
            w.yaml:10:40: error[AX007]: no overload of + for (int, string)
                 |
              10 |       Then ${{ inputs.n + 1 }} and ${{ inputs.n + 'x' }}.
                 |                                        ^^^^^^^^^^^^^^
              hint: string(inputs.n) makes text of it
            """#)
    }

    /// What a document may make work is not refused.
    @Test func nothingIsRefusedThatMayWork() throws {
        let project = try TemporaryProject([
            "w.yaml": #"""
            version: 1
            name: t
            inputs:
              any: {}
              n: { type: number }
              maybe: { type: [string, "null"] }
              open: { type: object, properties: { a: { type: integer } } }
              either: { anyOf: [{ type: string }, { type: integer }] }
              tree: { $ref: "#/$defs/node", $defs: { node: { type: object, properties: { kids: { type: array, items: { $ref: "#/$defs/node" } }, name: { type: string } } } } }
              words: { type: object, additionalProperties: { type: string } }
              kind: { enum: [a, b, 1] }
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, value: inputs.n + 1 }
              - { id: b, value: inputs.n + 1.5 }
              - { id: c, value: "inputs.maybe == null ? '' : inputs.maybe.trim()" }
              - { id: d, value: inputs.open.whatever.it.is + inputs.open.a }
              - { id: e, value: inputs.either + inputs.any }
              - { id: f, value: "inputs.tree.kids[0].kids[0].kids[0].name + ''" }
              - { id: g, value: "inputs.words.greeting + inputs.words['x']" }
              - { id: h, value: "inputs.kind == 'a' || inputs.kind == 1" }
              - { id: i, prompt: hi, on_error: { value: { text: none } } }
              - { id: j, value: "has(steps.i.output.text) ? steps.i.output.text : steps.i.output" }
              - { id: k, for_each: { items: "[1, 2]" }, value: item * 2, on_error: continue }
              - { id: l, value: "steps.k.output.filter(x, x != null).map(x, x + 1)" }
              - { id: m, value: steps.a.cost_usd * 2.0 + double(steps.a.tokens) }
              - { id: n, value: "timestamp(run.started_at).getFullYear() > 2000" }
              - { id: o, when: inputs.any, value: "inputs.any ? 1 : 2" }
            """#
        ])
        #expect(try project.load().graph.steps.count == 15)
    }
}
