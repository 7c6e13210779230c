import Economics
import Values

/// A run with everything below it.
public struct RunTrace: Sendable {
    public var run: RunRecord
    public var nodes: [NodeRecord]
    public var calls: [CallRecord]
    /// Answers that were taken in place of calls.
    public var memoHits: [MemoHitRecord]
    /// What people were asked, in that order, with their answers.
    public var approvals: [ApprovalRecord]
    /// What gates decided of the tiers that they asked, and what their checks found, in that order.
    public var gateTiers: [GateTierRecord] = []
    public var gateChecks: [GateCheckRecord] = []
    /// Which executions of gates were drawn for comparison, and what came of it.
    public var gateDraws: [GateDrawRecord] = []
    public var gateShadows: [GateShadowRecord] = []
    /// Documents of it that were taken out of the ledger, or left out of the bundle that it came in.
    public var redacted: Set<ContentHash> = []
    /// What is not among the nodes and the calls, in a trace that was not read whole.
    public var folded: [FoldedItems]

    public init(
        run: RunRecord, nodes: [NodeRecord], calls: [CallRecord], memoHits: [MemoHitRecord] = [], approvals: [ApprovalRecord] = [],
        folded: [FoldedItems] = []
    ) {
        self.run = run
        self.nodes = nodes
        self.calls = calls
        self.memoHits = memoHits
        self.approvals = approvals
        self.folded = folded
    }
}

/// Which items of a step with many are shown: the first that failed, the first that still run, and the slowest of the others.
public enum ItemChoice {
    /// How many that failed, where `most` items are shown whole.
    public static func failed(of most: Int) -> Int { most / 2 }
    /// How many that still run.
    public static func running(of most: Int) -> Int { most / 4 }
    /// How many of the others.
    public static let slowest = 5
}

/// The items of a step that a trace leaves out: what they and all inside them add up to.
public struct FoldedItems: Sendable {
    /// Of their step.
    public let path: String
    public var statuses: [NodeStatus: Int] = [:]
    public var calls: [FoldedCalls] = []

    public init(path: String) { self.path = path }
}

/// Calls of one model that stand alike.
public struct FoldedCalls: Sendable {
    /// The same in another state.
    public func with(_ state: CallState) -> FoldedCalls {
        var calls = FoldedCalls(
            count: count, provider: provider, modelAsked: modelAsked, state: state, cost: cost, held: held, inputTokens: inputTokens,
            cacheReadTokens: cacheReadTokens, outputTokens: outputTokens, isEstimate: isEstimate)
        calls.isComparison = isComparison
        return calls
    }

    /// Whether they were asked for nothing but comparison.
    public var isComparison = false
    public let count: Int
    public let provider: String
    public let modelAsked: String
    public let state: CallState
    /// Whether their cost is an estimate, though the state alone does not say so.
    public let isEstimate: Bool
    /// `nil`: they have none.
    public let cost: MoneySum?
    public let held: MoneySum?
    /// `nil`: not reported.
    public let inputTokens: Int?
    public let cacheReadTokens: Int
    public let outputTokens: Int?

    public init(
        count: Int, provider: String, modelAsked: String, state: CallState, cost: MoneySum?, held: MoneySum?, inputTokens: Int?,
        cacheReadTokens: Int, outputTokens: Int?, isEstimate: Bool = false
    ) {
        self.isEstimate = isEstimate
        self.count = count
        self.provider = provider
        self.modelAsked = modelAsked
        self.state = state
        self.cost = cost
        self.held = held
        self.inputTokens = inputTokens
        self.cacheReadTokens = cacheReadTokens
        self.outputTokens = outputTokens
    }
}
