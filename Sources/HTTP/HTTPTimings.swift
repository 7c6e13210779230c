/// Where the time of a transfer went: microseconds since its start, 0 for what was not reached.
public struct HTTPTimings: Sendable, Hashable {
    /// The TCP connection stood; 0 also on a connection that was reused.
    public var connect: Int
    /// The first byte of the answer was there.
    public var firstByte: Int
    /// The end, good or bad.
    public var total: Int

    public init(connect: Int = 0, firstByte: Int = 0, total: Int = 0) {
        self.connect = connect
        self.firstByte = firstByte
        self.total = total
    }
}
