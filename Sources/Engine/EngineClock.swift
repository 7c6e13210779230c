import Values
import WorkflowModel

/// Time, as the engine needs it. Tests drive their own.
public protocol EngineClock: Sendable {
    func now() -> Timestamp
    /// - Throws: when the task is cancelled.
    func sleep(for span: TimeSpan) async throws
    /// The same, telling what is waited for: a replay wakes up whoever the record says.
    func sleep(for span: TimeSpan, until what: EngineWait) async throws
}

/// What somebody waits for while time goes by.
public enum EngineWait: Sendable, Hashable {
    /// To try again; the ordinal says nothing.
    case retry(CallSite)
    /// The time of a node is over.
    case deadline(path: String)
    /// The time in which somebody may answer a node's question is over.
    case question(path: String)
}

extension EngineClock {
    public func sleep(for span: TimeSpan, until what: EngineWait) async throws { try await sleep(for: span) }
}
