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
    static func notGranted(_ decision: ApprovalDecision) -> StepFailure {
        StepFailure(.budget, "\(decision.by) did not grant more money" + (decision.note.map { ": \($0)" } ?? ""))
    }
}
