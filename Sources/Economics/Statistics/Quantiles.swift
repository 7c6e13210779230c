import Glibc

/// The order of figures: where the middle of them is, and where all but a tenth end.
public struct Quantiles: Sendable, Hashable {
    /// Ascending.
    public let sorted: [Int64]

    public init(_ values: some Sequence<Int64>) { sorted = values.sorted() }

    /// The smallest figure that so many hundredths of all do not exceed; `nil` of none.
    public func percentile(_ hundredths: Int) -> Int64? {
        guard !sorted.isEmpty else { return nil }
        return sorted[max(0, min(sorted.count - 1, (sorted.count * hundredths + 99) / 100 - 1))]
    }

    public var median: Int64? { percentile(50) }

    /// Figures between which the median of all that come lies with 95 % certainty, whatever their distribution, by the ranks of the sample; `nil` of fewer than six, between whose ends it does not.
    public var medianInterval: (low: Int64, high: Int64)? {
        let n = sorted.count
        guard n >= 6 else { return nil }
        // The normal approximation to the binomial, rounded outwards.
        let half = Interval.normal * sqrt(Double(n)) / 2
        let low = max(1, Int((Double(n) / 2 - half).rounded(.down)))
        let high = min(n, Int((1 + Double(n) / 2 + half).rounded(.up)))
        return (sorted[low - 1], sorted[high - 1])
    }
}
