import Testing

/// Kinds of steps and the keys that go with them. Each diagnostic as it is printed.
@Suite struct StepDiagnosticTests {
    @Test func anUnknownKeyOfAStep() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, promt: hi }
                """#,
            #"""
            w.yaml:4:14: error[AW101]: unknown key 'promt' in a step
                |
              4 |   - { id: a, promt: hi }
                |              ^^^^^
              hint: did you mean 'prompt'?
            """#)
    }

    @Test func aKeyOfAnotherTool() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1" }
                  - { id: b, value: "1", depends_on: [a] }
                """#,
            #"""
            w.yaml:5:26: error[AW102]: 'depends_on' is not a key of a step
                |
              5 |   - { id: b, value: "1", depends_on: [a] }
                |                          ^^^^^^^^^^
              hint: use needs: [step], or refer to steps.<id>.output and the order follows
            """#)
    }

    @Test func aTypeIsNoKey() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, type: value, value: "1" }
                """#,
            #"""
            w.yaml:4:14: error[AW102]: 'type' is not a key of a step
                |
              4 |   - { id: a, type: value, value: "1" }
                |              ^^^^
              hint: the kind is the key that is present: prompt, run, value, …
            """#)
    }

    @Test func textAroundACondition() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    when: "${{ 1 > 0 }} "
                    value: "1"
                """#,
            #"""
            w.yaml:5:11: error[AW110]: when is one expression; text around ${{ }} would make it a string
                |
              5 |     when: "${{ 1 > 0 }} "
                |           ^^^^^^^^^^^^^^^
              hint: write the expression alone: when: inputs.n > 3
            """#)
    }

    @Test func aStepWithoutAKind() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, when: "true" }
                """#,
            #"""
            w.yaml:4:11: error[AW120]: step 'a' says nothing of what it does
                |
              4 |   - { id: a, when: "true" }
                |           ^
              hint: add one of: prompt, prompt_file, messages, tool, run, value, approve, workflow, loop, steps
            """#)
    }

    @Test func aStepOfTwoKinds() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1", run: [p] }
                """#,
            #"""
            w.yaml:4:14: error[AW120]: step 'a' has two kinds: run and value
                |
              4 |   - { id: a, value: "1", run: [p] }
                |              ^^^^^
              hint: make two steps of it
            """#)
    }

    @Test func keysThatDoNotGoTogether() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, value: "1", model: m }
                  - { id: b, run: [p], prefix: [x] }
                  - { id: c, prompt: hi, stdin: x }
                  - { id: d, system: x, messages: [{ role: user, content: hi }] }
                """#,
            #"""
            w.yaml:6:26: error[AW121]: 'model' does not go with 'value'
                |
              6 |   - { id: a, value: "1", model: m }
                |                          ^^^^^

            w.yaml:7:24: error[AW121]: 'prefix' does not go with 'run'
                |
              7 |   - { id: b, run: [p], prefix: [x] }
                |                        ^^^^^^

            w.yaml:8:26: error[AW121]: 'stdin' does not go with 'prompt'
                |
              8 |   - { id: c, prompt: hi, stdin: x }
                |                          ^^^^^

            w.yaml:9:14: error[AW121]: 'system' does not go with 'messages'
                |
              9 |   - { id: d, system: x, messages: [{ role: user, content: hi }] }
                |              ^^^^^^
              hint: make it the first message, with role: system
            """#)
    }

    @Test func aStepWithoutAModel() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, prompt: hi }
                """#,
            #"""
            w.yaml:4:11: error[AW122]: step 'a' asks a model, but names none
                |
              4 |   - { id: a, prompt: hi }
                |           ^
              hint: add model: TIER here, or defaults: { model: TIER }
            """#)
    }

    @Test func messages() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, messages: [] }
                  - { id: b, messages: [{ role: usr, content: x }, { role: user }, { content: x }] }
                """#,
            #"""
            w.yaml:6:24: error[AW104]: messages needs at least one message
                |
              6 |   - { id: a, messages: [] }
                |                        ^^

            w.yaml:7:33: error[AW103]: a message has role: system, user or assistant
                |
              7 |   - { id: b, messages: [{ role: usr, content: x }, { role: user }, { content: x }] }
                |                                 ^^^
              hint: did you mean 'user'?

            w.yaml:7:52: error[AW104]: a message needs 'content'
                |
              7 |   - { id: b, messages: [{ role: usr, content: x }, { role: user }, { content: x }] }
                |                                                    ^^^^^^^^^^^^^^

            w.yaml:7:68: error[AW103]: a message has role: system, user or assistant
                |
              7 |   - { id: b, messages: [{ role: usr, content: x }, { role: user }, { content: x }] }
                |                                                                    ^^^^^^^^^^^^^^
            """#)
    }

    @Test func programs() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, run: ls -l }
                  - { id: b, run: [] }
                  - { id: c, run: [ls], shell: true }
                  - { id: d, run: [ls], ok_exit: [256] }
                  - { id: e, run: [ls], output: { parse: yaml } }
                """#,
            #"""
            w.yaml:4:19: error[AW103]: run is a list of the program and its arguments, found a string
                |
              4 |   - { id: a, run: ls -l }
                |                   ^^^^^
              hint: for example run: [Plugins/kb-search/kb-search, --top, "6"]; a command line needs shell: true

            w.yaml:5:19: error[AW104]: run needs a program
                |
              5 |   - { id: b, run: [] }
                |                   ^^

            w.yaml:6:19: error[AW103]: with shell: true, run is one command line
                |
              6 |   - { id: c, run: [ls], shell: true }
                |                   ^^^^

            w.yaml:7:34: error[AW103]: ok_exit is a list of exit codes from 0 to 255
                |
              7 |   - { id: d, run: [ls], ok_exit: [256] }
                |                                  ^^^^^

            w.yaml:8:42: error[AW103]: parse is one of text, json, jsonl, found 'yaml'
                |
              8 |   - { id: e, run: [ls], output: { parse: yaml } }
                |                                          ^^^^
            """#)
    }

    @Test func anEmptyFallbackValue() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1", on_error: {} }
                """#,
            #"""
            w.yaml:4:36: error[AW104]: on_error needs 'value'
                |
              4 |   - { id: a, value: "1", on_error: {} }
                |                                    ^^
            """#)
    }

    @Test func anExpressionThatIsNone() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1 +" }
                """#,
            #"""
            w.yaml:4:25: error[AX001]: expected a value, found the end of the expression
                |
              4 |   - { id: a, value: "1 +" }
                |                         ^
            """#)
    }

    @Test func aListAsACondition() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, when: [x], value: "1" }
                """#,
            #"""
            w.yaml:4:20: error[AW103]: when is an expression, found a list
                |
              4 |   - { id: a, when: [x], value: "1" }
                |                    ^^^
            """#)
    }
}
