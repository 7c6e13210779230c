import HTTP
import Values
import WorkflowModel

/// How an API is spoken: what a request looks like as bytes, and what the bytes of its answers mean.
///
/// A format is a folder of its own beside `OpenAIChat`, and has no socket, key, clock or setting but those that it is handed: ``Exchange`` is
/// all of HTTP, for every format, and a ``Credential`` opens the API. What a request can cost at the most and what it used is read from
/// bytes too, so that a body that another client made can be bounded, passed on as it is and settled: ``bound(ofRaw:)``,
/// ``read(raw:_:isCut:)``.
protocol WireFormat: Sendable {
    /// What every request has, whoever sends it, in the order in which it is sent.
    var headers: [(String, String)] { get }

    /// The header in which a key is sent.
    func header(ofKey key: String) -> (String, String)

    /// Where a request goes, below the provider's `base_url`.
    func path(of request: WireRequest) -> String

    /// The body. The same request is the same bytes, always.
    func encode(_ request: WireRequest) -> [UInt8]

    /// What is known of a request's answer before it comes.
    func expected(of request: WireRequest) -> ExpectedAnswer

    /// Settings of a request that the API has no word for, by their names in the language: they are not sent, and the call says so.
    func unsent(of request: WireRequest) -> [String]

    /// Looks whether the API can do what a request asks, before it is sent.
    ///
    /// - Throws: what it cannot, where without it the answer would be another one.
    func check(_ request: WireRequest) throws(StepFailure)

    /// Tokens that the server puts around a schema or a tool beyond their text, at most: a prompt of its own that says what to do with them.
    var schemaOverhead: Int { get }

    /// Reads one answer, be it a document or a stream. Not of an associated type, which whoever holds any format would have to ask the runtime for.
    func reader(_ answer: ExpectedAnswer) -> any WireReader

    /// The longest body that the answer can have, with all that a server sends around it.
    func mostBytes(of answer: ExpectedAnswer) -> Int

    /// What a status that is no success means: the class that retries go by, and whether it may have been billed.
    ///
    /// - Parameter body: without secrets.
    func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence)

    /// Whether a refusal says that the server is there and its model is not loaded yet.
    func isComingUp(status: Int, body: [UInt8]) -> Bool

    /// What bounds the cost of a body that was made elsewhere.
    ///
    /// - Throws: why it has no bound: it is not a request of this API, or asks for something whose price does not follow from tokens of text.
    func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound
}

/// Made once: every call has them.
private let jsonHeaders = [("Content-Type", "application/json")]

// What most APIs have in common.
extension WireFormat {
    var headers: [(String, String)] { jsonHeaders }

    func header(ofKey key: String) -> (String, String) { ("Authorization", "Bearer \(key)") }

    func expected(of request: WireRequest) -> ExpectedAnswer { request.expected }

    func unsent(of request: WireRequest) -> [String] { [] }

    var schemaOverhead: Int { 0 }

    func check(_ request: WireRequest) throws(StepFailure) {}

    func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        ErrorClassifier.classify(status: status, headers: headers, body: body)
    }

    func isComingUp(status: Int, body: [UInt8]) -> Bool { ErrorClassifier.isComingUp(status: status, body: body) }

}

extension WireFormat {
    /// What an answer that was passed on says of itself: its usage, its end, who answered.
    ///
    /// A stream that is passed on piece by piece is pushed into a ``reader(_:)`` of one's own as it goes.
    func read(raw answer: [UInt8], _ expected: ExpectedAnswer, isCut: Bool = false) -> WireAnswer {
        var reader = reader(expected)
        answer.withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: isCut)
        return reader.told(after: isCut ? CallFailure(.connection, "the answer broke off") : nil)
    }
}

extension CallFailure {
    /// The same with more behind its sentence.
    func saying(_ more: String) -> CallFailure {
        more.isEmpty ? self : CallFailure(kind, message + more, retryAfter: retryAfter, shouldRetry: shouldRetry)
    }

    /// With the server's own number of the request, which its support asks for.
    func naming(request headers: HTTPHeaders) -> CallFailure {
        guard let id = headers["request-id"] ?? headers["x-request-id"], !id.isEmpty, id.utf8.count <= 64 else { return self }
        return id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? saying(" (request \(id))") : self
    }
}
