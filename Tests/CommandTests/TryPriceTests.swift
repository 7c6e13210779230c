import TestSupport
import Testing
import Values

@Suite struct TryPriceTests {
    private static let usage = #"{"prompt_tokens":1000,"completion_tokens":200,"prompt_tokens_details":{"cached_tokens":600}}"#

    @Test func aUsageObjectIsPriced() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("usage.json", Self.usage)
        let result = try await sandbox.agentctl(
            "try", "price", "--model", "openai/gpt-4o-2024-08-06", "--api", "openai-chat", "--usage", "usage.json", "--at", "2026-11-30", "--json")
        #expect(result.code == 0, "\(result.err)")
        let json = try #require(result.json)
        #expect(json["cost_usd"] == "0.00375")
        #expect(json["classes"] == ["input": 400, "cache_read": 600, "cache_write": nil, "output": 200, "reasoning": nil])
        #expect(json["rows"]?.arrayValue?.map { $0["unit"] } == ["input", "cache_read", "output"])
        #expect(json["rows"]?.arrayValue?.map { $0["cost_usd"] } == ["0.001", "0.00075", "0.002"])
        #expect(json["notes"] == ["openai/gpt-4o-2024-08-06 is priced as openai/gpt-4o"])
        let text = try await sandbox.agentctl("try", "price", "--model", "openai/gpt-4o", "--usage", "-", stdin: Self.usage)
        #expect(text.lines.last == "$0.00375" && text.err.isEmpty, "\(text.out)")
    }

    @Test(arguments: [
        ("2026-12-31T23:59:59Z", "0.0015"), ("2027-01-01", "0.003"),
    ])
    func theDayCounts(at: String, cost: String) async throws {
        let sandbox = try Sandbox()
        let usage = #"{"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":200}}"#
        let result = try await sandbox.agentctl("try", "price", "--model", "gemini/gemini-3.8-flash", "--api", "gemini", "--usage", "-", "--at", at, "--json", stdin: usage)
        #expect(result.json?["cost_usd"] == .string(cost), "\(result.err)")
    }

    @Test func manyLinesAreOneProcess() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "lines.jsonl",
            """
            {"model": "openai/gpt-4o", "usage": \(Self.usage)}
            {"model": "openai/gpt-4o", "usage": \(Self.usage), "service_tier": "priority"}
            {"model": "nobody/nothing", "usage": \(Self.usage)}
            {"model": "openai/gpt-4o", "usage": {"words": 3}}
            {"model": "anthropic/claude-opus-5-5", "usage": {"input_tokens": 10, "output_tokens": 1}, "region": "us"}
            """)
        let result = try await sandbox.agentctl("try", "price", "--lines", "--usage", "lines.jsonl")
        #expect(result.code == 0, "\(result.err)")
        let lines = result.lines.compactMap { try? JSONParser.parse($0) }
        #expect(lines.map { $0["cost_usd"] } == ["0.00375", "0.006375", .null, nil, "0.000066"])
        #expect(lines[3]["error"] == "there is nothing in it that counts tokens")
    }

    @Test func whatCannotBePricedSaysWhatToDo() async throws {
        let sandbox = try Sandbox()
        let unknown = try await sandbox.agentctl("try", "price", "--model", "nobody/nothing", "--usage", "-", stdin: Self.usage)
        #expect(unknown.code == 21 && unknown.out.isEmpty && unknown.err.contains("nobody/nothing has no known price") && unknown.err.contains("prices add"), "\(unknown.err)")
        let json = try await sandbox.agentctl("try", "price", "--model", "nobody/nothing", "--usage", "-", "--json", stdin: Self.usage)
        #expect(json.code == 21 && json.json?["cost_usd"] == .null)
        for (arguments, says) in [
            (["--model", "gpt-4o"], "a model is named provider/model"), (["--model", "openai/gpt-4o", "--api", "antropic"], "did you mean 'anthropic'"),
            (["--model", "openai/gpt-4o", "--at", "tomorrow"], "a date is such as"), (["--model", "openai/gpt-4o", "--service-tier", "flx"], "there is no service tier 'flx'"),
            ([], "--model names the model"),
        ] {
            let result = try await Sandbox.run(Sandbox.program, ["try", "price", "--usage", "-"] + arguments, in: sandbox.folder, stdin: Self.usage)
            #expect(result.code == 2 && result.err.contains(says), "\(result.err)")
        }
    }

    @Test func aDeploymentHasThePricesThatItsEntryNames() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              gateway:
                api: openai-chat
                base_url: http://127.0.0.1:1
                models: { best: { id: group-7, price_as: openai/gpt-4o } }
            prices:
              - { model: own/m, input_per_mtok_usd: 1, output_per_mtok_usd: 2 }
            """)
        let result = try await sandbox.agentctl("try", "price", "--model", "gateway/best", "--usage", "-", "--json", stdin: Self.usage)
        #expect(result.json?["cost_usd"] == "0.00375", "\(result.err)")
        #expect(result.json?["notes"] == ["gateway/best is priced as openai/gpt-4o"])
        let own = try await sandbox.agentctl("try", "price", "--model", "own/m", "--usage", "-", "--json", stdin: Self.usage)
        #expect(own.json?["cost_usd"] == "0.0014")
    }

    @Test func aLineThatIsNoJSONLosesNoOther() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("lines.jsonl", "{\"model\": \"openai/gpt-4o\", \"usage\": \(Self.usage)}\n{oops\n{\"model\": \"openai/gpt-4o\", \"usage\": \(Self.usage)}\n")
        let result = try await sandbox.agentctl("try", "price", "--lines", "--usage", "lines.jsonl")
        let lines = result.lines.compactMap { try? JSONParser.parse($0) }
        #expect(lines.map { $0["cost_usd"] } == ["0.00375", nil, "0.00375"], "\(result.out)")
        #expect(lines[1]["error"]?.stringValue?.hasPrefix("line 2 is not JSON") == true)
    }

    @Test func whatHasNoPriceIsSaid() async throws {
        let sandbox = try Sandbox()
        let usage = #"{"input_tokens":1000,"output_tokens":100,"service_tier":"ultra","server_tool_use":{"web_search_requests":5}}"#
        let result = try await sandbox.agentctl("try", "price", "--model", "anthropic/claude-3-haiku", "--usage", "-", "--json", stdin: usage)
        #expect(
            result.json?["notes"]?.arrayValue?.prefix(2) == [
                "service tier 'ultra' is not known: priced at the standard one", "5 web searches of the server have no price here, so that the cost is what the tokens come to",
            ], "\(result.out)")
    }
}
