import Economics
import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// What judges, helpers, samples and programs can say, and what is known of models. Each diagnostic as it is printed.
@Suite struct EscalationEvidenceTests {
    private static let third = "third: { use: local/third, max_output_tokens: 9 }"

    @Test func judgesThatDoNotSayWhatIsRead() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks:
                  text: { model: third, prompt: ok? }
                  graded: { model: third, prompt: ok?, output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } } } } }
                  word: { model: third, prompt: ok?, output: { schema: { type: object, properties: { passed: { type: string } } } } }
                  least: { model: third, prompt: ok?, min: 0.5, output: { schema: { type: object, properties: { passed: { type: boolean } } } } }
                  open: { model: third, prompt: ok?, output: { schema: { type: object, properties: { passed: {} } } } }
                accept: checks.text.passed && checks.graded.passed && checks.word.passed && checks.least.passed && checks.open.passed && checks.open.score > 0.5
                """#, moreTiers: Self.third),
            #"""
            w.yaml:15:45: error[AW212]: the answer of judge 'least' has no field 'score', which min is compared with
                 |
              15 | … { model: third, prompt: ok?, min: 0.5, output: { schema: { type: object, properties: { pa…
                 |                                ^^^
              hint: give the judge output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] } }

            w.yaml:17:15: error[AW212]: the answer of judge 'text' has no field 'passed', which is read
                 |
              17 |       accept: checks.text.passed && checks.graded.passed && checks.word.passed && checks.l…
                 |               ^^^^^^^^^^^^^^^^^^
              hint: give the judge output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } }

            w.yaml:17:37: error[AW212]: judge 'graded' gives a score and no 'passed', which is read
                 |
              17 | …accept: checks.text.passed && checks.graded.passed && checks.word.passed && checks.least.p…
                 |                                ^^^^^^^^^^^^^^^^^^^^
              hint: add min: 0.8, the least score that passes

            w.yaml:17:61: error[AW212]: the answer of judge 'word' has a field 'passed' of another type, which is read
                 |
              17 | …ed && checks.graded.passed && checks.word.passed && checks.least.passed && checks.open.pas…
                 |                                ^^^^^^^^^^^^^^^^^^
              hint: give the judge output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } }

            w.yaml:17:128: error[AW212]: the answer of judge 'open' has no field 'score', which is read
                 |
              17 | …checks.word.passed && checks.least.passed && checks.open.passed && checks.open.score > 0.5
                 |                                                                     ^^^^^^^^^^^^^^^^^
              hint: give the judge output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] } }
            """#)
    }

    @Test func withoutAcceptEveryCheckHasToPass() throws {
        try expectFrames(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks: { text: { model: third, prompt: ok? } }
                """#, moreTiers: Self.third),
            #"""
            w.yaml:11:17: error[AW212]: the answer of judge 'text' has no field 'passed', which decides, as there is no 'accept'
                 |
              11 |       checks: { text: { model: third, prompt: ok? } }
                 |                 ^^^^
              hint: give the judge output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } }
            """#)
    }

    @Test func theSameModelAgain() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                on_exhausted: fail
                checks:
                  own: { model: small, prompt: ok?, output: { schema: { type: object, properties: { passed: { type: boolean } } } } }
                  last: { model: mid, prompt: ok?, output: { schema: { type: object, properties: { passed: { type: boolean } } } } }
                  same: { agree: { model: small, on: output.answer } }
                  hot: { agree: { model: small, on: output.answer, temperature: 1 } }
                  cold: { agree: { samples: 3, on: output.answer, temperature: 0 } }
                  warm: { agree: { samples: 3, on: output.answer } }
                """#),
            #"""
            w.yaml:13:23: warning[AW426]: judge 'own' is asked about answers of its own model, local/small
                 |
              13 |         own: { model: small, prompt: ok?, output: { schema: { type: object, properties: { …
                 |                       ^^^^^
              hint: a model hardly finds its own mistakes: name a tier of another model than 'small'

            w.yaml:15:33: warning[AW426]: check 'same' compares the answer of 'small' with one of the same model, local/small
                 |
              15 |         same: { agree: { model: small, on: output.answer } }
                 |                                 ^^^^^
              hint: name a tier of another model, or ask the same one again with samples:

            w.yaml:17:35: warning[AW431]: check 'cold' asks 'small' again at temperature 0, where it says the same each time
                 |
              17 |         cold: { agree: { samples: 3, on: output.answer, temperature: 0 } }
                 |                                   ^
              hint: add temperature: 0.8 to agree, or ask another model: agree: { model: TIER }
            """#)
    }

    @Test func scoresWithoutBounds() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                on_exhausted: fail
                checks: { judge: { model: third, prompt: ok?, min: 7, output: { schema: { type: object, properties: { score: { type: number, minimum: 0 } } } } } }
                """#, moreTiers: Self.third),
            #"""
            w.yaml:12:69: warning[AW433]: the score of judge 'judge' has no bounds, so no number says what is good
                 |
              12 | … prompt: ok?, min: 7, output: { schema: { type: object, properties: { score: { type: numbe…
                 |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: write score: { type: number, minimum: 0, maximum: 1 } in its schema, and say in the prompt what the ends mean
            """#)
    }

    @Test func anAnswerThatNobodyAccepted() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                checks: { long: { expr: "size(output.answer) > 2" } }
                """#),
            #"""
            w.yaml:9:5: warning[AW429]: where no answer is accepted the best one is taken, and nothing reads steps.draft.accepted
                |
              9 |     escalate:
                |     ^^^^^^^^
              hint: read it, for example in a 'when' or in an output, or write on_exhausted: fail
            """#)
        let read = GateWorkflow.text("tiers: [small, mid]\nchecks: { long: { expr: \"size(output.answer) > 2\" } }", outputs: #"ok: "${{ steps.draft.accepted }}""#)
        #expect(try warnings(of: read) == [])
        let told = GateWorkflow.text("tiers: [small, mid]\nchecks: { long: { expr: \"size(output.answer) > 2\" } }", outputs: #"ok: "${{ steps.draft.checks.long.passed }}""#)
        #expect(try warnings(of: told) == [])
    }

    @Test func acceptThatDecidesNothing() throws {
        for (accept, code) in [("true", "AW409"), ("1 > 2", "AW408"), ("output.answer == '' && output.answer != ''", "AW408"), ("output.answer != 'a' || output.answer != 'b'", "AW409")] {
            #expect(try warnings(of: GateWorkflow.text("tiers: [small, mid]\naccept: \"\(accept)\"\non_exhausted: fail")) == [code])
        }
    }

    /// What a model answered is no command, and no program.
    @Test func answersInCommandLines() throws {
        try expectWarnings(
            of: GateWorkflow.text(
                #"""
                tiers: [small, mid]
                on_exhausted: fail
                checks:
                  line: { run: [sh, -c, "test ${{ output.answer }}"] }
                  program: { run: ["${{ output.answer }}"] }
                  found: { run: [sh, -c, "test ${{ checks.line.output }}"] }
                  count: { run: [sh, -c, "test ${{ size(output.sources) }} -gt ${{ checks.line.score }}"] }
                  given: { run: [grep, -q, "${{ output.answer }}", words], with: { text: "${{ output.answer }}" } }
                """#),
            #"""
            w.yaml:13:41: warning[AW420]: the answer is written into a command line: what stands in it is run
                 |
              13 |         line: { run: [sh, -c, "test ${{ output.answer }}"] }
                 |                                         ^^^^^^^^^^^^^
              hint: hand it over under with: { answer: "${{ output.answer }}" }, which the program reads as JSON

            w.yaml:14:31: warning[AW421]: the answer decides which program is run
                 |
              14 |         program: { run: ["${{ output.answer }}"] }
                 |                               ^^^^^^^^^^^^^
              hint: name the program, and let an expression choose among fixed words: ${{ … == 'a' ? 'tool-a' : 'tool-b' }}

            w.yaml:15:42: warning[AW420]: what a check found is written into a command line: what stands in it is run
                 |
              15 |         found: { run: [sh, -c, "test ${{ checks.line.output }}"] }
                 |                                          ^^^^^^^^^^^^^^^^^^
              hint: hand it over under with: { checks_line: "${{ checks.line.output }}" }, which the program reads as JSON
            """#)
    }

    @Test func programsThatAreNotThere() throws {
        let gate = GateWorkflow.text(
            #"""
            w.yaml:15:23: warning[AW430]: the program of check 'gone', tools/verity, is not there
                 |
              15 |         gone: { run: [tools/verity, --all] }
                 |                       ^^^^^^^^^^^^
              hint: paths of programs begin in the project's folder (ROOT)
            """#)
    }

    // MARK: What is known of models

    private func warnings(of text: String, _ prices: WorkflowLoader.PriceLookup? = nil) throws -> [String] {
        let project = try TemporaryProject(["w.yaml": text])
        return try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true, prices: prices).warnings.all.map(\.code)
    }

    private static func dollars(_ input: Int, _ output: Int) -> ModelPrice {
        .perMillion(input: Money(picoDollars: 1_000_000_000_000) * input, output: Money(picoDollars: 1_000_000_000_000) * output)
    }

    @Test func tiersFromDearToCheap() throws {
        let gate = GateWorkflow.text("tiers: [small, mid, third]\non_exhausted: fail\nchecks: { long: { expr: \"size(output.answer) > 2\" } }", moreTiers: Self.third)
        let project = try TemporaryProject(["w.yaml": gate])
        let found = try WorkflowLoader.load(
            project.path("w.yaml"), root: project.root, warns: true, prices: { Self.dollars($0.model == "mid" ? 1 : 3, $0.model == "mid" ? 4 : 15) }
        ).warnings.all.filter { $0.code != "AW123" }
        #expect(found.map(\.code) == ["AW427"])
        #expect(found.first?.message == "'mid' is tried after 'small' and costs less: $1.00 in and $4.00 out, against $3.00 in and $15.00 out per million tokens")
        #expect(found.first?.range?.start.line == 10 && found.first?.range?.start.column == 22)
        // The same price, another one in one direction, and a machine's: nothing is said.
        #expect(try warnings(of: gate, { _ in Self.dollars(3, 15) }) == [])
        #expect(try warnings(of: gate, { Self.dollars($0.model == "mid" ? 1 : 3, $0.model == "mid" ? 16 : 15) }) == [])
        #expect(try warnings(of: gate, { _ in .other }) == [])
    }

    @Test func aFirstTierWithoutAPriceUnderACap() throws {
        let gate = GateWorkflow.text("tiers: [small, mid]\non_exhausted: fail")
        let capped = gate.replacing("steps:\n", with: "budget: { max_cost_usd: 1 }\nsteps:\n")
        let prices: WorkflowLoader.PriceLookup = { $0.model == "mid" ? .other : .none }
        #expect(try warnings(of: capped, prices) == ["AW428"])
        #expect(try warnings(of: gate, prices) == [])
        #expect(try warnings(of: capped, { _ in .other }) == [])
    }

    /// Held against the tiers where `accept` can still need it.
    @Test(arguments: [
        ("checks.sure.passed", ["mid"], 1), ("checks.sure.passed", ["small", "mid"], 2), ("checks.sure.passed", [], 0),
        ("tier == 'mid' || checks.sure.passed", ["mid"], 0), ("tier == 'mid' || checks.sure.passed", ["small"], 1),
        ("tier == 'small' ? checks.sure.passed : checks.long.passed", ["mid"], 0), ("tier == 'small' ? checks.sure.passed : checks.long.passed", ["small"], 1),
        ("checks.sure.passed || checks.long.passed", ["mid"], 1), ("checks.sure.score > 0.9 && checks.long.passed", ["mid"], 1),
        ("tier != 'small' && checks.long.passed || tier == 'small' && checks.sure.passed", ["mid"], 0),
    ])
    func logprobsOfModelsThatGiveNone(accept: String, silent: [String], count: Int) throws {
        let gate = GateWorkflow.text(
            "tiers: [small, mid]\non_exhausted: fail\nchecks: { sure: { logprob: { min_prob: 0.5 } }, long: { expr: \"size(output.answer) > 2\" } }\naccept: \"\(accept)\"")
        let project = try TemporaryProject(["w.yaml": gate])
        func load(_ condition: LogprobRule) throws -> [String] {
            do throws(Diagnostics) {
                return try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true, logprobs: { silent.contains($0.model) ? condition : LogprobRule(.always) })
                    .warnings.all.map(\.code).filter { !["AW413"].contains($0) }
            } catch {
                return error.all.map(\.code)
            }
        }
        #expect(try load(LogprobRule(.never)) == Array(repeating: accept.contains(" || checks.long") ? "AW432" : "AW215", count: count))
        #expect(try load(.unknown) == Array(repeating: "AW425", count: count))
    }
}
