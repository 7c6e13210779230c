/// One line of `doctor`: what was looked at, how it stands, and the way out where it does not stand well.
public struct HealthFinding: Sendable, Hashable {
    public enum Status: String, Sendable, Hashable {
        case ok, warning, problem
    }

    /// `project`, `provider groq`, `ledger`, …
    public let check: String
    public let status: Status
    public let message: String
    public let hint: String?

    public init(_ check: String, _ status: Status, _ message: String, hint: String? = nil) {
        self.check = check
        self.status = status
        self.message = message
        self.hint = hint
    }
}
