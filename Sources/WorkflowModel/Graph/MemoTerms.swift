import Values

/// Which earlier answers to the same question a step takes.
public struct MemoTerms: Sendable, Hashable {
    /// Whose answers they may be.
    public enum Scope: String, Sendable, Hashable, CaseIterable {
        /// Of any run in the ledger.
        case ledger
        /// Of runs of the same workflow, by its name.
        case workflow
        /// Of the same run.
        case run
    }

    /// How old they may be.
    public let age: TimeSpan
    public let scope: Scope

    public init(age: TimeSpan, scope: Scope = .ledger) {
        self.age = age
        self.scope = scope
    }
}
