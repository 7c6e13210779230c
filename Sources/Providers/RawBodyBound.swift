/// What bounds the cost of a request's body that another client made: as much as is needed to hold money for it before it is passed on.
struct RawBodyBound: Equatable {
    /// As the body names it.
    let modelID: String
    /// The most tokens that its prompt can have.
    let inputTokens: Int
    /// The most tokens of all answers together; `nil`: it names no cap, and the model's own holds.
    let outputTokens: Int?
    /// How many answers it asks for.
    let answers: Int
    let isStreaming: Bool
    let hasLogprobs: Bool
    /// Whether its stream will end with the usage.
    let asksForUsage: Bool
}

/// Why a body has no bound.
struct RawBodyError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
