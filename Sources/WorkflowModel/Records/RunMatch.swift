/// What a user's short form of a run's id stands for.
public enum RunMatch: Sendable, Hashable {
    case found(String)
    case none
    /// Several runs, newest first, ten at most.
    case ambiguous([String])
}
