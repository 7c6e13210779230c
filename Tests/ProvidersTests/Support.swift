import Economics
import HTTP
import JSONSchema
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

func json(_ text: String) -> JSONValue {
    do { return try JSONParser.parse(text) } catch { fatalError("\(error) in \(text)") }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension ModelRequest {
    static func sample(
        _ model: String = "stub/stub-echo", _ text: String = "hello", maxOutputTokens: Int = 64, schema: String? = nil,
        timeout: TimeSpan = .seconds(30), _ settings: (inout Sampling) -> Void = { _ in }
    ) -> ModelRequest {
        var sampling = Sampling()
        settings(&sampling)
        return ModelRequest(
            id: CallID(run: RunID("20261121-094815-k3f9q2ab"), number: 7), model: ModelReference(text: model)!,
            segments: [PromptSegment(role: .user, stability: .step, text: text, startsMessage: true, origin: "prompt")],
            sampling: sampling, maxOutputTokens: maxOutputTokens, schema: schema.map { try! Schema(compiling: json($0)) },
            schemaName: "draft", timeout: timeout)
    }
}

extension ModelCallResult {
    var text: String? { if case .success(let response) = outcome { response.text } else { nil } }
    var failure: CallFailure? { if case .failure(let failure) = outcome { failure } else { nil } }
    var finishReason: FinishReason? { if case .success(let response) = outcome { response.finishReason } else { nil } }
}

/// Model servers that stand already.
struct FixedServers: ModelServers {
    var url: String?

    func baseURL(of model: ModelConfiguration, provider: String) async throws(StepFailure) -> String {
        guard let url else { throw StepFailure(.configuration, "no servers here") }
        return url
    }
}

/// A registry with one provider, `stub`, at a stub server: loop, client and server are torn down in order.
func withStub(
    _ options: StubOptions = StubOptions(), key: String? = nil, dialect: DialectSettings = .none,
    script: StubModelServer.Script? = nil, _ body: (ProviderRegistry, StubModelServer) async throws -> Void
) async throws {
    let server = try StubModelServer(options, script: script)
    defer { server.stop() }
    let provider = ProviderConfiguration(
        name: "stub", api: .openAIChat, baseURL: server.baseURL, apiKey: key.map { _ in .environment("STUB_KEY") }, dialect: dialect)
    try await withRegistry([provider], key: key) { try await body($0, server) }
}

func withRegistry(
    _ providers: [ProviderConfiguration], key: String? = nil, servers: FixedServers = FixedServers(),
    _ body: (ProviderRegistry) async throws -> Void
) async throws {
    let loop = try EventLoop()
    defer { loop.stop() }
    try await body(
        ProviderRegistry(configurations: providers, http: HTTPClient(loop: loop), servers: servers) { source in
            if let key { return .success(key) }
            return .failure(StepFailure(.configuration, "no key at \(source)"))
        })
}
