import Economics
import HTTP
import Synchronization
import Values
import WorkflowModel

/// OpenAI-compatible chat completions. One call is one HTTP request.
struct OpenAIChatAPI: Sendable {
    let http: HTTPClient

    func call(_ request: ModelRequest, at endpoint: Endpoint) async -> ModelCallResult {
        let chat = OpenAIChatRequest(request: request, modelID: endpoint.modelID, dialect: endpoint.configuration.dialect)
        let wire = Self.httpRequest(chat, at: endpoint)
        // Not the wall clock: it may be set while a call is under way, and machine time is money.
        let started = ContinuousClock.now
        var result = chat.isStreaming ? await stream(wire, chat, since: started) : await whole(wire, chat.dialect)
        // What is over the timeout is our own delay in taking the answer, not the machine's work.
        result.total = min(Self.span(since: started), request.timeout)
        if case .failure(let failure) = result.outcome { result.outcome = .failure(Self.explained(failure, endpoint)) }
        return result
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

    // MARK: The two ways of asking

    private func whole(_ wire: HTTPRequest, _ dialect: Dialect) async -> ModelCallResult {
        do throws(HTTPError) {
            return Self.answered(try await http.send(wire), dialect)
        } catch {
            return Self.failed(error)
        }
    }

    private func stream(_ wire: HTTPRequest, _ chat: OpenAIChatRequest, since started: ContinuousClock.Instant) async -> ModelCallResult {
        struct Gathering {
            var stream: OpenAIChatStream
            var timeToFirstToken: TimeSpan?
        }
        let gathering = Mutex(Gathering(stream: OpenAIChatStream(maxOutputTokens: chat.request.maxOutputTokens)))
        var transport: HTTPError?
        var status: Int?
        do throws(HTTPError) {
            let response = try await http.stream(
                wire,
                onHead: { Self.isStream($0) ? .stream : .collect },
                onData: { bytes in
                    gathering.withLock { gathering in
                        let goesOn = gathering.stream.push(bytes)
                        if gathering.timeToFirstToken == nil, gathering.stream.hasBegun {
                            gathering.timeToFirstToken = Self.span(since: started)
                        }
                        return goesOn ? .continue : .stop
                    }
                })
            // A refusal, or one document in place of a stream: an error inside a 200, a web page, a server that does not stream.
            guard Self.isStream(response.head) else { return Self.answered(response, chat.dialect) }
            status = response.status
        } catch {
            if let head = error.head, !Self.isSuccess(head.status) { return Self.failed(error) }
            transport = error
            status = error.head?.status
        }
        let (stream, timeToFirstToken) = gathering.withLock { gathering in
            gathering.stream.end()
            return (gathering.stream, gathering.timeToFirstToken)
        }
        let usage = stream.usage(missingCacheIsUnknown: chat.dialect.cachedTokensOptional)
        // Without a final word the counts seen so far are a lower bound.
        let isFinal = usage != nil && (stream.isDone || stream.finish != nil)
        var result = ModelCallResult(
            outcome: .success(stream.response), billing: isFinal ? .reported : .unknown, usage: usage, usageRaw: stream.usageRaw,
            modelServed: stream.modelServed, httpStatus: status, timeToFirstToken: timeToFirstToken, total: .milliseconds(0))
        if let failure = stream.failure {
            result.outcome = .failure(failure)
        } else if stream.finish == nil {
            if let transport {
                let failed = Self.failed(transport)
                result.outcome = failed.outcome
                if usage == nil { result.billing = failed.billing }
            } else {
                result.outcome = .failure(CallFailure(.malformedResponse, "the stream ended before its end was announced"))
            }
        }
        return result
    }

    private static func isSuccess(_ status: Int) -> Bool { (200..<300).contains(status) }

    private static func isStream(_ head: HTTPResponseHead) -> Bool {
        isSuccess(head.status) && head.headers["content-type"]?.contains("event-stream") != false
    }

    private static func span(since started: ContinuousClock.Instant) -> TimeSpan {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    // MARK: What an exchange means

    /// What a complete exchange says.
    private static func answered(_ response: HTTPResponse, _ dialect: Dialect) -> ModelCallResult {
        guard isSuccess(response.status) else { return refused(response.head, response.body) }
        let document: JSONValue
        do throws(JSONParseError) {
            document = try JSONParser.parse(response.body)
        } catch {
            return ModelCallResult(
                outcome: .failure(ErrorClassifier.notJSON(response.body, error)), billing: .unknown, httpStatus: response.status,
                total: .milliseconds(0))
        }
        let outcome: Result<ModelResponse, CallFailure>
        do throws(CallFailure) { outcome = .success(try OpenAIChatResponse.read(document)) } catch { outcome = .failure(error) }
        // A success with an error inside may have done work before it failed; its usage, if it names one, is final.
        let usage = OpenAIUsage.normalise(
            document["usage"], timings: document["timings"], missingIsUnknown: dialect.cachedTokensOptional)
        return ModelCallResult(
            outcome: outcome, billing: usage == nil ? .unknown : .reported, usage: usage,
            usageRaw: document["usage"].flatMap { $0.isNull ? nil : $0.jsonText }, modelServed: document["model"]?.stringValue,
            httpStatus: response.status, total: .milliseconds(0))
    }

    private static func refused(_ head: HTTPResponseHead, _ body: [UInt8]) -> ModelCallResult {
        let (failure, billing) = ErrorClassifier.classify(status: head.status, headers: head.headers, body: body)
        return ModelCallResult(outcome: .failure(failure), billing: billing, httpStatus: head.status, total: .milliseconds(0))
    }

    private static func failed(_ error: HTTPError) -> ModelCallResult {
        // A refusal whose explanation broke off is still a refusal.
        if let head = error.head, !isSuccess(head.status), error.code != .cancelled { return refused(head, error.partialBody) }
        return ModelCallResult(
            outcome: .failure(ErrorClassifier.transport(error)), billing: error.requestWasSent ? .unknown : .notBilled,
            httpStatus: error.head?.status, total: .milliseconds(0))
    }

    /// Names the endpoint and keeps the key out: servers like to quote it.
    private static func explained(_ failure: CallFailure, _ endpoint: Endpoint) -> CallFailure {
        var message = failure.message
        // A shorter one is a placeholder such as `none`, which may be a word of the message.
        if let key = endpoint.apiKey, key.utf8.count >= 8 { message = message.replacing(key, with: "***") }
        if failure.kind != .cancelled { message = "\(endpoint.configuration.name)/\(endpoint.modelID): \(message)" }
        switch (failure.kind, endpoint.configuration.apiKey) {
        case (.authentication, .environment(let name)?): message += " (the key comes from \(name))"
        case (.authentication, nil): message += " (no key was sent: the provider's entry has no api_key)"
        // Also what a wrong address looks like.
        case (.connection, _), (.modelNotFound, _): message += endpoint.baseURL.map { " (\($0))" } ?? ""
        default: break
        }
        return CallFailure(failure.kind, message, retryAfter: failure.retryAfter, shouldRetry: failure.shouldRetry)
    }
}
