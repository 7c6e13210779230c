import Economics
import Values

/// What counts against every cap of a run, and what its calls come to, fact by fact. It also finds where the law of caps was broken: what
/// counts is within the cap, unless a call cost more than was held for it; and once a cap is exceeded no call that draws on it starts
/// until it is raised.
public struct RunCounters: Sendable {
    /// Of one cap, or of a run without any. Where it counts tokens, an amount of so many pico-dollars is so many tokens.
    public struct Counter: Sendable {
        public fileprivate(set) var cap: Money?
        public fileprivate(set) var held = MoneySum.zero
        public fileprivate(set) var open = MoneySum.zero
        /// The most that has counted against the cap, once that was more than it admits; the largest amount there is: a sum is beyond
        /// what a number can say.
        public fileprivate(set) var exceeded: Money?

        fileprivate var isOver: Bool { cap.map { held > MoneySum($0) } ?? false }

        fileprivate mutating func move(held: Int64, open: Int64) {
            self.held.add(Money(picoDollars: held))
            self.open.add(Money(picoDollars: open))
            mark()
        }

        fileprivate mutating func mark() {
            if held > MoneySum(.max) {
                exceeded = .max
            } else if isOver {
                exceeded = max(exceeded ?? .zero, held.clamped)
            }
        }
    }

    public private(set) var run = Counter()
    /// Of the caps below the run's and of those on tokens, by the keys of their counters.
    public private(set) var windows: TextTable<Counter> = [:]
    public private(set) var cost = MoneySum.zero
    public private(set) var calls = 0
    public private(set) var inputTokens = 0
    public private(set) var outputTokens = 0
    public private(set) var unpriced = 0
    /// Where the law of caps was broken, each a sentence.
    public private(set) var faults: [String] = []

    public init() {}

    /// The next fact of the run.
    ///
    /// - Parameter projection: of the facts before it.
    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? b > 0 ? .max : .min : sum
    }

    public mutating func take(_ fact: RunEvent, after projection: Projection) throws(JournalError) {
        if case .runStarted(let start) = fact { run.cap = start.maxCost }
        var movement = CapMovement()
        try movement.add(fact, after: projection)
        cost.add(Money(picoDollars: movement.cost))
        calls += movement.calls
        // Of a record that somebody made up there is no telling how many.
        inputTokens = Self.sum(inputTokens, movement.inputTokens)
        outputTokens = Self.sum(outputTokens, movement.outputTokens)
        unpriced += movement.unpriced
        if case .callEnded(let end) = fact { check(end, of: projection.openCalls[end.id.number]) }
        if movement.asked == nil, movement.held != 0 || movement.open != 0 { run.move(held: movement.held, open: movement.open) }
        for release in movement.releases {
            for cap in release.caps { windows[cap.key]?.move(held: release.held, open: release.open) }
        }
        if let call = movement.start { begin(call, movement) }
        if movement.losesCalls {
            run.open = .zero
            for scope in windows.keys { windows[scope]!.open = .zero }
        }
        if let cap = movement.cap { raise(cap) }
    }

    private mutating func begin(_ call: CallStarted, _ movement: CapMovement) {
        func admits(_ counter: inout Counter, _ asked: Int64, _ name: String) -> String? {
            let wasExceeded = counter.exceeded != nil
            counter.move(held: asked, open: asked)
            if wasExceeded { return "call \(call.id.number) began although \(name) was exceeded" }
            return counter.isOver ? "call \(call.id.number) began beyond \(name)" : nil
        }
        if let asked = movement.asked, let fault = admits(&run, asked, "the run's budget") { faults.append(fault) }
        for ask in movement.asks {
            for cap in ask.caps {
                var counter = windows[cap.key] ?? Counter()
                counter.cap = Money(picoDollars: cap.cap)
                if let fault = admits(&counter, ask.amount, Self.name(ofKey: cap.key)) { faults.append(fault) }
                windows[cap.key] = counter
            }
        }
    }

    private static func name(ofKey key: String) -> String {
        guard let scope = TokenCap.scope(ofKey: key) else { return "the cap of '\(key)'" }
        return scope == BudgetRefusal.runScope ? "the run's budget of tokens" : "the cap on tokens of '\(scope)'"
    }

    private mutating func check(_ end: CallEnded, of call: Projection.OpenCall?) {
        if let reserved = call?.tokens?.held, let counted = end.heldTokens(of: reserved) {
            if let used = end.usage?.total, used > counted, end.state != .void { faults.append("call \(end.id.number) counts \(counted) tokens and had \(used)") }
            if counted > reserved, end.state != .overrun {
                faults.append("call \(end.id.number) counts more tokens than were held for it, and is \(end.state.rawValue)")
            }
        }
        guard let held = call?.held, let counted = end.held(of: held) else { return }
        if let cost = end.cost, cost > counted { faults.append("call \(end.id.number) counts \(counted) and cost \(cost)") }
        if counted > held, end.state != .overrun {
            faults.append("call \(end.id.number) counts more than was held for it, and is \(end.state.rawValue)")
        }
    }

    private mutating func raise(_ cap: Money) {
        guard let before = run.cap else { return }
        run.cap = max(before, cap)
        if before < cap, !run.isOver, run.exceeded != .max { run.exceeded = nil }
    }
}
