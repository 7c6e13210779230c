import Values

/// A prompt that was billed.
public struct BilledPrompt: Sendable, Hashable {
    /// Of the request, as it is stored.
    public let request: ContentHash
    /// All of its input.
    public let tokens: Int

    public init(request: ContentHash, tokens: Int) {
        self.request = request
        self.tokens = tokens
    }
}
