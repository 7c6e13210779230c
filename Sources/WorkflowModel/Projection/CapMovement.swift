import Economics

/// What facts that are recorded together add to the counters of their run: what its calls count against caps, what they cost, how many
/// there are.
public struct CapMovement: Sendable {
    /// The end of a call, as caps see it.
    public struct Release: Sendable {
        public let caps: [(scope: String, cap: Money)]
        /// What it counts from now on, less what was held for it.
        public let held: Int64
        /// What was held for it, below zero.
        public let open: Int64
    }

    public private(set) var held: Int64 = 0
    public private(set) var open: Int64 = 0
    /// The part of these two that calls' ends move; the rest is ``asked``.
    public private(set) var endHeld: Int64 = 0
    public private(set) var endOpen: Int64 = 0
    /// The most that ``endHeld`` came to on the way: a cap that is exceeded in between is exceeded.
    public private(set) var peak: Int64 = 0
    public private(set) var cost: Int64 = 0
    public private(set) var calls = 0
    public private(set) var inputTokens = 0
    public private(set) var outputTokens = 0
    public private(set) var unpriced = 0
    /// The reservation, when there is one, and the call that it is for.
    public private(set) var asked: Int64?
    public private(set) var start: CallStarted?
    /// Of the calls that end, where caps below the run's have a say.
    public private(set) var releases: [Release] = []
    /// What somebody raises the run's cap to.
    public private(set) var cap: Money?
    /// Whether what is held for calls without an end is spent from now on.
    public private(set) var losesCalls = false

    /// Whether caps below the run's have a say.
    public var touchesWindows: Bool { !releases.isEmpty || (asked != nil && start.map { !$0.caps.isEmpty } ?? false) }

    public init() {}

    /// - Parameter projection: of the facts before these.
    /// - Throws: as ``add(_:after:)``.
    public init(_ facts: [JournaledEvent], after projection: Projection) throws(JournalError) {
        for fact in facts { try add(fact.event, after: projection, facts) }
    }

    /// - Parameters:
    ///   - projection: of the facts before it.
    ///   - facts: those that may stand between the two.
    /// - Throws: `JournalError` for amounts below zero, for more than one reservation, for an end without a beginning.
    public mutating func add(_ fact: RunEvent, after projection: Projection, _ facts: [JournaledEvent] = []) throws(JournalError) {
        switch fact {
        case .callStarted(let call): try add(call)
        case .callEnded(let end):
            guard let call = projection.openCalls[end.id.number] ?? facts.lazy.compactMap({ $0.start(of: end) }).first else {
                throw JournalError(.other, "call \(end.id) ended but was never begun, or ended before")
            }
            try add(end, of: call)
        case .approvalDecided(_, let decision): if let raised = decision.raised { cap = max(cap ?? raised, raised) }
        case .runResumed: losesCalls = true
        default: break
        }
    }

    private mutating func add(_ call: CallStarted) throws(JournalError) {
        calls += 1
        guard call.held != nil else {
            unpriced += 1
            return
        }
        if start != nil { throw JournalError(.other, "an entry has room for one reservation") }
        start = call
        let amount = try Self.amount(call.held)
        asked = amount
        // Two amounts of 63 bits of which one is released: the sum has its sign.
        held = held.addingReportingOverflow(amount).overflow ? .max : held + amount
        open += amount
    }

    private mutating func add(_ end: CallEnded, of call: Projection.OpenCall) throws(JournalError) {
        let counted = end.held(of: call.held)
        let released = try Self.amount(call.held)
        let moved = try Self.amount(counted) - released
        endHeld = Self.sum(endHeld, moved)
        endOpen = Self.sum(endOpen, -released)
        peak = max(peak, endHeld)
        held = Self.sum(held, moved)
        open = Self.sum(open, -released)
        cost = Self.sum(cost, try Self.amount(end.cost))
        inputTokens += end.usage?.totalInput ?? 0
        outputTokens += end.usage?.totalOutput ?? 0
        // Counted when it began without a price; taken back if one was found, or nothing is owed.
        let isUnpriced = end.cost == nil && counted == nil && end.state != .void
        unpriced += (isUnpriced ? 1 : 0) - (call.held == nil ? 1 : 0)
        if !call.caps.isEmpty, call.held != nil { releases.append(Release(caps: call.caps, held: moved, open: -released)) }
    }

    private static func amount(_ money: Money?) throws(JournalError) -> Int64 {
        let amount = money?.picoDollars ?? 0
        if amount < 0 { throw JournalError(.other, "an amount below zero cannot be booked") }
        return amount
    }

    private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b < 0 ? .min : .max) : sum
    }
}

extension JournaledEvent {
    fileprivate func start(of end: CallEnded) -> Projection.OpenCall? {
        guard case .callStarted(let call) = event, call.id == end.id else { return nil }
        return Projection.OpenCall(call)
    }
}
