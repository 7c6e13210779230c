import Economics
import PromptCaching
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
    /// Whether its server can be asked how many tokens a prompt has.
    public let counting: Counting

    public enum Counting: Sendable, Hashable {
        case no
        /// Of prompts without attachments.
        case text
        case everything
    }

    /// Whether its server's own figure for the cost of a call is taken for it.
    public let trustsReportedCost: Bool
    /// What its server's word on the service tier is worth.
    public let servedTier: ServedTierTrust

    /// Tokens that its API puts around a schema beyond its text, at most. Learned, as vendors do not promise it.
    public let schemaOverhead: Int
    /// When its answers come with log-probabilities, as far as it is known.
    public let logprobs: LogprobRule
    /// Whether an answer may come in pieces where nobody says so: nothing is lost by it that a whole one tells, such as what it used.
    public let mayStream: Bool
    /// How its server's prompt cache works; `nil`: it has none, or nothing is known of it.
    public let cache: CacheRules?

    /// - Parameter server: `nil`: one for the whole provider.
    public init(
        reference: ModelReference, servedID: String, contextWindow: Int?, maxConcurrency: Int?, server: String? = nil,
        attachments: AttachmentSupport = .none, servedNames: ServedNames = .any, keepsOutputCap: Bool = true, trustsReportedCost: Bool = false,
        servedTier: ServedTierTrust = .trusted, schemaOverhead: Int = 0, counting: Counting = .no, logprobs: LogprobRule = .unknown,
        cache: CacheRules? = nil, mayStream: Bool = true
    ) {
        self.reference = reference
        self.servedID = servedID
        self.contextWindow = contextWindow
        self.maxConcurrency = maxConcurrency
        self.attachments = attachments
        self.servedNames = servedNames
        self.keepsOutputCap = keepsOutputCap
        self.trustsReportedCost = trustsReportedCost
        self.servedTier = servedTier
        self.schemaOverhead = schemaOverhead
        self.counting = counting
        self.logprobs = logprobs
        self.cache = cache
        self.mayStream = mayStream
        self.server = server ?? reference.provider
    }
}
