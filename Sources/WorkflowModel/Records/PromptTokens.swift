import Economics

/// How many tokens one call's prompt is taken to have, and how that is known.
public struct PromptTokens: Sendable, Hashable {
    public enum Way: Sendable, Hashable {
        /// Four bytes a token.
        case estimate
        /// By what the model's prompts were billed as before.
        case learned(TokenRatio)
        /// By the count of its server.
        case counted(Reservation.Basis)
    }

    public let tokens: Int
    public let way: Way

    public init(_ tokens: Int, _ way: Way) {
        self.tokens = tokens
        self.way = way
    }

    public init(_ count: TokenCount) { self.init(count.tokens, .counted(count.basis)) }

    /// By what is known of the model; `ratio` is `nil` where that is nothing.
    public init(bytes: Int, _ ratio: TokenRatio?) {
        if let ratio { self.init(ratio.tokens(ofBytes: bytes), .learned(ratio)) } else { self.init(TokenBound.estimate(bytes: bytes), .estimate) }
    }
}
