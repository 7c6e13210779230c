import Foundation
import TestSupport
import Testing
import Values

@Suite struct PricesTests {
    private static let map = """
        {"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of them", "mode": "chat"},
         "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
          "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06, "input_cost_per_token_priority": 4.25e-06, "output_cost_per_token_priority": 1.7e-05,
          "cache_read_input_token_cost_priority": 2.125e-06},
         "acme/large": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "max_input_tokens": 200000,
          "cache_creation_input_token_cost_above_1hr": 6e-06, "input_cost_per_token_above_200k_tokens": 6e-06, "input_cost_per_token_above_200k_tokens_batches": 3e-06,
          "input_cost_per_image": 0.01, "provider_specific_entry": {"us": 1.1, "fast": 2}},
         "acme/tiny": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-13, "output_cost_per_token": 1e-06},
         "acme/cents": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 3.0, "output_cost_per_token": 15.0},
         "acme/free": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
         "acme/picture": {"litellm_provider": "acme", "mode": "image_generation", "output_cost_per_image": 0.04}}
        """

    @Test func theCommunityMapIsImportedOnce() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("map.json", Self.map)
        let dry = try await sandbox.agentctl("prices", "import", "map.json", "--dry-run")
        #expect(dry.code == 0 && dry.out.contains("nothing was written"), "\(dry.err)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("agentctl.prices.jsonl")))
        let first = try await sandbox.agentctl("prices", "import", "map.json", "--from", "2026-11-01", "--json")
        #expect(first.code == 0, "\(first.err)")
        let json = try #require(first.json)
        #expect(json["models"] == ["acme/large"] && json["new"] == 1, "what is known at the same price is left out")
        #expect(json["not_understood"] == ["input_cost_per_image": 1])
        #expect(json["left_out"]?.arrayValue?.compactMap { $0["model"]?.stringValue }.sorted() == ["acme/cents", "acme/free", "acme/tiny", "sample_spec"])
        let shown = try await sandbox.agentctl("prices", "show", "acme/large", "--all", "--json")
        let prices = try #require(shown.json?["prices"]?.arrayValue)
        #expect(prices.contains { $0["unit"] == "input" && $0["condition"] == "batch, prompts over 200000 tokens" && $0["price"] == "$3.00 / 1M tokens" })
        #expect(prices.contains { $0["unit"] == "cache_write_long" && $0["condition"] == "region us" && $0["price"] == "$6.60 / 1M tokens" })
        #expect(prices.allSatisfy { $0["from"] == "2026-11-01" && $0["source"] == "map.json" })
        let again = try await sandbox.agentctl("prices", "import", "map.json")
        #expect(again.out.hasPrefix("2 models read: 0 new, 0 at other prices, 2 as they are known"), "\(again.out)")
    }

    @Test func aNewerRowGoesBeforeAnOlderAndNoneIsTakenAway() async throws {
        let sandbox = try Sandbox()
        for (day, price) in [("2026-01-01", "1"), ("2026-06-01", "2")] {
            let added = try await sandbox.agentctl("prices", "add", "acme/m", "--input", price, "--output", "4", "--from", day, "--source", "contract")
            #expect(added.code == 0, "\(added.err)")
        }
        for (at, price) in [("2026-05-31", "$1.00 / 1M tokens"), ("2026-06-01", "$2.00 / 1M tokens")] {
            let shown = try await sandbox.agentctl("prices", "show", "acme/m", "--at", at, "--json")
            #expect(shown.json?["prices"]?[0]?["price"] == .string(price))
        }
        let same = try await sandbox.agentctl("prices", "add", "acme/m", "--input", "3", "--output", "4", "--from", "2026-06-01")
        #expect(same.code == 2 && same.err.contains("two entries start on the same day") && same.err.contains("--from"), "\(same.err)")
        let lines = try String(contentsOfFile: sandbox.path("agentctl.prices.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        let before = try await sandbox.agentctl("prices", "show", "acme/m", "--at", "2025-12-31")
        #expect(before.code == 2)
    }

    @Test(arguments: [
        (["--input", "0.000003", "--output", "4"], "is the figure per token?"), (["--input", "30000", "--output", "4"], "per thousand, or in cents?"),
        (["--input", "3"], "needs input and output"), (["--input", "three", "--output", "4"], "not a price"), (["--input", "1", "--output", "2", "--request", "x"], "not an amount"),
    ])
    func `T36 a price that can only be a mistake is not put down`(arguments: [String], says: String) async throws {
        let sandbox = try Sandbox()
        let result = try await Sandbox.run(Sandbox.program, ["prices", "add", "acme/m"] + arguments, in: sandbox.folder)
        #expect(result.code == 2 && result.err.contains(says), "\(result.err)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("agentctl.prices.jsonl")))
    }

    @Test func differencesAreListed() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("map.json", Self.map.replacing("\"output_cost_per_token\": 1e-05", with: "\"output_cost_per_token\": 1.2e-05"))
        let result = try await sandbox.agentctl("prices", "diff", "map.json", "--json", "--at", "2026-11-30")
        #expect(result.code == 1, "\(result.err)")
        let differences = try #require(result.json?["differences"]?.arrayValue)
        #expect(differences.contains(["model": "openai/gpt-4o", "price": "output", "known": "10", "file": "12"]))
        #expect(result.json?["new_models"] == 1)
        let other = try await sandbox.agentctl("prices", "diff", "map.json", "--provider", "nobody")
        #expect(other.code == 0 && other.out.contains("no price of the file differs"), "\(other.out)")
    }

    @Test func `T35 a list that cannot be read stops what needs prices`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("agentctl.prices.jsonl", "{\"version\":\"1\"}\n{\"provider\":\"acme\",\"models\":[\"m\"],\"per_mtok_usd\":{\"input\":\"1\"}\n")
        let result = try await sandbox.agentctl("prices", "show", "openai/gpt-4o")
        #expect(result.code == 2 && result.err.contains("agentctl.prices.jsonl"), "\(result.err)")
        let other = try Sandbox()
        try other.write("list.txt", "gpt-4o costs 3 dollars")
        let text = try await other.agentctl("prices", "import", "list.txt")
        #expect(text.code == 2 && text.err.contains("list.txt:1 is not JSON") && text.err.contains("LiteLLM's"), "\(text.err)")
    }

    @Test func aProviderWithoutPricesIsSaid() async throws {
        let sandbox = try Sandbox()
        let result = try await sandbox.agentctl("prices", "list", "--provider", "opnai")
        #expect(result.code == 2 && result.err.contains("did you mean 'openai'"), "\(result.err)")
        let list = try await sandbox.agentctl("prices", "--provider", "anthropic", "--json")
        #expect((list.json?["prices"]?.arrayValue?.count ?? 0) >= 100)
    }
}
