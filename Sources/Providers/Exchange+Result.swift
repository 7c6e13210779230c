import Economics
import HTTP
import Values
import WorkflowModel

/// What a transfer that has ended means.
extension Exchange {
    /// Everything that the call told. Asked once, after the transfer.
    func result() -> ModelCallResult {
        switch transfer.result {
        case .success(let response)?:
            return Self.isSuccess(response.status) ? answered(status: response.status, nil) : refused(response.head, response.body, isCut: false)
        case .failure(let error)?:
            // A refusal whose explanation broke off is still a refusal.
            if let head = error.head, !Self.isSuccess(head.status), error.code != .cancelled { return refused(head, error.partialBody, isCut: true) }
            return answered(status: error.head?.status, error)
        case nil: preconditionFailure("the transfer was not performed")
        }
    }

    /// Of the answer, where its head came.
    var responseHeaders: HTTPHeaders? {
        switch transfer.result {
        case .success(let response)?: response.headers
        case .failure(let error)?: error.head?.headers
        case nil: nil
        }
    }

    private func reading(_ usage: UsageReader, outputBytes: Int, bytesBehind: Int = 0) -> UsageReading {
        usage.reading(
            promptBytes: request.segments.reduce(0) { $0 + $1.text.utf8.count }, mostInput: mostInput, outputBytes: outputBytes, bytesBehind: bytesBehind,
            missingCacheIsUnknown: endpoint.dialect.cachedTokensOptional, restIsReasoning: endpoint.dialect.restIsReasoning)
    }

    /// By its bytes, and those of its schema; `nil`: with files nothing bounds it.
    private var mostInput: Int? {
        guard request.segments.allSatisfy({ $0.attachment == nil }) else { return nil }
        return request.segments.reduce(request.schema.map { $0.source.jsonText.utf8.count } ?? 0) { $0 + $1.text.utf8.count + 64 }
    }

    private func refused(_ head: HTTPResponseHead, _ body: [UInt8], isCut: Bool) -> ModelCallResult {
        let body = redactor.redact(body)
        var (failure, billing) = endpoint.format.classify(status: head.status, headers: head.headers, body: body)
        // A refusal that brings text, or counts tokens, did the work that it refuses.
        let wire = endpoint.wire(request)
        let told = endpoint.format.read(raw: body, endpoint.format.expected(of: wire), isCut: isCut)
        let hasText = told.hasAnswer && told.receivedBytes > 0
        let usage = reading(told.usage, outputBytes: hasText ? told.outputBytes : 0, bytesBehind: hasText ? told.bytesBehindUsage : 0)
        let reported = reported(usage)
        if usage.counts.input != nil || (usage.counts.output ?? 0) > 0 {
            billing = usage.isFinal && told.isWhole ? .reported : .unknown
        } else if hasText || (reported.amount ?? .zero) > .zero {
            billing = .unknown
        }
        return ModelCallResult(
            outcome: .failure(explained(failure)), billing: billing, counts: usage.counts, usageRaw: usage.raw, modelServed: hasText ? told.modelServed : nil,
            httpStatus: head.status, total: duration, partialText: told.partialText, outputBytes: hasText ? told.receivedBytes : 0,
            isComingUp: endpoint.format.isComingUp(status: head.status, body: body), notes: [reported.note].compactMap(\.self), shares: usage.shares,
            reported: reported.amount)
    }

    /// - Parameter transport: what ended the transfer, unless it ended by itself.
    private func answered(status: Int?, _ transport: HTTPError?) -> ModelCallResult {
        let (answer, timeToFirstToken) = gathered(after: transport)
        // Nothing came: all that is known is whether anything was sent.
        let isBare = status == nil && transport != nil
        let usage = reading(answer.usage, outputBytes: answer.outputBytes, bytesBehind: answer.bytesBehindUsage)
        let billing: BillingEvidence = isBare ? (transport!.requestWasSent ? .unknown : .notBilled) : usage.isFinal && answer.isWhole ? .reported : .unknown
        var notes = answer.notes
        let reported = reported(usage)
        if let note = reported.note { notes.append(note) }
        var partialText: String?
        switch answer.outcome {
        case .success(let response):
            if let note = usage.note { notes.append(note) }
            let unsent = endpoint.format.unsent(of: endpoint.wire(request))
            if !unsent.isEmpty { notes.append(CallNote(.settingsNotSent, "\(unsent.joined(separator: ", ")): the API has no such setting, so it was not sent")) }
            if let word = response.finishWord {
                notes.append(CallNote(.finishReason, "the server says that the answer ended by '\(word)', which is not known"))
            }
        case .failure:
            partialText = answer.partialText
            if answer.isWhole, usage.raw != nil, let note = usage.note { notes.append(note) }
        }
        return ModelCallResult(
            outcome: answer.outcome.mapError(explained), billing: billing, counts: usage.counts, usageRaw: usage.raw, modelServed: answer.modelServed,
            httpStatus: status, timeToFirstToken: timeToFirstToken, total: duration, partialText: partialText, outputBytes: answer.receivedBytes,
            isWhole: answer.isWhole, notes: notes, otherModelsServed: answer.otherModelsServed, shares: usage.shares, reported: reported.amount)
    }

    /// What the server says that the call cost, in its usage or in a header. A gateway sends the head of a stream before it knows.
    private func reported(_ usage: UsageReading) -> (amount: Money?, note: CallNote?) {
        var told = usage.reported
        if !(request.sampling.stream ?? endpoint.dialect.stream), let header = responseHeaders?[Self.costHeader].map({ redactor.redact($0) }).flatMap(ReportedCost.init(dollars:)) { told = header.joined(told) }
        guard case .absurd(let words)? = told else { return (told?.amount, nil) }
        return (nil, CallNote(.reportedCost, "the server says that it cost \(words), which cannot be: not taken"))
    }

    /// LiteLLM's, in dollars.
    private static let costHeader = "x-litellm-response-cost"

    /// Names the endpoint.
    private func explained(_ failure: CallFailure) -> CallFailure { Self.explained(failure, at: endpoint, redactor) }

    /// A failure with the endpoint that it is of.
    static func explained(_ failure: CallFailure, at endpoint: Endpoint, _ redactor: Redactor) -> CallFailure {
        // Here too, as what is put behind it would hide that the text ends.
        var message = redactor.redact(failure.message)
        if failure.kind != .cancelled { message = "\(endpoint.configuration.name)/\(endpoint.modelID): \(message)" }
        switch (failure.kind, endpoint.configuration.apiKey) {
        case (.authentication, .environment(let name)?): message += " (the key comes from \(name))"
        case (.authentication, nil): message += " (no key was sent: the provider's entry has no api_key)"
        // Also what a wrong address looks like.
        case (.connection, _), (.modelNotFound, _): message += endpoint.baseURL.map { " (\(URLParts.shown($0)))" } ?? ""
        default: break
        }
        return CallFailure(failure.kind, message, retryAfter: failure.retryAfter, shouldRetry: failure.shouldRetry)
    }
}
