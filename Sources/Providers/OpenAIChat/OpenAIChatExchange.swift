import Economics
import HTTP
import Values
import WorkflowModel

/// One call of an OpenAI-compatible chat API, which is one HTTP request: made, then sent by whoever holds the client, then
/// read.
final class OpenAIChatExchange: Sendable {
    let transfer: HTTPTransfer
    private let request: ModelRequest
    private let endpoint: Endpoint
    private let redactor: Redactor
    /// Not the wall clock: it may be set while a call is under way, and machine time is money.
    private let started: ContinuousClock.Instant
    private let gathering: Gathering

    /// What an answer has brought so far.
    private final class Gathering: Sendable {
        struct State {
            var reader: AnswerReader
            var timeToFirstToken: TimeSpan?
        }

        let state: Mutex<State>
        private let isStreaming: Bool

        init(maxOutputTokens: Int, isStreaming: Bool) {
            self.isStreaming = isStreaming
            state = Mutex(State(reader: AnswerReader(maxOutputTokens: maxOutputTokens)))
        }

        func push(_ bytes: UnsafeRawBufferPointer, since started: ContinuousClock.Instant) -> StreamDirective {
            state.withLock { state in
                let goesOn = state.reader.push(bytes)
                if isStreaming, state.timeToFirstToken == nil, state.reader.answer.hasBegun {
                    state.timeToFirstToken = OpenAIChatExchange.span(since: started)
                }
                return goesOn ? .continue : .stop
            }
        }
    }

    /// - Parameter redactor: takes secrets out of what a refusal says before anything of it is cut.
    init(_ request: ModelRequest, at endpoint: Endpoint, redactor: Redactor = .none) {
        let chat = OpenAIChatRequest(request: request, modelID: endpoint.modelID, dialect: endpoint.configuration.dialect)
        let started = ContinuousClock.now
        let gathering = Gathering(maxOutputTokens: request.maxOutputTokens, isStreaming: chat.isStreaming)
        self.request = request
        self.endpoint = endpoint
        self.redactor = redactor
        self.started = started
        self.gathering = gathering
        // A success is read as it comes, whatever its head calls it; a refusal is collected.
        transfer = HTTPTransfer(
            Self.httpRequest(chat, at: endpoint), onHead: { Self.isSuccess($0.status) ? .stream : .collect }, onData: { gathering.push($0, since: started) })
    }

    private static func httpRequest(_ chat: OpenAIChatRequest, at endpoint: Endpoint) -> HTTPRequest {
        var headers = [("Content-Type", "application/json")]
        if let key = endpoint.apiKey { headers.append(("Authorization", "Bearer \(key)")) }
        if let name = chat.dialect.callIDHeader { headers.append((name, chat.request.id.text)) }
        headers += endpoint.configuration.headers.map { ($0.key, $0.value) }
        return HTTPRequest(
            method: "POST", url: EndpointURL.joined(endpoint.baseURL ?? "", "/chat/completions"), headers: headers,
            body: chat.body(), connectTimeout: min(.seconds(10), chat.request.timeout), timeout: chat.request.timeout,
            maxResponseBytes: AnswerReader.mostBytes(
                maxOutputTokens: chat.request.maxOutputTokens, hasLogprobs: chat.request.sampling.logprobs == true))
    }

    private static func isSuccess(_ status: Int) -> Bool { (200..<300).contains(status) }

    private static func span(since started: ContinuousClock.Instant) -> TimeSpan {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    // MARK: What it means

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

    /// What our own delay in taking the answer made longer is not the machine's work.
    private var duration: TimeSpan { min(Self.span(since: started), request.timeout) }

    private func reading(_ usage: UsageReader, outputBytes: Int, bytesBehind: Int = 0) -> UsageReading {
        let dialect = endpoint.configuration.dialect
        return usage.reading(
            promptBytes: request.segments.reduce(0) { $0 + $1.text.utf8.count }, outputBytes: outputBytes, bytesBehind: bytesBehind,
            missingCacheIsUnknown: dialect.cachedTokensOptional, restIsReasoning: dialect.restIsReasoning)
    }

    private func refused(_ head: HTTPResponseHead, _ body: [UInt8], isCut: Bool) -> ModelCallResult {
        let body = redactor.redact(body)
        var (failure, billing) = ErrorClassifier.classify(status: head.status, headers: head.headers, body: body)
        // A refusal that brings text, or counts tokens, did the work that it refuses.
        var reader = AnswerReader(maxOutputTokens: request.maxOutputTokens)
        body.withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: isCut)
        let answer = reader.answer
        let hasText = answer.hasChoices && reader.outputBytes > 0
        let usage = reading(answer.usage, outputBytes: hasText ? answer.outputBytes : 0, bytesBehind: hasText ? answer.bytesBehindUsage : 0)
        if usage.counts.input != nil || (usage.counts.output ?? 0) > 0 {
            billing = usage.isFinal && reader.isWhole ? .reported : .unknown
        } else if hasText {
            billing = .unknown
        }
        return ModelCallResult(
            outcome: .failure(explained(failure)), billing: billing, counts: usage.counts, usageRaw: usage.raw, modelServed: hasText ? answer.modelServed : nil,
            httpStatus: head.status, total: duration, partialText: reader.partialText, outputBytes: hasText ? reader.outputBytes : 0,
            isComingUp: ErrorClassifier.isComingUp(status: head.status, body: body))
    }

    /// - Parameter transport: what ended the transfer, unless it ended by itself.
    private func answered(status: Int?, _ transport: HTTPError?) -> ModelCallResult {
        let (reader, timeToFirstToken) = gathering.state.withLock { state in
            state.reader.end(isCut: transport != nil)
            return (state.reader, state.timeToFirstToken)
        }
        let answer = reader.answer
        let outcome = reader.outcome(after: transport.map(ErrorClassifier.transport))
        let isWhole = reader.isWhole
        // Nothing came: all that is known is whether anything was sent.
        let isBare = status == nil && transport != nil
        let usage = reading(answer.usage, outputBytes: answer.outputBytes, bytesBehind: answer.bytesBehindUsage)
        let billing: BillingEvidence = isBare ? (transport!.requestWasSent ? .unknown : .notBilled) : usage.isFinal && isWhole ? .reported : .unknown
        var notes = answer.notes
        var partialText: String?
        switch outcome {
        case .success(let response):
            if let note = usage.note { notes.append(note) }
            if let word = response.finishWord {
                notes.append(CallNote(.finishReason, "the server says that the answer ended by '\(word)', which is not known"))
            }
        case .failure:
            partialText = reader.partialText
            if isWhole, usage.raw != nil, let note = usage.note { notes.append(note) }
        }
        return ModelCallResult(
            outcome: outcome.mapError(explained), billing: billing, counts: usage.counts, usageRaw: usage.raw, modelServed: answer.modelServed,
            httpStatus: status, timeToFirstToken: timeToFirstToken, total: duration, partialText: partialText, outputBytes: reader.outputBytes,
            isWhole: isWhole, notes: notes, otherModelsServed: answer.otherModelsServed)
    }

    /// Names the endpoint.
    private func explained(_ failure: CallFailure) -> CallFailure {
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
