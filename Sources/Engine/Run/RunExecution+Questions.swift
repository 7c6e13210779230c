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
                do { try await environment.clock.sleep(for: TimeSpan(milliseconds: max(0, left.milliseconds)), until: .question(path: node.path)) } catch { return }
                await timeOut(node)
            })
    }

    private func timeOut(_ node: Node) {
        guard let request = state.open[node]?.inquiry?.question, state.ending == nil else { return }
        let spending = state.money.spending
        let decision = ApprovalDecision.timedOut(
            request, at: environment.clock.now(), spent: Money(saturating: spending.cost), held: Money(saturating: spending.held))
        take([(node.path, decision)])
    }

    /// What people answered, the first of them first: it counts where one answer is for many. Late answers change nothing.
    ///
    /// All of them are in the record before any node goes on, as one that goes on may end the run.
    ///
    /// - Returns: whether the run waited for one.
    @discardableResult
    func take(_ answers: [(path: String, decision: ApprovalDecision)]) -> Bool {
        let ordered = answers.sorted { ($0.decision.at, $0.path) < ($1.decision.at, $1.path) }
        var nodes = ordered.compactMap { note($0.decision, at: $0.path) }
        nodes += noteForOthers()
        for node in nodes where state.open[node] != nil { state.step(node).kind.runner.start(node, in: self) }
        if !nodes.isEmpty { outbox.flush() }
        return !nodes.isEmpty
    }

    /// - Returns: the node that waited for it, and is to go on.
    func note(_ decision: ApprovalDecision, at path: String) -> Node? {
        // Behind the run's last entry it stays untaken, for whoever resumes.
        guard outbox.error == nil, !state.hasConcluded, let (node, open) = state.openNode(path), let request = open.inquiry?.question,
            decision.choice.answers(request.kind)
        else { return nil }
        var decision = decision
        decision.question = request
        work.endTimer(node)
        record(.approvalDecided(path, decision))
        startDeadline(node)
        return node
    }

    /// Asks the ledger for answers to what the run waits for.
    ///
    /// - Returns: whether there was one.
    func takeDecisions() async throws(JournalError) -> Bool {
        outbox.flush()
        let requests = try await environment.journal.requests()
        return take(requests.compactMap { if case .decided(id, let path, let decision) = $0 { (path, decision) } else { nil } })
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
