import Values

/// From where a fork is live, and what it keeps of its parent.
public struct ForkOrigin: Sendable, Hashable {
    public enum Point: Sendable, Hashable {
        /// This step, item or step inside of one, and all that depends on it.
        case step(String)
        /// What failed or was stopped, and all that depends on it.
        case failed
    }

    public let point: Point
    /// The document of ``KeptNodes``: everything that may be taken, so that whoever goes on with the fork needs no parent.
    public let kept: ContentHash

    public init(_ point: Point, kept: ContentHash) {
        self.point = point
        self.kept = kept
    }
}
