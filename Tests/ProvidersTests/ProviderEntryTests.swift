import Economics
import HTTP
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Keys and entries of providers: which server a model is asked at, as what, and with which key.
@Suite(.timeLimit(.minutes(5)))
struct ProviderEntryTests {
    // MARK: Keys

    private static let key = "sk-secret-0123456789"

    @Test func theKeyIsSentAndTrimmed() async throws {
        for key in [Self.key, Self.key + "\n", " \(Self.key)\r\n"] {
            try await withStub(StubOptions(requiredKey: Self.key), key: key) { registry, _ in
                #expect(await registry.call(.sample()).text == "hello")
            }
        }
    }

    @Test func aWrongKeyNamesItsVariable() async throws {
        try await withStub(StubOptions(requiredKey: "another"), key: Self.key) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.failure?.kind == .authentication)
            #expect(result.failure?.message.contains("(the key comes from STUB_KEY)") == true)
        }
    }

    @Test(arguments: [401, 400, 500, 200]) func theKeyIsNeverInAMessage(status: Int) async throws {
        let texts = [
            #"{"error":{"message":"Incorrect API key provided: \#(Self.key)","code":"invalid_api_key"}}"#,
            "no such key \(Self.key)", #"{"detail":"\#(Self.key)"}"#, #"{"odd":"\#(Self.key)"}"#,
        ]
        for text in texts {
            try await withStub(key: Self.key, script: { _ in StubResponse(status: status, body: .bytes(bytes(text))) }) { registry, _ in
                for stream in [false, true] {
                    let failure = try #require(await registry.call(.sample { $0.stream = stream }).failure)
                    #expect(!failure.message.contains(Self.key))
                    #expect(!"\(failure.json)".contains(Self.key))
                }
            }
        }
        try await withStub(
            key: Self.key,
            script: { _ in
                StubResponse(contentType: "text/event-stream", body: .chunks([bytes(#"data: {"error":{"message":"key \#(Self.key)"}}"# + "\n\n")]))
            }
        ) { registry, _ in
            #expect(await registry.call(.sample { $0.stream = true }).failure?.message.contains("***") == true)
        }
    }

    @Test func aPlaceholderForAKeyIsAWordLikeOthers() async throws {
        try await withStub(key: "none", script: { _ in .error(400, "none of these", type: "t") }) { registry, _ in
            #expect(await registry.call(.sample()).failure?.message.hasSuffix("none of these") == true)
        }
    }

    @Test func aKeyThatIsMissingIsAMatterOfConfiguration() async throws {
        try await withRegistry([]) { registry in
            let failure = #expect(throws: StepFailure.self) { try registry.profile(of: ModelReference(text: "openai/gpt-4o-mini")!) }
            #expect(failure?.kind == .configuration)
            let result = await registry.call(.sample("openai/gpt-4o-mini"))
            #expect(result.failure?.kind == .configuration)
            #expect(result.billing == .notBilled)
        }
    }

    // MARK: Entries

    @Test func wellKnownProvidersNeedNoEntry() async throws {
        try await withRegistry([], key: Self.key) { registry in
            #expect(registry.names == ["anthropic", "groq", "openai", "openrouter", "together"])
            let profile = try registry.profile(of: ModelReference(text: "openai/gpt-4o-mini")!)
            #expect(profile.servedID == "gpt-4o-mini")
            #expect(profile.contextWindow == 128_000)
            let nested = try registry.profile(of: ModelReference(text: "groq/openai/gpt-oss-20b")!)
            #expect(nested.servedID == "openai/gpt-oss-20b")
        }
    }

    @Test func anAliasHasItsOwnIDAndAddress() async throws {
        try await withRegistry([]) { _ in }
        let server = try StubModelServer()
        defer { server.stop() }
        let provider = ProviderConfiguration(
            name: "mine", api: .openAIChat, baseURL: "http://127.0.0.1:1/v1", apiKey: nil, headers: [(key: "x-team", value: "red")], maxConcurrency: 3,
            models: [ModelConfiguration(alias: "quick", id: "stub-fixed", baseURL: server.baseURL + "/", serve: nil, contextWindow: 4096)])
        try await withRegistry([provider]) { registry in
            let profile = try registry.profile(of: ModelReference(text: "mine/quick")!)
            #expect(profile.servedID == "stub-fixed")
            #expect(profile.contextWindow == 4096)
            #expect(profile.maxConcurrency == 3)
            #expect(await registry.call(.sample("mine/quick")).text == "ok")
            #expect(server.requests.first?.header("x-team") == "red")
            #expect(server.requests.first?.path == "/v1/chat/completions")
        }
    }

    @Test func aManagedServerIsAskedForItsAddress() async throws {
        let server = try StubModelServer()
        defer { server.stop() }
        let serve = ServeConfiguration(command: ["serve"], ready: "/health", startTimeout: .seconds(1))
        let provider = ProviderConfiguration(
            name: "local", api: .openAIChat, baseURL: nil, apiKey: nil,
            models: [ModelConfiguration(alias: "small", id: "stub-echo", baseURL: nil, serve: serve, contextWindow: nil)])
        let model = ModelReference(text: "local/small")!
        try await withRegistry([provider], servers: FixedServers(url: server.baseURL)) { registry in
            try await registry.prepare(model)
            #expect(await registry.call(.sample("local/small")).text == "hello")
            let failure = #expect(throws: StepFailure.self) { try registry.profile(of: ModelReference(text: "local/smal")!) }
            #expect(failure?.message == "provider 'local' has no model 'smal'")
            #expect(failure?.details.first?.contains("small") == true)
        }
        try await withRegistry([provider]) { registry in
            await #expect(throws: StepFailure.self) { try await registry.prepare(model) }
        }
    }

    /// A model of another maker is not asked of a vendor that makes its own.
    @Test(arguments: [("openai/claude-haiku-5-5", "it is anthropic/claude-haiku-5-5"), ("anthropic/gpt-4o-mini", "it is openai/gpt-4o-mini"), ("anthropic/o3", "it is openai/o3")])
    func aModelOfAnotherVendorIsNamed(model: String, hint: String) async throws {
        try await withRegistry([], key: Self.key) { registry in
            let failure = #expect(throws: StepFailure.self) { try registry.profile(of: ModelReference(text: model)!) }
            #expect(failure?.details == [hint])
        }
        // An entry of one's own may be a gateway that has both.
        let gateway = ProviderConfiguration(name: "openai", api: .openAIChat, baseURL: "http://127.0.0.1:1/v1", apiKey: nil)
        try await withRegistry([gateway], key: Self.key) { registry in
            #expect((try? registry.profile(of: ModelReference(text: "openai/claude-haiku-5-5")!))?.servedID == "claude-haiku-5-5")
        }
    }

    /// Who gives no log-probabilities is not asked for them, and what is known is known without asking.
    @Test(arguments: [
        ("openai/o3", nil, "o3 gives no log-probabilities"), ("openai/gpt-5.1", "low", "write reasoning: none"), ("anthropic/claude-haiku-5-5", nil, "gives no log-probabilities"),
        ("own/a", nil, "its entry in the project file"), ("own/b", nil, "own/b gives no"),
    ])
    func logprobsOfAModelThatGivesNoneAreRefused(model: String, reasoning: String?, says: String) async throws {
        let own = ProviderConfiguration(
            name: "own", api: .openAIChat, baseURL: "http://127.0.0.1:1/v1", apiKey: nil,
            models: [
                ModelConfiguration(alias: "a", id: "o9", baseURL: nil, serve: nil, contextWindow: nil, logprobs: false),
                ModelConfiguration(alias: "b", id: "claude-x", baseURL: nil, serve: nil, contextWindow: nil, api: .anthropic),
            ])
        try await withRegistry([own], key: Self.key) { registry in
            let result = await registry.call(.sample(model) { ($0.logprobs, $0.reasoning) = (true, reasoning) })
            guard case .failure(let failure) = result.outcome else {
                Issue.record("it was asked")
                return
            }
            #expect(failure.kind == .configuration && failure.message.contains(says) && result.billing == .notBilled, "\(failure)")
        }
    }

    @Test func whatIsKnownOfLogprobs() {
        func entry(_ alias: String, _ api: ModelAPI? = nil, base: String? = nil, as priced: String? = nil, says: Bool? = nil) -> ModelConfiguration {
            ModelConfiguration(alias: alias, id: alias, baseURL: base, serve: nil, contextWindow: nil, priceAs: priced.flatMap(ModelReference.init(text:)), api: api, logprobs: says)
        }
        let own = ProviderConfiguration(
            name: "own", api: .openAIChat, baseURL: "https://llm.example.com/v1", apiKey: nil,
            models: [
                entry("says"), entry("yes", says: true), entry("no", says: false), entry("local", base: "http://localhost:8080/v1"), entry("localResponses", .openAIResponses, base: "http://localhost:8080/v1"),
                entry("deployment", as: "openai/gpt-4o-mini"), entry("messages", .anthropic),
            ])
        let directory = ProviderDirectory([own])
        let known = [
            "own/says": LogprobSupport.unknown, "own/yes": .yes, "own/no": .no, "own/local": .yes, "own/localResponses": .unknown, "own/deployment": .yes, "own/messages": .no, "own/other": .unknown,
            "openai/gpt-4o-mini": .yes, "openai/o3": .no, "anthropic/claude-haiku-5-5": .no, "groq/x": .no, "openrouter/openai/gpt-4o": .unknown, "nobody/x": .unknown,
        ]
        for (model, support) in known.sorted(by: { $0.key < $1.key }) {
            #expect(directory.logprobs(of: ModelReference(text: model)!).support(reasoning: String?.none) == support, "\(model)")
        }
    }

    @Test(arguments: [
        ("opnai/gpt-4o", "openai"), ("nowhere/m", "declared under providers:"), ("gemini/gemini-3.8-flash", "generativelanguage.googleapis.com/v1beta/openai"), ("google/x", "GEMINI_API_KEY"),
        ("Azure/x", ".openai.azure.com/openai/v1"), ("bedrock/x", "a gateway such as LiteLLM"),
    ])
    func anUnknownProviderIsNamed(model: String, hint: String) async throws {
        try await withRegistry([], key: Self.key) { registry in
            let failure = #expect(throws: StepFailure.self) { try registry.profile(of: ModelReference(text: model)!) }
            #expect(failure?.message.hasPrefix("there is no provider") == true)
            #expect(failure?.details.first?.contains(hint) == true)
        }
    }

    /// A plan is made where no key is: what a model holds does not depend on it.
    @Test func aProfileIsKnownWithoutTheKey() async throws {
        let provider = ProviderConfiguration(
            name: "claude", api: .anthropic, baseURL: "http://127.0.0.1:1/v1", apiKey: .environment("CKEY"),
            models: [ModelConfiguration(alias: "m", id: "m-1", baseURL: nil, serve: nil, contextWindow: 20_000)], dialect: ["output_cap": "ignored"])
        let model = ModelReference(provider: "claude", model: "m")
        var keyed: ModelProfile?
        try await withRegistry([provider], key: "sk-canary-0123456789abcdefXYZ") { registry in
            keyed = try registry.profile(of: model)
            #expect(registry.knownProfile(of: model) == keyed)
        }
        try await withRegistry([provider]) { registry in
            #expect(throws: StepFailure.self) { try registry.profile(of: model) }
            #expect(registry.knownProfile(of: model) == keyed && keyed?.contextWindow == 20_000 && keyed?.keepsOutputCap == false && keyed?.schemaOverhead == 1024)
            #expect(registry.knownProfile(of: ModelReference(provider: "nobody", model: "m")) == nil)
        }
    }
}
