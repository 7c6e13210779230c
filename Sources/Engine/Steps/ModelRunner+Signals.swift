import Values
import WorkflowModel

/// What is kept of each answer of a gate beside its text, whether a check goes by it or not.
extension ModelRunner {
    /// Of the last answer to a tier's question; `nil`: nothing came.
    func signals(of tries: ModelTries, _ gate: GateRun, _ run: isolated RunExecution) async -> AnswerSignals? {
        // What was decided before tells them already.
        guard !gate.record.decisions.contains(where: { $0.tier == gate.tier }) else { return nil }
        if tries.told == nil { await recall(tries, run) }
        guard let told = tries.told else { return nil }
        let logprobs = await logprobs(of: tries, run)
        return AnswerSignals(told, logprobs, tries, gate)
    }

    /// What the last answer of a process before was.
    private func recall(_ tries: ModelTries, _ run: isolated RunExecution) async {
        guard let end = tries.recorded.last(where: { $0.ended?.response != nil })?.ended, let hash = end.response else { return }
        run.outbox.flush()
        let documents = try? await run.outbox.journal.documents([hash] + (end.logprobs.map { [$0] } ?? []))
        func document(_ hash: ContentHash) -> JSONValue? { documents?[hash].flatMap { try? JSONParser.parse($0) } }
        guard let text = end.failure == nil ? tries.answer : document(hash)?.stringValue else { return }
        tries.told = (text, end.finishWord ?? end.finishReason?.rawValue)
        tries.logprobs = end.logprobs.flatMap(document)
    }
}

extension AnswerSignals {
    init(_ told: (text: String, finish: String?), _ logprobs: JSONValue?, _ tries: ModelTries, _ gate: GateRun) {
        let (model, value) = (gate.model, tries.value)
        let wasHeldAgainstSchema = model.schema != nil && told.text.hasSameBytes(as: tries.answer)
        let aligned = logprobs.flatMap { try? AnswerConfidence.Aligned($0, answer: told.text) }
        var parts: [Part] = []
        for check in gate.escalation.checks {
            guard case .logprob(let bounds) = check.kind, !bounds.field.isEmpty else { continue }
            guard let confidence = try? aligned?.confidence(in: bounds.field, of: value, schema: model.schema) else { continue }
            parts.append(Part(check: check.name, logprobs: confidence.summary))
        }
        self.init(
            bytes: told.text.utf8.count, finish: told.finish, matchesSchema: wasHeldAgainstSchema ? tries.violations.isEmpty : nil,
            logprobs: (try? aligned?.confidence(of: value, schema: model.schema))?.summary, parts: parts)
    }
}
