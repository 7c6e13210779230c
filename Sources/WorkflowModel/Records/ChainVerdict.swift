import Values

/// What checking a run's event chain found.
public enum ChainVerdict: Sendable, Hashable {
    /// Every event is as it was written. The head, kept elsewhere, proves it later.
    case intact(events: Int, head: ContentHash)
    /// The first event that is missing or not as it was written.
    case broken(sequence: Int)
}
