import Economics
import Values
import WorkflowModel

/// A call that the run's cap refuses, where a person may raise it.
extension ModelRunner {
    func asksForMoney(_ refusal: BudgetRefusal, _ step: Step, _ run: isolated RunExecution) -> Bool {
        guard let amounts = refusal.money else { return false }
        return run.state.graph.budget.onExceeded == .ask && refusal.scope == BudgetRefusal.runScope && amounts.cap == run.state.money.cap && !step.isOptional
            // Beyond what a run can count there is no cap to ask for.
            && amounts.exceeded != .max
    }

    /// Under `on_exceeded: degrade`, the next tier that may fit where a step's first call does not. An optional step is skipped: what it
    /// would take is for the others.
    func standIn(for tries: ModelTries, _ refusal: BudgetRefusal, _ run: isolated RunExecution) -> ModelTier? {
        let budget = run.state.graph.budget
        guard budget.onExceeded == .degrade, tries.place?.mayAskForMoney != false, tries.isFirstCall, !tries.step.isOptional, !refusal.isExceeded else { return nil }
        let name = budget.degrade.first { !tries.refusedTiers.contains($0) && $0 != tries.tier.name && run.state.bandAgainst($0) == nil }
        return name.map { run.state.tier($0, run.state.scopes[tries.node.scope]!.graph) }
    }

    /// The step waits for a person to raise the run's cap.
    func askForMoney(_ refusal: BudgetRefusal, _ node: Node, _ run: isolated RunExecution) {
        let amounts = refusal.money!
        let cap = max(amounts.spent, amounts.exceeded ?? .zero) + amounts.asked + (amounts.room ?? .zero)
        let text = "\(refusal.message); under a cap of \(cap) it fits"
        let request = ApprovalRequest(
            number: run.state.nextQuestion(of: node), message: run.store(.string(text)).hash, until: nil, onTimeout: .fail, cap: cap, asked: amounts.asked,
            text: text)
        run.ask(request, node, at: run.environment.clock.now())
    }
}

extension StepFailure {
    static func notGoneOn(_ decision: ApprovalDecision) -> StepFailure {
        StepFailure(.budget, "\(decision.by) did not let the run go on" + (decision.note.map { ": \($0)" } ?? ""))
    }

    static func notGranted(_ decision: ApprovalDecision) -> StepFailure {
        StepFailure(.budget, "\(decision.by) did not grant more money" + (decision.note.map { ": \($0)" } ?? ""))
    }
}
