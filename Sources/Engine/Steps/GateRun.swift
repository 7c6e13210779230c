import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// One gate while it is worked on: its machine, the answers so far, and what the facts tell of it. Confined to its run's actor.
final class GateRun {
    let node: Node
    let step: Step
    let model: ModelStep
    let escalation: Escalation
    let graph: WorkflowGraph
    let scope: RunScope
    let state: OpenNode
    let isResumed: Bool
    let caps: CallCaps
    let rules: Rules
    let start: Int
    var machine: GateMachine
    var next: GateMachine.Command
    /// Of the tier that is being decided.
    var tries: ModelTries?
    /// What is attached, once it is read.
    var attached: [PromptSegment]?
    /// When the check began that is being run.
    var checkBegan: Timestamp?
    /// Of the last answer of the tier that is being decided.
    var signals: AnswerSignals?
    /// With `memo`, the tries that stand for the whole gate, and its question.
    var memo: (tries: ModelTries, question: ContentHash)?
    /// What was asked together with the first try.
    var beside: [SideQuestion] = []
    /// Who answers first, known before it is asked.
    var first: ModelTier?
    /// Answers that passed the hard checks, by tier.
    var answers: [Int: JSONValue] = [:]

    var record: GateRecord { state.gate! }
    var path: String { node.path }

    /// The name of the tier that is being decided.
    var tier: String { machine.terms.tiers[machine.tier] }

    init(
        node: Node, step: Step, model: ModelStep, escalation: Escalation, graph: WorkflowGraph, scope: RunScope, state: OpenNode, isResumed: Bool,
        caps: CallCaps, rules: Rules, start: Int
    ) {
        self.node = node
        self.step = step
        self.model = model
        self.escalation = escalation
        self.graph = graph
        self.scope = scope
        self.state = state
        self.isResumed = isResumed
        self.caps = caps
        self.rules = rules
        self.start = start
        machine = GateMachine(GateTerms(escalation, in: graph), start: start, scope: scope)
        next = machine.apply(.started)
    }

    // MARK: Rates

    /// Of the executions that it counts with.
    func rateKey(_ run: isolated RunExecution) -> ContentHash {
        EscalationRate.key(workflow: run.state.graph.name, step: node.stepPath, gate: escalation.hash)
    }

    /// What is counted before a tier beyond the first is asked.
    func rateCheck(_ run: isolated RunExecution, of tier: String) -> RateCheck? {
        escalation.maxRate.map { RateCheck(path: path, from: machine.terms.tiers[start], tier: tier, key: rateKey(run), rate: $0) }
    }

    /// The count by which a tier is not asked.
    func tripped(at tier: Int) -> RateCounted? { record.rate.flatMap { $0.isTripped && $0.tier == machine.terms.tiers[tier] ? $0 : nil } }

    /// The checks that are asked together with the first try, where that is not decided yet.
    var early: [Int] {
        record.decisions.contains { $0.tier == machine.terms.tiers[start] } ? [] : machine.terms.early(from: start)
    }

    /// The tries of one of its questions.
    func tries(_ model: ModelStep, _ tier: ModelTier, _ place: QuestionPlace) -> ModelTries {
        // Whoever was asked at a tier before is not asked again.
        let isTakenUp = isResumed || place.isAskedOnce && state.calls.contains { $0.started.part == place.part }
        return ModelTries(
            node: node, step: step, model: model, tier: tier, state: state, isResumed: isTakenUp, caps: caps, rules: rules, place: place)
    }

    /// What an answer was given to, for judges: the messages of the user, without what is attached.
    var question: String {
        (tries?.segments ?? []).filter { $0.role == .user && $0.attachment == nil }.map(\.text).joined(separator: PromptSegment.joiner)
    }

    /// What the calls of a check came to at the tier that is being decided; `nil`: there are none, or one has no price.
    func cost(of check: String) -> Money? {
        var cost = Money.zero
        var isThere = false
        for call in state.calls where call.started.tier == tier && call.started.part.isPart(of: check) {
            guard let amount = call.ended?.cost else { return nil }
            (isThere, cost) = (true, cost + amount)
        }
        return isThere ? cost : nil
    }
}

extension String {
    /// `judge`, or `vote#2` of `vote`.
    func isPart(of check: String) -> Bool {
        guard utf8.starts(with: check.utf8) else { return false }
        let rest = utf8.dropFirst(check.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "#")
    }
}
