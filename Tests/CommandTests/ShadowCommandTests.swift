import Foundation
import TestSupport
import Testing
import Values

/// `shadow` from the file to the sums: outputs first, costs apart, rows that have every tier.
@Suite(.timeLimit(.minutes(5)))
struct ShadowCommandTests {
    private static let prices = ["small: 0.10", "large: 3.30"].map { line -> String in
        let parts = line.split(separator: ":")
        return "  - { model: stub/\(parts[0]), input_per_mtok_usd: \(parts[1]), output_per_mtok_usd: \(parts[1])7 }"
    }.joined(separator: "\n")

    private static func workflow(_ shadow: String, items: Int = 8, expr: String = "size(output) < 6") -> String {
        """
        version: 1
        name: letters
        models: { small: { use: stub/small }, large: { use: stub/large } }
        budget: { max_cost_usd: 1 }
        defaults: { timeout: 20s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 500, max_output_tokens: 24 } }
        decision: { counts: [right] }
        steps:
          - id: sort
            for_each: { items: "[\((0..<items).map(String.init).joined(separator: ", "))]" }
            prompt: "case ${{ item }}."
            escalate: { tiers: [small, large], checks: { short: { expr: "\(expr)" } }\(shadow) }
        outputs: { tiers: "${{ steps.sort.tier }}" }
        """
    }

    private static func answer(_ request: StubRequest) -> StubResponse? {
        guard let json = request.json, let model = json["model"]?.stringValue else { return nil }
        let text = json["messages"]?.arrayValue?.compactMap { $0["content"]?.stringValue }.joined() ?? ""
        let number = Int(text.split(separator: "case ").last?.prefix(while: \.isNumber) ?? "") ?? 0
        // The small one is wrong about every fourth.
        return .completion(of: json, number: request.number, saying: model == "small" && number % 4 == 3 ? "longer than that" : "good")
    }

    private static func amount(_ value: JSONValue?) -> Decimal { value?.stringValue.flatMap { Decimal(string: $0) } ?? 0 }

