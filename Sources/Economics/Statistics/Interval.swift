/// What a figure lies within, with 95 % certainty.
public struct Interval: Sendable, Hashable {
    public let low: Double
    public let high: Double

    public init(_ low: Double, _ high: Double) {
        self.low = low
        self.high = high
    }

    /// Whether it says on which side of zero the figure is.
    public var excludesZero: Bool { low > 0 || high < 0 }

    /// The standard normal distribution's quantile of 97.5 %.
    static let normal = 1.959_963_984_540_054
}
