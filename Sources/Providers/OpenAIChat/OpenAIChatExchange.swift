import Economics
import HTTP
import Synchronization
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
    private let gathering: Gathering?

    /// What a streamed answer has brought so far.
    private final class Gathering: Sendable {
        struct State {
            var stream: OpenAIChatStream
            var timeToFirstToken: TimeSpan?
        }

        let state: Mutex<State>

        init(maxOutputTokens: Int) { state = Mutex(State(stream: OpenAIChatStream(maxOutputTokens: maxOutputTokens))) }

        func push(_ bytes: UnsafeRawBufferPointer, since started: ContinuousClock.Instant) -> StreamDirective {
            state.withLock { state in
                let goesOn = state.stream.push(bytes)
                if state.timeToFirstToken == nil, state.stream.hasBegun { state.timeToFirstToken = OpenAIChatExchange.span(since: started) }
                return goesOn ? .continue : .stop
            }
        }
    }

    /// - Parameter redactor: takes secrets out of what a refusal says before anything of it is cut.
    init(_ request: ModelRequest, at endpoint: Endpoint, redactor: Redactor = .none) {
        let chat = OpenAIChatRequest(request: request, modelID: endpoint.modelID, dialect: endpoint.configuration.dialect)
        let wire = Self.httpRequest(chat, at: endpoint)
        let started = ContinuousClock.now
        self.request = request
        self.endpoint = endpoint
        self.redactor = redactor
        self.started = started
        if chat.isStreaming {
            let gathering = Gathering(maxOutputTokens: request.maxOutputTokens)
            self.gathering = gathering
            transfer = HTTPTransfer(
                wire, onHead: { Self.isStream($0) ? .stream : .collect }, onData: { gathering.push($0, since: started) })
        } else {
            gathering = nil
            transfer = HTTPTransfer(wire)
        }
    }

    private static func httpRequest(_ chat: OpenAIChatRequest, at endpoint: Endpoint) -> HTTPRequest {
        var headers = [("Content-Type", "application/json")]
        if let key = endpoint.apiKey { headers.append(("Authorization", "Bearer \(key)")) }
        if let name = chat.dialect.callIDHeader { headers.append((name, chat.request.id.text)) }
        headers += endpoint.configuration.headers.map { ($0.key, $0.value) }
        let base = endpoint.baseURL ?? ""
        return HTTPRequest(
            method: "POST", url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/chat/completions", headers: headers,
            body: chat.body(), connectTimeout: min(.seconds(10), chat.request.timeout), timeout: chat.request.timeout)
    }

    private static func isSuccess(_ status: Int) -> Bool { (200..<300).contains(status) }

    private static func isStream(_ head: HTTPResponseHead) -> Bool {
        isSuccess(head.status) && head.headers["content-type"]?.contains("event-stream") != false
    }

    private static func span(since started: ContinuousClock.Instant) -> TimeSpan {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    // MARK: What it means

    /// Everything that the call told. Asked once, after the transfer.
    func result() -> ModelCallResult {
        switch transfer.result {
        case .success(let response)?:
            // Also a refusal, or one document in place of a stream: an error inside a 200, a web page, a server that does
            // not stream.
            guard let gathering, Self.isStream(response.head) else { return answered(response) }
            return streamed(gathering, status: response.status, nil)
        case .failure(let error)?:
            guard let gathering, error.head.map({ Self.isSuccess($0.status) }) ?? true else { return failed(error) }
            return streamed(gathering, status: error.head?.status, error)
        case nil: preconditionFailure("the transfer was not performed")
        }
    }

    private func make(
        _ outcome: Result<ModelResponse, CallFailure>, _ billing: BillingEvidence, usage: TokenUsage? = nil, usageRaw: String? = nil,
        modelServed: String? = nil, status: Int?, timeToFirstToken: TimeSpan? = nil
    ) -> ModelCallResult {
        ModelCallResult(
            outcome: outcome.mapError { explained($0) }, billing: billing, usage: usage, usageRaw: usageRaw, modelServed: modelServed,
            httpStatus: status, timeToFirstToken: timeToFirstToken,
            // What is over the timeout is our own delay in taking the answer, not the machine's work.
            total: min(Self.span(since: started), request.timeout))
    }

    /// A complete exchange.
    private func answered(_ response: HTTPResponse) -> ModelCallResult {
        guard Self.isSuccess(response.status) else { return refused(response.head, response.body) }
        let document: JSONValue
        do throws(JSONParseError) {
            document = try JSONParser.parse(response.body)
        } catch {
            return make(.failure(ErrorClassifier.notJSON(response.body, error)), .unknown, status: response.status)
        }
        let outcome = Result { () throws(CallFailure) in try OpenAIChatResponse.read(document) }
        // A success with an error inside may have done work before it failed; its usage, if it names one, is final.
        let usage = OpenAIUsage.normalise(
            document["usage"], timings: document["timings"], missingIsUnknown: endpoint.configuration.dialect.cachedTokensOptional)
        return make(
            outcome, usage == nil ? .unknown : .reported, usage: usage,
            usageRaw: document["usage"].flatMap { $0.isNull ? nil : $0.jsonText }, modelServed: document["model"]?.stringValue,
            status: response.status)
    }

    private func refused(_ head: HTTPResponseHead, _ body: [UInt8]) -> ModelCallResult {
        let (failure, billing) = ErrorClassifier.classify(status: head.status, headers: head.headers, body: redactor.redact(body))
        return make(.failure(failure), billing, status: head.status)
    }

    private func failed(_ error: HTTPError) -> ModelCallResult {
        // A refusal whose explanation broke off is still a refusal.
        if let head = error.head, !Self.isSuccess(head.status), error.code != .cancelled { return refused(head, error.partialBody) }
        return make(.failure(ErrorClassifier.transport(error)), Self.billing(error), status: error.head?.status)
    }

    private static func billing(_ error: HTTPError) -> BillingEvidence { error.requestWasSent ? .unknown : .notBilled }

    /// - Parameter transport: what ended the stream, unless it ended by itself.
    private func streamed(_ gathering: Gathering, status: Int?, _ transport: HTTPError?) -> ModelCallResult {
        let (stream, timeToFirstToken) = gathering.state.withLock { state in
            state.stream.end()
            return (state.stream, state.timeToFirstToken)
        }
        let usage = stream.usage(missingCacheIsUnknown: endpoint.configuration.dialect.cachedTokensOptional)
        // Without a final word the counts seen so far are a lower bound.
        var billing: BillingEvidence = usage != nil && (stream.isDone || stream.finish != nil) ? .reported : .unknown
        var outcome: Result<ModelResponse, CallFailure> = .success(stream.response)
        if let failure = stream.failure {
            outcome = .failure(failure)
        } else if stream.finish == nil {
            if let transport {
                outcome = .failure(ErrorClassifier.transport(transport))
                if usage == nil { billing = Self.billing(transport) }
            } else {
                outcome = .failure(CallFailure(.malformedResponse, "the stream ended before its end was announced"))
            }
        }
        return make(
            outcome, billing, usage: usage, usageRaw: stream.usageRaw, modelServed: stream.modelServed, status: status,
            timeToFirstToken: timeToFirstToken)
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
