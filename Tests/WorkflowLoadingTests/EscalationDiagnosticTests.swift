import Testing

/// What is wrong with `escalate`. Each diagnostic as it is printed.
@Suite struct EscalationDiagnosticTests {
    /// A step with `escalate`, from line 6 on.
    private static func workflow(_ escalate: String) -> String {
        """
        version: 1
        name: t
        owner: { engineering: me }
        models: { small: { use: local/small, max_output_tokens: 9 }, mid: { use: local/mid, max_output_tokens: 9 } }
        steps:
          - id: draft
            prompt: hi
            output: { schema: { type: object, properties: { answer: { type: string }, sources: { type: array, items: { type: string } } }, required: [answer, sources], additionalProperties: false } }
            escalate:
        \(escalate.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))
        outputs: { draft: "${{ steps.draft.output }}" }
        """
    }

    @Test func everythingInIt() throws {
        try expectWarnings(
            of: Self.workflow(
                #"""
                tiers: [small, mid]
                checks:
                  grounded: { expr: "size(output.sources) >= 1" }
                  sure: { logprob: { of: answer, min_p10: -1.2, min_lowest: -6 } }
                  judge: { model: small, system: Be strict., prompt: "Good? ${{ output.answer }} of ${{ question }}", min: 0.5, min_prob: 0.6, timeout: 9s, output: { schema: { type: object, properties: { score: { type: number } }, required: [score] }, repair: 0 }, limits: { max_output_tokens: 9 } }
                  long: { expr: "tier == 'mid' && size(output.answer) > 100 && !checks.grounded.passed", record: true }
                  same: { agree: { model: mid, on: output.answer, min: 1, start: early } }
                  vote: { agree: { samples: 5, temperature: 1 } }
                  tests: { run: [sh, -c, "exit 0"], with: { text: "${{ output.answer }}" }, timeout: 5s }
                accept: checks.grounded.passed && (checks.sure.passed || checks.judge.output.score >= 0.8 || checks.same.passed || checks.vote.score >= 0.6 || checks.tests.passed || tier == 'mid')
                on_exhausted: { ask: { message: Which one?, timeout: 1h, on_timeout: best } }
                on_refusal: escalate
                start: "${{ run.id == 'x' ? 'mid' : 'small' }}"
                max_rate: 30%/1h
                shadow: { tiers: [mid], rate: 5% }
                """#),
            #"""
            w.yaml:16:65: warning[AW123]: 'start' in agree is checked, but this version does not run it
                 |
              16 |         same: { agree: { model: mid, on: output.answer, min: 1, start: early } }
                 |                                                                 ^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:20:7: warning[AW123]: 'on_exhausted' in escalate is checked, but this version does not run it
                 |
              20 |       on_exhausted: { ask: { message: Which one?, timeout: 1h, on_timeout: best } }
                 |       ^^^^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:23:7: warning[AW123]: 'max_rate' in escalate is checked, but this version does not run it
                 |
              23 |       max_rate: 30%/1h
                 |       ^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:24:7: warning[AW123]: 'shadow' in escalate is checked, but this version does not run it
                 |
              24 |       shadow: { tiers: [mid], rate: 5% }
                 |       ^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence
            """#)
    }

    @Test func modelAndEscalate() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, model: small, prompt: hi, escalate: { tiers: [small] } }
                  - { id: b, value: "1", escalate: { tiers: [small] } }
                """#,
            #"""
            w.yaml:5:14: error[AW121]: 'model' does not go with 'escalate'
                |
              5 |   - { id: a, model: small, prompt: hi, escalate: { tiers: [small] } }
                |              ^^^^^
              hint: the tiers are those of escalate: { tiers: [small, mid] }

            w.yaml:6:26: error[AW121]: 'escalate' does not go with 'value'
                |
              6 |   - { id: b, value: "1", escalate: { tiers: [small] } }
                |                          ^^^^^^^^
            """#)
    }

    @Test func notEvenAMapping() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, prompt: hi, escalate: [small] }
                  - { id: b, prompt: hi, escalate: { checks: { x: { expr: "true" } } } }
                  - { id: c, prompt: hi, escalate: { tiers: [] } }
                """#,
            #"""
            w.yaml:5:36: error[AW103]: escalate is a mapping of keys to values, found a list
                |
              5 |   - { id: a, prompt: hi, escalate: [small] }
                |                                    ^^^^^^^
              hint: write escalate: { tiers: [small] }

            w.yaml:6:36: error[AW104]: escalate needs 'tiers'
                |
              6 |   - { id: b, prompt: hi, escalate: { checks: { x: { expr: "true" } } } }
                |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            w.yaml:7:45: error[AW104]: escalate needs at least one tier
                |
              7 |   - { id: c, prompt: hi, escalate: { tiers: [] } }
                |                                             ^^
            """#)
    }

    @Test func unknownKeysAndWords() throws {
        try expectFrames(
            of: Self.workflow(
                #"""
                tiers: [small, mid]
                acept: "true"
                on_exhausted: bets
                on_refusal: retry
                max_rate: 30%
                shadow: { tier: mid, share: 5% }
                checks:
                  a: { exrp: "true" }
                  b: { logprob: { min_p01: -1 } }
                  c: { logprob: { min_p10: 0.5 } }
                  d: { expr: "true", record: sometimes }
                """#),
            #"""
            w.yaml:11:7: error[AW101]: unknown key 'acept' in escalate
                 |
              11 |       acept: "true"
                 |       ^^^^^
              hint: did you mean 'accept'?

            w.yaml:12:21: error[AW103]: on_exhausted is 'best' or 'fail', or a mapping, found 'bets'
                 |
              12 |       on_exhausted: bets
                 |                     ^^^^
              hint: did you mean 'best'?

            w.yaml:13:19: error[AW103]: on_refusal is one of stop, escalate, found 'retry'
                 |
              13 |       on_refusal: retry
                 |                   ^^^^^

            w.yaml:14:17: error[AW103]: max_rate is a share in a time, such as 30%/1h, found '30%'
                 |
              14 |       max_rate: 30%
                 |                 ^^^

            w.yaml:15:15: error[AW104]: shadow needs 'rate'
                 |
              15 |       shadow: { tier: mid, share: 5% }
                 |               ^^^^^^^^^^^^^^^^^^^^^^^^

            w.yaml:15:17: error[AW102]: 'tier' is not a key of shadow
                 |
              15 |       shadow: { tier: mid, share: 5% }
                 |                 ^^^^
              hint: write tiers: mid

            w.yaml:15:28: error[AW102]: 'share' is not a key of shadow
                 |
              15 |       shadow: { tier: mid, share: 5% }
                 |                            ^^^^^
              hint: write rate: 5%

            w.yaml:17:12: error[AW112]: a check has one of 'expr', 'logprob', 'agree', 'run', 'prompt', 'prompt_file', 'messages'
                 |
              17 |         a: { exrp: "true" }
                 |            ^^^^^^^^^^^^^^^^

            w.yaml:17:14: error[AW101]: unknown key 'exrp' in a check
                 |
              17 |         a: { exrp: "true" }
                 |              ^^^^
              hint: did you mean 'expr'?

            w.yaml:18:23: error[AW104]: logprob needs a bound: min_prob, min_p10, min_lowest, min_mean, min_margin
                 |
              18 |         b: { logprob: { min_p01: -1 } }
                 |                       ^^^^^^^^^^^^^^^
              hint: for example min_prob: 0.8

            w.yaml:18:25: error[AW101]: unknown key 'min_p01' in logprob
                 |
              18 |         b: { logprob: { min_p01: -1 } }
                 |                         ^^^^^^^
              hint: did you mean 'min_p10'?

            w.yaml:19:34: error[AW103]: min_p10 is a number from -100.0 to 0.0, found '0.5'
                 |
              19 |         c: { logprob: { min_p10: 0.5 } }
                 |                                  ^^^

            w.yaml:20:36: error[AW103]: record is true or false, found 'sometimes'
                 |
              20 |         d: { expr: "true", record: sometimes }
                 |                                    ^^^^^^^^^
            """#)
    }

    @Test func tiersThatAreNotThere() throws {
        try expectFrames(
            of: Self.workflow(
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

    @Test func kindsOfChecks() throws {
        try expectFrames(
            of: Self.workflow(
                #"""
                tiers: [small, mid]
                checks:
                  none: { record: true }
                  two: { expr: "true", prompt: ok? }
                  stray: { expr: "true", model: small, temperature: 0 }
                  asks_nobody: { prompt: ok? }
                  Upper: { expr: "true" }
                  text: { logprob: { of: answr, min_p10: -1 } }
                """#),
            #"""
            w.yaml:12:15: error[AW112]: a check has one of 'expr', 'logprob', 'agree', 'run', 'prompt', 'prompt_file', 'messages'
                 |
              12 |         none: { record: true }
                 |               ^^^^^^^^^^^^^^^^

            w.yaml:13:30: error[AW112]: a check has one of 'expr', 'logprob', 'agree', 'run', 'prompt', 'prompt_file', 'messages'
                 |
              13 |         two: { expr: "true", prompt: ok? }
                 |                              ^^^^^^

            w.yaml:13:30: error[AW122]: check 'two' asks a model, but names none
                 |
              13 |         two: { expr: "true", prompt: ok? }
                 |                              ^^^^^^
              hint: add model: TIER here, or defaults: { model: TIER }

            w.yaml:14:32: error[AW121]: 'model' does not go with 'expr'
                 |
              14 |         stray: { expr: "true", model: small, temperature: 0 }
                 |                                ^^^^^

            w.yaml:14:46: error[AW121]: 'temperature' does not go with 'expr'
                 |
              14 |         stray: { expr: "true", model: small, temperature: 0 }
                 |                                              ^^^^^^^^^^^

            w.yaml:15:24: error[AW122]: check 'asks_nobody' asks a model, but names none
                 |
              15 |         asks_nobody: { prompt: ok? }
                 |                        ^^^^^^
              hint: add model: TIER here, or defaults: { model: TIER }

            w.yaml:16:9: error[AW107]: the name of a check must match [a-z][a-z0-9_]*, found 'Upper'
                 |
              16 |         Upper: { expr: "true" }
                 |         ^^^^^
              hint: for example 'upper'

            w.yaml:17:32: error[AW204]: the output has no field 'answr'
                 |
              17 |         text: { logprob: { of: answr, min_p10: -1 } }
                 |                                ^^^^^
              hint: did you mean 'answer'?
            """#)
    }

    @Test func namesInside() throws {
        try expectFrames(
            of: Self.workflow(
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
              hint: known here: inputs, steps, run, output, checks, tier, question

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
            of: Self.workflow(
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

    @Test func checksThatWaitForEachOther() throws {
        try expectFrames(
            of: Self.workflow(
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
            of: Self.workflow(
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

    @Test func aCheckThatNothingReads() throws {
        try expectWarnings(
            of: Self.workflow(
                #"""
                tiers: [small, mid]
                checks: { a: { expr: "size(output.answer) > 1" }, b: { expr: "size(output.sources) > 1" }, c: { expr: "output.answer != ''", record: true } }
                accept: checks.a.passed
                """#),
            #"""
            w.yaml:11:57: warning[AW413]: accept does not read the check 'b', so it never runs
                 |
              11 | … "size(output.answer) > 1" }, b: { expr: "size(output.sources) > 1" }, c: { expr: "output.…
                 |                                ^
              hint: read checks.b.passed in accept, or give the check record: true
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
