import Economics
import Values

/// Where an output is kept.
public struct OutputReference: Sendable, Hashable {
    /// Of the compact JSON text of the value, keys in their order.
    public let hash: ContentHash

    public init(hash: ContentHash) { self.hash = hash }
}

/// Why a step did not run.
public enum SkipReason: Sendable, Hashable {
    case conditionFalse
    case upstreamSkipped(String)
    case upstreamFailed(String)
    /// The run was stopping when its turn came.
    case runStopping
    /// `optional`, and the budget was short.
    case overBudget
    /// The budget was in that band, in which nothing new asks a model.
    case band(BudgetBand.Name)

    public init?(text: String) {
        func id(after prefix: String) -> String? { text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil }
        if let id = id(after: "upstream_skipped: ") {
            self = .upstreamSkipped(id)
        } else if let id = id(after: "upstream_failed: ") {
            self = .upstreamFailed(id)
        } else if let reason = ([Self.conditionFalse, .runStopping, .overBudget] + BudgetBand.Name.allCases.map(Self.band)).first(where: { $0.text == text }) {
            self = reason
        } else {
            return nil
        }
    }

    public var text: String {
        switch self {
        case .conditionFalse: return "when is false"
        case .upstreamSkipped(let id): return "upstream_skipped: \(id)"
        case .upstreamFailed(let id): return "upstream_failed: \(id)"
        case .runStopping: return "the run was stopping"
        case .overBudget: return "optional, and the budget is short"
        case .band(let name): return "the budget is in its \(name.rawValue) band, in which nothing new starts"
        }
    }
}

/// A reservation that a cap refused.
public struct BudgetRefusal: Sendable, Hashable {
    /// What stands for the run itself: no step can have that id.
    public static let runScope = "(run)"

    /// What the cap says, what counts against it and what was asked for, in one unit.
    public struct Amounts<Amount: Sendable & Hashable>: Sendable, Hashable {
        public let cap: Amount
        /// Settled or held for good against the cap.
        public let spent: Amount
        public let asked: Amount
        /// The most that counted against the cap, once that was more than the cap admits: no call starts then until it is raised.
        public let exceeded: Amount?
        /// What was to be left for the rest of the run.
        public let room: Amount?

        public init(cap: Amount, spent: Amount, asked: Amount, exceeded: Amount? = nil, room: Amount? = nil) {
            self.cap = cap
            self.spent = spent
            self.asked = asked
            self.exceeded = exceeded
            self.room = room
        }
    }

    /// What the cap is on.
    public enum Unit: Sendable, Hashable {
        case money(Amounts<Money>)
        case tokens(Amounts<Int>)
    }

    /// ``runScope``, or the path of the step whose cap it is.
    public let scope: String
    public let amounts: Unit

    public init(scope: String, cap: Money, spent: Money, asked: Money, exceeded: Money? = nil, room: Money? = nil) {
        self.scope = scope
        amounts = .money(Amounts(cap: cap, spent: spent, asked: asked, exceeded: exceeded, room: room))
    }

    public init(scope: String, tokens: Amounts<Int>) {
        self.scope = scope
        amounts = .tokens(tokens)
    }

    /// By the key of a counter.
    ///
    /// - Parameter amounts: in pico-dollars, or in tokens.
    public init(key: String, _ amounts: Amounts<Int64>) {
        if let scope = TokenCap.scope(ofKey: key) {
            self.init(
                scope: scope,
                tokens: Amounts(
                    cap: Int(amounts.cap), spent: Int(amounts.spent), asked: Int(amounts.asked), exceeded: amounts.exceeded.map { Int($0) },
                    room: amounts.room.map { Int($0) }))
        } else {
            self.init(
                scope: key, cap: Money(picoDollars: amounts.cap), spent: Money(picoDollars: amounts.spent), asked: Money(picoDollars: amounts.asked),
                exceeded: amounts.exceeded.map(Money.init(picoDollars:)), room: amounts.room.map(Money.init(picoDollars:)))
        }
    }

    /// `nil`: it is of a cap on tokens.
    public var money: Amounts<Money>? { if case .money(let amounts) = amounts { amounts } else { nil } }
    /// `nil`: it is of a cap on cost.
    public var tokens: Amounts<Int>? { if case .tokens(let amounts) = amounts { amounts } else { nil } }

    /// Whether the cap was passed before, so that nothing begins until it is raised.
    public var isExceeded: Bool {
        switch amounts {
        case .money(let amounts): amounts.exceeded != nil
        case .tokens(let amounts): amounts.exceeded != nil
        }
    }

    public var message: String {
        switch amounts {
        case .money(let money):
            if money.cap == .max {
                return "the worst case of the next call, \(money.asked), is more than a run can count: \(money.cap) in all, \(money.spent) is spent or held"
            }
            return message(money, owner: scope == Self.runScope ? "the run's budget" : "the cap of \(scope)", because: "a call cost more than was held for it") { "\($0)" }
        case .tokens(let tokens):
            let owner = scope == Self.runScope ? "the run's budget of tokens" : "the cap on tokens of \(scope)"
            return message(tokens, owner: owner, because: "a call had more than was held for it") { Self.counted($0) }
        }
    }

    private func message<Amount>(_ amounts: Amounts<Amount>, owner: String, because: String, _ text: (Amount) -> String) -> String {
        let cap = text(amounts.cap)
        if let exceeded = amounts.exceeded { return "\(owner) is exceeded: \(text(exceeded)) of \(cap) was spent or held, as \(because); no other starts" }
        let rest = amounts.room.map { ", with \(text($0)) left for the rest of the run," } ?? ","
        return "the worst case of the next call, \(text(amounts.asked))\(rest) does not fit \(owner): \(text(amounts.spent)) of \(cap) is spent or held"
    }

    private static func counted(_ tokens: Int) -> String { tokens == 1 ? "1 token" : "\(tokens) tokens" }
}

/// How a run stands.
public enum RunStatus: String, Sendable, Hashable, CaseIterable {
    case running, succeeded, failed, cancelled, interrupted, waiting
}

/// How a step or an item stands.
public enum NodeStatus: String, Sendable, Hashable, CaseIterable {
    case pending, running
    /// For a person.
    case waiting
    case succeeded, failed, skipped, cancelled
}
