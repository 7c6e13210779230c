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
        let gaveUp =
            [408, 502, 504].contains(status) || (520...524).contains(status)
            || (status == 500 && headers["x-litellm-call-id"] != nil)
        var text = error.message.isEmpty ? "the server answered \(status)" : "the server answered \(status): \(error.message)"
        if (300..<400).contains(status), let place = headers["location"] {
            text = "the server answered \(status) and points to \(place); is base_url right?"
        }
        text += ErrorHints.hint(for: error.codes + [error.message])
        let failure = failure(
            kind(error, status: status), text, retryAfter: retryAfter(headers),
            shouldRetry: headers["x-should-retry"].flatMap { Bool($0.lowercased()) })
        return (failure, gaveUp ? .unknown : .notBilled)
    }

    // MARK: Inside a success

    /// An `error` object in an answer or a stream that began as a success.
    static func inside(_ error: JSONValue) -> CallFailure {
        let explanation = Explanation(.object(["error": error]))
        let kind: FailureKind
        if let status = status(in: error) {
            kind = self.kind(explanation, status: status)
        } else if explanation.codes.contains(where: { isOfRequest($0.lowercased()) }) {
            kind = self.kind(explanation, status: 400)
        } else {
            kind = self.kind(explanation, status: 500)
        }
        return failure(kind, "the server reported an error: \(explanation.message)")
    }

    /// Whether a code says that the request is at fault, and would be again. Source: `response_error.py` of OpenAI's client for those of images.
    private static func isOfRequest(_ code: String) -> Bool {
        ["invalid_request_error", "badrequesterror", "validation", "failed_to_download_image"].contains(code)
            || ["invalid_", "image_", "empty_image", "unsupported_image"].contains(where: code.hasPrefix)
    }

    /// An error status where OpenAI has a word: as OpenRouter and vLLM write it, or as text, as LiteLLM does.
    private static func status(in error: JSONValue) -> Int? {
        for key in ["code", "status", "status_code", "error_code"] {
            guard let value = error[key], let number = value.intValue ?? value.stringValue.flatMap({ Int64($0) }) else { continue }
            if (400..<600).contains(number) { return Int(number) }
        }
        return nil
    }

    /// What a document of a success tells of an error.
    enum Told: Equatable {
        case failure(CallFailure)
        /// A code or a type without a word: none, beside a good answer.
        case faint(CallFailure)
    }

    /// The error that a document, or a chunk of a stream, tells; `nil`: none. Many servers fill the field in every answer, with
    /// null, an empty text or an object of empty fields.
    ///
    /// - Parameter isError: whether it was announced as one, by the name of its event.
    static func told(by document: JSONValue, isError: Bool = false) -> Told? {
        if let error = document["error"] {
            switch weight(of: error) {
            case .none: break
            case .faint: return .faint(inside(error))
            case .full: return .failure(inside(error))
            }
        }
        if isError || document["object"] == "error" || document["type"] == "error" { return .failure(inside(document)) }
        // Groq's, when it stops a stream.
        if let error = document["x_groq"]?["error"], weight(of: error) == .full { return .failure(inside(error)) }
        // FastAPI's and the older servers' way, without an `error`.
        guard document["choices"] == nil, case .object = document else { return nil }
        if let detail = document["detail"], weight(of: detail) == .full { return .failure(inside(document)) }
        if let first = document["errors"]?[0], weight(of: first) == .full { return .failure(inside(first)) }
        guard let message = document["message"]?.stringValue, !isBlank(message) else { return nil }
        let isCalledError = [document["type"], document["code"]].contains { $0?.stringValue?.lowercased().contains("error") == true }
        return status(in: document) != nil || isCalledError ? .failure(inside(document)) : nil
    }

    private enum Weight { case none, faint, full }

    private static func weight(of error: JSONValue) -> Weight {
        switch error {
        case .null, .bool(false), .int(0): return .none
        case .string(let text): return isBlank(text) || isNothing(text) ? .none : .full
        case .array(let list):
            let weights = list.map(weight)
            return weights.contains(.full) ? .full : weights.contains(.faint) ? .faint : .none
        case .object(let fields):
            let sentences = ["message", "msg", "detail", "text", "reason", "error"]
            if sentences.contains(where: { fields[$0].map { weight(of: $0) == .full } ?? false }) { return .full }
            let isSaid = fields.contains { _, value in
                switch value {
                case .null, .bool(false), .int(0), .int(200): return false
                case .string(let text): return !isBlank(text) && !isNothing(text)
                case .array(let list): return !list.isEmpty
                case .object(let inner): return !inner.isEmpty
                default: return true
                }
            }
            if !isSaid { return .none }
            return sentences.contains { fields[$0] != nil } ? .faint : .full
        default: return .full
        }
    }

    private static func isBlank(_ text: String) -> Bool { text.utf8.allSatisfy(isBlank) }

    /// Words by which a field of errors says that there is none.
    private static func isNothing(_ text: String) -> Bool { ["none", "null", "nil", "ok", "success", "0", "200", "no error", "no errors", "no_error", "noerror", "false"].contains(text.lowercased()) }

    /// A failure of a kind. Another governor's cap is not passed by trying again, whatever a server says.
    private static func failure(_ kind: FailureKind, _ message: String, retryAfter: TimeSpan? = nil, shouldRetry: Bool? = nil) -> CallFailure {
        CallFailure(kind, message, retryAfter: retryAfter, shouldRetry: kind == .budget ? false : shouldRetry)
    }

    /// Whether a refusal says that the server is there and its model is not loaded yet, as llama.cpp and Hugging Face's servers do.
    static func isComingUp(status: Int, body: [UInt8]) -> Bool {
        guard status == 503 else { return false }
        let text = Explanation(body).message.lowercased()
        return ["loading model", "model is loading", "currently loading", "still loading", "is being loaded", "not ready", "warming up", "starting up", "is starting"].contains(where: text.contains)
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
        case "model_not_found", "not_found_error": return .modelNotFound
        case "timeout_error": return .timeout
        // What a provider's rules forbid, of OpenAI's responses.
        case "bio_policy", "misalignment_policy_violation", "image_content_policy_violation": return .refusal
        // Ours, behind a gateway of ours, and LiteLLM's.
        case "agentctl_cap", "budget_exceeded": return .budget
        default: return nil
        }
    }

    /// For servers that say 400 to everything and explain it in words.
    private static func byMessage(_ message: String) -> FailureKind? {
        let text = message.lowercased()
        let context = ["context length", "context size", "context window", "contextwindowexceeded", "max_new_tokens` must be"]
        if context.contains(where: text.contains) { return .contextLength }
        // What LiteLLM, Mistral and Amazon Bedrock say.
        if ["invalid model name", "not a valid model", "invalid model:", "model identifier is invalid"].contains(where: text.contains) { return .modelNotFound }
        // What Google and xAI say.
        if ["api key not valid", "incorrect api key", "missing or invalid authorization header"].contains(where: text.contains) { return .authentication }
        // What Anthropic says.
        if text.containsBytes(of: "credit balance is too low") { return .quota }
        return nil
    }

    // MARK: Words

    /// The document that a refusal's body is, or the first one of the events of a stream; a cut one as far as it came.
    private static func document(of body: [UInt8]) -> JSONValue? {
        let body = Array(body.drop { isBlank($0) || [0xEF, 0xBB, 0xBF].contains($0) })
        if let document = try? JSONParser.parse(body) { return document }
        func begun(_ text: [UInt8]) -> JSONValue? { UnfinishedJSON.closed(text).flatMap { try? JSONParser.parse($0) } }
        if let document = begun(body) { return document }
        for line in body.prefix(65_536).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            for field in ["data:", "error:"] where line.starts(with: field.utf8) {
                let data = Array(line.dropFirst(field.utf8.count).drop(while: isBlank))
                if let document = (try? JSONParser.parse(data)) ?? begun(data) { return document }
            }
        }
        return nil
    }

    /// The sentence and the codes of `{"error": {message, type, code}}` and its relatives.
    private struct Explanation {
        let message: String
        /// The more specific one first.
        let codes: [String]

        init(_ body: [UInt8]) {
            if let document = ErrorClassifier.document(of: body) {
                self.init(document)
                return
            }
            let isPage = body.first { !isBlank($0) } == UInt8(ascii: "<")
            self.init(message: isPage ? "a web page; is base_url the address of the API?" : oneLine(String(decoding: body.prefix(300), as: UTF8.self)))
        }

        init(_ document: JSONValue) {
            // Google's address for chat completions puts it into a list.
            let document = document[0] ?? document
            // The error may be the document itself, and then have an `error` that is no more than a code.
            var error = document["error"] ?? document
            if let inner = error["error"], error["message"] == nil, case .object = inner { error = inner }
            let sentence = error.stringValue ?? Self.sentence(in: error) ?? Self.sentence(in: document)
            self.init(
                message: oneLine(sentence ?? document.jsonText), codes: [error["code"], error["type"], error["__type"], error["status"]].compactMap { $0?.stringValue })
        }

        private static func sentence(in object: JSONValue) -> String? {
            for key in ["message", "detail", "msg"] {
                if let text = object[key]?.stringValue ?? object[key]?[0]?["msg"]?.stringValue, !ErrorClassifier.isBlank(text) { return text }
            }
            return nil
        }

        private init(message: String, codes: [String] = []) {
            self.message = message
            self.codes = codes
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func oneLine(_ text: String) -> String {
        let line = text.lines.filter { !$0.isBlank }.joined(separator: " ")
        return line.utf8.count > 1200 || line.count > 300 ? String(line.prefix(300)).beginning(bytes: 1200) + "…" : line
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
        let parts = text.parts(at: 0x20)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }
}
