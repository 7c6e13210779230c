import Values

/// The class of a failure: what retries, reports and exit codes go by. Stable words without dynamic parts.
public enum FailureKind: String, Sendable, Hashable, CaseIterable {
    // Of a call to a model
    case rateLimit = "rate_limit"
    case timeout
    case serverError = "server_error"
    /// Not reached, or lost on the way.
    case connection
    case authentication
    /// The account has no money or quota left; trying again does not help.
    case quota
    /// The server says that the request is wrong.
    case badRequest = "bad_request"
    case modelNotFound = "model_not_found"
    case contextLength = "context_length"
    /// An answer that is not what the API promises: HTML, broken JSON, a cut or endless stream.
    case malformedResponse = "malformed_response"
    case refusal
    /// The answer stopped at its token cap.
    case truncated
    /// An answer, and no text in it where text was asked.
    case emptyAnswer = "empty_answer"

    // Of a step
    /// No tier's answer was accepted by its gate.
    case notAccepted = "not_accepted"
    /// It took longer in all than its `deadline`.
    case deadline
    case outputInvalid = "output_invalid"
    case inputLimit = "input_limit"
    case budget
    case unpriced
    case expression
    case command
    case commandNotFound = "command_not_found"
    case items
    /// A file to attach that is not there, lies outside of the project, or is none that can be attached.
    case attachment
    case cancelled
    /// A provider, model server or key that is not there.
    case configuration
    /// A prompt that holds a configured secret; it is not sent.
    case secret

    /// The kinds that `retry.on` may name.
    public static let retryable: [FailureKind] = [.rateLimit, .timeout, .serverError, .connection, .malformedResponse, .emptyAnswer]
}

/// Why a step did not succeed.
public struct StepFailure: Error, Sendable, Hashable {
    public let kind: FailureKind
    /// One sentence for people, secrets and documents kept out.
    public let message: String
    /// More lines for people: violations, the end of a program's stderr.
    public let details: [String]

    public init(_ kind: FailureKind, _ message: String, details: [String] = []) {
        self.kind = kind
        self.message = message
        self.details = details
    }

    public init?(json: JSONValue) {
        guard let kind = json["kind"]?.stringValue.flatMap(FailureKind.init(rawValue:)), let message = json["message"]?.stringValue else { return nil }
        self.init(kind, message, details: (json["details"]?.arrayValue ?? []).compactMap(\.stringValue))
    }

    public var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "message": .string(message)]
        if !details.isEmpty { object["details"] = .array(details.map(JSONValue.string)) }
        return .object(object)
    }
}

/// A call that gave no usable answer.
public struct CallFailure: Error, Sendable, Hashable {
    public let kind: FailureKind
    public let message: String
    /// What the server asked for.
    public let retryAfter: TimeSpan?
    /// The server's explicit word on whether to try again; overrides the class.
    public let shouldRetry: Bool?

    public init(_ kind: FailureKind, _ message: String, retryAfter: TimeSpan? = nil, shouldRetry: Bool? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
        self.shouldRetry = shouldRetry
    }

    public init?(json: JSONValue) {
        guard let kind = json["kind"]?.stringValue.flatMap(FailureKind.init(rawValue:)), let message = json["message"]?.stringValue else { return nil }
        self.init(
            kind, message, retryAfter: json["retry_after_ms"]?.intValue.map { .milliseconds($0) }, shouldRetry: json["should_retry"]?.boolValue)
    }

    public var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "message": .string(message)]
        object["retry_after_ms"] = retryAfter.map { .int($0.milliseconds) }
        object["should_retry"] = shouldRetry.map(JSONValue.bool)
        return .object(object)
    }
}

extension StepFailure {
    public func redacted(by redactor: Redactor) -> StepFailure {
        redactor.isEmpty ? self : StepFailure(kind, redactor.redact(message), details: details.map { redactor.redact($0) })
    }
}

extension CallFailure {
    public func redacted(by redactor: Redactor) -> CallFailure {
        redactor.isEmpty ? self : CallFailure(kind, redactor.redact(message), retryAfter: retryAfter, shouldRetry: shouldRetry)
    }
}
