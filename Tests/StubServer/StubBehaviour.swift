import Values

/// The fake model API: `POST /v1/chat/completions`, `GET /v1/models`, `GET /health`; `POST /v1/responses` and `POST /v1/messages` answer in the ordinary way.
///
/// What a completion does may be chosen by the name of the model:
///
///     name                   answer
///     stub-echo              the last user message
///     stub-fixed             "ok"
///     stub-schema            a value of the JSON schema in response_format, or {}
///     stub-invalid           200, content "this is not JSON": an answer that no schema accepts
///     stub-empty             200, empty content
///     stub-no-usage          200 without usage, streamed or not
///     stub-flood, -quiet, -zero, -over, -absurd, -drift, -usage-cut
///                            an answer and a lie about what it cost; see StubHostility.swift
///     stub-400, -401, -403, -404, -408, -409, -413, -422, -500, -502, -503, -529
///                            that status with an OpenAI-shaped error; 503 and 529 with retry-after: 1
///     stub-429               429 rate_limit_exceeded, retry-after: 1, retry-after-ms: 20
///     stub-quota             429 insufficient_quota
///     stub-malformed         200, JSON that breaks off, with a right Content-Length
///     stub-html              200, text/html
///     stub-error-200         200, {"error": …}
///     stub-error-stream      a stream with an error event after the first piece
///     stub-truncated         200, closed before Content-Length is reached
///     stub-truncated-stream  a stream that ends early but in order: no finish reason, no usage, no [DONE]
///     stub-cut-stream        a stream whose connection is closed inside the body
///     stub-endless           a stream that never ends
///     stub-stall             a stream that falls silent after the first piece
///     stub-close             the connection is closed without an answer
///     stub-silent            no answer until the client leaves
///
/// Two suffixes go with each, in this order: `-once` does it for the first request with these user messages and answers the
/// later ones in the ordinary way; `+250ms` waits so long before the answer. `stub-429-once+50ms`.
/// Any other name gets what `StubOptions.content` says. Confined to the server's thread.
struct StubBehaviour {
    let options: StubOptions
    /// Conversations that a `-once` model has already failed.
    private var seen: Set<[UInt8]> = []
    private var cache: StubPromptCache?
    /// What the cache had of the request that is being answered.
    private var use: StubCacheUse?

    init(options: StubOptions) {
        self.options = options
        cache = options.cache.map(StubPromptCache.init)
    }

    /// The answer, and what the cache takes once it begins.
    mutating func respond(to request: StubRequest) -> (response: StubResponse, write: StubPromptCache.Write?) {
        use = nil
        var write: StubPromptCache.Write?
        let apis: [(path: String, api: StubPrompt.API)] = [("/v1/chat/completions", .chat), ("/v1/responses", .responses), ("/v1/messages", .messages)]
        if cache != nil, request.method == "POST", let api = apis.first(where: { $0.path == request.path })?.api, let json = request.json {
            switch cache!.look(api, json) {
            case .success(let found): (use, write) = found
            case .failure(let refusal): return (refusal.response, nil)
            }
        }
        let response = answer(to: request)
        return (response, response.status == 200 ? write : nil)
    }

    /// The answer to a request begins.
    mutating func begin(_ write: StubPromptCache.Write) { cache?.begin(write) }

    private mutating func answer(to request: StubRequest) -> StubResponse {
        switch (request.method, request.path) {
        case ("GET", "/health"), ("GET", "/v1/health"): return .json(["status": "ok"])
        case ("GET", "/v1/models"):
            return .json(["object": "list", "data": [["id": "stub-echo", "object": "model", "created": 1_700_000_000, "owned_by": "stub"]]])
        case ("POST", "/v1/chat/completions"): return complete(request)
        case ("POST", "/v1/responses"): return other(.responses, request)
        case ("POST", "/v1/messages"): return other(.messages, request)
        case ("CONNECT", _): return .text("no tunnels here", status: 403)
        default: return .error(404, "no route for \(request.method) \(request.path)", type: "invalid_request_error")
        }
    }

    private func other(_ api: StubOtherAPIs.API, _ request: StubRequest) -> StubResponse {
        guard let json = request.json else { return .error(400, "the body is not JSON", type: "invalid_request_error") }
        let stub = StubOtherAPIs(api: api, request: json, number: request.number, cache: use)
        if case .text(let text) = options.content { return stub.response(saying: text) }
        return stub.response(saying: stub.echo)
    }

