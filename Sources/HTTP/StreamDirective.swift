/// What the consumer of a stream wants next.
public enum StreamDirective: Sendable {
    /// More pieces.
    case `continue`
    /// No more: the transfer is aborted, and `stream` returns what there is.
    case stop
}
