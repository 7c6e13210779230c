import Values

/// What the prompt cache of a stub server is like; see ``StubPromptCache``.
public struct StubCacheOptions: Sendable {
    /// A shorter prefix is not cached, in tokens; `nil`: by the name of the model, as vendors have it.
    public var leastTokens: Int?
    /// Of requests that would find something, the share whose entries are gone, from 0 to 1.
    public var loss = 0.0
    /// By which those are drawn.
    public var seed: UInt64 = 1
    /// Whether answers tell what was read and written.
    public var reports = true
    /// By which entries expire.
    public var clock = StubClock()

    public init() {}
}

/// The time of a stub server's cache: real time, and what a test puts on top of it.
public final class StubClock: Sendable {
    private let ahead = Mutex<Double>(0)

    public init() {}

    public func advance(seconds: Double) { ahead.withLock { $0 += seconds } }

    /// In seconds since some moment.
    var now: Double { Double(monotonicNanoseconds()) / 1e9 + ahead.withLock { $0 } }
}