    private mutating func complete(_ request: StubRequest) -> StubResponse {
        if let key = options.requiredKey, request.header("authorization") != "Bearer \(key)" {
            return .error(401, "Incorrect API key provided", type: "invalid_request_error", code: "invalid_api_key")
        }
        guard let json = request.json, let messages = json["messages"]?.arrayValue else {
            return .error(400, "the body is not a chat completion request", type: "invalid_request_error")
        }
        var name = Substring(json["model"]?.stringValue ?? "")
        guard name.hasPrefix("stub-") else { return ordinary(json, messages, request.number, options.content) }
        var latency: Int?
        if let plus = name.lastIndex(of: "+"), name.hasSuffix("ms"), let value = Int(name[name.index(after: plus)...].dropLast(2)) {
            latency = value
            name = name[..<plus]
        }
        if name.hasSuffix("-once") {
            name = name.dropLast(5)
            // The first user message marks the conversation: a repair adds messages and must find the model mended.
            let key = Array("\(name)\0\(messages.first { $0["role"]?.stringValue == "user" }.map(StubCompletion.text) ?? "")".utf8)
            if !seen.insert(key).inserted { name = "stub-" }
        }
        var response = respond(as: name.dropFirst(5), json, messages, request.number)
        if let latency { response.latency = latency }
        return response
    }

    private func ordinary(_ json: JSONValue, _ messages: [JSONValue], _ number: Int, _ content: StubOptions.Content) -> StubResponse {
        answer(json, number, text(json, messages, content))
    }

    private func text(_ json: JSONValue, _ messages: [JSONValue], _ content: StubOptions.Content) -> String {
        let format = json["response_format"]
        let schema = format?["json_schema"]?["schema"]
        func example() -> String { schema.map { JSONEncoding.wire.string(SchemaExample.value(for: $0)) } ?? "{}" }
        switch content {
        case .text(let text): return text
        case .json(let value): return JSONEncoding.wire.string(value)
        case .schema: return example()
        case .echo:
            if let type = format?["type"]?.stringValue, type != "text" { return example() }
            return messages.last { $0["role"]?.stringValue == "user" }.map(StubCompletion.text) ?? ""
        }
    }

    private func answer(_ json: JSONValue, _ number: Int, _ text: String, hasUsage: Bool = true) -> StubResponse {
        .completion(of: json, number: number, saying: text, hasUsage: hasUsage, cache: use)
    }

    private func respond(as name: Substring, _ json: JSONValue, _ messages: [JSONValue], _ number: Int) -> StubResponse {
        let events = { [use] (text: String) in
            var completion = StubCompletion(request: json, number: number, content: text)
            completion.cache = use
            return completion.events()
        }
        let echo = text(json, messages, .echo)
        let long = "one two three four five six seven eight nine ten eleven twelve"
        switch name {
        case "echo": return ordinary(json, messages, number, .echo)
        case "fixed": return ordinary(json, messages, number, .text("ok"))
        case "schema": return ordinary(json, messages, number, .schema)
        case "invalid": return answer(json, number, "this is not JSON")
        case "empty": return answer(json, number, "")
        case "no-usage": return answer(json, number, echo, hasUsage: false)
        case "429":
            return .error(
                429, "Rate limit reached for requests", type: "requests", code: "rate_limit_exceeded",
                headers: [("retry-after", "1"), ("retry-after-ms", "20")])
        case "quota":
            return .error(
                429, "You exceeded your current quota, please check your plan and billing details",
                type: "insufficient_quota", code: "insufficient_quota")
        case "malformed": return .text(#"{"id":"chatcmpl-stub","choices":[{"index":0,"mess"#, contentType: "application/json")
        case "html": return .text("<!doctype html><title>Sign in</title><p>Please sign in.</p>", contentType: "text/html")
        case "error-200": return .error(200, "The model is overloaded", type: "server_error", code: "overloaded")
        case "error-stream":
            let error = Array(#"data: {"error":{"message":"The model is overloaded","type":"server_error","code":"overloaded"}}"#.utf8)
            return stream(Array(events(long).prefix(2)) + [error + Array("\n\n".utf8)])
        case "truncated":
            let body = StubCompletion(request: json, number: number, content: echo).body()
            return StubResponse(body: .bytes(body), ending: .cut(afterBytes: body.count / 2))
        case "truncated-stream": return stream(Array(events(long).prefix(3)))
        case "cut-stream": return stream(Array(events(long).prefix(3)), .cut(afterBytes: 0))
        case "endless": return StubResponse(contentType: "text/event-stream", body: .endless(Array(events(long).dropFirst().prefix(1).joined()), interval: 1))
        case "stall": return stream(Array(events(long).prefix(2)), .silence)
        case "close": return StubResponse(ending: .noAnswer)
        case "silent": return StubResponse(ending: .silence)
        default:
            if let way = StubHostility(rawValue: String(name)) { return .hostile(way, of: json, number: number, saying: echo) }
            if let status = Int(name), (400..<600).contains(status) {
                let type = status >= 500 ? "server_error" : "invalid_request_error"
                return .error(status, "stub error \(status)", type: type, headers: status == 503 || status == 529 ? [("retry-after", "1")] : [])
            }
            return ordinary(json, messages, number, options.content)
        }
    }

    private func stream(_ chunks: [[UInt8]], _ ending: StubResponse.Ending = .complete) -> StubResponse {
        StubResponse(contentType: "text/event-stream", body: .chunks(chunks), ending: ending)
    }
}
