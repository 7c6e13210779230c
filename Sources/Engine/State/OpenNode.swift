import Values
import WorkflowModel

/// What the facts tell of a node that was begun and has not ended: the calls of a model step, the question of one that asks, the pass
/// of a loop. Owned by one run's state.
final class OpenNode {
    /// A call as the record has it.
    struct Call {
        let started: CallStarted
        /// `nil`: under way, or lost.
        var ended: CallEnded?
        var endedAt: Timestamp?
        /// The text that came back, of a call that did not fail.
        var answer: String?
        /// The process that made it is gone: what it holds is spent for good.
        var isLost = false
        /// What it was told, of a call that counts.
        var count: TokenCount?

        var isUnderWay: Bool { ended == nil && !isLost }
    }

    /// What a node asked of a person.
    struct Inquiry {
        /// `nil`: answered.
        var question: ApprovalRequest?
        /// Until it is acted on.
        var decision: ApprovalDecision?
        var answers = 0
        var askedAt: Timestamp?
    }

    let startedAt: Timestamp
    /// What its calls that ended come to; `nil`: it is no model step.
    var totals: CallTotals?
    var calls: [Call] = []
    /// Those that counted the tokens of its prompts.
    var counts: [Call] = []
    /// What was cut of its prompts, each time.
    var cuts: [[TrimmedValue]] = []
    /// Of a program that came to its end.
    var exit: (attempt: Int, code: Int)?
    var inquiry: Inquiry?
    /// When it waited for people.
    var waits: [(from: Timestamp, to: Timestamp)] = []
    /// Of a step with `escalate`.
    let gate: GateRecord?
    /// Of one that has steps of its own.
    var hasPassedDeadline = false
    /// What the last pass of a loop gave.
    var passOutputs: JSONObject?
    /// What follows from the pass that is over, until the next or the node's end.
    var verdict: PassVerdict?

    init(_ step: Step, at moment: Timestamp) {
        startedAt = moment
        let model = step.modelStep
        totals = model.map { CallTotals(tier: $0.tier) }
        gate = model?.escalation == nil ? nil : GateRecord()
    }

    /// Who was asked for a tier.
    func asked(_ tier: String) -> String { calls.first { $0.started.part.isEmpty && $0.started.tier == tier }?.started.askedTier ?? tier }

    var hasCallUnderWay: Bool { callUnderWay != nil }
    /// The last one. Of a gate several questions may have one each.
    var callUnderWay: CallStarted? {
        if let last = calls.last, last.isUnderWay { return last.started }
        if let last = counts.last, last.isUnderWay { return last.started }
        if gate == nil { return nil }
        return (calls.last { $0.isUnderWay } ?? counts.last { $0.isUnderWay })?.started
    }

    /// The call under way of the question that a call is of.
    func callUnderWay(besides call: CallStarted) -> CallStarted? {
        if gate == nil { return callUnderWay }
        func isOfSame(_ other: Call) -> Bool {
            guard other.isUnderWay, other.started.tier == call.tier else { return false }
            let (one, two) = (call.part, other.started.part)
            return one == two || CallSite.countPart(of: one) == two || one == CallSite.countPart(of: two)
        }
        return (calls.last(where: isOfSame) ?? counts.last(where: isOfSame))?.started
    }

    /// What expressions read of it beside its output.
    var facts: JSONObject {
        if let totals { return gate.map { $0.facts(over: totals.facts) } ?? totals.facts }
        guard let exit else { return [:] }
        return ["exit_code": .int(Int64(exit.code)), "attempts": .int(Int64(exit.attempt))]
    }
}
