import Foundation
import TestSupport
import Testing
import Values

/// `gate export` and `gate simulate` close a circle: what a gate decided in a run it decides again of the rows of that run, to the last digit of its cost.
@Suite(.timeLimit(.minutes(5)))
struct GateExportTests {
    private static let prices = ["small: 0.10", "mid: 0.70", "large: 3.30", "judge: 0.13"].map { line -> String in
        let parts = line.split(separator: ":")
        return "  - { model: stub/\(parts[0]), input_per_mtok_usd: \(parts[1]), output_per_mtok_usd: \(parts[1])7 }"
    }.joined(separator: "\n")

    private static let accept = "checks.sure.passed && checks.short.passed && (checks.vote.passed || checks.judge.passed)"

    private static func workflow(items: Int, accept: String = accept) -> String {
        """
        version: 1
        name: letters
        models: { small: { use: stub/small }, mid: { use: stub/mid }, large: { use: stub/large }, judge: { use: stub/judge } }
        defaults: { timeout: 5s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 500, max_output_tokens: 24 } }
        decision: { id: "d-1", counts: [right] }
        steps:
          - id: sort
            for_each: { items: "[\((0..<items).map(String.init).joined(separator: ", "))]", max_parallel: 4, on_error: collect }
            prompt: "case ${{ item }}."
            output: { schema: { type: object, properties: { k: { type: string } }, required: [k], additionalProperties: false }, repair: 0 }
            escalate:
              tiers: [small, mid, large]
              on_refusal: escalate
              checks:
                sure: { logprob: { of: output.k, min_lowest: -1 } }
                short: { expr: "size(output.k) < 6 && item >= 0" }
                vote: { agree: { samples: 2, on: output.k } }
                tests: { run: [sh, -c, "cat >/dev/null; echo '{\\"score\\": 0.75}'"], with: { text: "${{ output.k }}" }, record: true }
                judge: { model: judge, prompt: "ok? ${{ output.k }}", output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] } }, min: 0.5 }
              accept: \(accept)
        outputs: { accepted: "${{ steps.sort.accepted }}" }
        """
    }

    /// What each model says to each case, in all the ways that an answer may go.
    private static func answer(_ request: StubRequest) -> StubResponse? {
        guard let json = request.json, let model = json["model"]?.stringValue else { return nil }
        let text = json["messages"]?.arrayValue?.compactMap { $0["content"]?.stringValue }.joined(separator: "\n") ?? ""
        func say(_ text: String) -> StubResponse { .completion(of: json, number: request.number, saying: text) }
        if model == "judge" { return text.contains("ok? x") ? .error(500, "away", type: "server_error") : say("{\"score\": \(text.contains("good") ? "0.9" : "0.25")}") }
        guard let digits = text.split(separator: "case ").last?.prefix(while: \.isNumber), let number = Int(digits) else { return nil }
        func kind(_ kind: String) -> StubResponse { say("{\"k\": \"\(kind)\"}") }
        switch (number % 10, model) {
        case (0, _): return kind("good")
        case (1, "small"): return kind("much too long")
        case (1, _): return kind("good")
        case (2, _): return kind("long as ever")
        case (3, "small"): return say("no JSON")
        case (4, "small"): return say(" ")
        case (5, "small"): return say("{\"k\": \"" + String(repeating: "x", count: 200) + "\"}")
        case (6, "small"): return kind("too long here")
        case (6, _): return .error(500, "away", type: "server_error")
        // Neither of two further answers is the same, and the judge is asked.
        case (7, "small"): return kind(request.number % 3 == 0 ? "bad" : request.number % 3 == 1 ? "worse" : "good")
        case (8, "small"): return kind("x\(request.number)")
        case (9, _): return .error(500, "away", type: "server_error")
        default: return kind("ok")
        }
    }

    private static func rows(_ text: String) throws -> [JSONValue] { try text.split(separator: "\n").map { try JSONParser.parse(String($0)) } }

    private static func amount(_ value: JSONValue?) -> Decimal { value?.stringValue.flatMap { Decimal(string: $0) } ?? 0 }

