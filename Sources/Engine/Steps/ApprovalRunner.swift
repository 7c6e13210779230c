import Economics
import Expressions
import Values
import WorkflowModel

/// Steps that ask a person: the question becomes durable, the run goes on with what does not wait for the answer, and is
/// suspended when nothing else is left.
struct ApprovalRunner: StepRunner {
    let approval: ApprovalStep

    func start(_ node: Node, in run: isolated RunExecution) {
        if let decision = run.state.open[node]?.inquiry?.decision { return end(node, decision, run) }
        run.recordStart(node)
        do throws(StepFailure) {
            let scope = try run.state.nodeScope(node)
            let message = try StepFailure.evaluating { () throws(EvaluationError) in try approval.message.render(scope) }
            let at = run.environment.clock.now()
            let request = ApprovalRequest(
                number: run.state.nextQuestion(of: node), message: run.store(.string(message)).hash, until: approval.timeout.map(at.adding),
                onTimeout: TimeoutAnswer(approval.onTimeout), text: message)
            run.ask(request, node, at: at)
        } catch {
            run.fail(node, error)
        }
    }

    private func end(_ node: Node, _ decision: ApprovalDecision, _ run: isolated RunExecution) {
        if decision.isTimeout, approval.onTimeout == .fail {
            return run.fail(node, StepFailure(.timeout, "nobody answered within \(approval.timeout.map(\.description) ?? "its time")"))
        }
        run.succeed(
            node,
            .object([
                "approved": .bool(decision.isApproved), "by": .string(decision.by), "note": decision.note.map(JSONValue.string) ?? .null,
            ]))
    }
}

extension TimeoutAnswer {
    init(_ word: ApprovalStep.OnTimeout) {
        switch word {
        case .fail: self = .fail
        case .approve: self = .approve
        case .reject: self = .reject
        }
    }
}
