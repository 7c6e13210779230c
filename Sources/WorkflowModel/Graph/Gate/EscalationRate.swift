import Values

/// The largest share of a gate's executions that may go on to a further tier, counted over the time before: `30%/1h`.
public struct EscalationRate: Sendable, Hashable, CustomStringConvertible {
    public let limit: Share
    public let window: TimeSpan

    public init(limit: Share, window: TimeSpan) {
        self.limit = limit
        self.window = window
    }

    /// Reads `SHARE/TIME`; `nil` for anything else, and for no time at all.
    public init?(text: String) {
        guard let (share, time) = text.cut(at: UInt8(ascii: "/")), let limit = Share(text: share), let window = TimeSpan(text: time), window.milliseconds > 0 else { return nil }
        self.init(limit: limit, window: window)
    }

    public var description: String { "\(limit)/\(window)" }
}
