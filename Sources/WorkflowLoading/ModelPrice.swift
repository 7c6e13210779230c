import Economics

/// What a model costs today, as far as two tiers are compared by it.
public enum ModelPrice: Sendable, Hashable {
    /// It has no price.
    case none
    /// Of a million tokens without anything cached.
    case perMillion(input: Money, output: Money)
    /// It has one of another kind: the time of its machine.
    case other
}
