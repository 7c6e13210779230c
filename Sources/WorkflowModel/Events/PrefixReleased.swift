import Values

/// A call has waited for another to begin, with which it shares the beginning of its prompt: what that one wrote to the cache of their model's server can
/// be read since.
public final class PrefixReleased: Sendable {
    /// Why it waited no longer.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The other's answer had begun.
        case began
        /// The other came to nothing: it was refused, failed or was stopped.
        case failed
        /// The other took twice as long as was expected.
        case late
    }

    /// The call that waited.
    public let call: CallID
    /// The path of its node.
    public let path: String
    /// The call that it waited for last, of whatever run. One that was refused is in no record.
    public let by: String
    /// Names what they share; see `CachePlan.End.name`.
    public let prefix: UInt64
    /// In all.
    public let waited: TimeSpan
    public let cause: Cause

    public init(call: CallID, path: String, by: String, prefix: UInt64, waited: TimeSpan, cause: Cause) {
        self.call = call
        self.path = path
        self.by = by
        self.prefix = prefix
        self.waited = waited
        self.cause = cause
    }
}
