/// A stream that no honest server sends: a line or an event beyond the parser's bounds.
public struct ServerSentEventError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
}
