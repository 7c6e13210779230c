import HTTP
import Values
import WorkflowModel

/// What an HTTP answer or a broken transfer means: the class that retries go by, and whether it may have been billed.
///
/// Sources: the error pages of OpenAI, Groq, OpenRouter, DeepSeek; the answers of vLLM, SGLang, llama.cpp, LiteLLM.
enum ErrorClassifier {
    /// An answer with a status that is not success.
    ///
    /// Refusals before any work (3xx, 4xx, 500, 503, 529) owe nothing. A gateway that gave up on the server behind it
    /// (408, 502, 504, 520-524) cannot say whether that one did the work; LiteLLM says 500 to a connection that it lost.
    static func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        let error = Explanation(body)
        let gaveUp = [408, 502, 504].contains(status) || (520...524).contains(status)
            || (status == 500 && headers["x-litellm-call-id"] != nil)
        var text = error.message.isEmpty ? "the server answered \(status)" : "the server answered \(status): \(error.message)"
        if (300..<400).contains(status), let place = headers["location"] {
            text = "the server answered \(status) and points to \(place); is base_url right?"
        }
        let failure = CallFailure(
            kind(error, status: status), text, retryAfter: retryAfter(headers),
            shouldRetry: headers["x-should-retry"].flatMap { Bool($0.lowercased()) })
        return (failure, gaveUp ? .unknown : .notBilled)
    }

    /// An `error` object in an answer or a stream that began as a success.
    static func inside(_ error: JSONValue) -> CallFailure {
        let explanation = Explanation(.object(["error": error]))
        // OpenRouter and vLLM put a status where OpenAI has a word, LiteLLM puts it there as text.
        let status = (error["code"] ?? error["status"]).flatMap { $0.intValue ?? $0.stringValue.flatMap { Int64($0) } } ?? 0
        let kind = kind(explanation, status: (400..<600).contains(status) ? Int(status) : 500)
        return CallFailure(kind, "the server reported an error: \(explanation.message)")
    }

    /// A success whose body is not JSON.
    static func notJSON(_ body: [UInt8], _ error: JSONParseError) -> CallFailure {
        guard let first = body.first(where: { !isBlank($0) }) else { return CallFailure(.malformedResponse, "the answer is empty") }
        if first == UInt8(ascii: "<") {
            return CallFailure(.malformedResponse, "the answer is a web page, not JSON; is base_url the address of the API?", shouldRetry: false)
        }
        return CallFailure(.malformedResponse, "the answer is not JSON: \(error)")
    }

    static func transport(_ error: HTTPError) -> CallFailure {
        switch error.code {
        case .timedOut, .idleTimedOut: return CallFailure(.timeout, error.message)
        case .cancelled, .loopStopped: return CallFailure(.cancelled, "stopped")
        case .responseTooLarge, .malformedResponse: return CallFailure(.malformedResponse, error.message)
        case .invalidRequest: return CallFailure(.badRequest, error.message)
        // Waiting does not mend a certificate, nor does it install a library.
        case .certificateRejected, .noLibrary: return CallFailure(.connection, error.description, shouldRetry: false)
        default: return CallFailure(.connection, error.description)
        }
    }

    // MARK: Kinds

    private static func kind(_ error: Explanation, status: Int) -> FailureKind {
        // Groq calls a request beyond the tokens of a minute `rate_limit_exceeded`; at 413 no wait makes it shorter.
        if status != 413, let kind = error.codes.lazy.compactMap(byCode).first { return kind }
        let kind = byStatus(status)
        return kind == .badRequest ? byMessage(error.message) ?? kind : kind
    }

    private static func byStatus(_ status: Int) -> FailureKind {
        switch status {
        case 401, 403: return .authentication
        case 402: return .quota
        case 404: return .modelNotFound
        case 408: return .timeout
        case 409, 500...: return .serverError
        case 413: return .contextLength
        // 498: Groq, when the flex tier has no capacity.
        case 429, 498: return .rateLimit
        default: return .badRequest
        }
    }

    private static func byCode(_ code: String) -> FailureKind? {
        switch code {
        case "insufficient_quota", "billing_error", "billing_not_active", "insufficient_credits": return .quota
        case "context_length_exceeded", "exceed_context_size_error", "request_too_large": return .contextLength
        // The last one is LiteLLM's: a key that is not its master key would be looked up in a database, and there is none.
        case "invalid_api_key", "authentication_error", "permission_error", "no_db_connection": return .authentication
        case "rate_limit_exceeded", "rate_limit_error", "throttling_error": return .rateLimit
        case "model_not_found": return .modelNotFound
        default: return nil
        }
    }

    /// For servers that say 400 to everything and explain it in words.
    private static func byMessage(_ message: String) -> FailureKind? {
        let text = message.lowercased()
        let context = ["context length", "context size", "context window", "contextwindowexceeded", "max_new_tokens` must be"]
        if context.contains(where: text.contains) { return .contextLength }
        if ["invalid model name", "not a valid model"].contains(where: text.contains) { return .modelNotFound }
        return nil
    }

    // MARK: Words

    /// The sentence and the codes of `{"error": {message, type, code}}` and its relatives.
    private struct Explanation {
        let message: String
        /// The more specific one first.
        let codes: [String]

        init(_ body: [UInt8]) {
            if let document = try? JSONParser.parse(body) {
                self.init(document)
                return
            }
            let isPage = body.first { !isBlank($0) } == UInt8(ascii: "<")
            self.init(message: isPage ? "a web page; is base_url the address of the API?" : oneLine(String(decoding: body.prefix(300), as: UTF8.self)))
        }

        init(_ document: JSONValue) {
            let error = document["error"] ?? document
            let sentence = error.stringValue ?? error["message"]?.stringValue ?? document["message"]?.stringValue
                ?? document["detail"]?.stringValue ?? document["detail"]?[0]?["msg"]?.stringValue
            self.init(message: oneLine(sentence ?? document.jsonText), codes: [error["code"], error["type"]].compactMap { $0?.stringValue })
        }

        private init(message: String, codes: [String] = []) {
            self.message = message
            self.codes = codes
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }

    // MARK: When to ask again

    /// `retry-after-ms`, or `retry-after` as seconds or an HTTP date.
    static func retryAfter(_ headers: HTTPHeaders, now: Timestamp = .now()) -> TimeSpan? {
        if let ms = headers["retry-after-ms"].flatMap(Double.init), ms >= 0, ms < 1e12 { return .milliseconds(Int64(ms)) }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return seconds >= 0 && seconds < 1e9 ? .milliseconds(Int64(seconds * 1000)) : nil }
        guard let moment = httpDate(text) else { return nil }
        return max(.milliseconds(0), moment.since(now))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7, the form that senders must use).
    static func httpDate(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }
}
