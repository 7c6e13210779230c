import Economics
import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// What is asked of a model by one call, and on which conditions. It knows neither the workflow nor the step that it comes from: a
/// step's own question, its repair, a judge's and a client's are all asked by the same road.
final class Question: Sendable {
    /// What is sent.
    enum Content: Sendable {
        case segments([PromptSegment])
        /// The body of another client's request, as it is on the wire. Its bound, its usage and its stop reason are for its wire format
        /// to read; none does yet.
        case raw([UInt8])
    }

    /// What is to be made of an answer that is empty or cut.
    struct Terms: Sendable {
        var onTruncation = StepLimits.Truncation.fail
        var allowsEmpty = false
        /// Whether the rest of a cut one will be asked for.
        var willContinue = false
        var rules = Rules.current
    }

    /// What its run knows of later requests that begin as it does.
    struct Caching: Sendable {
        /// By segment, then by the lifetimes of the model's rules: how many are expected to read the prefix that ends there, in thousandths.
        var reads: [[Int]] = []
        /// Of a run that is replayed, what may have been known instead, as calls under way were begun a moment earlier or later.
        var otherReads: [[[Int]]] = []
        /// The lifetimes that the author wants, by segment.
        var lifetimes: [Int: TimeSpan] = [:]
        /// Whether servers are told anything.
        var marks = true
        /// What a second is worth that it waits for a call which shares a prefix with it; `nil`: it neither waits nor is waited for.
        var latencyPrice: Money?
        /// Whether the run is asked without marks, for comparison.
        var isHeldOut = false
        /// For whom the prompt is only written to the cache; `nil`: an answer is wanted.
        var warmUp: PrefixWarmUp?
    }

    /// A prompt that is longer than its step allows, by the estimate of its bytes.
    struct Excess: Sendable {
        /// In tokens.
        let limit: Int
        /// ` even without x and y`, where values were cut to make it fit.
        let cut: String
        /// What the step fails with unless a count says otherwise.
        let failure: StepFailure
    }

    /// The model that is asked, as its provider knows it.
    let model: ModelProfile
    let content: Content
    let sampling: Sampling
    let outputCap: Int
    let schema: Schema?
    /// Names the schema on the wire.
    let schemaName: String
    /// The most tokens that the schema's text can have.
    let schemaBound: Int
    let timeout: TimeSpan
    let purpose: CallPurpose
    let terms: Terms
    /// By the estimate: an attachment is as long as the text of so many tokens.
    let promptBytes: Int

    /// Whether a model without a price may be asked: no cap is in force.
    let mayBeUnpriced: Bool
    /// The caps that it draws on.
    let caps: CallCaps
    /// What is to be left under the run's caps for the rest of it; `nil`: nothing.
    let room: CapAmount?
    let tags: JSONObject?
    /// What was cut so that it fits.
    let trimmed: [TrimmedValue]
    /// The number of the call that it tries again.
    let retryOf: Int?
    /// What was counted before at its site.
    let counts: [KnownCount]
    /// `nil`: the prompt is not too long.
    let excess: Excess?
    /// The tier that is asked, where that is not the one that is being decided.
    let askedTier: String?
    /// Whether a gate goes on to a further tier with it.
    let climbs: Bool
    /// What is counted before it is asked, in the transaction of its reservation.
    let rate: RateCheck?
    /// A fact that goes before its own, in one entry with its intent.
    let preface: (fact: RunEvent, at: Timestamp)?
    /// `nil`: its model has no cache that is known.
    let caching: Caching?
    /// Is told of the answer while it comes, as a client that is connected; nobody where a step asks. Who wants no more of it cancels the
    /// task that asked.
    let sink: (any AnswerSink)?

    /// - Parameter attachedTokens: what its attachments are known to come to.
    init(
        to model: ModelProfile, _ content: Content, sampling: Sampling = Sampling(), outputCap: Int, schema: Schema? = nil, schemaName: String = "",
        schemaBound: Int = 0, timeout: TimeSpan, purpose: CallPurpose = .try, terms: Terms = Terms(), attachedTokens: Int = 0, mayBeUnpriced: Bool = false,
        caps: CallCaps = .none, room: CapAmount? = nil, tags: JSONObject? = nil, trimmed: [TrimmedValue] = [], retryOf: Int? = nil, askedTier: String? = nil,
        counts: [KnownCount] = [], excess: Excess? = nil, climbs: Bool = false, rate: RateCheck? = nil, preface: (fact: RunEvent, at: Timestamp)? = nil, caching: Caching? = nil, sink: (any AnswerSink)? = nil
    ) {
        self.model = model
        self.content = content
        self.sampling = sampling
        self.outputCap = outputCap
        self.schema = schema
        self.schemaName = schemaName
        self.schemaBound = schemaBound
        self.timeout = timeout
        self.purpose = purpose
        self.terms = terms
        self.climbs = climbs
        promptBytes =
            switch content {
            case .segments(let segments): segments.reduce(attachedTokens * 4) { $0 + $1.text.utf8.count }
            case .raw(let body): body.count
            }
        self.mayBeUnpriced = mayBeUnpriced
        self.caps = caps
        self.room = room
        self.tags = tags
        self.trimmed = trimmed
        self.retryOf = retryOf
        self.counts = counts
        self.excess = excess
        self.askedTier = askedTier
        self.rate = rate
        self.preface = preface
        self.caching = caching
        self.sink = sink
    }

    /// Whether nothing is attached.
    var isText: Bool {
        guard case .segments(let segments) = content else { return false }
        return segments.allSatisfy { $0.attachment == nil }
    }
}
