/// The numbers that something can be.
public struct NumberRange: Sendable, Hashable {
    public let low: Double
    public let high: Double
    /// Whether the bounds themselves are left out.
    public let isLowOpen: Bool
    public let isHighOpen: Bool

    public init(_ low: Double, _ high: Double, isLowOpen: Bool = false, isHighOpen: Bool = false) {
        self.low = low
        self.high = high
        self.isLowOpen = isLowOpen
        self.isHighOpen = isHighOpen
    }

    public var isBounded: Bool { low > -.infinity && high < .infinity }
}
