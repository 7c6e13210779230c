import TestSupport
import Testing
import Values

/// `cache report`, and `cache simulate` on the ledger.
@Suite(.timeLimit(.minutes(5)))
struct CacheReportTests {
    private static let prices = "  - { model: stub/cached, input_per_mtok_usd: 1, output_per_mtok_usd: 2, cache_read_per_mtok_usd: 0.1, cache_write_per_mtok_usd: 1.25 }"

    /// Three items under one policy of 2,000 tokens; of the second and the third 1,500 tokens are read.
    private static func ran() async throws -> Sandbox {
        let sandbox = try Sandbox(script: answer, project: prices)
        try sandbox.write(
            "fan.yaml",
            """
            version: 1
            name: fan
            models: { small: { use: stub/cached } }
            prefixes:
              policy: { text: "\(String(repeating: "rule ", count: 1600))" }
            defaults: { model: small, timeout: 5s, limits: { max_input_tokens: 4000, max_output_tokens: 64 } }
            steps:
              - id: each
                for_each: { items: "[1, 2, 3]", max_items: 3, max_parallel: 1 }
                prefix: [policy]
                prompt: "Item ${{ item }}"
            outputs: { all: "${{ steps.each.output }}" }
            """)
        let run = try await sandbox.agentctl("run", "fan.yaml", "--json")
        #expect(run.code == 0, "\(run.err)")
        return sandbox
    }

    private static func answer(_ request: StubRequest) -> StubResponse? {
        guard request.json?["messages"] != nil else { return nil }
        let cached = request.number == 1 ? 0 : 1500
        return .json([
            "id": "x", "object": "chat.completion", "model": "cached",
            "choices": [["index": 0, "finish_reason": "stop", "message": ["role": "assistant", "content": "fine"]]],
            "usage": ["prompt_tokens": 2010, "completion_tokens": 1, "total_tokens": 2011, "prompt_tokens_details": ["cached_tokens": .int(Int64(cached))]],
        ])
    }

    @Test func whatWasSaved() async throws {
        let sandbox = try await Self.ran()
        let json = try #require(try await sandbox.agentctl("cache", "report", "--json").json)
        let total = json["total"]
        #expect(total?["calls"] == 3 && total?["input_tokens"] == 6030 && total?["read_tokens"] == 3000, "\(json)")
        // 3,000 tokens at $0.1 a million and not $1.
        #expect(total?["saved_usd"] == "0.0027" && total?["unknown_calls"] == 0, "\(json)")
        #expect(json["rows"]?[0]?["keys"] == ["workflow": "fan", "step": "each", "model": "stub/cached"])
        let text = try await sandbox.agentctl("cache", "report", "fan", "--by", "model")
        #expect(text.code == 0 && text.out.contains("$0.0027") && text.out.contains("49.8 %"), "\(text.out)")
        let csv = try await sandbox.agentctl("cache", "report", "--by", "step", "--csv")
        #expect(csv.out.hasPrefix("step,calls,") && csv.lines.count == 2, "\(csv.out)")
        // Named twice it is one.
        #expect(try await sandbox.agentctl("cache", "report", "--by", "step,step", "--csv").out == csv.out)
        let audit = try await sandbox.agentctl("audit", "--json")
        #expect(audit.json?["total"]?["cache_saved_usd"] == "0.0027", "\(audit.out)")
        #expect(try await sandbox.agentctl("audit").out.contains("saved by caches"))
        let verified = try await sandbox.agentctl("verify", "--all")
        #expect(verified.code == 0, "\(verified.out)")

        let finance = try await sandbox.agentctl("cache", "report", "--finance", "--json")
        let row = finance.json?["rows"]?[0]
        #expect(row?["vendor"] == "stub" && row?["without_cache_usd"] == "0.00603" && row?["actual_usd"] == "0.00333" && row?["saved_usd"] == "0.0027" && row?["holdout"] == .null, "\(finance.out)")
        let sheet = try await sandbox.agentctl("cache", "report", "--finance", "--csv")
        #expect(sheet.out.hasPrefix("month,vendor,") && sheet.lines.count == 2)
        #expect(try await sandbox.agentctl("cache", "report", "--finance").out.contains("too few"))
    }

    /// The calls that were made are a log like another.
    @Test func theLedgerIsALog() async throws {
        let sandbox = try await Self.ran()
        let finished = try await sandbox.agentctl("cache", "simulate", "--policy", "tail", "--rules", "gemini", "--least-tokens", "1000", "--json")
        let result = try #require(finished.json, "\(finished.err)")
        #expect(result["requests"] == 3 && result["policy"] == "tail", "\(finished.out)")
        // The policy, of 8,000 bytes, is in all of them.
        #expect(result["read_tokens"] == 4000 || result["read_tokens"] == 3998, "\(finished.out)")
        let named = try await sandbox.agentctl("cache", "simulate", ".agentctl/ledger.db", "--policy", "tail", "--rules", "gemini", "--least-tokens", "1000", "--json")
        #expect(named.out == finished.out, "\(named.err)")
        let other = try await sandbox.agentctl("cache", "simulate", "--workflow", "other")
        #expect(other.code == 0 && other.out.contains("no request") && other.out.contains("there is no workflow 'other'; there is: fan"), "\(other.out)")
        let later = try await sandbox.agentctl("cache", "simulate", "--since", "2099-01-01")
        #expect(later.code == 0 && later.out.contains("nothing matches --since 2099-01-01") && later.out.contains("the last run began"), "\(later.out)")
    }

    @Test(arguments: [
        (["report", "--by", "stepp"], 2, "did you mean 'step'?"), (["report", "--by", ""], 2, "cannot group by ''"), (["report", "--by", "step", "--finance"], 2, "exclude"), (["report", "--json", "--csv"], 2, "exclude"),
        (["report", "--tag", "x"], 2, "key=value"), (["report", "--since", "soon"], 2, "neither a date nor a span"), (["report"], 47, "ledger"), (["simulate"], 47, "ledger"),
        (["simulate", "log.jsonl", "--workflow", "x"], 2, "is none"),
    ]) func mistakes(words: [String], code: Int, says: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("log.jsonl", #"{"t": 60, "in": 12050, "h": [[1, 188]]}"#)
        let finished = try await Sandbox.run(Sandbox.program, ["cache"] + words, in: sandbox.folder)
        #expect(finished.code == code && (finished.out + finished.err).contains(says), "\(finished.out)\(finished.err)")
    }

    @Test func nothingMatches() async throws {
        let sandbox = try await Self.ran()
        let finished = try await sandbox.agentctl("cache", "report", "fann")
        #expect(finished.code == 0 && finished.out.contains("did you mean 'fan'?"), "\(finished.out)")
    }
}
