import Economics
import Values
import WorkflowModel

/// What a run's calls came to, and what counts for good against its caps, for forecasts: the reservations in the ledger are what keeps
/// a cap.
struct RunMoney {
    /// The run's own; a person may raise it.
    private(set) var cap: Money?
    private(set) var spending = Spending()
    /// What counts for good against the run's cap, and against those below it.
    private(set) var kept = Money.zero
    private var keptByCap: TextTable<Money> = [:]
    /// How far bills went beyond what was held for them.
    private(set) var overruns = Overruns()

    init(cap: Money?) { self.cap = cap }

    mutating func raise(to cap: Money) { self.cap = self.cap.map { max($0, cap) } }

    /// A call has ended.
    ///
    /// - Parameter caps: below the run's, that it draws on.
    mutating func settle(_ call: CallStarted, _ end: CallEnded, caps: [(scope: String, cap: Money)]) {
        let held = end.held(of: call.held)
        spending.add(end.state, cost: end.cost, held: held, notes: end.notes, detail: end.detail)
        // Never less than it cost.
        keep(max(held ?? .zero, end.cost ?? .zero), of: call.model, bound: call.bound ?? call.held ?? .zero, caps)
    }

    /// The process that made a call is gone: what it holds is spent.
    mutating func lose(_ call: CallStarted, caps: [(scope: String, cap: Money)]) {
        let held = call.held ?? .zero
        spending.add(.unknown, cost: nil, held: call.held)
        keep(held, of: call.model, bound: held, caps)
    }

    /// The same of a call that counts: nothing is owed for it.
    mutating func loseCount() { spending.add(.void, cost: .zero, held: .zero) }

    private mutating func keep(_ amount: Money, of model: ModelReference, bound: Money, _ caps: [(scope: String, cap: Money)]) {
        overruns.learn(of: model, bound: bound, counted: amount)
        kept += amount
        for cap in caps { keptByCap[cap.scope, default: .zero] += amount }
    }

    /// Whether what is left under every cap would carry so much more. What is held for calls in flight elsewhere does not count: for
    /// that a reservation waits.
    func affords(_ need: Money, under caps: [(scope: String, cap: Money)]) -> Bool {
        if let cap, need > cap - kept { return false }
        return caps.allSatisfy { need <= $0.cap - (keptByCap[$0.scope] ?? .zero) }
    }

    /// Where more counts than the run's cap admits.
    var exceeded: (cap: Money, counted: Money)? { cap.flatMap { kept > $0 ? ($0, kept) : nil } }
}
