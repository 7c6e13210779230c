import Economics
import Values
import WorkflowModel

/// What a run's calls came to, and what counts for good against its caps, for forecasts and bands: the reservations in the ledger are what
/// keeps a cap.
struct RunMoney {
    /// The run's own; a person may raise it.
    private(set) var cap: Money?
    /// On its tokens.
    let tokenCap: Int?
    private(set) var spending = Spending()
    /// What counts for good against the run's cap, and against those below it.
    private(set) var kept = Money.zero
    private var keptByCap: TextTable<Money> = [:]
    /// The same of tokens, as far as caps count them.
    private(set) var keptTokens = 0
    private var keptTokensByCap: TextTable<Int> = [:]
    /// How far bills went beyond what was held for them, and how far tokens did.
    private(set) var overruns = Overruns()
    private(set) var tokenOverruns = Overruns()

    init(cap: Money?, tokenCap: Int? = nil) {
        self.cap = cap
        self.tokenCap = tokenCap
    }

    mutating func raise(to cap: Money) { self.cap = self.cap.map { max($0, cap) } }

    /// A call has ended.
    ///
    /// - Parameter caps: below the run's, that it draws on.
    mutating func settle(_ call: CallStarted, _ end: CallEnded, caps: [(scope: String, cap: Money)]) {
        let held = end.held(of: call.held)
        spending.add(end.state, cost: end.cost, held: held, notes: end.notes, detail: end.detail)
        // Never less than it cost.
        keep(max(held ?? .zero, end.cost ?? .zero), of: call.model, bound: call.bound ?? call.held ?? .zero, caps)
        if let tokens = call.tokens { keep(end.heldTokens(of: tokens.held) ?? 0, tokens, of: call.model) }
    }

    /// The process that made a call is gone: what it holds is spent.
    mutating func lose(_ call: CallStarted, caps: [(scope: String, cap: Money)]) {
        let held = call.held ?? .zero
        spending.add(.unknown, cost: nil, held: call.held)
        keep(held, of: call.model, bound: held, caps)
        if let tokens = call.tokens { keep(tokens.held, tokens, of: call.model) }
    }

    /// The same of a call that counts: nothing is owed for it.
    mutating func loseCount() { spending.add(.void, cost: .zero, held: .zero) }

    private mutating func keep(_ amount: Money, of model: ModelReference, bound: Money, _ caps: [(scope: String, cap: Money)]) {
        overruns.learn(of: model, bound: bound, counted: amount)
        kept += amount
        for cap in caps { keptByCap[cap.scope, default: .zero] += amount }
    }

    private mutating func keep(_ amount: Int, _ hold: TokenHold, of model: ModelReference) {
        tokenOverruns.learn(of: model, bound: Money(picoDollars: Int64(hold.bound ?? hold.held)), counted: Money(picoDollars: Int64(amount)))
        if hold.caps.contains(where: { $0.scope == BudgetRefusal.runScope }) { keptTokens = keptTokens.addingReportingOverflow(amount).overflow ? .max : keptTokens + amount }
        for cap in hold.caps { keptTokensByCap[cap.scope, default: 0] &+= amount }
    }

    /// Whether what is left under every cap would carry so much more. What is held for calls in flight elsewhere does not count: for
    /// that a reservation waits.
    func affords(_ need: CapAmount, under caps: CallCaps) -> Bool {
        if let cap, need.money > cap - kept { return false }
        return caps.money.allSatisfy { need.money <= $0.cap - (keptByCap[$0.scope] ?? .zero) }
            && caps.tokens.allSatisfy { need.tokens <= $0.cap &- (keptTokensByCap[$0.scope] ?? 0) }
    }

    /// Where more counts than the run's cap admits.
    var exceeded: (cap: Money, counted: Money)? { cap.flatMap { kept > $0 ? ($0, kept) : nil } }

    /// What counts of the run's cap on tokens.
    var countedTokens: (cap: Int, counted: Int)? { tokenCap.map { ($0, keptTokens) } }
}
