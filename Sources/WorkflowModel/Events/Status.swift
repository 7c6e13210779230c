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

    public init?(text: String) {
        func id(after prefix: String) -> String? { text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil }
        if let id = id(after: "upstream_skipped: ") {
            self = .upstreamSkipped(id)
        } else if let id = id(after: "upstream_failed: ") {
            self = .upstreamFailed(id)
        } else if let reason = [Self.conditionFalse, .runStopping, .overBudget].first(where: { $0.text == text }) {
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
        }
    }
}

/// A reservation that a cap refused.
public struct BudgetRefusal: Sendable, Hashable {
    /// What stands for the run itself: no step can have that id.
    public static let runScope = "(run)"

    /// ``runScope``, or the path of the step whose cap it is.
    public let scope: String
    public let cap: Money
    /// Settled or held for good against the cap.
    public let spent: Money
    public let asked: Money
    /// The most that counted against the cap, once that was more than the cap admits: no call starts then until it is raised.
    public let exceeded: Money?

    public init(scope: String, cap: Money, spent: Money, asked: Money, exceeded: Money? = nil) {
        self.exceeded = exceeded
        self.scope = scope
        self.cap = cap
        self.spent = spent
        self.asked = asked
    }

    public var message: String {
        if cap == .max { return "the worst case of the next call, \(asked), is more than a run can count: \(cap) in all, \(spent) is spent or held" }
        let owner = scope == Self.runScope ? "the run's budget" : "the cap of \(scope)"
        if let exceeded { return "\(owner) is exceeded: \(exceeded) of \(cap) was spent or held, as a call cost more than was held for it; no other starts" }
        return "the worst case of the next call, \(asked), does not fit \(owner): \(spent) of \(cap) is spent or held"
    }
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
