/// A complete answer, whatever its status: 4xx and 5xx are results, not errors.
public struct HTTPResponse: Sendable {
    public var head: HTTPResponseHead
    /// Decompressed. Empty after a streamed answer.
    public var body: [UInt8]
    /// Bytes of the body after decompression, streamed ones included.
    public var bodyBytes: Int
    public var timings: HTTPTimings
    /// Whether a connection was opened for it.
    public var newConnection: Bool
    /// Whether the consumer of the stream stopped it before its end.
    public var wasStopped: Bool

    public var status: Int { head.status }
    public var headers: HTTPHeaders { head.headers }
    /// `1.1`, `2`.
    public var httpVersion: String { head.httpVersion }
}
