import Economics

/// What calls came to, apart by how well it is known: the one answer to what a run, a step, a batch or a row of an audit cost.
public struct Spending: Sendable, Hashable {
    /// Calls in all, those that owe nothing included.
    public var calls = 0
    /// Calls that owe nothing and say nothing about prices.
    public var void = 0
    /// What calls cost whose final usage is known and priced.
    public var known = MoneySum.zero
    /// What calls probably cost that ended without final usage, also where that is more than was held for them.
    public var estimated = MoneySum.zero
    public var estimatedCalls = 0
    /// What counts against caps: the cost where that is known, else the reservation.
    public var held = MoneySum.zero
    /// The part of it beyond the cost: of calls in flight, and of those whose end or usage is not known.
    public var heldOpen = MoneySum.zero
    /// What calls cost more by list prices, where a contract makes others; below zero where it makes dearer ones.
    public var listDifference = MoneySum.zero
    /// What servers say themselves that calls cost, how many say it, and how many of them say something else than price rows come to, by more
    /// than a hundredth. It is not added to anything.
    public var reported = MoneySum.zero
    public var reportedCalls = 0
    public var reportedOff = 0
    /// Calls that ended and have no price.
    public var unpriced = 0
    /// Calls whose end nobody knows, and without an estimate: their process is gone.
    public var unknown = 0
    /// Calls in flight.
    public var open = 0

    public init() {}

    /// The best that is known of the cost.
    public var cost: MoneySum { known + estimated }

    /// The best that is known of it by list prices.
    public var list: MoneySum { cost + listDifference }

    /// Whether something is missing in ``cost``: it is then less than what was spent.
    public var isLowerBound: Bool { unpriced > 0 || unknown > 0 || open > 0 }

    /// Whether calls were made and nothing is known of what any of them cost.
    public var knowsNothing: Bool { isLowerBound && unpriced + unknown + open == calls - void }

    /// Takes in calls that stand alike.
    ///
    /// - Parameters:
    ///   - cost: of all of them; `nil`: they have none.
    ///   - held: of all of them; `nil`: no price was known when they began.
    ///   - isEstimate: their cost is one, also where the state says that it overran.
    public mutating func add(_ count: Int, _ state: CallState, cost: MoneySum?, held: MoneySum?, isEstimate: Bool = false) {
        calls += count
        if let held {
            self.held = self.held + held
            let open = cost.map { held - $0 } ?? held
            heldOpen = heldOpen + max(open, .zero)
        }
        if state == .void {
            void += count
        } else if let cost {
            if state == .settled || state == .overrun, !isEstimate {
                known = known + cost
            } else {
                estimated = estimated + cost
                estimatedCalls += count
            }
        } else if Self.isUnpriced(state, hasCost: false, hasHold: held != nil) {
            unpriced += count
        } else if state == .held {
            open += count
        } else {
            unknown += count
        }
    }

    public mutating func add(_ state: CallState, cost: Money?, held: Money?, isEstimate: Bool = false) {
        add(1, state, cost: cost.map { MoneySum($0) }, held: held.map { MoneySum($0) }, isEstimate: isEstimate)
    }

    /// A call as it is recorded.
    public mutating func add(_ state: CallState, cost: Money?, held: Money?, notes: [CallNote], detail: CostDetail) {
        let isEstimate = CallNote.tellOfEstimate(notes)
        add(state, cost: cost, held: held, isEstimate: isEstimate)
        if let list = detail.list, let cost { listDifference = listDifference + MoneySum(dollars: 0, picoDollars: list.picoDollars - cost.picoDollars) }
        guard let told = detail.reported else { return }
        reported = reported + MoneySum(told)
        reportedCalls += 1
        let isKnown = state == .settled || state == .overrun && !isEstimate
        if isKnown, let own = detail.priced ?? cost, told.isOffByMoreThanAHundredth(of: own) { reportedOff += 1 }
    }

    public static func + (a: Spending, b: Spending) -> Spending {
        var sum = a
        sum.calls += b.calls
        sum.void += b.void
        sum.known = a.known + b.known
        sum.estimated = a.estimated + b.estimated
        sum.estimatedCalls += b.estimatedCalls
        sum.held = a.held + b.held
        sum.heldOpen = a.heldOpen + b.heldOpen
        sum.listDifference = a.listDifference + b.listDifference
        sum.reported = a.reported + b.reported
        sum.reportedCalls += b.reportedCalls
        sum.reportedOff += b.reportedOff
        sum.unpriced += b.unpriced
        sum.unknown += b.unknown
        sum.open += b.open
        return sum
    }

    /// A call that ended and has no cost, or was begun without a hold: there is no price for it.
    public static func isUnpriced(_ state: CallState, hasCost: Bool, hasHold: Bool) -> Bool {
        if hasCost { return false }
        switch state {
        case .settled, .estimated, .overrun: return true
        case .unknown: return !hasHold
        case .held, .void: return false
        }
    }
}

/// Something that calls were made for.
public protocol Spender {
    var spending: Spending { get }
}

extension Spender {
    /// The best that is known of its cost; see ``Spending/isLowerBound``.
    public var cost: MoneySum { spending.cost }
    /// What counts against caps.
    public var held: MoneySum { spending.held }
    public var calls: Int { spending.calls }
    public var unpricedCalls: Int { spending.unpriced }
}

extension RunRecord: Spender {}
extension AuditRow: Spender {}
