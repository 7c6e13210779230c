import Values

/// A read of a bound name.
public struct Reference: Sendable, Hashable {
    /// `["steps", "draft", "output", "text"]`; stops at an index that is not a constant string.
    public let path: [String]
    /// Whether it is evaluated only when a `has()` showed that the path, or one it starts with, is there;
    /// true also of the operand of `has()` itself.
    public let isGuarded: Bool
    public let range: SourceRange
    /// Whether the path is all of it: no index that is computed follows.
    public let isWhole: Bool

    public init(path: [String], isGuarded: Bool, range: SourceRange, isWhole: Bool = true) {
        self.path = path
        self.isGuarded = isGuarded
        self.range = range
        self.isWhole = isWhole
    }
}
