/// The status line and the header fields of an answer.
public struct HTTPResponseHead: Sendable {
    public var status: Int
    /// `1.0`, `1.1`, `2`.
    public var httpVersion: String
    public var headers: HTTPHeaders
}
