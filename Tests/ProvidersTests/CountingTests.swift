import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Counting the tokens of a prompt at the endpoints that servers have for it.
@Suite struct CountingTests {
    private func count(
        _ request: ModelRequest, _ api: ModelAPI = .openAIChat, by word: String, key: String? = nil, base: String = "",
        script: @escaping StubModelServer.Script
    ) async throws -> (TokenCountResult, [StubRequest]) {
        let server = try StubModelServer(script: script)
        defer { server.stop() }
        let provider = ProviderConfiguration(
            name: "stub", api: api, baseURL: server.baseURL + base, apiKey: key.map { _ in .environment("STUB_KEY") }, dialect: ["count_tokens": .string(word)])
        var result: TokenCountResult?
        try await withRegistry([provider], key: key) { result = await $0.count(request) }
        return (try #require(result), server.requests)
    }

    private static let schema = #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#

    /// What only an answer needs is not sent: the vendors' types forbid it (`Tests/Conformance/wire.py` holds them against these bodies).
    @Test func anthropic() async throws {
        let request = ModelRequest.sample("stub/m", schema: Self.schema) { ($0.temperature, $0.stop, $0.reasoning, $0.stream) = (0.5, ["END"], "low", true) }
        let (result, asked) = try await count(request, .anthropic, by: "api", key: "sk-canary-0123456789abcdefXYZ") { _ in .json(["input_tokens": 2095]) }
        #expect(try result.outcome.get() == TokenCount(tokens: 2095, basis: .learned))
        #expect(asked.map(\.path) == ["/v1/messages/count_tokens"])
        #expect(asked[0].header("x-api-key") == "sk-canary-0123456789abcdefXYZ" && asked[0].header("anthropic-version") == "2026-10-21")
        #expect(
            asked[0].json == [
                "model": "m", "messages": [["role": "user", "content": "hello"]], "thinking": ["type": "adaptive"],
                "output_config": ["effort": "low", "format": ["type": "json_schema", "schema": json(Self.schema)]],
            ])
    }

