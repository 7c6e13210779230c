import Economics
import PromptCaching
import Values

/// A call as far as a prompt cache had to do with it.
public struct CachedCall: Sendable {
    public let id: String
    public let run: String
    public let workflow: String
    /// The path of its step.
    public let step: String
    public let purpose: String
    public let model: ModelReference
    public let startedAt: Timestamp
    /// All of its prompt; `nil`: no usage is known.
    public var input: Int?
    /// `nil`: the server does not say what it read.
    public var read: Int?
    /// All that was written, for whichever lifetime.
    public var written: Int?
    /// Of ``written``, for the longer one.
    public var writtenLong: Int?
    /// Whether its usage is not taken as final: a count in it cannot be.
    public var isDoubtful = false
    public var cost: Money?
    /// The ids of those that it was charged by.
    public var priceRows: [String] = []
    /// `nil`: nothing was planned.
    public var plan: CachePlan?
    public var miss: CacheMiss?
    /// Of its request, as it is stored.
    public var request: ContentHash?
    /// Whether its run is one of those that are kept from our marks for comparison; `nil`: its workflow keeps none apart.
    public var isHeldOut: Bool?
    /// Whether the filter takes it. Others come before it in the same caches.
    public var isSelected = true
    /// Where to go on from.
    public let position: Position

    /// A place in the order of calls.
    public struct Position: Sendable, Hashable {
        public let startedAt: Timestamp
        public let run: Int64
        public let number: Int64

        public init(startedAt: Timestamp, run: Int64, number: Int64) {
            self.startedAt = startedAt
            self.run = run
            self.number = number
        }
    }

    public init(id: String, run: String, workflow: String, step: String, purpose: String, model: ModelReference, position: Position) {
        self.id = id
        self.run = run
        self.workflow = workflow
        self.step = step
        self.purpose = purpose
        self.model = model
        self.position = position
        startedAt = position.startedAt
    }

    /// What its row keeps of the plan and of what came of it.
    public mutating func planned(_ plan: JSONValue?, miss: String?) {
        self.plan = plan.flatMap(CachePlan.init(json:))
        self.miss = miss.flatMap(CacheMiss.init(rawValue:))
    }

    /// Whether it only wrote a prefix for others.
    public var isWarmUp: Bool { purpose == Self.warmUp }

    /// The purpose of such a call.
    public static let warmUp = CallPurpose.warm.rawValue
}
