import Expressions
import Values

/// What a person is asked when no tier's answer was accepted: which of them to take.
public final class GateQuestion: Sendable {
    /// What stands in for an answer that did not come.
    public enum OnTimeout: String, Sendable, Hashable, CaseIterable {
        case best, fail
    }

    public let message: Template
    /// `nil`: an answer is waited for without end.
    public let timeout: TimeSpan?
    public let onTimeout: OnTimeout

    package init(message: Template, timeout: TimeSpan?, onTimeout: OnTimeout) {
        self.message = message
        self.timeout = timeout
        self.onTimeout = onTimeout
    }
}