    @Test func whatStandsBesideAnErrorIsNoCount() async throws {
        let (result, _) = try await count(.sample("stub/m"), .anthropic, by: "api") { _ in .json(["input_tokens": 5, "error": ["message": "overloaded"]]) }
        guard case .failure(let failure) = result.outcome else { return #expect(Bool(false), "it was taken") }
        #expect(failure.kind == .malformedResponse)
    }

    @Test(arguments: [ModelAPI.openAIResponses, .openAIChat]) func openAI(api: ModelAPI) async throws {
        let request = ModelRequest.sample("stub/m", schema: Self.schema) { ($0.temperature, $0.reasoning, $0.logprobs, $0.stream) = (0.5, "low", true, true) }
        let (result, asked) = try await count(request, api, by: "api") { _ in .json(["object": "response.input_tokens", "input_tokens": 11]) }
        #expect(try result.outcome.get() == TokenCount(tokens: 11, basis: .learned))
        #expect(asked.map(\.path) == ["/v1/responses/input_tokens"])
        #expect(asked[0].json?.objectValue?.keys.sorted() == ["input", "model", "reasoning", "text"])
    }

    /// The template is applied to the very body that would be sent, and its text is cut as the server cuts it.
    @Test(arguments: ["", "/", "?api-version=1"]) func llamaCpp(base: String) async throws {
        // Both requests have the time of one, and other tests take the machine's.
        let request = ModelRequest.sample("stub/m", "say \"hi\"\u{1}", schema: Self.schema, timeout: .seconds(600))
        let (result, asked) = try await count(request, by: "llama.cpp", base: base) {
            $0.path == "/apply-template" ? .json(["prompt": "<|user|>say \"hi\"\u{1}"]) : .json(["tokens": [1, 2, 3, 4]])
        }
        #expect(try result.outcome.get() == TokenCount(tokens: 4, basis: .proved))
        #expect(asked.map(\.path) == ["/apply-template", "/tokenize"])
        #expect(asked[0].body == OpenAIChatRequest(request: request, modelID: "m", dialect: Dialect()).body())
        #expect(asked[1].json == ["content": "<|user|>say \"hi\"\u{1}", "add_special": true, "parse_special": true])
        #expect(base.hasPrefix("?") ? asked.allSatisfy { $0.target.hasSuffix(base) } : true)
    }

    @Test func vLLM() async throws {
        let (result, asked) = try await count(.sample("stub/m"), by: "vllm") { _ in .json(["count": 7, "max_model_len": 4096, "tokens": [1, 2, 3, 4, 5, 6, 7]]) }
        #expect(try result.outcome.get() == TokenCount(tokens: 7, basis: .proved))
        #expect(asked.map(\.path) == ["/tokenize"])
        #expect(asked[0].json == ["model": "m", "messages": [["role": "user", "content": "hello"]]])
    }

    /// Its address is beside the one of chat completions, and its key in a header of its own.
    @Test func gemini() async throws {
        let key = "sk-canary-0123456789abcdefXYZ"
        let (result, asked) = try await count(.sample("stub/m"), by: "gemini", key: key, base: "/openai") { _ in .json(["totalTokens": 9, "promptTokensDetails": [["modality": "TEXT", "tokenCount": 9]]]) }
        #expect(try result.outcome.get() == TokenCount(tokens: 9, basis: .learned))
        #expect(asked.map(\.path) == ["/v1/models/m:countTokens"])
        #expect(asked[0].json == ["contents": [["role": "user", "parts": [["text": "hello"]]]]])
        #expect(asked[0].header("x-goog-api-key") == key && asked[0].header("authorization") == nil)
    }

    /// Where not all of a request can be told, its count proves nothing; a picture has no tokens in a text.
    @Test func whatACountProves() {
        func basis(_ counting: TokenCounting, _ api: ModelAPI, _ request: ModelRequest = .sample()) -> Reservation.Basis? {
            let dialect = Dialect(counting: counting)
            return api.counter(dialect)?.basis(of: WireRequest(request: request, modelID: "m", dialect: dialect))
        }
        #expect(basis(.llamaCpp, .openAIChat) == .proved && basis(.vllm, .openAIChat) == .proved)
        #expect(basis(.llamaCpp, .anthropic) == .learned && basis(.vllm, .openAIResponses) == .learned)
        #expect(basis(.vllm, .openAIChat, .sample { $0.reasoning = "high" }) == .learned)
        #expect(basis(.api, .anthropic) == .learned && basis(.none, .anthropic) == nil)
        let bytes: [UInt8] = [1, 2, 3]
        let image = PromptAttachment(kind: .image, name: "a.png", type: .png, bytes: bytes, hash: ContentHash(of: bytes), size: nil, detail: nil)
        let sample = ModelRequest.sample()
        let seen = ModelRequest(
            id: sample.id, model: sample.model, segments: sample.segments + [PromptSegment(image, stability: .step, startsMessage: false, origin: "a")],
            sampling: sample.sampling, maxOutputTokens: 1, schema: nil, schemaName: "a", timeout: .seconds(1))
        #expect(basis(.llamaCpp, .openAIChat, seen) == nil && basis(.vllm, .openAIChat, seen) == nil && basis(.api, .openAIChat, seen) == .learned)
    }

    /// The margin of an estimate; a proved count has none.
    @Test(arguments: [(1, 33), (100, 138), (160_000, 170_032)]) func bound(tokens: Int, bound: Int) {
        #expect(TokenCount(tokens: tokens, basis: .learned).bound == bound)
        #expect(TokenCount(tokens: tokens, basis: .proved).bound == tokens)
    }

    @Test(arguments: [
        #"{}"#, #"{"input_tokens":0}"#, #"{"input_tokens":-1}"#, #"{"input_tokens":2147483648}"#, #"{"input_tokens":"12"}"#, #"{"input_tokens":1.5}"#, "[]", "<html>",
    ]) func noCount(body: String) async throws {
        let (result, _) = try await count(.sample("stub/m"), by: "api") { _ in .text(body) }
        guard case .failure(let failure) = result.outcome else { return #expect(Bool(false), "\(result.outcome)") }
        #expect(failure.kind == .malformedResponse && failure.message.contains("/responses/input_tokens") && failure.message.contains("count_tokens: none"))
    }

    @Test(arguments: ["/apply-template", "/tokenize"]) func halfOfACount(path: String) async throws {
        let (result, _) = try await count(.sample("stub/m"), by: "llama.cpp") { $0.path == path ? .json(["tokens": []]) : .json(["prompt": "a", "tokens": [1]]) }
        #expect((try? result.outcome.get()) == nil)
    }

    /// Who has no such endpoint says so in its own way; a key that the server echoes is not handed on.
    @Test func refusals() async throws {
        let key = "sk-canary-0123456789abcdefXYZ"
        let (result, _) = try await count(.sample("stub/m"), by: "api", key: key) { _ in .error(404, "no \(key) here", type: "not_found") }
        guard case .failure(let failure) = result.outcome else { return #expect(Bool(false)) }
        #expect(failure.kind == .modelNotFound && result.httpStatus == 404)
        #expect(!failure.message.contains(key) && failure.message.hasPrefix("stub/m: "))
    }

    @Test func whoDoesNotCountSaysHow() async throws {
        let (result, asked) = try await count(.sample("stub/m"), by: "none") { _ in .json(["input_tokens": 1]) }
        guard case .failure(let failure) = result.outcome else { return #expect(Bool(false)) }
        #expect(failure.message.contains("count_tokens") && asked.isEmpty)
    }

    @Test func silenceEndsAtTheTimeout() async throws {
        let (result, _) = try await count(.sample("stub/m", timeout: .milliseconds(200)), by: "api") { _ in StubResponse(ending: .silence) }
        guard case .failure(let failure) = result.outcome else { return #expect(Bool(false)) }
        #expect(failure.kind == .timeout && result.httpStatus == nil)
    }

    @Test(arguments: [
        ("http://a/v1", "http://a"), ("http://a/v1/", "http://a"), ("http://a:8080", "http://a:8080"), ("http://a/x/v1?k=/v1", "http://a/x?k=/v1"), ("http://a/api/v10", "http://a/api/v10"),
    ]) func root(base: String, root: String) { #expect(EndpointURL.root(of: base) == root) }

    @Test func profilesTellWhatCanBeCounted() async throws {
        let providers = TokenCounting.allCases.map { ProviderConfiguration(name: "p-\($0.rawValue)", api: .openAIChat, baseURL: "http://a", apiKey: nil, dialect: ["count_tokens": .string($0.rawValue)]) }
        try await withRegistry(providers) { registry in
            let told = try TokenCounting.allCases.map { try registry.profile(of: ModelReference(provider: "p-\($0.rawValue)", model: "m")).counting }
            #expect(told == [.no, .everything, .text, .text, .text])
        }
    }
}
