import Values

/// What a server wants sent back as it came, such as sealed or signed reasoning. Nobody else can read it.
public struct VerbatimBlock: Sendable, Hashable {
    /// The only one to whom it may be sent, by the name of its entry.
    public let provider: String
    /// The field of a message in which it stood.
    public let field: String
    public let content: JSONValue

    public init(provider: String, field: String, content: JSONValue) {
        self.provider = provider
        self.field = field
        self.content = content
    }
}
