import Foundation
import TestSupport
import Testing
import Values

/// A gate that `max_rate` keeps from going on, and one of whose cost a part is not known: what `show`, `plan`, `audit` and rows of it say.
@Suite(.timeLimit(.minutes(5)))
struct GateLimitCommandTests {
    private static func prices(_ models: String...) -> String {
        models.map { "  - { model: stub/\($0), input_per_mtok_usd: 0.10, output_per_mtok_usd: \($0 == "small" ? "0.107" : "3.307") }" }.joined(separator: "\n")
    }

    private static func workflow(_ keys: String, items: Int) -> String {
        """
        version: 1
        name: letters
        models: { small: { use: stub/small }, large: { use: stub/large } }
        concurrency: 1
        defaults: { timeout: 20s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 500, max_output_tokens: 24 } }
        steps:
          - id: sort
            for_each: { items: "[\((0..<items).map(String.init).joined(separator: ", "))]", on_error: collect }
            prompt: "case ${{ item }}."
            escalate: { tiers: [small, large], checks: { short: { expr: "size(output) < 6" } }\(keys) }
        """
    }

    /// The small one is wrong about cases 1, 20 and 21, empty about 22, and away at 23; the large one is away at every even case.
    private static func answer(_ request: StubRequest, isAway: Bool = false) -> StubResponse? {
        guard let json = request.json, let model = json["model"]?.stringValue else { return nil }
        let text = json["messages"]?.arrayValue?.compactMap { $0["content"]?.stringValue }.joined() ?? ""
        let number = Int(text.split(separator: "case ").last?.prefix(while: \.isNumber) ?? "") ?? 0
        func say(_ text: String) -> StubResponse { .completion(of: json, number: request.number, saying: text) }
        switch (model, number) {
        case ("small", 1), ("small", 20), ("small", 21): return say("longer than that")
        case ("small", 22): return say(" ")
        case ("small", 23): return .error(500, "away", type: "server_error")
        case ("large", _) where isAway && number % 2 == 0: return .error(500, "away", type: "server_error")
        default: return say("good")
        }
    }

    private static func amount(_ value: JSONValue?) -> Decimal { value?.stringValue.flatMap { Decimal(string: $0) } ?? 0 }

    /// Of 24 executions one went on, three more would have, and one had no answer.
    @Test func whatTheRateLeftOut() async throws {
        let sandbox = try Sandbox(script: { Self.answer($0) }, project: Self.prices("small", "large"))
        try sandbox.write("letters.yaml", Self.workflow(", max_rate: 5%/1h, shadow: { rate: 100% }", items: 24))
        let run = try await sandbox.agentctl("run", "letters.yaml", "--json")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json, "\(run.err)")
        let calls = try #require(trace["calls"]?.arrayValue)
        let decided = calls.filter { $0["purpose"] != "shadow" }.reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
        let export = try await sandbox.agentctl("gate", "export", "letters#sort")
        let rows = try export.out.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        func row(_ item: Int) -> JSONValue? { rows.first { $0["path"] == .string("sort[\(item)]") } }
        // Also where no answer was taken the cause is the rate, and the next tier was asked for comparison.
        for item in [20, 21, 22] {
            #expect(row(item)?["stopped_after"] == ["tier": "small", "cause": "max_rate"] && row(item)?["tiers"]?["large"]?["shadow"] == true, "\(item) \(String(describing: row(item)))")
        }
        #expect(row(20)?["taken"] == "small" && row(22)?["taken"] == nil && row(1)?["stopped_after"] == nil)
        // The rows decide what was decided.
        try sandbox.write("rows.jsonl", export.out)
        let simulated = try #require(try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "letters.yaml#sort", "--json").json)
        #expect(simulated["escalated"] == 1 && simulated["exhausted_by"] == ["max_rate": 3, "server_error": 1] && Self.amount(simulated["cost_usd"]) == decided, "\(simulated)")
        #expect(simulated["rows"] == 24 && simulated["accepted_by"] == ["small": 19, "large": 1])
        // One that failed says so, too.
        let failed = try await sandbox.agentctl("show", "last", "sort[22]")
        #expect(failed.out.contains("max_rate left the next tier out: 1 of 23 executions had gone on"), "\(failed.out)")
        // What plan expects is what audit counted.
        let gate = try #require(try await sandbox.agentctl("plan", "letters.yaml", "--json").json?["steps"]?[0]?["gate"])
        let audit = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json?["gate_summaries"]?[0])
        #expect(gate["escalation_rate"]?["share"] == audit["escalation_rate"] && gate["escalation_rate"]?["n"] == 24 && audit["escalated"] == 1, "\(gate)")
    }

    /// A comparison that failed tells nothing of what its tier costs.
    @Test func aComparisonThatFailed() async throws {
        let sandbox = try Sandbox(script: { Self.answer($0, isAway: true) }, project: Self.prices("small", "large"))
        try sandbox.write("letters.yaml", Self.workflow(", shadow: { rate: 100% }", items: 8))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let gate = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json?["gate_summaries"]?[0])
        #expect(gate["exact"]?["executions"] == 4 && gate["estimated"]?["executions"] == 4 && gate["cost_is_lower_bound"] == false, "\(gate)")
    }

    /// Without a price of the large one every figure that has it is a lower bound.
    @Test func aPartIsNotKnown() async throws {
        let sandbox = try Sandbox(script: { Self.answer($0) }, project: Self.prices("small"))
        try sandbox.write("letters.yaml", Self.workflow("", items: 4))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let audit = try #require(try await sandbox.agentctl("audit", "--by", "tier", "--json").json)
        let tiers = audit["gates"]?.arrayValue?.map { [$0["tier"], $0["cost_is_lower_bound"]] }
        #expect(tiers == [["small", false], ["large", true]] && audit["gate_summaries"]?[0]?["cost_is_lower_bound"] == true, "\(audit)")
        let text = try await sandbox.agentctl("audit", "--by", "tier").out
        let line = text.split(separator: "\n").last { $0.contains("letters:sort") && $0.contains("25.0") }
        #expect(line?.split(separator: " ").contains("≥") == true, "\(text)")
    }

    @Test func whichWorkflowsThereAre() async throws {
        let sandbox = try Sandbox(script: { Self.answer($0) }, project: Self.prices("small", "large"))
        try sandbox.write("letters.yaml", Self.workflow("", items: 1))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let export = try await sandbox.agentctl("gate", "export", "leters#sort")
        #expect(export.code == 2 && export.err.contains("there is no workflow 'leters': did you mean 'letters'? there is: letters"), "\(export.err)")
        // Its step may have no gate yet.
        #expect(try await sandbox.agentctl("gate", "export", "letters#other").code == 0)
    }
}
