/// What the consumer of a stream wants next.
public enum StreamDirective: Sendable {
    /// More pieces.
    case `continue`
    /// More, but not now: nothing is read from the connection until ``HTTPClient/resume(_:)``. Timeouts go on.
    case pause
    /// No more: the transfer is aborted, and `stream` returns what there is.
    case stop
}
