import Foundation
import TestSupport
import Testing
import Values

/// A gate and a step whose tier a band of the budget has replaced: what is shown of the answer, picked and counted is the word of the tier that gave it.
@Suite struct ReplacedTierTests {
    private static let prices = ["s", "l", "x"].map { "  - { model: stub/\($0), input_per_mtok_usd: 1, output_per_mtok_usd: 10 }" }.joined(separator: "\n")

    /// Under one name, with the same gate, with and without a band.
    private static func text(_ band: String = "") -> String {
        """
        version: 1
        name: t
        models: { s: { use: stub/s }, l: { use: stub/l }, x: { use: stub/x } }
        defaults: { timeout: 5s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 200, max_output_tokens: 32 } }
        budget: { max_cost_usd: 1\(band) }
        steps:
          - id: g
            prompt: hi
            escalate:
              tiers: [s, l]
              checks: { tests: { run: [sh, -c, "cat >/dev/null; echo '{\\"score\\": 0.25}'"], with: { text: "${{ output }}" } } }
              accept: checks.tests.score > 0.5
              on_exhausted: { ask: { message: "Which?" } }
          - { id: c, prompt: hi, model: l, needs: [g] }
        outputs: { tier: "${{ steps.g.tier }}" }
        """
    }

    private static func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox(
            script: { .completion(of: $0.json ?? [:], number: $0.number, saying: "said by \($0.json?["model"]?.stringValue ?? "")") }, project: prices)
        try sandbox.write("t.yaml", text())
        try sandbox.write("b.yaml", text(", yellow: { at: 0%, models: [x], escalate: never }"))
        return sandbox
    }

    @Test(arguments: ["x", "s"]) func itIsShownAndPickedAsTheTierThatAnswered(name: String) async throws {
        let sandbox = try Self.sandbox()
        #expect(try await sandbox.agentctl("run", "b.yaml").code == 4)
        let list = try await sandbox.agentctl("approvals")
        #expect(list.out.contains("\n  s (answered by x): not accepted") && list.out.contains("said by x"), "\(list.out)")
        let candidate = try #require(try await sandbox.agentctl("approvals", "--json").json?[0]?["candidates"]?[0])
        #expect(candidate["tier"] == "s" && candidate["asked_tier"] == "x" && candidate["decision"]?["asked_tier"] == "x", "\(candidate)")
        let other = try await sandbox.agentctl("approve", "last", "g", "--pick", "l")
        #expect(other.code == 2 && other.err.contains("'l' was not asked at 'g': it cannot be picked"), "\(other.err)")
        let picked = try await sandbox.agentctl("approve", "last", "g", "--pick", name, "--resume")
        #expect(picked.code == 0 && picked.out == "x\n", "\(picked.out)\(picked.err)")

        // The same words while it runs and when it is shown.
        #expect(picked.err.contains("c  succeeded  stub/x (in place of l)  "), "\(picked.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("stub/x (in place of l) ") && show.out.contains("stub/x (in place of s) ") && show.out.contains("s (answered by x)"), "\(show.out)")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        #expect(trace["calls"]?.arrayValue?.map { $0["asked_tier"] } == ["x", "x"] && trace["gate_tiers"]?.arrayValue?.map { $0["asked_tier"] } == ["x"], "\(trace)")
        #expect(trace["gate_checks"]?[0]?["place"] == .null)
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
    }

    @Test func itCountsForNoTierOfTheGate() async throws {
        let sandbox = try Self.sandbox()
        for (file, name) in [("t.yaml", "s"), ("b.yaml", "x"), ("t.yaml", "l")] {
            #expect(try await sandbox.agentctl("run", file).code == 4)
            #expect(try await sandbox.agentctl("approve", "last", "g", "--pick", name, "--resume").code == 0)
        }
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        #expect(trace["calls"]?.arrayValue?.map { $0["asked_tier"] } == [.null, .null, .null])
        // Of two answers before it one was another tier's.
        #expect(trace["gate_checks"]?.arrayValue?.map { $0["place"] } == [["below": 0, "of": 1], ["below": 0, "of": 1]], "\(trace["gate_checks"]!)")

        let plan = try await sandbox.agentctl("plan", "t.yaml")
        #expect(plan.out.contains("g: accepted so far: s 0 of 2 (and 1 that another tier answered), l 0 of 2"), "\(plan.out)")

        let audit = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json)
        let rows = try #require(audit["gates"]?.arrayValue).map { [$0["tier"], $0["asked_tier"], $0["asked"], $0["not_accepted"], $0["taken"]] }
        #expect(Set(rows) == [["l", .null, 2, 2, 1], ["s", .null, 2, 2, 1], ["s", "x", 1, 1, 1]], "\(rows)")
        let summary = try #require(audit["gate_summaries"]?[0])
        #expect(summary["executions"] == 2 && summary["escalated"] == 2 && summary["replaced"] == 1, "\(summary)")
        let text = try await sandbox.agentctl("audit", "--by", "tier").out
        #expect(text.contains("s (answered by x)") && text.contains("t:g: 1 execution more, in which another tier answered in place of one of the gate's, is in none of these figures"), "\(text)")

        let export = try await sandbox.agentctl("gate", "export", "t#g")
        let exported = try export.lines.map { try JSONParser.parse($0) }
        #expect(exported.map { $0["tiers"]?["s"]?["asked_tier"] } == [nil, "x", nil], "\(export.out)")
        try sandbox.write("rows.jsonl", export.out)
        let simulated = try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "t.yaml#g", "--json")
        #expect(simulated.json?["rows"] == 2 && simulated.json?["replaced"] == 1 && simulated.json?["left_out"] == [:], "\(simulated.out)\(simulated.err)")
        let told = try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "t.yaml#g")
        #expect(told.out.contains("1 row left out: another tier answered in place of one of the gate's"), "\(told.out)")
        #expect(try await sandbox.agentctl("db", "check").out.contains("all is well"))
    }

    /// What takes over where a first call does not fit is the same kind of answer.
    @Test func whatDegradesIsNamedToo() async throws {
        let sandbox = try Self.sandbox()
        try sandbox.write(
            "d.yaml",
            Self.text(", on_exceeded: degrade, degrade: [x]").replacing("max_cost_usd: 1", with: "max_cost_usd: 0.001").replacing("name: t", with: "name: d"))
        let project = try String(contentsOfFile: sandbox.path("agentctl.yaml"), encoding: .utf8)
        let price = "stub/s, input_per_mtok_usd: 1, output_per_mtok_usd: 10"
        try sandbox.write("agentctl.yaml", project.replacing(price, with: price + "0"))
        let run = try await sandbox.agentctl("run", "d.yaml")
        #expect(run.code == 4, "\(run.err)")
        #expect(try await sandbox.agentctl("approvals").out.contains("\n  s (answered by x): not accepted"), "\(run.err)")
    }
}
