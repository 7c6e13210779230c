import Economics
import HTTP
import Values
import WorkflowModel

/// All providers of a project behind the engine's one seam: finds the entry of a model, its key and its address, and hands
/// the call to the code of its API.
public final class ProviderRegistry: ModelProvider {
    /// Reads a secret: the environment, or a command's output.
    public typealias SecretReader = @Sendable (SecretSource) -> Result<String, StepFailure>

    private let configurations: [String: ProviderConfiguration]
    private let http: HTTPClient
    private let servers: any ModelServers
    private let readSecret: SecretReader
    private let contextWindows: [String: Int]
    private let imageTokens: [String: ImageTokens]
    /// Keys, read once: the first call that needs one asks for it.
    private let secrets = Mutex<[String: Result<String, StepFailure>]>([:])
    private let resolved = Mutex<[ModelReference: Endpoint]>([:])
    /// Models whose server was not reached when it was last asked.
    private let ended = Mutex<Set<ModelReference>>([])

    /// - Parameters:
    ///   - configurations: the project's entries; they win over the well-known ones of the same name.
    ///   - contextWindows: by `provider/id`, for models whose entry names none.
    ///   - imageTokens: likewise.
    public init(
        configurations: [ProviderConfiguration], http: HTTPClient, servers: any ModelServers,
        contextWindows: [String: Int] = PriceCatalogue.shipped.contextWindows,
        imageTokens: [String: ImageTokens] = PriceCatalogue.shipped.imageTokens, readSecret: @escaping SecretReader
    ) {
        var byName: [String: ProviderConfiguration] = [:]
        for configuration in WellKnownProviders.all + configurations { byName[configuration.name] = configuration }
        self.configurations = byName
        self.servers = servers
        self.readSecret = readSecret
        self.contextWindows = contextWindows
        self.imageTokens = imageTokens
        self.http = http
    }

    public var names: [String] { configurations.keys.sorted() }

    public func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile {
        let endpoint = try endpoint(of: model)
        return ModelProfile(
            reference: model, servedID: endpoint.modelID,
            contextWindow: endpoint.model?.contextWindow ?? contextWindows["\(model.provider)/\(endpoint.modelID)"],
            maxConcurrency: endpoint.configuration.maxConcurrency, server: endpoint.model?.serve == nil ? endpoint.baseURL : model.description,
            attachments: endpoint.configuration.attachments(of: endpoint.model, imageTokens: imageTokens["\(model.provider)/\(endpoint.modelID)"]),
            servedNames: endpoint.configuration.dialect.servedNames)
    }

    public func prepare(_ model: ModelReference) async throws(StepFailure) {
        let endpoint = try endpoint(of: model)
        guard let configuration = endpoint.model, endpoint.baseURL == nil || !isReady(model) else { return }
        let ready = endpoint.reachable(at: try await servers.baseURL(of: configuration, provider: model.provider))
        resolved.withLock { $0[model] = ready }
        _ = ended.withLock { $0.remove(model) }
    }

    public func isReady(_ model: ModelReference) -> Bool { !ended.withLock { $0.contains(model) } }

    public func call(_ request: ModelRequest) async -> ModelCallResult {
        switch exchange(request) {
        case .success(let exchange):
            await http.perform(exchange.transfer)
            let result = exchange.result()
            if result.isUnreached { noteEnd(ofServerOf: request.model) }
            return result
        case .failure(let failure):
            return ModelCallResult(outcome: .failure(CallFailure(failure.kind, failure.message)), billing: .notBilled, total: .milliseconds(0))
        }
    }

    /// A model server of ours may have ended: the next `prepare` looks, and starts another. Calls that are on their way keep the
    /// address that they have.
    private func noteEnd(ofServerOf model: ModelReference) {
        guard resolved.withLock({ $0[model]?.model?.serve != nil }) else { return }
        _ = ended.withLock { $0.insert(model) }
    }

    private func exchange(_ request: ModelRequest) -> Result<OpenAIChatExchange, StepFailure> {
        Result { () throws(StepFailure) in OpenAIChatExchange(request, at: try endpoint(of: request.model)) }
    }

    private func endpoint(of model: ModelReference) throws(StepFailure) -> Endpoint {
        if let known = resolved.withLock({ $0[model] }) { return known }
        guard let configuration = configurations[model.provider] else {
            throw StepFailure(
                .configuration, "there is no provider '\(model.provider)'",
                details: [Suggestion.hint(for: model.provider, in: names) ?? "known: \(names.joined(separator: ", ")); others are declared under providers: in the project file"])
        }
        let alias = configuration.models.first { $0.alias == model.model }
        if alias == nil, configuration.models.contains(where: { $0.serve != nil }) {
            let aliases = configuration.models.map(\.alias)
            throw StepFailure(
                .configuration, "provider '\(model.provider)' has no model '\(model.model)'",
                details: [Suggestion.hint(for: model.model, in: aliases) ?? "it has: \(aliases.joined(separator: ", "))"])
        }
        let baseURL = alias?.baseURL ?? configuration.baseURL
        guard alias?.serve != nil || baseURL != nil else {
            throw StepFailure(.configuration, "provider '\(model.provider)' has no base_url", details: ["add base_url: to its entry in the project file"])
        }
        let endpoint = Endpoint(
            configuration: configuration, model: alias, modelID: alias?.id ?? model.model,
            baseURL: alias?.serve == nil ? baseURL : nil, apiKey: try secret(configuration))
        resolved.withLock { $0[model] = endpoint }
        return endpoint
    }

    private func secret(_ configuration: ProviderConfiguration) throws(StepFailure) -> String? {
        guard let source = configuration.apiKey else { return nil }
        if let known = secrets.withLock({ $0[configuration.name] }) { return try known.get() }
        let secret = readSecret(source).map(\.trimmedKey)
        secrets.withLock { $0[configuration.name] = secret }
        return try secret.get()
    }
}

extension String {
    /// A newline at the end of a file or variable is no part of a key, and not allowed in a header.
    var trimmedKey: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}

/// Where and how a model is asked. A class: every call holds one while it waits.
final class Endpoint: Sendable {
    let configuration: ProviderConfiguration
    let model: ModelConfiguration?
    let modelID: String
    /// `nil` until the model's own server runs.
    let baseURL: String?
    let apiKey: String?

    init(configuration: ProviderConfiguration, model: ModelConfiguration?, modelID: String, baseURL: String?, apiKey: String?) {
        self.configuration = configuration
        self.model = model
        self.modelID = modelID
        self.baseURL = baseURL
        self.apiKey = apiKey
    }

    func reachable(at baseURL: String) -> Endpoint {
        Endpoint(configuration: configuration, model: model, modelID: modelID, baseURL: baseURL, apiKey: apiKey)
    }
}
