/// What a stub server has seen so far.
public struct StubCounters: Sendable, Hashable {
    /// Requests read completely.
    public var requests = 0
    /// Connections accepted.
    public var connections = 0
    /// Connections that stand.
    public var openConnections = 0
    /// Requests whose client left before the end of the answer.
    public var abandoned = 0
    /// Requests read and not yet answered completely.
    public var inFlight = 0
    /// The most that `inFlight` has been.
    public var peakInFlight = 0
}
