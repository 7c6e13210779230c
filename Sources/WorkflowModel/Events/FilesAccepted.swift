import Values

/// A run goes on with other files than those that it began with, where what has ended means the same in both; or with the same, and other
/// things are known of its models.
///
/// All facts of the run, those before it too, are read with the graph of the last of these.
public struct FilesAccepted: Sendable, Hashable {
    public let graph: ContentHash
    /// Of the manifest of ``GraphSources``.
    public let sources: ContentHash
    public let meaning: ContentHash?
    /// Of ``RecordedModels``; `nil`: as before.
    public let models: ContentHash?

    public init(graph: ContentHash, sources: ContentHash, meaning: ContentHash?, models: ContentHash? = nil) {
        self.graph = graph
        self.sources = sources
        self.meaning = meaning
        self.models = models
    }
}
