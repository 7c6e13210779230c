import Values

/// Time, as the engine needs it. Tests drive their own.
public protocol EngineClock: Sendable {
    func now() -> Timestamp
    /// - Throws: when the task is cancelled.
    func sleep(for span: TimeSpan) async throws
}
