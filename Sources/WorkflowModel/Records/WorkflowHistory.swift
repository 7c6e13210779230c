/// What completions of a workflow took. Runs that did not succeed are none: what they left undone was not free.
public struct WorkflowHistory: Sendable, Hashable {
    /// Runs that succeeded, of those that were looked at.
    public var runs: Int
    /// By the path of the step, `review/draft`: what was asked in all of ``runs`` together. A step without calls in them has none.
    public var steps: [String: [CallStatistics]]
    /// How often answers of gates were accepted, whatever became of their runs.
    public var gates: [GateRate]
    /// What became of what they decided, and checks that no tier's answer satisfied.
    public var gateOutcomes: [GateOutcomes] = []
    public var hopeless: [HopelessCheck] = []

    public init(runs: Int = 0, steps: [String: [CallStatistics]] = [:], gates: [GateRate] = []) {
        self.runs = runs
        self.steps = steps
        self.gates = gates
    }
}
