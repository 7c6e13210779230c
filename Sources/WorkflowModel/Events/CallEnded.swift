import Economics
import PromptCaching
import Values

/// What came of a call.
public final class CallEnded: Sendable {
    public let id: CallID
    /// The path of the node that it is made for.
    public let path: String
    public let state: CallState
    /// `nil`: unpriced.
    public let cost: Money?
    public let usage: TokenUsage?
    /// The server's usage object, verbatim.
    public let usageRaw: String?
    public let finishReason: FinishReason?
    /// The server's own word for the end, where it is none that is known.
    public let finishWord: String?
    /// Of the answer's text, or of what came of it before it failed.
    public let response: ContentHash?
    /// Of the log-probabilities as the server sent them, where they were asked for.
    public let logprobs: ContentHash?
    public let failure: CallFailure?
    /// The random part of the delay before a next try, 0 ..< 1; recorded so that a replay waits and decides alike.
    public let jitter: Double
    /// Nothing was sent, to a server that has answered before: the network is gone, or the server is. Or a server says that it
    /// is coming up.
    public let isOutage: Bool
    /// What it counts against caps from now on, where its state, cost and reservation do not say it.
    public let kept: Money?
    /// The same of tokens.
    public let keptTokens: Int?
    public let notes: [CallNote]
    /// The ids of the price rows that it is charged by; `nil`: those that it was held by.
    public let priceRows: [String]?
    /// Rows that it was charged by and that were not recorded before it: the prices of another model than was asked.
    public let newPriceRows: [PriceRow]
    /// The name of the model that answered, by the server's word.
    public let modelServed: String?
    public let httpStatus: Int?
    public let timeToFirstToken: TimeSpan?
    /// `nil`: a fact before form 3.
    public let total: TimeSpan?
    /// Other figures for the cost, and whose word it rests on.
    public let detail: CostDetail
    /// Why a cache had less of its prompt than was planned; `nil`: it had that, or nothing was planned.
    public let cacheMiss: CacheMiss?

    public init(
        id: CallID, path: String, state: CallState, cost: Money?, usage: TokenUsage?, usageRaw: String? = nil, finishReason: FinishReason?,
        finishWord: String? = nil, response: ContentHash?, logprobs: ContentHash? = nil, failure: CallFailure?, jitter: Double,
        isOutage: Bool = false, kept: Money? = nil, keptTokens: Int? = nil, notes: [CallNote] = [], priceRows: [String]? = nil, newPriceRows: [PriceRow] = [],
        modelServed: String? = nil, httpStatus: Int? = nil, timeToFirstToken: TimeSpan? = nil, total: TimeSpan? = nil, detail: CostDetail = .none,
        cacheMiss: CacheMiss? = nil
    ) {
        self.id = id
        self.path = path
        self.state = state
        self.cost = cost
        self.usage = usage
        self.usageRaw = usageRaw
        self.finishReason = finishReason
        self.finishWord = finishWord
        self.response = response
        self.logprobs = logprobs
        self.failure = failure
        self.jitter = jitter
        self.isOutage = isOutage
        self.kept = kept
        self.keptTokens = keptTokens
        self.notes = notes
        self.priceRows = priceRows
        self.newPriceRows = newPriceRows
        self.modelServed = modelServed
        self.httpStatus = httpStatus
        self.timeToFirstToken = timeToFirstToken
        self.total = total
        self.detail = detail
        self.cacheMiss = cacheMiss
    }

    /// What it counts against caps from its end on; `nil`: it has no price.
    ///
    /// - Parameter reserved: what was held for it.
    public func held(of reserved: Money?) -> Money? { kept ?? Self.usuallyHeld(state, cost: cost, of: reserved) }

    /// The same of tokens; `nil`: no cap on them is in force.
    ///
    /// - Parameter reserved: what was held of them.
    public func heldTokens(of reserved: Int?) -> Int? { reserved.map { keptTokens ?? Self.usuallyHeld(state, usage?.total, of: $0) } }

    /// The tokens that a call counts against caps from its end on, unless its fact tells something else.
    public static func usuallyHeld(_ state: CallState, _ used: Int?, of reserved: Int) -> Int {
        switch state {
        case .settled, .overrun: return used ?? reserved
        case .void: return 0
        case .held, .estimated, .unknown: return reserved
        }
    }

    /// What a call counts against caps from its end on, unless its fact tells something else.
    public static func usuallyHeld(_ state: CallState, cost: Money?, of reserved: Money?) -> Money? {
        switch state {
        case .settled, .overrun: return cost
        case .void: return reserved.map { _ in .zero }
        case .held, .estimated, .unknown: return reserved
        }
    }
}
