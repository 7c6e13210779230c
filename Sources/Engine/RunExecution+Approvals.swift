import Economics
import Expressions
import Values
import WorkflowModel

/// Steps that ask a person: the question becomes durable, the run goes on with what does not wait for the answer, and is
/// suspended when nothing else is left.
extension RunExecution {
    func ask(_ node: Node, _ approval: ApprovalStep) {
        if let decision = decisions.removeValue(forKey: node) {
            recorded[node] = nil
            return conclude(node, decision)
        }
        recordStart(node)
        do throws(StepFailure) {
            let scope = try nodeScope(node)
            let message = try evaluating { () throws(EvaluationError) in try approval.message.render(scope) }
            let at = environment.clock.now()
            let request = ApprovalRequest(
                number: nextQuestion(of: node), message: store(.string(message)).hash, until: approval.timeout.map(at.adding), onTimeout: approval.onTimeout,
                text: message)
            approvals[node] = request
            record(.approvalRequested(node.path, request))
            flush()
            startTimer(node, request)
        } catch {
            fail(node, error)
        }
    }

    /// While this process lives; afterwards whoever opens the ledger next looks at the clock.
    func startTimer(_ node: Node, _ request: ApprovalRequest) {
        guard let until = request.until else { return }
        let left = until.since(environment.clock.now())
        deadlines.start(node, Task(executorPreference: environment.executor) { [self] in
            do { try await environment.clock.sleep(for: TimeSpan(milliseconds: max(0, left.milliseconds))) } catch { return }
            await timeOut(node)
        })
    }

    private func timeOut(_ node: Node) {
        guard let request = approvals[node], status == nil else { return }
        let decision = ApprovalDecision.timedOut(
            request, at: environment.clock.now(), spent: Money(saturating: spent.cost), held: Money(saturating: spent.held))
        take(decision, at: node.path)
    }

    /// What somebody answered. Late answers change nothing.
    ///
    /// - Returns: whether the run waited for it.
    @discardableResult
    func take(_ decision: ApprovalDecision, at path: String) -> Bool {
        // Behind the run's last entry it stays untaken, for whoever resumes.
        guard journalError == nil, !hasConcluded, let (node, request) = approvals.first(where: { $0.key.path == path }) else { return false }
        var decision = decision
        decision.question = request
        questionsAnswered[path, default: 0] += 1
        let left = paused[node]
        forget(node)
        status = nil
        if let cap = decision.raised {
            self.cap = self.cap.map { max($0, cap) }
        }
        record(.approvalDecided(node.path, decision))
        if case .model = step(node).kind {
            paused[node] = left
            decisions[node] = decision
            start(node)
        } else {
            conclude(node, decision)
        }
        flush()
        return true
    }

    /// One that was taken back before it was answered is asked again under its number.
    private func nextQuestion(of node: Node) -> Int { (questionsAnswered[node.path] ?? 0) + 1 }

    // MARK: Money

    func asksForMoney(_ refusal: BudgetRefusal, _ step: Step) -> Bool {
        graph.budget.onExceeded == .ask && refusal.scope == BudgetRefusal.runScope && refusal.cap == cap && !step.isOptional
            // Beyond what a run can count there is no cap to ask for.
            && refusal.exceeded != .max
    }

    /// The step waits for a person to raise the run's cap.
    func askForMoney(_ refusal: BudgetRefusal, _ tries: ModelTries) {
        let cap = max(refusal.spent, refusal.exceeded ?? .zero) + refusal.asked
        let text = "\(refusal.message); under a cap of \(cap) it fits"
        let request = ApprovalRequest(
            number: nextQuestion(of: tries.node), message: store(.string(text)).hash, until: nil, onTimeout: .fail, cap: cap, asked: refusal.asked, text: text)
        approvals[tries.node] = request
        tries.isPaused = true
        paused[tries.node] = tries
        record(.approvalRequested(tries.node.path, request))
        flush()
    }

    func forget(_ node: Node) {
        approvals[node] = nil
        paused[node] = nil
        deadlines.end(node)
    }

    private func conclude(_ node: Node, _ decision: ApprovalDecision) {
        if decision.isTimeout, case .approve(let approval) = step(node).kind, approval.onTimeout == .fail {
            return fail(node, StepFailure(.timeout, "nobody answered within \(approval.timeout.map(\.description) ?? "its time")"))
        }
        succeed(node, .object([
            "approved": .bool(decision.isApproved), "by": .string(decision.by), "note": decision.note.map(JSONValue.string) ?? .null,
        ]))
    }

    /// Asks the ledger for answers to what the run waits for.
    ///
    /// - Returns: whether there was one.
    func takeDecisions() async throws(JournalError) -> Bool {
        flush()
        var hasTaken = false
        for case .decided(id, let path, let decision) in try await environment.journal.requests() {
            if take(decision, at: path) { hasTaken = true }
        }
        return hasTaken
    }
}

extension StepFailure {
    static func notGranted(_ decision: ApprovalDecision) -> StepFailure {
        StepFailure(.budget, "\(decision.by) did not grant more money" + (decision.note.map { ": \($0)" } ?? ""))
    }
}

extension ApprovalDecision {
    /// What stands in for an answer that did not come in time.
    public static func timedOut(_ request: ApprovalRequest, at: Timestamp, spent: Money? = nil, held: Money? = nil) -> ApprovalDecision {
        ApprovalDecision(isApproved: request.onTimeout == .approve, by: "timeout", note: nil, at: at, isTimeout: true, spent: spent, held: held)
    }
}
