import WorkflowModel

/// Where and how a model is asked. A class: every call holds one while it waits.
final class Endpoint: Sendable {
    let configuration: ProviderConfiguration
    let model: ModelConfiguration?
    let modelID: String
    let format: any WireFormat
    let dialect: Dialect
    /// `nil` until the model's own server runs.
    let baseURL: String?
    /// `nil`: none is sent.
    let credential: (any Credential)?
    /// `nil`: its server counts no tokens before it is asked.
    let counter: (any TokenCounter)?
    /// `nil`: it has no prompt cache, or none that is known.
    let cache: CacheSpeech?

    init(
        configuration: ProviderConfiguration, model: ModelConfiguration?, modelID: String, format: any WireFormat, baseURL: String?,
        credential: (any Credential)?, dialect: Dialect? = nil, counter: (any TokenCounter)? = nil, cache: CacheSpeech? = nil
    ) {
        self.configuration = configuration
        self.model = model
        self.modelID = modelID
        self.format = format
        self.counter = counter
        self.cache = cache
        self.dialect = dialect ?? Dialect(configuration.dialect)
        self.baseURL = baseURL
        self.credential = credential
    }

    func reachable(at baseURL: String) -> Endpoint {
        Endpoint(
            configuration: configuration, model: model, modelID: modelID, format: format, baseURL: baseURL, credential: credential, dialect: dialect,
            counter: counter, cache: cache)
    }

    /// What is made a body of.
    func wire(_ request: ModelRequest) -> WireRequest { WireRequest(request: request, modelID: modelID, dialect: dialect, cache: cache) }

    /// What is sent with a request beside what opens the API, which stands behind the format's own.
    func headers(of request: ModelRequest) -> [(String, String)] {
        var headers: [(String, String)] = []
        // With room for a credential.
        headers.reserveCapacity(4 + configuration.headers.count)
        headers += format.headers
        if let name = dialect.callIDHeader { headers.append((name, request.id.text)) }
        for header in configuration.headers { headers.append((header.key, header.value)) }
        return headers
    }
}
