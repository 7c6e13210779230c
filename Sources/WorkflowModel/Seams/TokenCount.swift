import Economics

/// How many tokens the prompt of a request has, by the word of the server that would be asked.
public struct TokenCount: Sendable, Hashable {
    public let tokens: Int
    /// `proved`: the server told how it cuts the very text that the model would read. `learned`: its vendor calls the count an estimate.
    public let basis: Reservation.Basis

    /// What no prompt comes near; a server that tells more counts something else.
    public static let most = 1 << 31

    public init(tokens: Int, basis: Reservation.Basis) {
        self.tokens = tokens
        self.basis = basis
    }

    /// The most that the prompt is taken to be billed as. Vendors say that a bill may differ from an estimate by a small amount and not by
    /// how much: a sixteenth of it and 32 tokens are our margin.
    public var bound: Int { basis == .proved ? tokens : tokens + tokens / 16 + 32 }
}
