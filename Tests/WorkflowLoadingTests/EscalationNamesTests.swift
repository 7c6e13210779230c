import Testing

/// The names that are read in `escalate` and around it. Each diagnostic as it is printed.
@Suite struct EscalationNamesTests {
    @Test func tiersThatAreNotThere() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [smal, mid, mid]
                start: small
                shadow: { rate: 5%, tiers: [frontier] }
                checks: { judge: { model: mdi, prompt: ok?, prefix: policy } }
                """#),
            #"""
            w.yaml:10:15: error[AW202]: there is no tier 'smal'
                 |
              10 |       tiers: [smal, mid, mid]
                 |               ^^^^
              hint: did you mean 'small'?

            w.yaml:10:26: error[AW103]: tiers are tried one after the other; 'mid' stands there already
                 |
              10 |       tiers: [smal, mid, mid]
                 |                          ^^^

            w.yaml:11:14: error[AW202]: 'small' is not one of the tiers of this step
                 |
              11 |       start: small
                 |              ^^^^^
              hint: did you mean 'smal'?

            w.yaml:12:35: error[AW202]: there is no tier 'frontier'
                 |
              12 |       shadow: { rate: 5%, tiers: [frontier] }
                 |                                   ^^^^^^^^
              hint: declared: small, mid

            w.yaml:13:17: error[AW212]: the answer of judge 'judge' has no field 'passed', which decides, as there is no 'accept'
                 |
              13 |       checks: { judge: { model: mdi, prompt: ok?, prefix: policy } }
                 |                 ^^^^^
              hint: give the judge output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } }

            w.yaml:13:33: error[AW202]: there is no tier 'mdi'
                 |
              13 |       checks: { judge: { model: mdi, prompt: ok?, prefix: policy } }
                 |                                 ^^^
              hint: did you mean 'mid'?

            w.yaml:13:59: error[AW202]: there is no prefix 'policy'
                 |
              13 |       checks: { judge: { model: mdi, prompt: ok?, prefix: policy } }
                 |                                                           ^^^^^^
              hint: none is declared under prefixes
            """#)
    }

    @Test func namesInside() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks:
                  grounded: { expr: "size(output.source) >= 1" }
                  judge: { model: small, prompt: "${{ answer }}", output: { schema: { type: object, properties: { score: { type: number } }, additionalProperties: false } } }
                accept: checks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pased && tier == 'x'
                start: "${{ output.answer }}"
                """#),
            #"""
            w.yaml:12:33: error[AX008]: output has no field 'source'
                 |
              12 |         grounded: { expr: "size(output.source) >= 1" }
                 |                                 ^^^^^^^^^^^^^
              hint: did you mean 'sources'?

            w.yaml:13:45: error[AW203]: unknown name 'answer'
                 |
              13 | … { model: small, prompt: "${{ answer }}", output: { schema: { type: object, properties: { …
                 |                                ^^^^^^
              hint: a field of the answer is output.answer

            w.yaml:14:15: error[AW203]: there is no check 'gronded'
                 |
              14 |       accept: checks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pase…
                 |               ^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean 'grounded'?

            w.yaml:14:40: error[AX008]: checks.judge.output has no field 'scor'
                 |
              14 | …ept: checks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pased && tier…
                 |                                ^^^^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean 'score'?

            w.yaml:14:74: error[AW203]: a check has no 'pased'
                 |
              14 | …ecks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pased && tier == 'x'
                 |                                                           ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'passed'?

            w.yaml:14:74: error[AX008]: checks.judge has no field 'pased'
                 |
              14 | …ecks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pased && tier == 'x'
                 |                                                           ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'passed'?

            w.yaml:14:104: error[AX011]: tier is never 'x'
                 |
              14 | …ecks.gronded.passed && checks.judge.output.scor > 0.5 && checks.judge.pased && tier == 'x'
                 |                                                                                         ^^^
              hint: it is one of 'small', 'mid'

            w.yaml:15:19: error[AW203]: unknown name 'output'
                 |
              15 |       start: "${{ output.answer }}"
                 |                   ^^^^^^^^^^^^^
              hint: the answer is 'output' inside of escalate only; a step's result is steps.<id>.output
            """#)
    }

    @Test func conditionsThatAreNone() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks: { size: { expr: size(output.answer) } }
                accept: "${{ checks.size.passed }} or else"
                """#),
            #"""
            w.yaml:11:31: error[AW206]: expr takes a bool, found int
                 |
              11 |       checks: { size: { expr: size(output.answer) } }
                 |                               ^^^^^^^^^^^^^^^^^^^
              hint: compare it, for example size(output.answer) != …

            w.yaml:12:15: error[AW110]: accept is one expression; text around ${{ }} would make it a string
                 |
              12 |       accept: "${{ checks.size.passed }} or else"
                 |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: write the expression alone: accept: inputs.n > 3
            """#)
    }

    @Test func tiersThatStartComesTo() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                start: "${{ run.id == 'x' ? 'mdi' : run.id == 'y' ? 'small' : 'large' }}"
                """#, moreTiers: "large: { use: local/large }"),
            #"""
            w.yaml:11:35: error[AW202]: 'mdi' is not one of the tiers of this step
                 |
              11 |       start: "${{ run.id == 'x' ? 'mdi' : run.id == 'y' ? 'small' : 'large' }}"
                 |                                   ^^^^^
              hint: did you mean 'mid'?

            w.yaml:11:69: error[AW202]: 'large' is not one of the tiers of this step
                 |
              11 |       start: "${{ run.id == 'x' ? 'mdi' : run.id == 'y' ? 'small' : 'large' }}"
                 |                                                                     ^^^^^^^
              hint: they are: small, mid
            """#)
    }

    @Test func whatIsComparedReadsTheAnswer() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks:
                  same: { agree: { model: mid, on: "'answer'" } }
                  field: { agree: { model: mid, on: answer } }
                  there: { agree: { model: mid, on: output.answr } }
                """#),
            #"""
            w.yaml:12:43: error[AW103]: on says what of each answer is compared, and this reads none
                 |
              12 |         same: { agree: { model: mid, on: "'answer'" } }
                 |                                           ^^^^^^^^
              hint: read the answer as output, for example on: output.kind

            w.yaml:13:43: error[AW203]: unknown name 'answer'
                 |
              13 |         field: { agree: { model: mid, on: answer } }
                 |                                           ^^^^^^
              hint: a field of the answer is output.answer

            w.yaml:14:43: error[AX008]: output has no field 'answr'
                 |
              14 |         there: { agree: { model: mid, on: output.answr } }
                 |                                           ^^^^^^^^^^^^
              hint: did you mean 'answer'?
            """#)
    }

    @Test func itemsWithANameOfTheGate() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, prompt: hi, for_each: { items: "[1]", as: tier }, escalate: { tiers: [small] } }
                  - { id: b, prompt: hi, for_each: { items: "[1]", as: question }, escalate: { tiers: [small] } }
                  - { id: c, model: small, prompt: "${{ tier }}", for_each: { items: "['x']", as: tier } }
                """#,
            #"""
            w.yaml:5:56: error[AW107]: 'tier' already means something in expressions
                |
              5 | … { id: a, prompt: hi, for_each: { items: "[1]", as: tier }, escalate: { tiers: [small] } }
                |                                                      ^^^^
              hint: choose another name for the item

            w.yaml:6:56: error[AW107]: 'question' already means something in expressions
                |
              6 | …d: b, prompt: hi, for_each: { items: "[1]", as: question }, escalate: { tiers: [small] } }
                |                                                  ^^^^^^^^
              hint: choose another name for the item
            """#)
    }

    @Test func checksThatWaitForEachOther() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks:
                  a: { expr: checks.b.passed }
                  b: { expr: checks.c.passed }
                  c: { model: small, prompt: "${{ checks.a.output }}" }
                """#),
            #"""
            w.yaml:12:9: error[AW205]: checks wait for each other: a -> b -> c -> a
                 |
              12 |         a: { expr: checks.b.passed }
                 |         ^
              hint: a check reads the answer as output; what combines checks belongs in accept

            w.yaml:13:20: error[AW212]: the answer of judge 'c' has no field 'passed', which decides, as there is no 'accept'
                 |
              13 |         b: { expr: checks.c.passed }
                 |                    ^^^^^^^^^^^^^^^
              hint: give the judge output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } }
            """#)
    }

    @Test func outsideOfIt() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, prompt: "${{ output }}", escalate: { tiers: [small], checks: { x: { expr: "true" } } } }
                  - { id: b, value: checks.x.passed }
                  - { id: c, value: steps.a.acepted }
                """#,
            #"""
            w.yaml:5:27: error[AW203]: unknown name 'output'
                |
              5 |   - { id: a, prompt: "${{ output }}", escalate: { tiers: [small], checks: { x: { expr: "tr…
                |                           ^^^^^^
              hint: the answer is 'output' inside of escalate only; a step's result is steps.<id>.output

            w.yaml:6:21: error[AW203]: unknown name 'checks'
                |
              6 |   - { id: b, value: checks.x.passed }
                |                     ^^^^^^^^^^^^^^^
              hint: checks exist inside of escalate only

            w.yaml:7:21: error[AW203]: a step has no 'acepted'
                |
              7 |   - { id: c, value: steps.a.acepted }
                |                     ^^^^^^^^^^^^^^^
              hint: did you mean 'accepted'?
            """#)
    }

    @Test func whatItReadsIsAnEdge() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, prompt: hi, escalate: { tiers: [small], accept: output == steps.b.output } }
                  - { id: b, value: steps.a.output }
                """#,
            #"""
            w.yaml:6:21: error[AW205]: steps wait for each other: a -> b -> a
                |
              6 |   - { id: b, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^
            """#)
    }

    @Test func aJudgeWithPromptsAndSchemasOfFiles() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks: { judge: { model: small, prompt_file: judge.md, output: { schema: score.json } } }
                accept: checks.judge.output.scores > 0.5
                """#), files: ["judge.md": "Good?\n${{ output.anser }}\n", "score.json": #"{"type": "object", "properties": {"score": {"type": "number"}}, "additionalProperties": false}"#],
            #"""
            judge.md:2:5: error[AX008]: output has no field 'anser'
                |
              2 | ${{ output.anser }}
                |     ^^^^^^^^^^^^
              hint: did you mean 'answer'?

            w.yaml:12:15: error[AX008]: checks.judge.output has no field 'scores'
                 |
              12 |       accept: checks.judge.output.scores > 0.5
                 |               ^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean 'score'?
            """#)
    }

    /// Gates hold per item: the answer is that of one item, though the step's output is the list of all.
    @Test func theItemIsInScopeAndTheOutputIsThatOfOne() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - id: a
                    for_each: { items: "['x', 'y']", as: word }
                    when: word == 'x' && output == ''
                    with: { n: "${{ index }}" }
                    prompt: "${{ word }}"
                    escalate:
                      tiers: [small]
                      checks: { long: { expr: size(output) > size(word) + with.n }, first: { expr: "output[0] == 'x'" } }
                      start: "${{ index == 0 ? 'small' : 1 }}"
                  - { id: b, value: size(steps.a.output) + steps.a.output }
                """#,
            #"""
            w.yaml:7:11: error[AW203]: unknown name 'word'
                |
              7 |     when: word == 'x' && output == ''
                |           ^^^^
              hint: known here: inputs, steps, run

            w.yaml:7:26: error[AW203]: unknown name 'output'
                |
              7 |     when: word == 'x' && output == ''
                |                          ^^^^^^
              hint: the answer is 'output' inside of escalate only; a step's result is steps.<id>.output

            w.yaml:12:85: error[AX007]: output is a string, which has no elements
                 |
              12 | … long: { expr: size(output) > size(word) + with.n }, first: { expr: "output[0] == 'x'" } }
                 |                                                                       ^^^^^^^^^
              hint: write output.charAt(0)

            w.yaml:14:21: error[AX007]: no overload of + for (int, list(string))
                 |
              14 |   - { id: b, value: size(steps.a.output) + steps.a.output }
                 |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }
}
