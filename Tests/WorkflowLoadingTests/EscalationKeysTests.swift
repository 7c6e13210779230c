import TestSupport
import Testing
import Values
import WorkflowLoading
import WorkflowModel

/// The keys, words and kinds of `escalate`. Each diagnostic as it is printed.
@Suite struct EscalationKeysTests {
    @Test func everythingInIt() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks:
                  grounded: { expr: "size(output.sources) >= 1" }
                  sure: { logprob: { of: answer, min_p10: -1.2, min_lowest: -6 } }
                  judge: { model: third, system: Be strict., prompt: "Good? ${{ output.answer }} of ${{ question }}", min: 0.5, min_prob: 0.6, timeout: 9s, output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] }, repair: 0 }, limits: { max_output_tokens: 9 } }
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
                """#, moreTiers: "third: { use: local/third, max_output_tokens: 9 }"),
            "")
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

    @Test func aCommandLineIsWords() throws {
        func hints(_ run: String) throws -> [String] {
            let text = "version: 1\nname: t\nmodels: { small: { use: local/small } }\nsteps:\n  - { id: a, prompt: hi, escalate: { tiers: [small], checks: { e: { run: \(run) } } } }\n"
            let project = try TemporaryProject(["w.yaml": text])
            do throws(Diagnostics) {
                _ = try WorkflowLoader.load(project.path("w.yaml"), root: project.root)
                return []
            } catch {
                return error.all.compactMap(\.hint)
            }
        }
        #expect(try hints("'sh -c true'") == ["write run: [sh, -c, \"true\"]"])
        #expect(try hints("'make | cat'") == ["write run: [sh, -c, make | cat]"])
    }

    @Test func memoStandsBesideIt() throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nmodels: { small: { use: local/small } }\nsteps:\n  - { id: a, prompt: hi, memo: { max_age: 1h }, escalate: { tiers: [small] } }\n"])
        let loaded = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true)
        #expect(!loaded.warnings.all.contains { $0.code == "AW123" })
        #expect(loaded.graph.steps[0].modelStep?.memo == MemoTerms(age: .seconds(3600), scope: .ledger))
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
            of: GateWorkflow.text(
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
              hint: write max_rate: 30%/1h

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

    @Test func sharesInAnotherForm() throws {
        for (written, meant) in [
            ("30%", "30%/1h"), ("0.3/1h", "30%/1h"), ("30/1h", "30%/1h"), ("30% per hour", "30%/1h"), ("5 percent/2 minutes", "5%/2m"), ("30%/0s", "30%/1h"), ("30%/0", nil), ("often", nil), ("30%/1h/2", nil), ("300%/1h", nil),
        ] {
            #expect(try hints(of: "tiers: [small]\nmax_rate: \(written)") == meant.map { ["write max_rate: \($0)"] } ?? [], "\(written)")
        }
        for (written, meant) in [("0.05", "5%"), ("5", "5%"), ("5 %", "5%"), ("1", "1%"), ("1.5", "1.5%"), ("half", nil)] {
            #expect(try hints(of: "tiers: [small]\nshadow: { rate: \(written) }") == meant.map { ["write rate: \($0)"] } ?? [], "\(written)")
        }
    }

    /// The words of other tools, in the place where they stand.
    @Test(arguments: [
        ("cascade: [small, mid]", "write tiers: [small, mid]"), ("router: [small]", "write tiers: [small]"), ("judge: { model: small }", "write checks: { judge: { model: TIER"), ("confidence: 0.8", "logprob: { min_prob: 0.8 }"),
        ("threshold: 0.8", "logprob: { min_prob: 0.8 }"), ("graders: []", "write checks: { judge:"), ("evaluators: []", "write checks: { NAME:"), ("quorum: 3", "agree: { samples: 5"), ("votes: 5", "agree: { samples: 5"),
        ("n: 5", "agree: { samples: 5"),
        ("fallback: mid", "fallback: [provider/model]"), ("skip_tier_if: tier == 'small'", "write start: the tier that is asked first"), ("max_escalations: 2", "remove it"), ("escalate_when: true", "the opposite condition"),
        ("on_exhausted: ask", "write on_exhausted: { ask: { message: … } }"), ("checks: { c: { threshold: 0.8 } }", "write min: 0.8"), ("checks: { c: { votes: 5 } }", "write agree: { samples: 5"),
        ("checks: { c: { n: 5 } }", "write agree: { samples: 5 }"),
        ("checks: { c: { command: pytest -q } }", "write run: [pytest, -q]"), ("checks: { c: { grader: x } }", "write model: TIER and prompt"), ("checks: { c: { confidence: 0.8 } }", "write logprob: { min_prob: 0.8 }"),
        ("checks: { c: { logprob: { threshold: 0.8 } } }", "write min_prob: 0.8"), ("checks: { c: { agree: { n: 5 } } }", "write samples: 5"), ("checks: { c: { agree: { quorum: 0.6 } } }", "write min: 0.6"),
        ("checks: { c: { agree: { tier: mid } } }", "write model: mid"),
        ("shadow: { model: mid }", "write tiers: mid"), ("on_exhausted: { ask: { prompt: ok? } }", "write message: ok?"), ("on_exhausted: { human: x }", "write ask: { message: … }"),
    ]) func wordsOfOtherTools(key: String, hint: String) throws {
        let found = try hints(of: (key.hasPrefix("tiers") ? "" : "tiers: [small]\n") + key)
        #expect(found.contains { $0.contains(hint) }, "\(found)")
    }

    private func hints(of escalate: String) throws -> [String] {
        let project = try TemporaryProject(["w.yaml": GateWorkflow.text(escalate)])
        do throws(Diagnostics) {
            _ = try WorkflowLoader.load(project.path("w.yaml"), root: project.root)
            return []
        } catch {
            return error.all.compactMap(\.hint)
        }
    }

    @Test func kindsOfChecks() throws {
        try expectFrames(
            of: GateWorkflow.text(
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

    @Test func aCheckThatNothingReads() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks: { a: { expr: "size(output.answer) > 1" }, b: { expr: "size(output.sources) > 1" }, c: { expr: "output.answer != ''", record: true } }
                accept: checks.a.passed
                on_exhausted: fail
                """#),
            #"""
            w.yaml:11:57: warning[AW413]: accept does not read the check 'b', so it never runs
                 |
              11 | … "size(output.answer) > 1" }, b: { expr: "size(output.sources) > 1" }, c: { expr: "output.…
                 |                                ^
              hint: read checks.b.passed in accept, or give the check record: true
            """#)
    }
}
