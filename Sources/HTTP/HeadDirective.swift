/// What to do with the body, decided when the head of the answer is there.
public enum HeadDirective: Sendable {
    /// Hand its pieces to `onData`.
    case stream
    /// Collect it into the response, as `send` does: for the short answer that tells of an error.
    case collect
    /// Nothing: abort the transfer.
    case stop
}
