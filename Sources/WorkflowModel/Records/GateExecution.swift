import Values

/// One execution of a gate, with all that is recorded of it: which tiers were asked, what their checks found, and every call.
public struct GateExecution: Sendable {
    /// Where to go on from.
    public struct Position: Sendable, Hashable {
        /// The number of the run in its ledger.
        public let run: Int64
        public let path: String

        public init(run: Int64, path: String) {
            self.run = run
            self.path = path
        }
    }

    public let position: Position
    /// The id of its run.
    public let run: String
    public var path: String { position.path }
    /// The document of the run's inputs.
    public let inputs: ContentHash?
    /// What became of the decision that it is part of, as somebody said last.
    public let outcome: String?
    /// The outcomes that its workflow counts; `nil`: it names none.
    public let counts: [String]?
    /// How many executions of the gate the decision has: with several of them, its outcome is the word on none.
    public let siblings: Int
    /// In the order in which they were asked.
    public let tiers: [GateTierRecord]
    /// In the order in which they ended.
    public let checks: [GateCheckRecord]
    /// In the order in which they began.
    public let calls: [CallRecord]
    /// `nil`: the gate asks nobody for comparison.
    public let draw: GateDrawRecord?
    public let shadows: [GateShadowRecord]
    /// Where no tier's answer is taken, why: what a person was asked for, or a cap that the step failed by; `nil`: it is not recorded.
    public var cause: String?

    public init(
        position: Position, run: String, inputs: ContentHash?, outcome: String?, counts: [String]?, siblings: Int, tiers: [GateTierRecord],
        checks: [GateCheckRecord], calls: [CallRecord], draw: GateDrawRecord? = nil, shadows: [GateShadowRecord] = []
    ) {
        self.draw = draw
        self.shadows = shadows
        self.position = position
        self.run = run
        self.inputs = inputs
        self.outcome = outcome
        self.counts = counts
        self.siblings = siblings
        self.checks = checks
        self.calls = calls
        // What was decided at the same moment was asked in the order of its calls.
        var first: TextTable<Int> = [:]
        for (index, call) in calls.enumerated() where call.part.isEmpty && first[call.tier] == nil { first[call.tier] = index }
        self.tiers = tiers.sorted { ($0.decidedAt.microseconds, first[$0.tier] ?? .max) < ($1.decidedAt.microseconds, first[$1.tier] ?? .max) }
    }

    /// Whether what became of it says that its answer was right; `nil`: nobody said, or what they said is not of it alone.
    public var isCorrect: Bool? {
        guard siblings == 1, let outcome, let counts else { return nil }
        return counts.contains { $0.hasSameBytes(as: outcome) }
    }
}
