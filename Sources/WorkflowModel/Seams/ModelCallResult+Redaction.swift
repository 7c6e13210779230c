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
            otherModelsServed: otherModelsServed.map { redactor.redact($0) })
    }
}

extension ModelResponse {
    public func redacted(by redactor: Redactor) -> ModelResponse {
        let clean = redactor.redact(text)
        // Token by token they spell what was taken out of the text, and each token alone is no secret.
        let isSpelt = logprobs.map { clean != text || redactor.secret(in: Self.spelling($0)) != nil } ?? false
        return ModelResponse(
            text: clean, finishReason: finishReason, finishWord: finishWord.map { redactor.redact($0) }, refusal: refusal.map { redactor.redact($0) },
            toolCalls: toolCalls.map { redactor.redact($0) }, hasReasoning: hasReasoning,
            logprobs: isSpelt ? nil : logprobs.map { redactor.redact($0) })
    }

    /// The tokens of each list, one behind the other.
    private static func spelling(_ logprobs: JSONValue) -> String {
        var lists: [String] = []
        logprobs.objectValue?.forEachPair { _, list in
            lists.append((list.arrayValue ?? []).compactMap { $0["token"]?.stringValue }.joined())
        }
        return lists.joined(separator: "\n")
    }
}
