import Economics
import Values

extension ModelCallResult {
    /// The same without secrets, in whatever field a server put them. A new field that can hold text is named here.
    public func redacted(by redactor: Redactor) -> ModelCallResult {
        guard !redactor.isEmpty else { return self }
        var counts = counts
        // A place is a word of the server's, and so is a tier that nobody knows.
        if let word = counts.terms?.otherService { counts.terms?.otherService = redactor.redact(word) }
        if let region = counts.terms?.region { counts.terms?.region = redactor.redact(region) }
        return ModelCallResult(
            outcome: outcome.map { $0.redacted(by: redactor) }.mapError { $0.redacted(by: redactor) }, billing: billing, counts: counts,
            usageRaw: usageRaw.map { redactor.redact($0) }, modelServed: modelServed.map { redactor.redact($0) }, httpStatus: httpStatus,
            timeToFirstToken: timeToFirstToken, total: total, partialText: partialText.map { redactor.redact($0) }, outputBytes: outputBytes,
            isWhole: isWhole, isComingUp: isComingUp, notes: notes.map { CallNote($0.code, redactor.redact($0.message)) },
            otherModelsServed: otherModelsServed.map { redactor.redact($0) },
            shares: shares.map { share in
                var usage = share.usage
                usage.terms = counts.terms
                if case .named(let name) = share.model { return UsageShare(.named(redactor.redact(name)), usage) }
                return UsageShare(share.model, usage)
            }, reported: reported)
    }
}
