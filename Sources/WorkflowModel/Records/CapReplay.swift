import Economics
import Values

/// Follows what counts against every cap of a run through its facts, and finds where the law of caps was broken: what counts is
/// within the cap, unless a call cost more than was held for it; and once a cap is exceeded no call that draws on it starts until it is
/// raised.
///
/// Facts before form 2 do not tell enough: of such a run nothing is said.
public struct CapReplay: Sendable {
    /// What is wrong, with the number of the fact.
    public private(set) var faults: [String] = []

    private struct Counter {
        var cap: Money
        var held = MoneySum.zero
        var isExceeded = false

        var isOver: Bool { held > MoneySum(cap) }
    }

    private var counters: [String: Counter] = [:]
    /// What calls that began count now, and against what.
    private var calls: [Int64: (held: Money, scopes: [String])] = [:]
    /// What people are asked for, by step.
    private var asked: [String: Money] = [:]
    private var sequence = 0
    /// Whether its facts tell enough.
    public private(set) var isTold = false

    public init() {}

    /// The next fact of the run.
    ///
    /// - Parameter payload: as the journal has it.
    public mutating func take(_ kind: String, _ payload: JSONValue) {
        sequence += 1
        if kind == "run_started" {
            isTold = (payload["facts"]?.intValue ?? 1) >= 2
            if let cap = Self.money(payload, "max_cost_usd") { counters[BudgetRefusal.runScope] = Counter(cap: cap) }
        }
        guard isTold else { return }
        switch kind {
        case "call_started": start(payload)
        case "call_ended": end(payload)
        case "approval_requested":
            if let step = payload["step"]?.stringValue { asked[step] = Self.money(payload, "cap_usd") }
        case "approval_decided": decide(payload)
        default: break
        }
    }

    private mutating func start(_ payload: JSONValue) {
        guard let call = payload["call"]?.intValue, let held = Self.money(payload, "held_usd") else { return }
        var scopes: [String] = counters[BudgetRefusal.runScope] == nil ? [] : [BudgetRefusal.runScope]
        for cap in payload["caps"]?.arrayValue ?? [] {
            guard let scope = cap["scope"]?.stringValue, let amount = Self.money(cap, "cap_usd") else { continue }
            scopes.append(scope)
            counters[scope, default: Counter(cap: amount)].cap = amount
        }
        for scope in scopes {
            if counters[scope]!.isExceeded {
                fault("call \(call) began although \(Self.name(scope)) was exceeded")
            }
            counters[scope]!.held.add(held)
            if counters[scope]!.isOver, !counters[scope]!.isExceeded { fault("call \(call) began beyond \(Self.name(scope))") }
        }
        calls[call] = (held, scopes)
    }

    private mutating func end(_ payload: JSONValue) {
        guard let number = payload["call"]?.intValue, let call = calls[number] else { return }
        let state = payload["state"]?.stringValue.flatMap(CallState.init(rawValue:)) ?? .unknown
        let cost = Self.money(payload, "cost_usd") ?? .zero
        let counted: Money = switch state {
        case .settled, .overrun: max(Self.money(payload, "held_usd") ?? cost, cost)
        case .void: .zero
        case .held, .estimated, .unknown: Self.money(payload, "held_usd") ?? call.held
        }
        if cost > counted { fault("call \(number) counts \(counted) and cost \(cost)") }
        if counted > call.held, state != .overrun { fault("call \(number) counts more than was held for it, and is \(state.rawValue)") }
        for scope in call.scopes {
            counters[scope]!.held.add(Money(picoDollars: counted.picoDollars - call.held.picoDollars))
            if counters[scope]!.isOver { counters[scope]!.isExceeded = true }
        }
        calls[number]!.held = counted
    }

    private mutating func decide(_ payload: JSONValue) {
        guard payload["approved"]?.boolValue == true, let step = payload["step"]?.stringValue,
            let cap = Self.money(payload, "cap_usd") ?? asked[step], var counter = counters[BudgetRefusal.runScope]
        else { return }
        counter.cap = max(counter.cap, cap)
        if !counter.isOver { counter.isExceeded = false }
        counters[BudgetRefusal.runScope] = counter
    }

    private mutating func fault(_ message: String) { faults.append("event \(sequence): \(message)") }

    private static func name(_ scope: String) -> String { scope == BudgetRefusal.runScope ? "the run's budget" : "the cap of '\(scope)'" }

    private static func money(_ payload: JSONValue, _ key: String) -> Money? { payload[key]?.stringValue.flatMap(Money.init(decimal:)) }
}
