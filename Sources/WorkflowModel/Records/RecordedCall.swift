import Economics
import Values

/// A call with all by which its cost can be told again: what it used, the price rows that it was charged by, and whose figure the cost is.
public struct RecordedCall: Sendable {
    /// A place in the order in which runs began, and in each the calls.
    public struct Position: Sendable, Hashable {
        public let run: Int64
        public let number: Int64

        public init(run: Int64, number: Int64) {
            self.run = run
            self.number = number
        }
    }

    /// Where to go on from.
    public let position: Position
    public let run: String
    public let workflow: String
    public let path: String
    /// The path of its step.
    public let step: String
    /// That is being decided.
    public let tier: String
    /// Who is asked, where that is another tier.
    public var askedTier: String?
    /// A word of ``CallPurpose``, or one of a later program.
    public let purpose: String
    public let model: ModelReference
    public var modelServed: String?
    public let state: CallState
    public let startedAt: Timestamp
    /// How long it kept its server busy.
    public var total: TimeSpan?
    /// `nil`: unpriced, or not known.
    public var cost: Money?
    /// What counts against caps.
    public var held: Money?
    /// In disjoint classes, also those that calls of text seldom have, where the run's facts are still there; `nil`: the server told none.
    public var usage: TokenUsage?
    /// The server's usage object, verbatim.
    public var usageRaw: String?
    /// The ids of those that it was charged by.
    public var priceRows: [String] = []
    public var detail = CostDetail.none
    /// Whether a gate decided of the node that it was made for.
    public var isGated = false

    public init(
        position: Position, run: String, workflow: String, path: String, step: String, tier: String, purpose: String, model: ModelReference, state: CallState,
        startedAt: Timestamp
    ) {
        self.position = position
        self.run = run
        self.workflow = workflow
        self.path = path
        self.step = step
        self.tier = tier
        self.purpose = purpose
        self.model = model
        self.state = state
        self.startedAt = startedAt
    }

    /// By which its run's facts and rows know it.
    public var id: String { "\(run).\(position.number)" }
    /// The tier that was asked.
    public var asked: String { askedTier ?? tier }
    /// Whether no step of its run needed it.
    public var isAside: Bool { CallPurpose(rawValue: purpose)?.isAside ?? false }
}
