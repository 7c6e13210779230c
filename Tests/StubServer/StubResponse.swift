import Values

/// What the stub server does with a request.
public struct StubResponse: Sendable {
    public enum Body: Sendable {
        /// Sent with `Content-Length`.
        case bytes([UInt8])
        /// Sent as HTTP chunks, one every `interval` milliseconds; 0 sends all at once.
        case chunks([[UInt8]], interval: Int = 0)
        /// The same HTTP chunk again and again, every `interval` milliseconds (at least 1), until the client leaves.
        case endless([UInt8], interval: Int)
    }

    public enum Ending: Sendable {
        case complete
        /// As `complete`, and then the connection is closed.
        case close
        /// The connection is closed after so many bytes of the body, or after the chunks without their end mark.
        case cut(afterBytes: Int)
        /// The connection is closed without a byte.
        case noAnswer
        /// Nothing more happens until the client leaves: no byte at all, or the chunks and no end.
        case silence
        /// The bytes of the body are all that is sent: no head. For what is not HTTP.
        case raw
    }

    public var status: Int
    /// Beside `Content-Type`, `Content-Length` and `Transfer-Encoding`.
    public var headers: [(String, String)]
    public var contentType: String
    public var body: Body
    public var ending: Ending
    /// Milliseconds from the request to the head of the answer; `nil` for the server's.
    public var latency: Int?

    public init(
        status: Int = 200, headers: [(String, String)] = [], contentType: String = "application/json", body: Body = .bytes([]),
        ending: Ending = .complete, latency: Int? = nil
    ) {
        self.status = status
        self.headers = headers
        self.contentType = contentType
        self.body = body
        self.ending = ending
        self.latency = latency
    }

    public static func json(_ value: JSONValue, status: Int = 200, headers: [(String, String)] = []) -> StubResponse {
        StubResponse(status: status, headers: headers, body: .bytes(JSONEncoding.wire.bytes(value)))
    }

    public static func text(_ text: String, status: Int = 200, contentType: String = "text/plain") -> StubResponse {
        StubResponse(status: status, contentType: contentType, body: .bytes(Array(text.utf8)))
    }

    /// An error as OpenAI shapes it.
    public static func error(
        _ status: Int, _ message: String, type: String, code: String? = nil, headers: [(String, String)] = []
    ) -> StubResponse {
        json(
            ["error": ["message": .string(message), "type": .string(type), "param": nil, "code": code.map { .string($0) } ?? nil]],
            status: status, headers: headers)
    }
}

extension StubResponse {
    /// A chat completion that says `text`, streamed where that was asked for.
    public static func completion(of request: JSONValue, number: Int, saying text: String, hasUsage: Bool = true) -> StubResponse {
        completion(of: request, number: number, saying: text, hasUsage: hasUsage, cache: nil)
    }

    static func completion(of request: JSONValue, number: Int, saying text: String, hasUsage: Bool, cache: StubCacheUse?) -> StubResponse {
        var completion = StubCompletion(request: request, number: number, content: text)
        completion.hasUsage = hasUsage
        completion.cache = cache
        guard request["stream"]?.boolValue == true else { return StubResponse(body: .bytes(completion.body())) }
        return StubResponse(contentType: "text/event-stream", body: .chunks(completion.events()))
    }
}
