import Values

/// One request. It is sent once: the client never follows a redirect and never sends it again.
public struct HTTPRequest: Sendable {
    /// `GET`, `POST` and so on, sent as written.
    public var method: String
    /// Absolute, `http` or `https`.
    public var url: String
    /// Sent in order, beside `Host`, `User-Agent`, `Accept`, `Accept-Encoding` and `Content-Length` where they are not given.
    public var headers: [(String, String)]
    /// Sent with `Content-Length`. An empty one sends no body, and `Content-Length: 0` with `POST`, `PUT` and `PATCH`.
    public var body: [UInt8]
    /// Name look-up, connection and TLS handshake together.
    public var connectTimeout: TimeSpan
    /// The whole transfer, connecting included.
    public var timeout: TimeSpan
    /// The longest silence between two pieces of an answer that has begun; `nil` for no limit but `timeout`.
    public var idleTimeout: TimeSpan?
    /// A longer answer, counted after decompression, fails with `responseTooLarge`.
    public var maxResponseBytes: Int

    public init(
        method: String = "GET", url: String, headers: [(String, String)] = [], body: [UInt8] = [],
        connectTimeout: TimeSpan = .seconds(5), timeout: TimeSpan = .seconds(600), idleTimeout: TimeSpan? = nil,
        maxResponseBytes: Int = 64 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.maxResponseBytes = maxResponseBytes
    }
}
