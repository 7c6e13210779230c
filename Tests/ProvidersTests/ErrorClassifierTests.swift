import Testing
import Values
import WorkflowModel

@testable import HTTP
@testable import Providers

/// Status and body to class, billing and the time to wait.
@Suite struct ErrorClassifierTests {
    private static func headers(_ fields: [(String, String)]) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for (name, value) in fields { headers.lines += bytes("\(name): \(value)\r\n") }
        return headers
    }

    private func classify(_ status: Int, _ body: String, _ fields: [(String, String)] = []) -> (CallFailure, BillingEvidence) {
        ErrorClassifier.classify(status: status, headers: Self.headers(fields), body: bytes(body))
    }

    /// A wrong setting of the entry is named with the key that mends it.
    @Test func chatCompletionsSayWhichKeyMendsIt() {
        func message(_ status: Int, _ text: String) -> String {
            let body = JSONValue.object(["error": ["message": .string(text), "type": "invalid_request_error"]]).jsonText
            return OpenAIChat().classify(status: status, headers: Self.headers([]), body: bytes(body)).0.message
        }
        #expect(message(404, "This model is only supported in v1/responses and not in v1/chat/completions.").hasSuffix("api: openai-responses in the model's entry asks it that way"))
        #expect(message(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.").contains("max_tokens_field: max_completion_tokens"))
        #expect(message(400, "no") == "the server answered 400: no")
    }

    @Test(arguments: [
        (403, #"{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","type":"request_forbidden"}}"#, FailureKind.authentication, "by a gateway elsewhere"),
        (404, #"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#, .modelNotFound, "id: DEPLOYMENT"),
        (403, #"{"message":"The security token included in the request is expired"}"#, .authentication, "sign in again"),
        (400, #"{"message":"Invocation of model ID x with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile."}"#, .badRequest, "inference profile of its region"),
        (404, #"{"error":{"code":404,"message":"Publisher Model `projects/p/models/x` was not found","status":"NOT_FOUND"}}"#, .modelNotFound, "not offered in the region"),
        (400, #"{"error":{"code":"BadRequest","message":"Unsupported API version"}}"#, .badRequest, "api-version=YYYY-MM-DD"),
        (400, #"{"error":{"code":"BadRequest","message":"Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and later"}}"#, .badRequest, "api-version=YYYY-MM-DD"),
        (404, #"{"error":{"code":"404","message":"Resource not found"}}"#, .modelNotFound, "Azure's ends in /openai/v1"),
        (403, #"{"__type":"ExpiredTokenException","message":"x"}"#, .authentication, "sign in again"),
        (401, #"{"error":{"message":"Provided authentication token is expired. Please try signing in again.","code":"token_expired"}}"#, .authentication, "command: … } print one"),
        (
            401, #"{"error":{"code":401,"message":"Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.","status":"UNAUTHENTICATED"}}"#, .authentication,
            "sign in again"
        ),
        (400, #"{"message":"The provided model identifier is invalid."}"#, .modelNotFound, "the region of base_url may not have the model"),
        (403, #"{"error":{"type":"forbidden","message":"Request not allowed"}}"#, .authentication, "by a gateway elsewhere"),
        (400, #"[{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}]"#, .badRequest, "by a gateway elsewhere"),
        (
            404, #"{"error":{"message":"This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?","type":"invalid_request_error","param":"model","code":null}}"#,
            .modelNotFound, "name a model that chats"
        ),
        (400, #"{"error":{"message":"The requested model 'x' cannot be used with the Responses API.","code":"unsupported_model"}}"#, .badRequest, "api: openai-chat in the model's entry"),
        (400, #"{"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model.","code":"unsupported_value"}}"#, .badRequest, "take it out of the tier or step"),
        (400, #"{"error":{"message":"logprobs are not supported with reasoning models.","code":"unsupported_parameter"}}"#, .badRequest, "logprobs: false in the model's entry"),
    ])
    func whatDoesNotSayItselfHasAHint(status: Int, body: String, kind: FailureKind, hint: String) {
        let (failure, billing) = classify(status, body)
        #expect(failure.kind == kind && failure.message.contains(hint) && billing == .notBilled, "\(failure)")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let server: String
        let status: Int
        let body: String
        let kind: FailureKind
        var billing = BillingEvidence.notBilled

        var testDescription: String { "\(server) \(status)" }

        init(_ server: String, _ status: Int, _ body: String, _ kind: FailureKind, _ billing: BillingEvidence = .notBilled) {
            (self.server, self.status, self.body, self.kind, self.billing) = (server, status, body, kind, billing)
        }
    }

    static let refusals: [Refusal] = [
        Refusal("Gemini wrong key, in a list", 400, #"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#, .authentication),
        Refusal("Gemini no key, in a list", 400, #"[{"error":{"code":400,"message":"Missing or invalid Authorization header.","status":"INVALID_ARGUMENT"}}]"#, .authentication),
        Refusal("Gemini unknown model, in a list", 404, #"[{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1main","status":"NOT_FOUND"}}]"#, .modelNotFound),
        Refusal("xAI wrong key", 400, #"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: sk***12."}"#, .authentication),
        Refusal("Mistral unknown model", 400, #"{"object":"error","message":"Invalid model: mistral-nope","type":"invalid_model","param":null,"code":"1500"}"#, .modelNotFound),
        Refusal(
            "Anthropic empty account", 400, #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#, .quota),
        Refusal("OpenAI wrong key", 401, #"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#, .authentication),
        Refusal("OpenAI no permission", 403, #"{"error":{"message":"Country not supported","type":"request_forbidden","code":"unsupported_country_region_territory"}}"#, .authentication),
        Refusal("OpenAI unknown model", 404, #"{"error":{"message":"The model `gpt-9` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#, .modelNotFound),
        Refusal("OpenAI rate limit", 429, #"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#, .rateLimit),
        Refusal("OpenAI quota", 429, #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#, .quota),
        Refusal("OpenAI quota without a code", 429, #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":null}}"#, .quota),
        Refusal("OpenAI account off", 429, #"{"error":{"message":"Your account is not active","type":"billing_not_active","code":"billing_not_active"}}"#, .quota),
        Refusal("OpenAI context", 400, #"{"error":{"message":"This model's maximum context length is 128000 tokens","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#, .contextLength),
        Refusal("OpenAI bad parameter", 400, #"{"error":{"message":"Unknown parameter","type":"invalid_request_error","param":"x","code":"unknown_parameter"}}"#, .badRequest),
        Refusal("OpenAI server error", 500, #"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#, .serverError),
        Refusal("DeepSeek balance", 402, #"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#, .quota),
        Refusal("DeepSeek parameters", 422, #"{"error":{"message":"invalid parameters","type":"invalid_request_error"}}"#, .badRequest),
        Refusal("vLLM context", 400, #"{"object":"error","message":"This model's maximum context length is 2048 tokens. However, you requested 4096 tokens","type":"BadRequestError","param":null,"code":400}"#, .contextLength),
        Refusal("vLLM unknown model", 404, #"{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}}"#, .modelNotFound),
        Refusal("vLLM wrong key", 401, #"{"error":"Unauthorized"}"#, .authentication),
        Refusal("SGLang context", 400, #"{"object":"error","message":"The input (9000 tokens) is longer than the model's context length (8192 tokens).","type":"BadRequestError","param":null,"code":400}"#, .contextLength),
        Refusal(
            "llama.cpp context", 400, #"{"error":{"code":400,"message":"request (6031 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":6031,"n_ctx":4096}}"#,
            .contextLength),
        Refusal("llama.cpp wrong key", 401, #"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#, .authentication),
        Refusal("llama.cpp loading", 503, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, .serverError),
        Refusal("Ollama unknown model", 404, #"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error","param":null,"code":null}}"#, .modelNotFound),
        Refusal("TGI too long", 422, #"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096","error_type":"validation"}"#, .contextLength),
        Refusal("TGI overloaded", 429, #"{"error":"Model is overloaded","error_type":"overloaded"}"#, .rateLimit),
        Refusal("LiteLLM rate limit", 429, #"{"error":{"message":"litellm.RateLimitError: this is a mock rate limit error","type":"throttling_error","param":null,"code":"429"}}"#, .rateLimit),
        Refusal("LiteLLM wrong key, no database", 400, #"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#, .authentication),
        Refusal("LiteLLM unknown model", 400, #"{"error":{"message":"/chat/completions: Invalid model name passed in model=nope.","type":"invalid_request_error","param":null,"code":"400"}}"#, .modelNotFound),
        Refusal("LiteLLM context", 400, #"{"error":{"message":"litellm.ContextWindowExceededError: litellm.BadRequestError: request (6031 tokens) exceeds","type":"invalid_request_error","param":null,"code":"400"}}"#, .contextLength),
        Refusal("OpenRouter credits", 402, #"{"error":{"message":"Insufficient credits","code":402}}"#, .quota),
        Refusal("OpenRouter unknown model", 400, #"{"error":{"message":"x/y is not a valid model ID","code":400},"user_id":"u"}"#, .modelNotFound),
        Refusal("OpenRouter no provider", 502, #"{"error":{"message":"Provider returned error","code":502,"metadata":{"provider_name":"P"}}}"#, .serverError, .unknown),
        Refusal("Groq tokens a minute", 413, #"{"error":{"message":"Request too large for model: Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}}"#, .contextLength),
        Refusal("Groq flex", 498, #"{"error":{"message":"Flex tier capacity exceeded","type":"capacity","code":"capacity_exceeded"}}"#, .rateLimit),
        Refusal("FastAPI list of details", 422, #"{"detail":[{"loc":["body","messages"],"msg":"Field required","type":"missing"}]}"#, .badRequest),
        Refusal("gateway timeout", 504, "<html><h1>504</h1></html>", .serverError, .unknown),
        Refusal("bad gateway", 502, "", .serverError, .unknown),
        Refusal("Cloudflare", 524, "error code: 524", .serverError, .unknown),
        Refusal("request timeout", 408, "", .timeout, .unknown),
        Refusal("conflict", 409, "", .serverError),
        Refusal("overloaded", 529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, .serverError),
        Refusal("too large", 413, "", .contextLength),
        Refusal("teapot", 418, "", .badRequest),
        Refusal("not implemented", 501, "", .serverError),
        Refusal("redirect", 308, "", .badRequest),
        Refusal("a refusal as an event", 429, "event: error\ndata: {\"error\":{\"message\":\"no quota\",\"code\":\"insufficient_quota\"}}\n\n", .quota),
        Refusal("a byte order mark", 400, "\u{FEFF}{\"error\":{\"message\":\"long\",\"code\":\"context_length_exceeded\"}}", .contextLength),
        Refusal("another agentctl's cap", 402, #"{"error":{"message":"the cap is reached","code":"agentctl_cap"}}"#, .budget),
        Refusal("LiteLLM's budget", 400, #"{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","param":null,"code":"400"}}"#, .budget),
    ]

    @Test(arguments: refusals) func statusAndBody(_ refusal: Refusal) {
        let (failure, billing) = classify(refusal.status, refusal.body)
        #expect(failure.kind == refusal.kind)
        #expect(billing == refusal.billing)
        #expect(failure.retryAfter == nil)
        #expect(failure.shouldRetry == (refusal.kind == .budget ? false : nil))
        #expect(failure.message.contains("\(refusal.status)"))
    }

    @Test(arguments: [
        (400, #"{"error":{"message":"two\nlines"}}"#, "the server answered 400: two lines"),
        (422, #"{"detail":[{"loc":["body"],"msg":"Field required"}]}"#, "the server answered 422: Field required"),
        (404, #"{"detail":"Not Found"}"#, "the server answered 404: Not Found"),
        (400, #"{"odd":1}"#, #"the server answered 400: {"odd":1}"#),
        (404, "  <html>", "the server answered 404: a web page; is base_url the address of the API?"),
        (502, "upstream\ngone", "the server answered 502: upstream gone"),
        (503, "", "the server answered 503"),
    ])
    func messages(status: Int, body: String, message: String) {
        #expect(classify(status, body).0.message == message)
    }

    @Test func aLongMessageIsCut() {
        let message = classify(400, #"{"error":{"message":"\#(String(repeating: "x", count: 5000))"}}"#).0.message
        #expect(message.count < 350)
    }

    @Test func `T28 a gateway's 500 may hide work that was done behind it`() {
        let body = #"{"error":{"message":"litellm.InternalServerError: InternalServerError: OpenAIException - Connection error.","type":"internal_server_error","param":null,"code":"500"}}"#
        #expect(classify(500, body, [("x-litellm-call-id", "63aef716")]).1 == .unknown)
        #expect(classify(500, body).1 == .notBilled)
        #expect(classify(429, "", [("x-litellm-call-id", "63aef716")]).1 == .notBilled)
    }

    @Test func aRedirectSaysWhereTo() {
        let (failure, billing) = classify(301, "", [("Location", "https://example.org/v1/")])
        #expect(failure.message == "the server answered 301 and points to https://example.org/v1/; is base_url right?")
        #expect(billing == .notBilled)
    }

    @Test(
        arguments: [
            ([("Retry-After", "2")], 2000),
            ([("retry-after", "1.5")], 1500),
            ([("retry-after", "0")], 0),
            ([("retry-after-ms", "20"), ("retry-after", "1")], 20),
            ([("Retry-After-Ms", "20.9")], 20),
            ([("retry-after-ms", "soon"), ("retry-after", "3")], 3000),
            ([("retry-after-ms", "-5"), ("retry-after", "3")], 3000),
            ([("retry-after", "Sat, 21 Nov 2026 10:00:07 GMT")], 7000),
            // A moment that is over asks for no wait.
            ([("retry-after", "Sat, 21 Nov 2026 09:00:00 GMT")], 0),
            ([("retry-after", "600")], 600_000),
            ([("retry-after", "-1")], nil),
            ([("retry-after", "later")], nil),
            ([("retry-after", "nan")], nil),
            ([("retry-after", "inf")], nil),
            ([("retry-after", "1e300")], nil),
            ([("retry-after", "Sat, 31 Feb 2026 09:00:00 GMT")], nil),
            ([("retry-after", "Sat, 21 Nov 2026 09:00:00 CET")], nil),
            ([], nil),
        ] as [([(String, String)], Int64?)])
    func retryAfter(fields: [(String, String)], milliseconds: Int64?) throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-21T10:00:00Z"))
        #expect(ErrorClassifier.retryAfter(Self.headers(fields), now: now)?.milliseconds == milliseconds)
    }

    @Test func aMonthBeforeOctober() {
        #expect(ErrorClassifier.httpDate("Sun, 06 Feb 1994 08:49:37 GMT") == Timestamp(rfc3339: "1994-02-06T08:49:37Z"))
    }

    @Test(arguments: [("true", true), ("false", false), ("True", true), ("maybe", nil)] as [(String, Bool?)])
    func shouldRetry(value: String, expected: Bool?) {
        let (failure, _) = classify(429, "", [("x-should-retry", value), ("retry-after", "4")])
        #expect(failure.shouldRetry == expected)
        #expect(failure.retryAfter == .seconds(4))
    }

    @Test(arguments: [
        (#"{"message":"The model is overloaded","type":"server_error","code":"overloaded"}"#, FailureKind.serverError),
        (#"{"message":"Rate limit exceeded","code":429}"#, .rateLimit),
        (#"{"message":"litellm.RateLimitError","type":"None","param":"None","code":"429"}"#, .rateLimit),
        (#"{"message":"No credits","code":402}"#, .quota),
        (#"{"message":"bad key","code":401}"#, .authentication),
        (#"{"message":"too long","code":"context_length_exceeded"}"#, .contextLength),
        (#"{"message":"quota","type":"insufficient_quota","code":null}"#, .quota),
        (#"{"message":"odd","code":20024}"#, .serverError),
        (#"{"message":"bad","code":400}"#, .badRequest),
        (#""just a sentence""#, .serverError),
        ("true", .serverError),
    ])
    func errorsInsideASuccess(error: String, kind: FailureKind) {
        let failure = ErrorClassifier.inside(json(error))
        #expect(failure.kind == kind)
        #expect(failure.message.hasPrefix("the server reported an error: "))
    }
}
