import Expressions
import Values
import WorkflowModel

/// A gate that ends without an accepted answer, where a person chooses among the answers that there are, or gives another.
///
/// Whoever goes on behind the answer climbs no further, whatever has become of caps and rates since: what the person saw is in the record,
/// and so is what they chose.
extension ModelRunner {
    func ask(_ question: GateQuestion, _ cause: GateCause, _ gate: GateRun, _ run: isolated RunExecution) throws(StepFailure) {
        let message = try StepFailure.evaluating { () throws(EvaluationError) in try question.message.render(gate.scope) }
        let at = run.environment.clock.now()
        // What nobody answers in time ends as it is told now: there is no best of nothing.
        let onTimeout: TimeoutAnswer = question.onTimeout == .best && gate.record.best != nil ? .best : .fail
        let request = ApprovalRequest(
            number: run.state.nextQuestion(of: gate.node), kind: .gate, message: run.store(.string(message)).hash, until: question.timeout.map(at.adding),
            onTimeout: onTimeout, cause: cause.word, reason: run.environment.secrets.redactor.redact(cause.text), text: message)
        run.ask(request, gate.node, at: at)
    }

    /// Ends a gate as a person said, or the clock for them.
    func end(_ node: Node, by decision: ApprovalDecision, to question: ApprovalRequest, _ run: isolated RunExecution) async {
        guard let (tier, hash) = chosen(decision.choice, node, run) else { return decline(node, decision, question, run) }
        run.outbox.flush()
        let journal = run.outbox.journal
        do throws(JournalError) {
            let documents = try await journal.documents([hash])
            take(documents[hash].flatMap { try? JSONParser.parse($0) }, of: tier, node, decision, question, run)
        } catch {
            run.lose(error)
        }
    }

    /// Whose answer it is, or nobody's of the tiers, and where it is kept; `nil`: none is taken.
    @inline(never)
    private func chosen(_ choice: ApprovalChoice, _ node: Node, _ run: isolated RunExecution) -> (tier: String?, document: ContentHash)? {
        let gate = run.state.open[node]!.gate!
        switch choice {
        case .value(let hash): return (nil, hash)
        case .best: return gate.best.map { ($0.tier, $0.document) }
        case .pick(let tier): return gate.answer(of: tier).map { (tier, $0) }
        case .approve, .reject: return nil
        }
    }

    @inline(never)
    private func take(_ value: JSONValue?, of tier: String?, _ node: Node, _ decision: ApprovalDecision, _ question: ApprovalRequest, _ run: isolated RunExecution) {
        guard let value else {
            return run.fail(node, StepFailure(.configuration, "the answer that \(decision.by) chose is not in the ledger"))
        }
        if tier == nil {
            let violations = model.violations(of: value)
            guard violations.isEmpty else {
                return run.fail(node, StepFailure(.outputInvalid, "what \(decision.by) gave does not match the step's schema: \(violations[0])", details: violations))
            }
        }
        record(tier, isAccepted: !decision.isTimeout, node, decision, question, run)
        run.succeed(node, value)
    }

    /// Nobody takes one, or there is none to take.
    @inline(never)
    private func decline(_ node: Node, _ decision: ApprovalDecision, _ question: ApprovalRequest, _ run: isolated RunExecution) {
        let word: String
        switch decision.choice {
        case .pick(let tier): word = "\(decision.by) picked \(tier), which has no answer that can be taken"
        case .best where !decision.isTimeout: word = "\(decision.by) took the best, and there is none"
        case _ where decision.isTimeout: word = "nobody chose in time"
        default: word = "\(decision.by) took none" + (decision.note.map { ": \($0)" } ?? "")
        }
        record(nil, isAccepted: false, node, decision, question, run)
        run.fail(node, StepFailure(.notAccepted, "no tier's answer was accepted: \(question.reason ?? ""); \(word)"))
    }

    private func record(
        _ tier: String?, isAccepted: Bool, _ node: Node, _ decision: ApprovalDecision, _ question: ApprovalRequest, _ run: isolated RunExecution
    ) {
        guard run.state.open[node]!.gate!.end == nil else { return }
        let late = decision.isTimeout ? "; nobody chose in time" : ""
        run.record(
            .gateEnded(
                GateEnded(
                    path: node.path, tier: tier, isAccepted: isAccepted, cause: question.cause, reason: question.reason.map { $0 + late },
                    by: decision.isTimeout ? nil : decision.by)))
    }
}

extension ModelStep {
    /// What is wrong with a value as the step's output, in the words in which a model is told; nothing: it does.
    public func violations(of value: JSONValue) -> [String] {
        guard let schema else { return value.stringValue == nil ? ["the step's output is a text, and this is of another type"] : [] }
        return schema.validate(value).map(\.message)
    }
}
