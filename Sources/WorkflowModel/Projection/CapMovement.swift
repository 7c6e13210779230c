import Economics

/// What facts that are recorded together add to the counters of their run: what its calls count against caps, what they cost, how many
/// there are.
///
/// Beside the run's own counter, of its cost, there is one for each cap below it and one for each cap on tokens. They are moved and
/// compared alike: in pico-dollars, or in tokens.
public struct CapMovement: Sendable {
    /// A counter that has no column of its run.
    public struct Counter: Sendable {
        public let key: String
        public let cap: Int64

        /// Whether it is the run's own: that of its tokens.
        public var isOfRun: Bool { TokenCap.scope(ofKey: key) == BudgetRefusal.runScope }
    }

    /// The end of a call, as caps of one unit see it.
    public struct Release: Sendable {
        public let caps: [Counter]
        /// What it counts from now on, less what was held for it.
        public let held: Int64
        /// What was held for it, below zero.
        public let open: Int64
    }

    /// A reservation, as caps of one unit see it.
    public struct Ask: Sendable {
        public let caps: [Counter]
        public let amount: Int64
        /// What is to be left under the run's cap behind it.
        public let room: Int64
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
    /// The reservation of the run's money, when there is one, and what is to be left behind it.
    public private(set) var asked: Int64?
    public private(set) var room: Int64 = 0
    /// The same of other counters.
    public private(set) var asks: [Ask] = []
    /// The call that reserves.
    public private(set) var start: CallStarted?
    /// Of the calls that end, where other counters have a say.
    public private(set) var releases: [Release] = []
    /// What somebody raises the run's cap to.
    public private(set) var cap: Money?
    /// Whether what is held for calls without an end is spent from now on.
    public private(set) var losesCalls = false

    /// Whether counters beside the run's have a say.
    public var touchesWindows: Bool { !releases.isEmpty || !asks.isEmpty }
    public var reserves: Bool { start != nil }

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
        if call.held == nil { unpriced += 1 }
        guard call.held != nil || call.tokens != nil else { return }
        if start != nil { throw JournalError(.other, "an entry has room for one reservation") }
        start = call
        if let tokens = call.tokens {
            asks.append(Ask(caps: Self.counters(tokens.caps), amount: try Self.amount(tokens.held), room: try Self.amount(tokens.room ?? 0)))
        }
        guard call.held != nil else { return }
        let amount = try Self.amount(call.held)
        asked = amount
        room = try Self.amount(call.room)
        if !call.caps.isEmpty { asks.append(Ask(caps: Self.counters(call.caps), amount: amount, room: 0)) }
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
        if !call.caps.isEmpty, call.held != nil { releases.append(Release(caps: Self.counters(call.caps), held: moved, open: -released)) }
        guard let tokens = call.tokens else { return }
        let reserved = try Self.amount(tokens.held)
        let used = try Self.amount(end.heldTokens(of: tokens.held) ?? 0)
        releases.append(Release(caps: Self.counters(tokens.caps), held: used - reserved, open: -reserved))
    }

    private static func counters(_ caps: [(scope: String, cap: Money)]) -> [Counter] { caps.map { Counter(key: $0.scope, cap: $0.cap.picoDollars) } }
    private static func counters(_ caps: [TokenCap]) -> [Counter] { caps.map { Counter(key: $0.key, cap: Int64($0.cap)) } }

    private static func amount(_ tokens: Int) throws(JournalError) -> Int64 {
        if tokens < 0 { throw JournalError(.other, "fewer tokens than none cannot be booked") }
        return Int64(tokens)
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