    @Test func theGateIsComparedWithItsLastTier() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(", shadow: { rate: 100%, tiers: all }"))
        let run = try await sandbox.agentctl("run", "letters.yaml", "--json")
        #expect(run.code == 0 && run.json?["calls"] == 10 && run.json?["outputs"]?["tiers"] == ["small", "small", "small", "large", "small", "small", "small", "large"], "\(run.out)\(run.err)")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        let calls = try #require(trace["calls"]?.arrayValue)
        func cost(_ isMeant: (JSONValue) -> Bool) -> Decimal { calls.filter(isMeant).reduce(0) { $0 + Self.amount($1["cost_usd"]) } }
        let (decided, compared) = (cost { $0["purpose"] != "shadow" }, cost { $0["purpose"] == "shadow" })
        #expect(trace["run"]?["status"] == "succeeded" && trace["gate_shadows"]?.arrayValue?.count == 6 && trace["gate_draws"]?.arrayValue?.count == 8)
        #expect(trace["gate_shadows"]?.arrayValue?.allSatisfy { $0["result"] == "answered" && $0["tier"] == "large" } == true && compared > 0)
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("for comparison: answered, same answer"), "\(show.out)")

        // Of all executions it is known what the large one costs: of six by comparison, of two by the gate.
        let audit = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json)
        let gate = try #require(audit["gate_summaries"]?[0])
        let direct = cost { $0["tier"] == "large" }
        #expect(gate["last_tier"] == "large" && gate["executions"] == 8 && gate["escalated"] == 2 && gate["accepted"] == 8, "\(gate)")
        #expect(Self.amount(gate["cost_usd"]) == decided && Self.amount(gate["exact"]?["last_tier_cost_usd"]) == direct && gate["exact"]?["executions"] == 8)
        #expect(Self.amount(gate["saved_usd"]) == direct - decided && gate["saved_is_estimate"] == false && gate["estimated"]?["executions"] == 0)
        #expect(Self.amount(gate["shadow_cost_usd"]) == compared && gate["shadows"] == 6)
        // A decision costs what was decided.
        #expect(Self.amount(audit["decisions"]?[0]?["cost_usd"]) == decided && Self.amount(audit["decisions"]?[0]?["shadow_cost_usd"]) == compared)
        let purposes = try #require(try await sandbox.agentctl("audit", "--by", "purpose", "--json").json?["rows"]?.arrayValue)
        #expect(Self.amount(purposes.first { $0["keys"]?["purpose"] == "shadow" }?["cost_usd"]) == compared)

        // Rows have every tier, and the gate alone decides the same again.
        let export = try await sandbox.agentctl("gate", "export", "letters#sort")
        try sandbox.write("rows.jsonl", export.out)
        let simulated = try #require(try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "letters.yaml#sort", "--json").json)
        #expect(simulated["complete_rows"] == 8 && Self.amount(simulated["cost_usd"]) == decided && Self.amount(simulated["singles"]?["large"]?["cost_usd"]) == direct, "\(simulated)")
        #expect(try JSONParser.parse(String(export.out.split(separator: "\n")[0]))["shadow"]?["chosen"] == true)
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
        #expect(try await sandbox.agentctl("db", "check").out.contains("all is well"))
        // What was asked for comparison is no part of what is expected.
        let plan = try #require(try await sandbox.agentctl("plan", "letters.yaml", "--json").json)
        #expect(Self.amount(plan["steps"]?[0]?["gate"]?["expected_usd"]) > 0 && plan["steps"]?[0]?["gate"]?["tiers"]?[0]?["asked"] == 8, "\(plan)")
        #expect(plan["steps"]?[0]?["notes"]?.arrayValue?.contains { $0.stringValue?.contains("for comparison in 100%") == true } == true)
    }

    /// Without comparison what is not known of the last tier is estimated by tokens, and marked.
    @Test func withoutShadowsItIsAnEstimate() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(""))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let gate = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json?["gate_summaries"]?[0])
        #expect(gate["exact"]?["executions"] == 2 && gate["estimated"]?["executions"] == 6 && gate["saved_is_estimate"] == true, "\(gate)")
        // "case N." is two tokens, "good" is one: 3.30 and 3.307 dollars a million.
        let each = Decimal(string: "0.0000066")! + Decimal(string: "0.000003307")!
        #expect(Self.amount(gate["estimated"]?["last_tier_cost_usd"]) == each * 6, "\(gate)")
        let text = try await sandbox.agentctl("audit", "--by", "tier")
        #expect(text.out.contains("≈ ") && text.out.contains("is known of 2 executions, and estimated of 6"), "\(text.out)")
    }

    /// A check that no tier's answer satisfies is about the question.
    @Test func aCheckThatFailsEverywhereIsNamed() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("", expr: "size(output) < 4 || output == string(item)"))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let gate = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json?["gate_summaries"]?[0])
        #expect(gate["fail_at_every_tier"]?[0]?["check"] == "short" && gate["fail_at_every_tier"]?[0]?["executions"] == 8 && gate["fail_at_every_tier"]?[0]?["share"]?.doubleValue == 1, "\(gate)")
        #expect(gate["fail_at_every_tier"]?[0]?["cost_usd"] == gate["cost_usd"])
        #expect(try await sandbox.agentctl("audit", "--by", "tier").out.contains("the check 'short' fails at every tier in 8 of 8 executions (100.0 %)"))
        let plan = try await sandbox.agentctl("plan", "letters.yaml")
        #expect(plan.out.contains("the check 'short' fails at every tier in 8 of 8") && plan.out.contains("the gate loses money"), "\(plan.out)")
    }

    /// Outcomes of decisions that rest on one execution say what a right answer costs.
    @Test func whatARightAnswerCosts() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("", items: 1))
        for outcome in ["right", "right", "wrong", ""] {
            try await sandbox.agentctl("run", "letters.yaml", "--json")
            if !outcome.isEmpty { try await sandbox.agentctl("outcome", "last", outcome) }
        }
        let gate = try #require(try await sandbox.agentctl("plan", "letters.yaml", "--json").json?["steps"]?[0]?["gate"])
        #expect(gate["judged"] == 3 && gate["correct"] == 2, "\(gate)")
        let (expected, perCorrect) = (Self.amount(gate["expected_usd"]), Self.amount(gate["per_correct_usd"]))
        #expect(abs(perCorrect - expected * 3 / 2) <= Decimal(string: "0.000000000002")!, "\(gate)")
        #expect(try await sandbox.agentctl("plan", "letters.yaml").out.contains("(2 of 3 are known to be right)"))
    }

    /// Outputs are there while a shadow is not answered; Ctrl-C ends the wait for it, and the run is what it was.
    @Test func outputsDoNotWait() async throws {
        let gate = Gate { $0.json?["model"] != "large" }
        let sandbox = try Sandbox(script: { gate.response($0) ?? Self.answer($0) }, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(", shadow: { rate: 100% }", items: 1))
        let process = try Background(sandbox, ["run", "letters.yaml", "--json"], output: sandbox.path("out.json"))
        await sandbox.server.waitForRequests(2)
        try await until { try String(contentsOfFile: sandbox.path("out.json"), encoding: .utf8).contains("\n}") }
        #expect(try JSONParser.parse(String(contentsOfFile: sandbox.path("out.json"), encoding: .utf8))["outputs"] == ["tiers": ["small"]])
        #expect(process.end(by: SIGINT) == 0)
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        #expect(trace["gate_shadows"]?[0]?["result"] == "unknown" && trace["run"]?["status"] == "succeeded", "\(trace)")
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
    }

    /// Killed while it waits for one, a run is gone on with to the same end, and nothing is asked again.
    @Test func aKillBehindTheOutputs() async throws {
        let gate = Gate { $0.json?["model"] != "large" }
        let sandbox = try Sandbox(script: { gate.response($0) ?? Self.answer($0) }, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(", shadow: { rate: 100% }", items: 1))
        let process = try Background(sandbox, ["run", "letters.yaml", "--json"])
        await sandbox.server.waitForRequests(2)
        // On a machine so slow that the wait is over before, there is nothing to be killed.
        guard process.end(by: SIGKILL) == -SIGKILL else { return }
        gate.open()
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 0 && resumed.json?["outputs"] == ["tiers": ["small"]] && sandbox.server.requestCount == 2, "\(resumed.out)\(resumed.err)")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        #expect(trace["gate_shadows"]?[0]?["result"] == "unknown" && trace["calls"]?[1]?["state"] == "unknown", "\(trace)")
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
        #expect(try await sandbox.agentctl("db", "check").out.contains("all is well"))
    }
}
