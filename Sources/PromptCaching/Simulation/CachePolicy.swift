/// Who decides where prefixes are marked.
public enum CachePolicy: String, Sendable, CaseIterable {
    /// What is expected to be read again, by the planner.
    case planned
    /// The end of each prompt, and where it leaves the way of earlier ones.
    case stable
    /// The end of each prompt.
    case tail
    /// Nobody: no prefix is cached.
    case none
}
