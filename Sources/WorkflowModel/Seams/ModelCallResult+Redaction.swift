import Economics
import Values

extension ModelCallResult {
    /// The same without secrets, in whatever field a server put them. A new field that can hold text is named here.
    public func redacted(by redactor: Redactor) -> ModelCallResult {
        guard !redactor.isEmpty else { return self }
        return ModelCallResult(
            outcome: outcome.map { $0.redacted(by: redactor) }.mapError { $0.redacted(by: redactor) }, billing: billing, counts: counts,
            usageRaw: usageRaw.map { redactor.redact($0) }, modelServed: modelServed.map { redactor.redact($0) }, httpStatus: httpStatus,
            timeToFirstToken: timeToFirstToken, total: total, partialText: partialText.map { redactor.redact($0) }, outputBytes: outputBytes,
            isWhole: isWhole, isComingUp: isComingUp, notes: notes.map { CallNote($0.code, redactor.redact($0.message)) },
            otherModelsServed: otherModelsServed.map { redactor.redact($0) },
            shares: shares.map { if case .named(let name) = $0.model { UsageShare(.named(redactor.redact(name)), $0.usage) } else { $0 } }, reported: reported)
    }
}
