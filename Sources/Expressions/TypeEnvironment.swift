/// The types of the names that an expression may read.
public struct TypeEnvironment: Sendable {
    public var names: [String: StaticType]
    /// Whether there may be names beside these; of those nothing is known. Without it they are errors.
    public var isOpen: Bool

    public init(_ names: [String: StaticType] = [:], isOpen: Bool = false) {
        self.names = names
        self.isOpen = isOpen
    }
}
