import Testing

/// Keys and the values that they take. Each diagnostic as it is printed.
@Suite struct KeysDiagnosticTests {
    @Test func anUnknownKey() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                step: []
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:1: error[AW101]: unknown key 'step' in a workflow
                |
              3 | step: []
                | ^^^^
              hint: did you mean 'steps'?
            """#)
    }

    @Test func anUnknownKeyNearNothing() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                zzz: []
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:1: error[AW101]: unknown key 'zzz' in a workflow
                |
              3 | zzz: []
                | ^^^
              hint: known keys: version, name, description, owner, tags, inputs, outputs, models, defaults, budget, decision, prefixes, prefix_cache, secrets, concurrency, latency_price, on_failure, steps, finally
            """#)
    }

    @Test func wrongTypes() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                concurrency: many
                on_failure: stop
                description: [x]
                budget: { max_cost_usd: -1, admit: bset }
                defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
                models: { m: { use: local/small, temperature: 3, stream: maybe, stop: { a: 1 } } }
                steps: none
                """#,
            #"""
            w.yaml:3:14: error[AW103]: concurrency is a whole number from 1 to 100000, found 'many'
                |
              3 | concurrency: many
                |              ^^^^

            w.yaml:4:13: error[AW103]: on_failure is one of drain, cancel, found 'stop'
                |
              4 | on_failure: stop
                |             ^^^^

            w.yaml:5:14: error[AW103]: description is text, found a list
                |
              5 | description: [x]
                |              ^^^
              hint: write description: x

            w.yaml:6:25: error[AW103]: max_cost_usd is an amount in dollars, found '-1'
                |
              6 | budget: { max_cost_usd: -1, admit: bset }
                |                         ^^
              hint: a decimal number from 0 with at most 12 decimals, for example 0.25

            w.yaml:6:36: error[AW103]: admit is one of best, expected, worst, found 'bset'
                |
              6 | budget: { max_cost_usd: -1, admit: bset }
                |                                    ^^^^
              hint: did you mean 'best'?

            w.yaml:7:22: error[AW103]: timeout is a duration with a unit, found '30'
                |
              7 | defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
                |                      ^^
              hint: write a unit: timeout: 30s for seconds, 30ms for milliseconds

            w.yaml:7:49: error[AW103]: max_attempts is a whole number from 1 to 100, found '0'
                |
              7 | defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
                |                                                 ^

            w.yaml:7:57: error[AW103]: retry.on names kinds of failure, found 'rate_limt'
                |
              7 | defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
                |                                                         ^^^^^^^^^
              hint: did you mean 'rate_limit'?

            w.yaml:7:81: error[AW103]: on_error is fail, continue or { value: … }, found a string
                |
              7 | defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
                |                                                                                 ^^^^^

            w.yaml:8:47: error[AW103]: temperature is a number from 0.0 to 2.0, found '3'
                |
              8 | models: { m: { use: local/small, temperature: 3, stream: maybe, stop: { a: 1 } } }
                |                                               ^

            w.yaml:8:58: error[AW103]: stream is true or false, found 'maybe'
                |
              8 | models: { m: { use: local/small, temperature: 3, stream: maybe, stop: { a: 1 } } }
                |                                                          ^^^^^

            w.yaml:8:71: error[AW103]: stop is a list of words, found a mapping
                |
              8 | models: { m: { use: local/small, temperature: 3, stream: maybe, stop: { a: 1 } } }
                |                                                                       ^^^^^^^^

            w.yaml:9:8: error[AW103]: steps is a list, found 'none'
                |
              9 | steps: none
                |        ^^^^
              hint: each step stands behind a dash and has an id: steps: [{ id: ID, … }]
            """#)
    }

    @Test func aMappingWhereAListIsNeeded() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                owner: me
                outputs: [a]
                steps: { a: 1 }
                """#,
            #"""
            w.yaml:3:8: error[AW103]: owner is a mapping of keys to values, found a string
                |
              3 | owner: me
                |        ^^
              hint: write owner: { engineering: me }

            w.yaml:4:10: error[AW103]: outputs is a mapping, found a list
                |
              4 | outputs: [a]
                |          ^^^
              hint: give each a name: outputs: { a: "${{ steps.a.output }}" }

            w.yaml:5:8: error[AW103]: steps is a list, found a mapping
                |
              5 | steps: { a: 1 }
                |        ^^^^^^^^
              hint: each step stands behind a dash and has an id: steps: [{ id: a, … }]
            """#)
    }

    @Test func whatIsMissing() throws {
        try expectFrames(
            of: #"""
                models: { m: { fallback: [a/b] } }
                steps:
                  - { value: "1" }
                  - { id: s, for_each: { as: x }, value: "1" }
                """#,
            #"""
            w.yaml:1:1: error[AW104]: a workflow needs 'version'
                |
              1 | models: { m: { fallback: [a/b] } }
                | ^
              hint: start the file with: version: 1

            w.yaml:1:1: error[AW104]: a workflow needs 'name'
                |
              1 | models: { m: { fallback: [a/b] } }
                | ^

            w.yaml:1:14: error[AW104]: a tier needs 'use'
                |
              1 | models: { m: { fallback: [a/b] } }
                |              ^^^^^^^^^^^^^^^^^^^
              hint: for example use: local/small

            w.yaml:3:5: error[AW104]: a step needs 'id'
                |
              3 |   - { value: "1" }
                |     ^^^^^^^^^^^^^^

            w.yaml:4:24: error[AW104]: for_each needs 'items'
                |
              4 |   - { id: s, for_each: { as: x }, value: "1" }
                |                        ^^^^^^^^^
            """#)
    }

    @Test func anEmptyListOfSteps() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps: []
                """#,
            #"""
            w.yaml:3:8: error[AW104]: a workflow needs at least one step
                |
              3 | steps: []
                |        ^^
            """#)
    }

    @Test func anotherVersion() throws {
        try expectFrames(
            of: #"""
                version: 2
                name: t
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:1:10: error[AW105]: this agentctl reads version 1 of the language, found 2
                |
              1 | version: 2
                |          ^
            """#)
    }

    @Test func aNameWithSpaces() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: my flow
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:2:7: error[AW106]: a workflow's name consists of letters, digits, '-', '_' and '.'
                |
              2 | name: my flow
                |       ^^^^^^^
            """#)
    }

    @Test func namesThatAreNoWords() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { Ticket: {}, in: {} }
                steps:
                  - { id: my-step, value: "1" }
                  - { id: [x], value: "1" }
                  - { id: s, for_each: { items: "[1]", as: steps }, value: "1" }
                """#,
            #"""
            w.yaml:3:11: error[AW107]: the name of an input must match [a-z][a-z0-9_]*, found 'Ticket'
                |
              3 | inputs: { Ticket: {}, in: {} }
                |           ^^^^^^
              hint: for example 'ticket'

            w.yaml:3:23: error[AW107]: 'in' is a reserved word of the expression language and cannot name an input
                |
              3 | inputs: { Ticket: {}, in: {} }
                |                       ^^

            w.yaml:5:11: error[AW107]: the name of a step must match [a-z][a-z0-9_]*, found 'my-step'
                |
              5 |   - { id: my-step, value: "1" }
                |           ^^^^^^^
              hint: for example 'my_step'

            w.yaml:6:11: error[AW103]: the name of a step is a word, found a list
                |
              6 |   - { id: [x], value: "1" }
                |           ^^^

            w.yaml:7:44: error[AW107]: 'steps' already means something in expressions
                |
              7 |   - { id: s, for_each: { items: "[1]", as: steps }, value: "1" }
                |                                            ^^^^^
              hint: choose another name for the item
            """#)
    }

    @Test func aSchemaThatIsNone() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: { type: strin } }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:22: error[AW108]: the input 'n' has a schema that is not valid at /type: type must be one of 'null', 'boolean', 'integer', 'number', 'string', 'array', 'object', found 'strin' (did you mean 'string'?)
                |
              3 | inputs: { n: { type: strin } }
                |                      ^^^^^
            """#)
    }

    @Test func aDefaultThatDoesNotFit() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: { type: integer, default: x } }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:14: error[AW303]: the default of 'n' does not fit its schema: the value must be an integer; found string 'x'
                |
              3 | inputs: { n: { type: integer, default: x } }
                |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }

    @Test func anInputWithoutASchema() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: string }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:14: error[AW103]: an input is declared by a JSON Schema, found a string
                |
              3 | inputs: { n: string }
                |              ^^^^^^
              hint: for example n: { type: string }
            """#)
    }

    @Test func aModelWithoutAProvider() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: gpt-4o, fallback: [/x] } }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:21: error[AW109]: a model is named provider/model, found 'gpt-4o'
                |
              3 | models: { m: { use: gpt-4o, fallback: [/x] } }
                |                     ^^^^^^
              hint: for example openai/gpt-4o

            w.yaml:3:40: error[AW109]: a model is named provider/model, found '/x'
                |
              3 | models: { m: { use: gpt-4o, fallback: [/x] } }
                |                                        ^^
              hint: for example local/small or groq/llama-3.1-8b-instant
            """#)
    }

    @Test func anExpressionWhereTextIsLiteral() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                description: for ${{ inputs.x }}
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:14: error[AW111]: description is literal text; expressions are not evaluated here
                |
              3 | description: for ${{ inputs.x }}
                |              ^^^^^^^^^^^^^^^^^^^
            """#)
    }

    @Test func aPrefixWithTwoTexts() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                prefixes: { p: { file: a.md, text: b }, q: {} }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:13: error[AW112]: a prefix has either 'file' or 'text'
                |
              3 | prefixes: { p: { file: a.md, text: b }, q: {} }
                |             ^

            w.yaml:3:41: error[AW112]: a prefix has either 'file' or 'text'
                |
              3 | prefixes: { p: { file: a.md, text: b }, q: {} }
                |                                         ^
            """#)
    }
}
