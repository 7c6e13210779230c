import Testing

/// Keys and the values that they take. Each diagnostic as it is printed.
@Suite struct KeysDiagnosticTests {
    @Test func anUnknownKey() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            step: []
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func anUnknownKeyNearNothing() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            zzz: []
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func anUnknownKeyOfAStep() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, promt: hi }
            """#, "")
    }

    @Test func aKeyOfALaterVersion() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            finally: []
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aKindOfALaterVersion() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - id: a
                approve: { message: ok? }
            """#, "")
    }

    @Test func aKeyOfAnotherTool() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1" }
              - { id: b, value: "1", depends_on: [a] }
            """#, "")
    }

    @Test func aTypeIsNoKey() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, type: value, value: "1" }
            """#, "")
    }

    @Test func wrongTypes() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            concurrency: many
            on_failure: stop
            description: [x]
            budget: { max_cost_usd: -1, admit: bset }
            defaults: { timeout: 30, retry: { max_attempts: 0, on: [rate_limt] }, on_error: never }
            models: { m: { use: local/small, temperature: 3, stream: maybe, stop: { a: 1 } } }
            steps: none
            """#, "")
    }

    @Test func aMappingWhereAListIsNeeded() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            owner: me
            outputs: [a]
            steps: { a: 1 }
            """#, "")
    }

    @Test func whatIsMissing() throws {
        try expectFrames(of: #"""
            models: { m: { fallback: [a/b] } }
            steps:
              - { value: "1" }
              - { id: s, for_each: { as: x }, value: "1" }
            """#, "")
    }

    @Test func anEmptyListOfSteps() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps: []
            """#, "")
    }

    @Test func anotherVersion() throws {
        try expectFrames(of: #"""
            version: 2
            name: t
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aNameWithSpaces() throws {
        try expectFrames(of: #"""
            version: 1
            name: my flow
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func namesThatAreNoWords() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            inputs: { Ticket: {}, in: {} }
            steps:
              - { id: my-step, value: "1" }
              - { id: [x], value: "1" }
              - { id: s, for_each: { items: "[1]", as: steps }, value: "1" }
            """#, "")
    }

    @Test func aSchemaThatIsNone() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            inputs: { n: { type: strin } }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aDefaultThatDoesNotFit() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            inputs: { n: { type: integer, default: x } }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func anInputWithoutASchema() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            inputs: { n: string }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aModelWithoutAProvider() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: gpt-4o, fallback: [/x] } }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func textAroundACondition() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - id: a
                when: "${{ 1 > 0 }} "
                value: "1"
            """#, "")
    }

    @Test func anExpressionWhereTextIsLiteral() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            description: for ${{ inputs.x }}
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aPrefixWithTwoTexts() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            prefixes: { p: { file: a.md, text: b }, q: {} }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aStepWithoutAKind() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, when: "true" }
            """#, "")
    }

    @Test func aStepOfTwoKinds() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1", run: [p] }
            """#, "")
    }

    @Test func keysThatDoNotGoTogether() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, value: "1", model: m }
              - { id: b, run: [p], prefix: [x] }
              - { id: c, prompt: hi, stdin: x }
              - { id: d, system: x, messages: [{ role: user, content: hi }] }
            """#, "")
    }

    @Test func aStepWithoutAModel() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, prompt: hi }
            """#, "")
    }

    @Test func messages() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, messages: [] }
              - { id: b, messages: [{ role: usr, content: x }, { role: user }, { content: x }] }
            """#, "")
    }

    @Test func programs() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, run: ls -l }
              - { id: b, run: [] }
              - { id: c, run: [ls], shell: true }
              - { id: d, run: [ls], ok_exit: [256] }
              - { id: e, run: [ls], output: { parse: yaml } }
            """#, "")
    }

    @Test func anEmptyFallbackValue() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1", on_error: {} }
            """#, "")
    }

    @Test func anExpressionThatIsNone() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1 +" }
            """#, "")
    }

    @Test func aListAsACondition() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, when: [x], value: "1" }
            """#, "")
    }
}
