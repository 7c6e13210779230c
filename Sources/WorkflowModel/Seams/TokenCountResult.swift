import Values

/// What asking a server for a count came to. Nothing is owed for it.
public struct TokenCountResult: Sendable {
    public let outcome: Result<TokenCount, CallFailure>
    /// Of the last answer; `nil`: none came.
    public let httpStatus: Int?
    public let total: TimeSpan

    public init(_ outcome: Result<TokenCount, CallFailure>, httpStatus: Int? = nil, total: TimeSpan) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.total = total
    }
}
