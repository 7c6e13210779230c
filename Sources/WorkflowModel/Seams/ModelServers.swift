/// Where providers learn the address of a model that a server of our own serves.
public protocol ModelServers: Sendable {
    /// The base URL of the model's server, started if it does not run yet; returns when it is ready.
    ///
    /// - Throws: `StepFailure` of kind `configuration` with what the server said when it did not start.
    func baseURL(of model: ModelConfiguration, provider: String) async throws(StepFailure) -> String
}
