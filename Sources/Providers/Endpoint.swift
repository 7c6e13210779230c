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

    init(
        configuration: ProviderConfiguration, model: ModelConfiguration?, modelID: String, format: any WireFormat, baseURL: String?,
        credential: (any Credential)?, dialect: Dialect? = nil
    ) {
        self.configuration = configuration
        self.model = model
        self.modelID = modelID
        self.format = format
        self.dialect = dialect ?? Dialect(configuration.dialect)
        self.baseURL = baseURL
        self.credential = credential
    }

    func reachable(at baseURL: String) -> Endpoint {
        Endpoint(configuration: configuration, model: model, modelID: modelID, format: format, baseURL: baseURL, credential: credential, dialect: dialect)
    }
}
