import Economics
import Values

/// Everything that one HTTP attempt told.
public final class ModelCallResult: Sendable {
    public let outcome: Result<ModelResponse, CallFailure>
    public let billing: BillingEvidence
    /// What the server told of its tokens. Final if `billing` is `reported`, else at least that.
    public let counts: TokenCounts
    /// The server's usage object, verbatim.
    public let usageRaw: String?
    public let modelServed: String?
    /// Names that the server gave beside the first one; mostly none.
    public let otherModelsServed: [String]
    public let httpStatus: Int?
    /// To the first token of a stream.
    public let timeToFirstToken: TimeSpan?
    public let total: TimeSpan
    /// What came of an answer before it failed. It was paid for.
    public let partialText: String?
    /// Bytes of all that the model wrote and that was received: text, refusal, reasoning, tool calls.
    public let outputBytes: Int
    /// Whether the answer came to its announced end.
    public let isWhole: Bool
    /// The server is there and says that it is coming up; nothing was done.
    public let isComingUp: Bool
    /// What is to be said of the call beside its outcome.
    public let notes: [CallNote]

    /// What the models did of it, where several worked on the answer; empty: one did all of it. Final as `counts` are.
    public let shares: [UsageShare]
    /// What the server says that the call cost, in its own figure.
    public let reported: Money?

    /// `counts` in disjoint classes, where both directions were told.
    public var usage: TokenUsage? { counts.usage }

    public init(
        outcome: Result<ModelResponse, CallFailure>, billing: BillingEvidence, counts: TokenCounts = .none, usageRaw: String? = nil,
        modelServed: String? = nil, httpStatus: Int? = nil, timeToFirstToken: TimeSpan? = nil, total: TimeSpan,
        partialText: String? = nil, outputBytes: Int? = nil, isWhole: Bool? = nil, isComingUp: Bool = false, notes: [CallNote] = [],
        otherModelsServed: [String] = [], shares: [UsageShare] = [], reported: Money? = nil
    ) {
        self.outcome = outcome
        self.billing = billing
        self.counts = counts
        self.usageRaw = usageRaw
        self.modelServed = modelServed
        self.otherModelsServed = otherModelsServed
        self.httpStatus = httpStatus
        self.timeToFirstToken = timeToFirstToken
        self.total = total
        self.partialText = partialText
        let answer = if case .success(let response) = outcome { response } else { ModelResponse?.none }
        self.outputBytes = outputBytes ?? answer?.bytes ?? partialText?.utf8.count ?? 0
        self.isWhole = isWhole ?? (answer != nil)
        self.isComingUp = isComingUp
        self.notes = notes
        self.shares = shares
        self.reported = reported
    }

    /// With the usage in classes; `nil`: none was told.
    public convenience init(
        outcome: Result<ModelResponse, CallFailure>, billing: BillingEvidence, usage: TokenUsage?, usageRaw: String? = nil,
        modelServed: String? = nil, httpStatus: Int? = nil, total: TimeSpan, partialText: String? = nil
    ) {
        self.init(
            outcome: outcome, billing: billing, counts: usage.map(TokenCounts.init) ?? .none, usageRaw: usageRaw, modelServed: modelServed,
            httpStatus: httpStatus, total: total, partialText: partialText)
    }

    /// Nothing was sent: the server was not there, or the network was not.
    public var isUnreached: Bool {
        guard case .failure(let failure) = outcome, httpStatus == nil, billing == .notBilled else { return false }
        return [.connection, .timeout].contains(failure.kind)
    }
}
