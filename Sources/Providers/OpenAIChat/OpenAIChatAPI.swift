import Economics
import HTTP
import Synchronization
import Values
import WorkflowModel

/// OpenAI-compatible chat completions. One call is one HTTP request.
struct OpenAIChatAPI: Sendable {
    let http: HTTPClient

    func call(_ request: ModelRequest, at endpoint: Endpoint) async -> ModelCallResult {
        let dialect = endpoint.configuration.dialect
        let chat = OpenAIChatRequest(request: request, modelID: endpoint.modelID, dialect: dialect)
        var headers = [("Content-Type", "application/json")]
        if let key = endpoint.apiKey { headers.append(("Authorization", "Bearer \(key)")) }
        if let name = dialect.callIDHeader { headers.append((name, request.id.text)) }
        headers += endpoint.configuration.headers.map { ($0.key, $0.value) }
        let base = endpoint.baseURL ?? ""
        let wire = HTTPRequest(
            method: "POST", url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/chat/completions", headers: headers,
            body: chat.body(), connectTimeout: min(.seconds(10), request.timeout), timeout: request.timeout)
        let started = Timestamp.now()
        var result = chat.isStreaming
            ? await stream(wire, request, dialect, started) : await whole(wire, dialect)
        result.total = Timestamp.now().since(started)
        if case .failure(let failure) = result.outcome {
            result.outcome = .failure(Self.explained(failure, endpoint))
        }
        return result
    }

    private func whole(_ wire: HTTPRequest, _ dialect: Dialect) async -> ModelCallResult {
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.send(wire)
        } catch {
            return Self.failed(error)
        }
        guard response.status == 200 || response.status == 201 else {
            return Self.refused(response.status, response.headers, response.body)
        }
        let document: JSONValue
        do throws(JSONParseError) {
            document = try JSONParser.parse(response.body)
        } catch {
            let failure = ErrorClassifier.notJSON(response.body, error)
            return ModelCallResult(outcome: .failure(failure), billing: .unknown, httpStatus: response.status, total: .milliseconds(0))
        }
        do throws(CallFailure) {
            let answer = try OpenAIChatResponse(document, missingCacheIsUnknown: dialect.cachedTokensOptional)
            return ModelCallResult(
                outcome: .success(answer.response), billing: answer.usage == nil ? .unknown : .reported, usage: answer.usage,
                usageRaw: answer.usageRaw, modelServed: answer.modelServed, httpStatus: response.status, total: .milliseconds(0))
        } catch {
            // A 200 with an error inside may have done work before it failed; its usage, if it names one, is final.
            let usage = OpenAIUsage.normalise(document["usage"], timings: nil, missingIsUnknown: dialect.cachedTokensOptional)
            return ModelCallResult(
                outcome: .failure(error), billing: usage == nil ? .unknown : .reported, usage: usage, usageRaw: document["usage"]?.jsonText,
                httpStatus: response.status, total: .milliseconds(0))
        }
    }

    private func stream(_ wire: HTTPRequest, _ request: ModelRequest, _ dialect: Dialect, _ started: Timestamp) async -> ModelCallResult {
        struct State {
            var stream: OpenAIChatStream
            var firstToken: Timestamp?
        }
        let state = Mutex(State(stream: OpenAIChatStream(maxOutputTokens: request.maxOutputTokens)))
        var transport: HTTPError?
        var response: HTTPResponse?
        do throws(HTTPError) {
            response = try await http.stream(
                wire,
                onHead: { $0.status == 200 && $0.headers["content-type"]?.contains("event-stream") != false ? .stream : .collect },
                onData: { bytes in
                    state.withLock { state in
                        let goesOn = state.stream.push(bytes)
                        if state.firstToken == nil, state.stream.hasText { state.firstToken = .now() }
                        return goesOn ? .continue : .stop
                    }
                })
        } catch {
            transport = error
        }
        if let response, response.status != 200 { return Self.refused(response.status, response.headers, response.body) }
        if let response, !response.body.isEmpty {
            // Asked for a stream, answered with one document: an error inside a 200, a web page, or a server that does not stream.
            do throws(JSONParseError) {
                let document = try JSONParser.parse(response.body)
                do throws(CallFailure) {
                    let answer = try OpenAIChatResponse(document, missingCacheIsUnknown: dialect.cachedTokensOptional)
                    return ModelCallResult(
                        outcome: .success(answer.response), billing: answer.usage == nil ? .unknown : .reported, usage: answer.usage,
                        usageRaw: answer.usageRaw, modelServed: answer.modelServed, httpStatus: 200, total: .milliseconds(0))
                } catch {
                    return ModelCallResult(outcome: .failure(error), billing: .unknown, httpStatus: 200, total: .milliseconds(0))
                }
            } catch {
                return ModelCallResult(
                    outcome: .failure(ErrorClassifier.notJSON(response.body, error)), billing: .unknown, httpStatus: 200, total: .milliseconds(0))
            }
        }
        var (stream, firstToken) = state.withLock { state in
            state.stream.end()
            return (state.stream, state.firstToken)
        }
        _ = stream.push(UnsafeRawBufferPointer(start: nil, count: 0))
        let usage = stream.usage(missingCacheIsUnknown: dialect.cachedTokensOptional)
        // Without a final word the counts seen so far are a lower bound.
        let isFinal = usage != nil && (stream.isDone || stream.finish != nil)
        var result = ModelCallResult(
            outcome: .success(stream.response), billing: isFinal ? .reported : .unknown, usage: usage, usageRaw: stream.usageRaw,
            modelServed: stream.modelServed, httpStatus: response?.status ?? transport?.head?.status,
            timeToFirstToken: firstToken.map { $0.since(started) }, total: .milliseconds(0))
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
        firstToken = nil
        return result
    }

    private static func refused(_ status: Int, _ headers: HTTPHeaders, _ body: [UInt8]) -> ModelCallResult {
        let (failure, billing) = ErrorClassifier.classify(status: status, headers: headers, body: body)
        return ModelCallResult(outcome: .failure(failure), billing: billing, httpStatus: status, total: .milliseconds(0))
    }

    private static func failed(_ error: HTTPError) -> ModelCallResult {
        ModelCallResult(
            outcome: .failure(ErrorClassifier.transport(error)), billing: error.requestWasSent ? .unknown : .notBilled,
            httpStatus: error.head?.status, total: .milliseconds(0))
    }

    /// Names the endpoint and keeps the key out: servers like to quote it.
    private static func explained(_ failure: CallFailure, _ endpoint: Endpoint) -> CallFailure {
        var message = failure.message
        if let key = endpoint.apiKey, !key.isEmpty { message = message.replacing(key, with: "***") }
        if failure.kind != .cancelled { message = "\(endpoint.configuration.name)/\(endpoint.modelID): \(message)" }
        if failure.kind == .authentication, case .environment(let name)? = endpoint.configuration.apiKey {
            message += " (the key comes from \(name))"
        }
        if failure.kind == .connection, let base = endpoint.baseURL { message += " (\(base))" }
        return CallFailure(failure.kind, message, retryAfter: failure.retryAfter, shouldRetry: failure.shouldRetry)
    }
}