    @Test func theCircleCloses() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(items: 40))
        let run = try await sandbox.agentctl("run", "letters.yaml", "--json")
        #expect(run.code == 0, "\(run.out)\(run.err)")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        let export = try await sandbox.agentctl("gate", "export", "letters.yaml#sort")
        #expect(export.code == 0 && export.err == "40 executions, 0 with a known outcome\n", "\(export.err)")
        let rows = try Self.rows(export.out)
        #expect(rows.count == 40)
        try sandbox.write("rows.jsonl", export.out)

        // All of them together.
        let simulated = try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "letters.yaml#sort", "--json")
        let json = try #require(simulated.json, "\(simulated.err)")
        let tiers = try #require(trace["gate_tiers"]?.arrayValue)
        let cost = try #require(trace["calls"]?.arrayValue).reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
        #expect(json["rows"] == 40 && json["left_out"] == [:] && json["missing_checks"] == [:], "\(json)")
        #expect(cost > 0 && Self.amount(json["cost_usd"]) == cost, "\(json["cost_usd"]!) \(cost)")
        for tier in ["small", "mid", "large"] {
            let accepted = tiers.count { $0["tier"] == .string(tier) && $0["verdict"] == "accepted" }
            #expect(json["accepted_by"]?[tier] == .int(Int64(accepted)), "\(tier)")
        }
        let paths = Dictionary(grouping: tiers) { $0["path"]!.stringValue! }
        #expect(json["escalated"] == .int(Int64(paths.values.count { $0.count > 1 })) && paths.values.contains { $0.count == 3 })
        let verdicts = Set(tiers.compactMap { $0["verdict"]?.stringValue })
        #expect(verdicts.isSuperset(of: ["accepted", "rejected", "unavailable", "failed"]), "\(verdicts)")
        #expect(Set(tiers.compactMap { $0["failure_kind"]?.stringValue }) == ["output_invalid", "empty_answer", "truncated", "server_error"])

        // And each by itself.
        for row in rows {
            try sandbox.write("row.jsonl", row.jsonText + "\n")
            let one = try #require(try await sandbox.agentctl("gate", "simulate", "row.jsonl", "--step", "letters.yaml#sort", "--json").json)
            let path = row["path"]!.stringValue!
            let own = try #require(trace["calls"]?.arrayValue).filter { $0["path"] == .string(path) }.reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
            let taken = paths[path]?.first { $0["taken"] == true }
            #expect(Self.amount(one["cost_usd"]) == own && one["unpriced"] == 0, "\(row.jsonText) \(one)")
            for tier in ["small", "mid", "large"] {
                let isAccepted = taken?["tier"] == .string(tier) && taken?["verdict"] == "accepted"
                #expect(one["accepted_by"]?[tier] == (isAccepted ? 1 : 0), "\(row.jsonText) \(one)")
            }
            let cause = taken == nil ? "server_error" : taken?["cause"]?.stringValue
            #expect(one["exhausted_by"] == (cause.map { [$0: 1] } ?? [:]), "\(row.jsonText) \(one)")
        }
    }

    /// Every answer has its signals, whether a check went by them or not.
    @Test func everyAnswerHasItsSignals() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow(items: 10))
        try await sandbox.agentctl("run", "letters.yaml", "--json")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json)
        func signals(_ item: Int, _ tier: String) -> JSONValue? {
            trace["gate_tiers"]?.arrayValue?.first { $0["path"] == .string("sort[\(item)]") && $0["tier"] == .string(tier) }?["signals"]
        }
        let good = try #require(signals(0, "small"))
        #expect(good["bytes"] == 13 && good["finish"] == "stop" && good["schema"] == true && good["logprobs"]?["min"] == -0.125 && good["logprobs"]?["tokens"] == 4, "\(good)")
        // Of the field that a check looks at apart.
        #expect(good["parts"]?["sure"]?["tokens"]?.intValue ?? 9 < 4)
        #expect(signals(3, "small")?["schema"] == false && signals(3, "small")?["bytes"] == 7)
        #expect(signals(5, "small")?["finish"] == "length" && signals(5, "small")?["bytes"] == 96)
        #expect(signals(4, "small")?["bytes"] == 1 && signals(9, "small") == .null)
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
    }

    /// What people said of a decision is the word on its only execution; another threshold is held against the recorded scores.
    @Test func outcomesAndThresholds() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        let ofOne = Self.workflow(items: 1).replacing("for_each: { items: \"[0]\", max_parallel: 4, on_error: collect }", with: "with: { n: 7 }")
        try sandbox.write("letters.yaml", ofOne.replacing("${{ item }}", with: "7").replacing(" && item >= 0", with: ""))
        let run = try await sandbox.agentctl("run", "letters.yaml", "--json")
        #expect(run.code == 0, "\(run.out)\(run.err)")
        #expect(try await sandbox.agentctl("outcome", "last", "right").code == 0)
        let export = try await sandbox.agentctl("gate", "export", "letters#sort")
        #expect(export.err == "1 execution, 1 with a known outcome\n", "\(export.err)")
        let row = try #require(try Self.rows(export.out).first)
        let taken = try #require(row["asked"]?.arrayValue?.last?.stringValue)
        #expect(row["outcome"] == "right" && row["tiers"]?[taken]?["correct"] == true, "\(row.jsonText)")
        // The score says whether it passes, so a lower bound lets it pass.
        let judge = try #require(row["tiers"]?["small"]?["checks"]?["judge"])
        #expect(judge["passed"] == nil && judge["score"] == 0.25, "\(row.jsonText)")
        try sandbox.write("rows.jsonl", export.out)
        try sandbox.write("lower.yaml", try String(contentsOfFile: sandbox.path("letters.yaml"), encoding: .utf8).replacing("min: 0.5", with: "min: 0.2"))
        let lower = try await sandbox.agentctl("gate", "simulate", "rows.jsonl", "--step", "lower.yaml#sort", "--json")
        #expect(lower.json?["accepted_by"]?["small"] == 1, "\(lower.out)\(lower.err)")
        #expect(try await sandbox.agentctl("gate", "export", "letters#sort", "--since", "2100-01-01").err.hasPrefix("no execution of a gate at 'sort' of letters is recorded since"))
        #expect(try await sandbox.agentctl("gate", "export", "letters").code == 2)
    }
}
