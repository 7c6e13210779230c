import Economics
import Values
import WorkflowModel

/// Questions to people, and their answers.
extension RunExecution {
    /// Asks a person. The node goes on from its start when they, or the clock for them, have answered.
    func ask(_ request: ApprovalRequest, _ node: Node, at moment: Timestamp) {
        // Its deadline is not for people.
        work.endTimer(node)
        record(.approvalRequested(node.path, request), at: moment)
        outbox.flush()
        startTimer(node, request)
    }

    /// While this process lives; afterwards whoever opens the ledger next looks at the clock.
    func startTimer(_ node: Node, _ request: ApprovalRequest) {
        guard let until = request.until else { return }
        let left = until.since(environment.clock.now())
        work.startTimer(
            node,
            Task(executorPreference: environment.executor) { [self] in
                do { try await environment.clock.sleep(for: TimeSpan(milliseconds: max(0, left.milliseconds))) } catch { return }
                await timeOut(node)
            })
    }

    private func timeOut(_ node: Node) {
        guard let request = state.open[node]?.inquiry?.question, state.ending == nil else { return }
        let spending = state.money.spending
        let decision = ApprovalDecision.timedOut(
            request, at: environment.clock.now(), spent: Money(saturating: spending.cost), held: Money(saturating: spending.held))
        take(decision, at: node.path)
    }

    /// What somebody answered. Late answers change nothing.
    ///
    /// - Parameter isShared: whether it is for all that ask the same.
    /// - Returns: whether the run waited for it.
    @discardableResult
    func take(_ decision: ApprovalDecision, at path: String, isShared: Bool = true) -> Bool {
        // Behind the run's last entry it stays untaken, for whoever resumes.
        guard outbox.error == nil, !state.hasConcluded, let (node, open) = state.openNode(path), let request = open.inquiry?.question,
            decision.choice.answers(request.kind)
        else { return false }
        var decision = decision
        decision.question = request
        work.endTimer(node)
        record(.approvalDecided(path, decision))
        startDeadline(node)
        if isShared { takeForOthers(decision, at: path) }
        state.step(node).kind.runner.start(node, in: self)
        outbox.flush()
        return true
    }

    /// Asks the ledger for answers to what the run waits for.
    ///
    /// - Returns: whether there was one.
    func takeDecisions() async throws(JournalError) -> Bool {
        outbox.flush()
        var hasTaken = false
        for case .decided(id, let path, let decision) in try await environment.journal.requests() {
            if take(decision, at: path) { hasTaken = true }
        }
        return hasTaken
    }
}

extension RunState {
    /// A question that was taken back before it was answered is asked again under its number.
    func nextQuestion(of node: Node) -> Int { (open[node]?.inquiry?.answers ?? 0) + 1 }
}

extension ApprovalDecision {
    /// What stands in for an answer that did not come in time.
    public static func timedOut(_ request: ApprovalRequest, at: Timestamp, spent: Money? = nil, held: Money? = nil) -> ApprovalDecision {
        let choice: ApprovalChoice =
            switch request.onTimeout {
            case .approve: .approve
            case .best: .best
            case .fail, .reject: .reject
            }
        return ApprovalDecision(choice, by: "timeout", note: nil, at: at, isTimeout: true, spent: spent, held: held)
    }
}
