import HTTP
import Values
import WorkflowModel

/// What an HTTP answer or a broken transfer means: the class that retries go by, and whether it may have been billed.
enum ErrorClassifier {
    /// An answer with a status that is not success.
    ///
    /// Refusals before any work (4xx, 500, 503, 529) owe nothing. A gateway that gave up on the server behind it
    /// (408, 502, 504, 520-524) cannot say whether that one did the work.
    static func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        let document = try? JSONParser.parse(body)
        let (message, code) = describe(document, body)
        var kind: FailureKind
        var billing = BillingEvidence.notBilled
        switch status {
        case 401, 403: kind = .authentication
        case 402: kind = .quota
        case 404: kind = .modelNotFound
        case 408: (kind, billing) = (.timeout, .unknown)
        case 409, 500, 503, 529: kind = .serverError
        case 413: kind = .contextLength
        case 429: kind = .rateLimit
        case 502, 504, 520...524: (kind, billing) = (.serverError, .unknown)
        case 505...: kind = .serverError
        default: kind = .badRequest
        }
        if let byCode = byCode(code) { kind = byCode }
        let text = message.isEmpty ? "the server answered \(status)" : "the server answered \(status): \(message)"
        let failure = CallFailure(kind, text, retryAfter: retryAfter(headers), shouldRetry: headers["x-should-retry"].flatMap { Bool($0) })
        return (failure, billing)
    }

    /// An `error` object in an answer or a stream that began as a success.
    static func inside(_ error: JSONValue) -> CallFailure {
        let (message, code) = describe(.object(["error": error]), [])
        let status = error["code"]?.intValue ?? error["status"]?.intValue
        let kind = byCode(code) ?? (status == 429 ? .rateLimit : status == 401 ? .authentication : .serverError)
        return CallFailure(kind, "the server reported an error: \(message.isEmpty ? "without a message" : message)")
    }

    /// A success whose body is not JSON.
    static func notJSON(_ body: [UInt8], _ error: JSONParseError) -> CallFailure {
        let start = body.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        if start.isEmpty { return CallFailure(.malformedResponse, "the answer is empty") }
        if start.first == UInt8(ascii: "<") {
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
        // Waiting does not mend a certificate.
        case .certificateRejected: return CallFailure(.connection, error.description, shouldRetry: false)
        default: return CallFailure(.connection, error.description)
        }
    }

    private static func byCode(_ code: String) -> FailureKind? {
        switch code {
        case "insufficient_quota", "billing_error", "billing_not_active", "insufficient_credits": return .quota
        case "context_length_exceeded", "exceed_context_size_error", "request_too_large": return .contextLength
        case "invalid_api_key", "authentication_error", "permission_error": return .authentication
        case "rate_limit_exceeded", "rate_limit_error", "throttling_error": return .rateLimit
        case "model_not_found": return .modelNotFound
        default: return nil
        }
    }

    /// The sentence and the code of `{"error": {message, type, code}}` and its relatives.
    private static func describe(_ document: JSONValue?, _ body: [UInt8]) -> (message: String, code: String) {
        guard let document else {
            let text = String(decoding: body.prefix(200), as: UTF8.self)
            return (text.hasPrefix("<") ? "a web page" : oneLine(text), "")
        }
        let error = document["error"] ?? document
        let message = error.stringValue ?? error["message"]?.stringValue ?? document["detail"]?.stringValue ?? document["message"]?.stringValue ?? ""
        for key in ["code", "type"] {
            if let code = error[key]?.stringValue, byCode(code) != nil { return (oneLine(message), code) }
        }
        return (oneLine(message), error["code"]?.stringValue ?? error["type"]?.stringValue ?? "")
    }

    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }

    /// `retry-after-ms`, or `retry-after` as seconds or an HTTP date.
    static func retryAfter(_ headers: HTTPHeaders, now: Timestamp = .now()) -> TimeSpan? {
        if let text = headers["retry-after-ms"], let ms = Double(text), ms >= 0, ms < 1e12 { return .milliseconds(Int64(ms)) }
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
