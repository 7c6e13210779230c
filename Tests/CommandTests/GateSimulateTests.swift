import TestSupport
import Testing
import Values

/// `gate simulate`: what rows do not tell, and rows that are none. What figures it comes to is counted by another program (Tests/Conformance/gates.py).
@Suite(.timeLimit(.minutes(5)))
struct GateSimulateTests {
    private static func sandbox(_ gate: String, schema: String = "", rows: String) throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write(
            "gate.yaml",
            """
            version: 1
            name: gate
            models: { small: { use: stub/echo }, large: { use: stub/echo } }
            steps:
              - id: g
                prompt: Which?
                \(schema.isEmpty ? "" : "output: { schema: \(schema) }")
                escalate: { tiers: [small, large], \(gate) }
              - { id: taken, value: "steps.g.accepted" }
            """)
        try sandbox.write("rows.jsonl", rows)
        return sandbox
    }

    private static func simulate(_ sandbox: Sandbox, _ flags: String...) async throws -> Sandbox.Finished {
        try await Sandbox.run(Sandbox.program, ["gate", "simulate", "rows.jsonl", "--step", "gate.yaml#g"] + flags, in: sandbox.folder)
    }

    @Test(arguments: [#""output":null,"#, ""])
    func anOutputThatWasNotRecorded(output: String) async throws {
        let sandbox = try Self.sandbox(
            "checks: { e: { expr: output.n > 3 } }", schema: "{ type: object, required: [n], properties: { n: { type: number } } }",
            rows: #"{"id":"1","tiers":{"small":{\#(output)"correct":true,"cost_usd":"0.1"},"large":{"output":{"n":5},"correct":true,"cost_usd":"1"}}}"#)
        let json = try await Self.simulate(sandbox, "--json").json
        #expect(json?["missing_checks"]?["e"] == 1 && json?["accepted_by"]?["large"] == 1, "\(String(describing: json))")
        #expect(json?["bounds"]?["cost_usd"] == ["0.1", "1.1"])
    }

    /// What a person makes of an exhausted row is not known, unless it was asked of the same answers.
    @Test(arguments: [
        (#""taken":"small","asked":["small","large"],"#, 1, 0), (#""taken":"large","asked":["small","large"],"#, 0, 0), (#""taken":"small","asked":["small"],"#, 0, 1), ("", 0, 1),
    ])
    func whatAPersonIsAsked(keys: String, correct: Int, unjudged: Int) async throws {
        let sandbox = try Self.sandbox(
            "checks: { e: { expr: output > '9' } }, on_exhausted: { ask: { message: Which? } }",
            rows: #"{\#(keys)"tiers":{"small":{"output":"5","correct":true,"cost_usd":"0.1"},"large":{"output":"6","correct":false,"cost_usd":"1"}}}"#)
        let json = try await Self.simulate(sandbox, "--json").json
        #expect(json?["exhausted"] == 1 && json?["correct"] == .int(Int64(correct)) && json?["unjudged"] == .int(Int64(unjudged)), "\(String(describing: json))")
        #expect(json?["bounds"]?["correct"] == .array([.int(Int64(correct)), .int(Int64(correct + unjudged))]))
    }

    /// Behind it no tier is asked, whatever the row knows of one, and the word of the cause is kept.
    @Test(arguments: [(#","cause":"max_rate""#, "max_rate"), (#","cause":"band""#, "band"), (#","cause":"budget""#, "budget"), ("", "not_recorded")])
    func whereNoTierCouldBeAsked(cause: String, word: String) async throws {
        func row(_ small: String) -> String {
            #"{"stopped_after":{"tier":"small"\#(cause)},"tiers":{"small":{\#(small),"cost_usd":"0.1","cost_is_lower_bound":true},"large":{"output":"abcd","cost_usd":"1","shadow":true}}}"# + "\n"
        }
        // One with an answer that is not accepted, and one without.
        let sandbox = try Self.sandbox("checks: { e: { expr: size(output) > 3 } }", rows: row(#""output":"a""#) + row(#""output":"""#))
        let json = try #require(try await Self.simulate(sandbox, "--json").json)
        #expect(json["exhausted_by"] == .object([word: 2]) && json["escalated"] == 0 && json["cost_usd"] == "0.2" && json["unpriced"] == 2, "\(json)")
    }

    /// The gate is held against a tier where both are known, and says of how many rows that is.
    @Test func whatIsNotJudgedIsNotCompared() async throws {
        func row(_ small: String, _ large: String) -> String {
            #"{"tiers":{"small":{"output":"a"\#(small),"cost_usd":"0.1"},"large":{"output":"b"\#(large),"cost_usd":"1"}}}"# + "\n"
        }
        let (right, wrong) = (#","correct":true"#, #","correct":false"#)
        let sandbox = try Self.sandbox("checks: { e: { expr: output == 'a' } }", rows: row("", right) + row(right, wrong) + row(right, ""))
        let json = try #require(try await Self.simulate(sandbox, "--json").json)
        #expect(json["singles"]?["large"]?["compared"] == ["rows": 1, "correct": 0, "gate_correct": 1] && json["singles"]?["small"]?["compared"]?["rows"] == 2, "\(json)")
        let text = try await Self.simulate(sandbox).out
        #expect(text.contains("90.0 % cheaper than large alone, with 1 more right of the 1 row of 3 in which both are known"), "\(text)")
        #expect(text.contains("of 1 row nothing says whether large alone was right"), "\(text)")
        // Nothing is the better choice for outcomes that nobody knows.
        let unknown = try Self.sandbox("checks: { e: { expr: output == 'c' } }", rows: row("", wrong) + row("", wrong))
        let told = try await Self.simulate(unknown)
        #expect(!told.out.contains("small alone is the better choice"), "\(told.out)")
    }

    /// A check that is not recorded is a no, not the end of the answer: another one may accept it.
    @Test func whatIsMissingIsCountedAsANo() async throws {
        let row = #"{"tiers":{"small":{"output":"abc","correct":true,"cost_usd":"0.1","checks":{"j":{"score":0.9,"cost_usd":"0.01"}}},"large":{"output":"b","correct":true,"cost_usd":"1"}}}"#
        let judge = "{ model: large, prompt: ok?, output: { schema: { type: object, required: [score], properties: { score: { type: number, minimum: 0, maximum: 1 } } } }, min: 0.8 }"
        let sandbox = try Self.sandbox("checks: { v: { agree: { samples: 2 } }, j: \(judge) }, accept: checks.v.passed || checks.j.passed", rows: row)
        let json = try await Self.simulate(sandbox, "--json").json
        #expect(json?["accepted_by"]?["small"] == 1 && json?["cost_usd"] == "0.11" && json?["missing_checks"]?["v"] == 1, "\(String(describing: json))")
        #expect(json?["bounds"]?["cost_usd"] == ["0.1", "0.11"])
        let negated = try Self.sandbox("checks: { j: \(judge) }, accept: '!checks.j.passed'", rows: row.replacingBytes(of: #"{"score":0.9,"cost_usd":"0.01"}"#, with: "null"))
        #expect(try await Self.simulate(negated, "--json").json?["accepted_by"]?["small"] == 1)
    }

    @Test(arguments: [
        (#"{"tiers":{"small":{"checks":{"e":true}},"large":{}}}"#, "'tiers.small.checks.e' is no object"),
        (#"{"tiers":{"small":{"checks":{"e":{"score":"0.9"}}},"large":{}}}"#, "'tiers.small.checks.e.score' is no number"),
        (#"{"tiers":{"small":{"checks":{"e":{"cost_usd":-1}}},"large":{}}}"#, "checks.e.cost_usd' is no amount"),
        (#"{"tiers":{"small":{"signals":{"logprob_sum":3}},"large":{}}}"#, "'tiers.small.signals.logprob_sum' is no log-probability"),
        (#"{"tiers":{"small":{"correct":"yes"},"large":{}}}"#, "'tiers.small.correct' is no true or false"), ("[1]", "'tiers' is missing"), ("{", "rows.jsonl:2:"),
    ])
    func whatIsNoRow(row: String, message: String) async throws {
        let sandbox = try Self.sandbox("checks: { e: { expr: size(output) > 3 } }", rows: "\n" + row + "\n")
        let finished = try await Self.simulate(sandbox)
        #expect(finished.code == 2 && finished.err.contains(message) && finished.err.contains("rows.jsonl:2"), "\(finished.err)")
    }
}
