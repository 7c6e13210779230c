import Foundation
import TestSupport
import Testing
import Values

/// The APIs with a format of their own, from a new project to its first run, with one key in the environment.
@Suite struct NativeAPITests {
    private static let key = "sk-canary-0123456789abcdefXYZ"
    private static let document: JSONValue = ["title": .string("You said \(key)."), "points": ["one", "two", "three"]]

    /// A whole answer in the form of the API that was asked, with the document that the minimal template wants. The key is in it, as servers
    /// echo what they are sent.
    private static func answer(_ request: StubRequest) -> StubResponse {
        guard let body = try? JSONParser.parse(request.body) else { return .error(400, "no JSON", type: "invalid_request_error") }
        if request.path.hasSuffix("/messages") {
            let tool = body["tools"]?[0]?["name"]
            let block: JSONValue =
                tool.map { ["type": "tool_use", "id": "t", "name": $0, "input": document] } ?? ["type": "text", "text": .string(document.jsonText)]
            return .json([
                "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"] ?? nil, "content": [block],
                "stop_reason": tool == nil ? "end_turn" : "tool_use", "stop_sequence": nil, "usage": ["input_tokens": 12, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 0, "output_tokens": 5],
            ])
        }
        return .json([
            "id": "resp_1", "object": "response", "status": "completed", "model": body["model"] ?? nil,
            "output": [["type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [["type": "output_text", "text": .string(document.jsonText), "annotations": []]]]],
            "usage": ["input_tokens": 20, "input_tokens_details": ["cached_tokens": 8], "output_tokens": 5, "output_tokens_details": ["reasoning_tokens": 0], "total_tokens": 25],
        ])
    }

    @Test(arguments: [("anthropic", "anthropic", "claude-haiku-5-5", "ANTHROPIC_API_KEY"), ("openai", "openai-responses", "gpt-4o-mini", "OPENAI_API_KEY")])
    func aNewProjectRuns(provider: String, api: String, model: String, variable: String) async throws {
        let sandbox = try Sandbox(script: { Self.answer($0) })
        let made = try await sandbox.agentctl("init", "p", "--provider", provider, "--model", model)
        #expect(made.code == 0, "\(made.err)")
        // The address of the stub in the place of the built-in one.
        try sandbox.write(
            "p/agentctl.yaml",
            """
            version: 1
            providers:
              \(provider): { api: \(api), base_url: "\(sandbox.server.baseURL)", api_key: { env: \(variable) } }
            prices: [{ model: \(provider)/\(model), input_per_mtok_usd: 1, output_per_mtok_usd: 10, cache_read_per_mtok_usd: 0.1 }]
            """)
        let environment = [variable: Self.key]
        func agentctl(_ words: String...) async throws -> Sandbox.Finished { try await Sandbox.run(Sandbox.program, words, in: sandbox.path("p"), environment: environment) }

        let doctor = try await agentctl("doctor")
        #expect(doctor.out.contains("key from \(variable)") && !doctor.out.contains(Self.key), "\(doctor.out)")
        let next = try #require(made.out.split(separator: "\n").first { $0.contains("agentctl run ") }).split(separator: " ").dropFirst().map(String.init)
        let run = try await Sandbox.run(Sandbox.program, next, in: sandbox.path("p"), environment: environment)
        #expect(run.code == 0, "\(run.err)")
        let shown = try await agentctl("show", "last", "--json")
        let call = try #require(try JSONParser.parse(shown.out)["calls"]?[0])
        #expect(call["state"] == "settled" && call["cost_usd"] == "0.0000628" && call["cache_read_tokens"] == 8, "\(shown.out)")
        for text in [run.out, run.err, shown.out] { #expect(!text.contains(Self.key)) }
        let asked = try #require(sandbox.server.requests.first { $0.method == "POST" })
        #expect(asked.path == (api == "anthropic" ? "/v1/messages" : "/v1/responses"))
        let head = String(decoding: asked.headerLines, as: UTF8.self)
        #expect(head.contains(api == "anthropic" ? "x-api-key: \(Self.key)" : "Authorization: Bearer \(Self.key)"))
        // The list of models is asked for as the API wants it.
        let probe = try #require(sandbox.server.requests.first { $0.method == "GET" })
        #expect(String(decoding: probe.headerLines, as: UTF8.self).contains("anthropic-version: ") == (api == "anthropic"))
    }
}
