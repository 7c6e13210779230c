import Economics
import HTTP
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// A6: what a server says back is stored and shown, so the key is taken out of every field of it.
@Suite(.timeLimit(.minutes(5))) struct SecretTests {
    private static let key = "sk-canary-0123456789abcdefXYZ"

    private static func choice(_ message: JSONValue, finish: String = "stop", logprobs: JSONValue = nil) -> JSONValue {
        [
            "model": .string("m \(key)"), "choices": [["index": 0, "message": message, "finish_reason": .string(finish), "logprobs": logprobs]],
            "usage": ["prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "note": .string(key)],
        ]
    }

    private static func chunk(_ delta: JSONValue, finish: JSONValue = nil) -> JSONValue {
        ["model": .string("m \(key)"), "choices": [["index": 0, "delta": delta, "finish_reason": finish]]]
    }

    private static func stream(_ chunks: [JSONValue], _ rest: String = "data: [DONE]\n\n") -> StubResponse {
        StubResponse(contentType: "text/event-stream", body: .chunks(chunks.map { Array("data: \($0.jsonText)\n\n".utf8) } + [Array(rest.utf8)]))
    }

    private static let tokens: JSONValue = .array(key.map { ["token": .string(String($0)), "logprob": -0.5, "bytes": .array(String($0).utf8.map { .int(Int64($0)) })] })

    private static let answers: [(String, StubResponse)] = [
        // 275 characters and then the key: it would be cut in the middle.
        ("cut", .error(401, String(repeating: "x", count: 275) + " " + key, type: "invalid \(key)", code: "c \(key)")),
        ("detail", .json(["detail": [["msg": .string("bad \(key)")]]], status: 422)), ("text", .text("no: \(key)", status: 500)),
        ("redirect", StubResponse(status: 302, headers: [("Location", "https://h/?k=\(key)")])), ("page", .text("<html>\(key)", contentType: "text/html")),
        ("cut half", .json(["error": ["message": .string("wrong key " + key.prefix(20))]], status: 401)),
        ("error in 200", .json(["error": ["message": .string(String(repeating: "y", count: 280) + key), "code": 400]])),
        ("no JSON", .text("{\"a\": \(key)", contentType: "application/json")),
        ("answer", .json(choice(["role": "assistant", "content": .string("it is \(key)")], finish: "odd \(key)", logprobs: ["content": tokens]))),
        ("refusal", .json(choice(["role": "assistant", "content": nil, "refusal": .string(key)]))),
        ("logprobs alone", .json(choice(["role": "assistant", "content": "fine"], logprobs: ["content": tokens, "note": .string(key)]))),
        ("stream", stream([chunk(["content": .string("it is \(key)")]), chunk([:], finish: .string("stop")), ["usage": ["prompt_tokens": 1, "completion_tokens": 2, "x": .string(key)], "choices": []]])),
        ("stream in bytes", stream(key.map { chunk(["content": .string(String($0))]) } + [chunk([:], finish: "stop")])),
        ("stream with error", stream([chunk(["content": "a"]), ["error": ["message": .string("bad \(key)")]]])),
        ("stream cut", stream([chunk(["content": .string("it is \(key.prefix(20))")])], "")),
        ("stream of junk", stream([], "data: {\(key)\n\n")),
    ]

    @Test(arguments: answers.map(\.0)) func theKeyIsInNoField(name: String) async throws {
        let answer = Self.answers.first { $0.0 == name }!.1
        try await withStub(key: Self.key, script: { _ in answer }) { registry, server in
            let result = await registry.call(
                .sample {
                    $0.stream = name.hasPrefix("stream"); $0.logprobs = true
                })
            #expect(server.requests[0].header("authorization") == "Bearer \(Self.key)")
            let told = String(reflecting: result.outcome) + "\(result.usageRaw ?? "") \(result.modelServed ?? "")"
            #expect(!told.contains(Self.key.prefix(12)) && !told.contains("abcdefXYZ"), "\(told)")
            if case .success(let response) = result.outcome, let logprobs = response.logprobs {
                #expect(!logprobs.jsonText.contains("\"token\":\"k\""), "\(logprobs.jsonText)")
            }
            if ["answer", "stream in bytes", "stream"].contains(name) {
                let text = try #require(result.text)
                #expect(text.hasSuffix("***"))
            }
        }
    }

    @Test func aPlaceAndThePartsOfAnAnswerAreCleared() {
        let usage = TokenUsage(plainInput: 1, plainOutput: 1, terms: ServedTerms(service: ["up \(Self.key)"], region: "us \(Self.key) x"))
        let result = ModelCallResult(
            outcome: .failure(CallFailure(.timeout, "m")), billing: .unknown, counts: TokenCounts(usage), total: .milliseconds(1), shares: [UsageShare(.named(Self.key), usage)])
        let book = SecretBook()
        book.add([Secret(name: "K", value: Self.key)])
        let told = result.redacted(by: book.redactor)
        for text in [told.counts.terms?.otherService, told.counts.terms?.region, told.shares[0].usage.terms?.region] { #expect(text?.contains(Self.key.prefix(12)) == false) }
        #expect(told.shares[0].model == .named("***") && told.counts.terms?.region?.utf8.count ?? 0 <= 32)
    }

    /// Each field that can hold text is cleared: a new one must be named in `redacted(by:)`.
    @Test func noFieldOfAResultIsForgotten() {
        let result = ModelCallResult(outcome: .failure(CallFailure(.timeout, "m")), billing: .unknown, total: .milliseconds(1))
        #expect(
            Mirror(reflecting: result).children.map(\.label) == [
                "outcome", "billing", "counts", "usageRaw", "modelServed", "otherModelsServed", "httpStatus", "timeToFirstToken", "total", "partialText", "outputBytes", "isWhole",
                "isComingUp", "notes", "shares", "reported",
            ])
        #expect(
            Mirror(reflecting: ModelResponse(text: "", finishReason: .stop)).children.map(\.label) == [
                "parts", "finishReason", "finishWord", "logprobs",
            ])
        #expect(Mirror(reflecting: ToolCall(name: "")).children.map(\.label) == ["id", "name", "arguments"])
        #expect(Mirror(reflecting: VerbatimBlock(provider: "", field: "", content: nil)).children.map(\.label) == ["provider", "field", "content"])
        #expect(Mirror(reflecting: CallFailure(.timeout, "m")).children.map(\.label) == ["kind", "message", "retryAfter", "shouldRetry"])
    }

    @Test func secretsOfOtherProvidersAndHeadersAreKnownToo() async throws {
        let server = try StubModelServer(script: { _ in .error(400, "header-secret-1 and pa-ss-word-2 and other-key-333", type: "t") })
        defer { server.stop() }
        let provider = ProviderConfiguration(
            name: "stub", api: .openAIChat, baseURL: server.baseURL, apiKey: nil, headers: [("x-custom", "header-secret-1"), ("x-title", "and")])
        let other = ProviderConfiguration(name: "other", api: .openAIChat, baseURL: "https://u:pa-ss-word-2@h/", apiKey: .value("other-key-333"))
        try await withRegistry([provider, other]) { registry in
            let result = await registry.call(.sample())
            #expect(result.failure?.message.hasSuffix("*** and *** and ***") == true, "\(result.outcome)")
        }
    }

    /// A17: a plan asks for profiles only.
    @Test func aCommandThatPrintsAKeyIsRunForARequestOnly() async throws {
        let server = try StubModelServer()
        defer { server.stop() }
        let loop = try EventLoop()
        defer { loop.stop() }
        let reads = Mutex(0)
        let provider = ProviderConfiguration(name: "stub", api: .openAIChat, baseURL: server.baseURL, apiKey: .command(["print-key"]))
        let book = SecretBook()
        let registry = ProviderRegistry(configurations: [provider], http: HTTPClient(loop: loop), servers: FixedServers(), secrets: book) { _ in
            reads.withLock { $0 += 1 }
            return .success(Self.key + "\n")
        }
        _ = try registry.profile(of: ModelReference(text: "stub/stub-echo")!)
        #expect(reads.withLock { $0 } == 0 && book.secrets.isEmpty)
        registry.readKeys(of: [ModelReference(text: "stub/stub-echo")!])
        #expect(reads.withLock { $0 } == 1 && book.secrets.map(\.value) == [Self.key] && book.secrets.map(\.name) == ["the key of stub"])
        #expect(await registry.call(.sample()).text == "hello")
        #expect(reads.withLock { $0 } == 1 && server.requests[0].header("authorization") == "Bearer \(Self.key)")
    }

    /// Settled 36.
    @Test func aKeyOfFewerThanEightBytesIsRefused() async throws {
        try await withStub(key: "sk-1234") { registry, server in
            let result = await registry.call(.sample())
            #expect(result.failure?.kind == .configuration && result.failure?.message.contains("has 7 bytes") == true, "\(result.outcome)")
            #expect(server.requests.isEmpty)
        }
    }
}
