import TestSupport
import Testing
import Values

/// Keys of steps that are checked by their declarations and not run. Each diagnostic as it is printed.
@Suite struct CheckedStepKeysDiagnosticTests {
    @Test func wrongValuesInSteps() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, model: small, prompt: hi, deferred: soon, tools: [search, kb.search], limits: { max_turns: 1001 } }
                  - { id: b, tool: search }
                  - { id: c, tool: [kb, search] }
                  - { id: d, run: [x], effect: writes, idempotency_key: "${{ steps.a.output", fees_usd: free }
                  - { id: e, value: "1", for_each: { items: "[1]", reorder: row } }
                """#,
            #"""
            w.yaml:5:50: error[AW103]: deferred is true or false, found 'soon'
                |
              5 | … small, prompt: hi, deferred: soon, tools: [search, kb.search], limits: { max_turns: 1001 …
                |                                ^^^^

            w.yaml:5:64: error[AW103]: tools is a tool, named server.tool, found 'search'
                |
              5 | …all, prompt: hi, deferred: soon, tools: [search, kb.search], limits: { max_turns: 1001 } }
                |                                           ^^^^^^

            w.yaml:5:105: error[AW103]: max_turns is a whole number from 1 to 1000, found '1001'
                |
              5 | …all, prompt: hi, deferred: soon, tools: [search, kb.search], limits: { max_turns: 1001 } }
                |                                                                                    ^^^^

            w.yaml:6:20: error[AW103]: tool is a tool, named server.tool, found 'search'
                |
              6 |   - { id: b, tool: search }
                |                    ^^^^^^
              hint: for example tool: files.search

            w.yaml:7:20: error[AW103]: tool is a tool, named server.tool, found a list
                |
              7 |   - { id: c, tool: [kb, search] }
                |                    ^^^^^^^^^^^^
              hint: for example tool: files.search

            w.yaml:8:32: error[AW103]: effect is one of read, write, found 'writes'
                |
              8 | … - { id: d, run: [x], effect: writes, idempotency_key: "${{ steps.a.output", fees_usd: fre…
                |                                ^^^^^^
              hint: did you mean 'write'?

            w.yaml:8:58: error[AX002]: '${{' is not closed by '}}'
                |
              8 | …{ id: d, run: [x], effect: writes, idempotency_key: "${{ steps.a.output", fees_usd: free }
                |                                                       ^^^
              hint: a literal '${{' is written '$${{'

            w.yaml:8:89: error[AW103]: fees_usd is an amount in dollars, found 'free'
                |
              8 | …{ id: d, run: [x], effect: writes, idempotency_key: "${{ steps.a.output", fees_usd: free }
                |                                                                                      ^^^^
              hint: a decimal number from 0 with at most 12 decimals, for example 0.25

            w.yaml:9:61: error[AW103]: reorder is one of none, rows, fields, found 'row'
                |
              9 |   - { id: e, value: "1", for_each: { items: "[1]", reorder: row } }
                |                                                             ^^^
              hint: did you mean 'rows'?
            """#)
    }

    @Test func checkedKeysThatDoNotGoTogether() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, model: small, prompt: hi, limits: { max_turns: 3 }, effect: write }
                  - { id: b, tool: kb.search, model: small, output: { parse: json }, shell: true }
                  - { id: c, value: "1", fees_usd: 1, tools: kb.search }
                  - { id: d, steps: [{ id: e, value: "1" }], deferred: true, timeout: 3s }
                  - { id: f, tool: kb.search, run: [x] }
                """#,
            #"""
            w.yaml:5:50: error[AW121]: 'max_turns' is for steps with 'tools'
                |
              5 |   - { id: a, model: small, prompt: hi, limits: { max_turns: 3 }, effect: write }
                |                                                  ^^^^^^^^^

            w.yaml:5:66: error[AW121]: 'effect' does not go with 'prompt'
                |
              5 |   - { id: a, model: small, prompt: hi, limits: { max_turns: 3 }, effect: write }
                |                                                                  ^^^^^^

            w.yaml:6:31: error[AW121]: 'model' does not go with 'tool'
                |
              6 |   - { id: b, tool: kb.search, model: small, output: { parse: json }, shell: true }
                |                               ^^^^^

            w.yaml:6:45: error[AW121]: 'output' does not go with 'tool'
                |
              6 |   - { id: b, tool: kb.search, model: small, output: { parse: json }, shell: true }
                |                                             ^^^^^^

            w.yaml:6:70: error[AW121]: 'shell' does not go with 'tool'
                |
              6 |   - { id: b, tool: kb.search, model: small, output: { parse: json }, shell: true }
                |                                                                      ^^^^^

            w.yaml:7:26: error[AW121]: 'fees_usd' does not go with 'value'
                |
              7 |   - { id: c, value: "1", fees_usd: 1, tools: kb.search }
                |                          ^^^^^^^^

            w.yaml:7:39: error[AW121]: 'tools' does not go with 'value'
                |
              7 |   - { id: c, value: "1", fees_usd: 1, tools: kb.search }
                |                                       ^^^^^

            w.yaml:8:46: error[AW121]: 'deferred' does not go with 'steps'
                |
              8 |   - { id: d, steps: [{ id: e, value: "1" }], deferred: true, timeout: 3s }
                |                                              ^^^^^^^^

            w.yaml:8:62: error[AW121]: 'timeout' does not go with 'steps'
                |
              8 |   - { id: d, steps: [{ id: e, value: "1" }], deferred: true, timeout: 3s }
                |                                                              ^^^^^^^

            w.yaml:9:31: error[AW120]: step 'f' has two kinds: tool and run
                |
              9 |   - { id: f, tool: kb.search, run: [x] }
                |                               ^^^
              hint: make two steps of it
            """#)
    }

    @Test func namesInExpressionsOfCheckedKeys() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { id: { type: string } }
                steps:
                  - { id: a, run: [x], idempotency_key: "${{ inputs.ident }}-${{ steps.b.output.n }}-${{ with.k }}" }
                  - { id: b, value: { m: 1 } }
                  - { id: c, tool: kb.search, with: { k: 1 }, idempotency_key: "${{ item }}" }
                """#,
            #"""
            w.yaml:5:46: error[AW203]: there is no input 'ident'
                |
              5 | …, run: [x], idempotency_key: "${{ inputs.ident }}-${{ steps.b.output.n }}-${{ with.k }}" }
                |                                    ^^^^^^^^^^^^
              hint: declare it under inputs:

            w.yaml:5:66: error[AW204]: steps.b.output has no field 'n'
                |
              5 | …, run: [x], idempotency_key: "${{ inputs.ident }}-${{ steps.b.output.n }}-${{ with.k }}" }
                |                                                        ^^^^^^^^^^^^^^^^
              hint: it has: m

            w.yaml:5:90: error[AW203]: unknown name 'with'
                |
              5 | …, run: [x], idempotency_key: "${{ inputs.ident }}-${{ steps.b.output.n }}-${{ with.k }}" }
                |                                                                                ^^^^^^
              hint: the step has no 'with' that can be read here: 'when' and 'for_each' come before it

            w.yaml:7:69: error[AW203]: unknown name 'item'
                |
              7 |   - { id: c, tool: kb.search, with: { k: 1 }, idempotency_key: "${{ item }}" }
                |                                                                     ^^^^
              hint: items exist inside for_each only, and not in when
            """#)
    }

    @Test func aCircleThroughACheckedKey() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, run: [x], idempotency_key: "${{ steps.b.output }}" }
                  - { id: b, value: steps.a.output }
                """#,
            #"""
            w.yaml:5:21: error[AW205]: steps wait for each other: a -> b -> a
                |
              5 |   - { id: b, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^
            """#)
    }

    @Test func namesThatItemsCannotHave() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: output, for_each: { items: "[1]", as: output } }
                  - { id: b, value: "1", for_each: { items: "[1]", as: secrets } }
                """#,
            #"""
            w.yaml:4:59: error[AW107]: 'output' already means something in expressions
                |
              4 |   - { id: a, value: output, for_each: { items: "[1]", as: output } }
                |                                                           ^^^^^^
              hint: choose another name for the item

            w.yaml:5:56: error[AW107]: 'secrets' already means something in expressions
                |
              5 |   - { id: b, value: "1", for_each: { items: "[1]", as: secrets } }
                |                                                        ^^^^^^^
              hint: choose another name for the item
            """#)
    }
}
