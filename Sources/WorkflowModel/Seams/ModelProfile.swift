import Economics
import Values

/// What the engine has to know of a model to price and bound a call.
public struct ModelProfile: Sendable, Hashable {
    public let reference: ModelReference
    /// The id on the wire, which is the one that prices go by.
    public let servedID: String
    /// In tokens, where known.
    public let contextWindow: Int?
    /// How many requests the provider's entry allows at once.
    public let maxConcurrency: Int?
    public let attachments: AttachmentSupport
    /// Names the server that it is asked at: models of one server are reached, or not, together.
    public let server: String
    /// What the name of the model that answered is worth.
    public let servedNames: ServedNames
    /// Whether its server keeps the cap of output that it is sent; otherwise nothing but the context window bounds an answer.
    public let keepsOutputCap: Bool
    /// When its answers come with log-probabilities, as far as it is known.
    public let logprobs: LogprobRule

    /// - Parameter server: `nil`: one for the whole provider.
    public init(
        reference: ModelReference, servedID: String, contextWindow: Int?, maxConcurrency: Int?, server: String? = nil,
        attachments: AttachmentSupport = .none, servedNames: ServedNames = .any, keepsOutputCap: Bool = true, logprobs: LogprobRule = .unknown
    ) {
        self.reference = reference
        self.servedID = servedID
        self.contextWindow = contextWindow
        self.maxConcurrency = maxConcurrency
        self.attachments = attachments
        self.servedNames = servedNames
        self.keepsOutputCap = keepsOutputCap
        self.logprobs = logprobs
        self.server = server ?? reference.provider
    }
}
