import Economics
import PromptCaching
import Values

/// The intent of a call, recorded before a byte is sent.
public final class CallStarted: Sendable {
    public let id: CallID
    /// The path of the node that it is made for.
    public let path: String
    /// The tier that is being decided.
    public let tier: String
    /// What of the step's work it is for: empty for the step's own question.
    public let part: String
    /// The tier that is asked, where that is another.
    public let askedTier: String?
    public let model: ModelReference
    public let purpose: CallPurpose
    /// Counts the calls of a node, a tier and a part, from 0.
    public let ordinal: Int
    public let request: ContentHash
    /// Of the body as it is sent, where that is known before it is.
    public let wire: ContentHash?
    /// `nil`: unpriced, and no cap is in force.
    public let held: Money?
    /// The number of the call that it takes the place of.
    public let retryOf: Int?
    /// Of its step and of those around it, before the run's where costs are grouped; `nil` without any.
    public let tags: JSONObject?
    /// The caps below the run's that it draws on, each with the key of its counter.
    public let caps: [(scope: String, cap: Money)]
    /// What is to be left under the run's cap for the rest of the run; `nil`: nothing, as of a step's first try.
    public let room: Money?
    /// What is held of tokens; `nil`: no cap on them is in force.
    public let tokens: TokenHold?
    /// What would be held by what is known before any call, where more is held since a bill of its model went beyond that.
    public let bound: Money?
    /// What was cut so that its prompt fits.
    public let trimmed: [TrimmedValue]
    /// The ids of the price rows that it is held by.
    public let priceRows: [String]
    /// What was planned of its server's prompt cache; `nil`: nothing is known of one, or no prefix of the prompt could be in it.
    public let cache: CachePlan?

    public init(
        id: CallID, path: String, tier: String, part: String = "", askedTier: String? = nil, model: ModelReference, purpose: CallPurpose, ordinal: Int,
        request: ContentHash, wire: ContentHash? = nil, held: Money?, retryOf: Int?, tags: JSONObject? = nil, caps: [(scope: String, cap: Money)] = [],
        bound: Money? = nil, room: Money? = nil, tokens: TokenHold? = nil, trimmed: [TrimmedValue] = [], priceRows: [String] = [], cache: CachePlan? = nil
    ) {
        self.id = id
        self.path = path
        self.tier = tier
        self.part = part
        self.askedTier = askedTier
        self.model = model
        self.purpose = purpose
        self.ordinal = ordinal
        self.request = request
        self.wire = wire
        self.held = held
        self.retryOf = retryOf
        self.tags = tags
        self.caps = caps
        self.bound = bound
        self.room = room
        self.tokens = tokens
        self.trimmed = trimmed
        self.priceRows = priceRows
        self.cache = cache
    }
}
