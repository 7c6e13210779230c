import Values

/// A model server that agentctl starts and stops. `${{ port }}` in its strings is the port that the kernel chose.
public struct ServeConfiguration: Sendable, Hashable {
    public let command: [String]
    /// The path that answers 200 when the model is loaded.
    public let ready: String
    public let startTimeout: TimeSpan

    public init(command: [String], ready: String, startTimeout: TimeSpan) {
        self.command = command
        self.ready = ready
        self.startTimeout = startTimeout
    }
}
