import Economics
import Values
import WorkflowModel

/// A call that the run's cap refuses, where a person may raise it.
extension ModelRunner {
    func asksForMoney(_ refusal: BudgetRefusal, _ step: Step, _ run: isolated RunExecution) -> Bool {
        run.state.graph.budget.onExceeded == .ask && refusal.scope == BudgetRefusal.runScope && refusal.cap == run.state.money.cap && !step.isOptional
            // Beyond what a run can count there is no cap to ask for.
            && refusal.exceeded != .max
    }

    /// The step waits for a person to raise the run's cap.
    func askForMoney(_ refusal: BudgetRefusal, _ node: Node, _ run: isolated RunExecution) {
        let cap = max(refusal.spent, refusal.exceeded ?? .zero) + refusal.asked
        let text = "\(refusal.message); under a cap of \(cap) it fits"
        let request = ApprovalRequest(
            number: run.state.nextQuestion(of: node), message: run.store(.string(text)).hash, until: nil, onTimeout: .fail, cap: cap, asked: refusal.asked,
            text: text)
        run.ask(request, node, at: run.environment.clock.now())
    }
}

extension StepFailure {
    static func notGranted(_ decision: ApprovalDecision) -> StepFailure {
        StepFailure(.budget, "\(decision.by) did not grant more money" + (decision.note.map { ": \($0)" } ?? ""))
    }
}
