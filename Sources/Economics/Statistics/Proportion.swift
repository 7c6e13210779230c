import Glibc

/// How many of a number are of a kind, and what share of all that come that tells of, with 95 % certainty.
public struct Proportion: Sendable, Hashable {
    public let count: Int
    public let total: Int

    public init(_ count: Int, of total: Int) {
        self.count = count
        self.total = total
    }

    /// `nil` of none.
    public var share: Double? { total > 0 ? Double(count) / Double(total) : nil }

    /// By Wilson's score, which holds for few and for shares near 0 and 1, too; `nil` of none.
    ///
    /// E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    public var interval: Interval? {
        guard let share, total > 0 else { return nil }
        let (n, z) = (Double(total), Interval.normal)
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        // At its ends it is exact, and a rounding is not.
        return Interval(count == 0 ? 0 : max(0, middle - half), count == total ? 1 : min(1, middle + half))
    }

    /// The second share less the first of two that have nothing to do with each other; `nil` where one is of none.
    ///
    /// R. G. Newcombe's hybrid score, method 10 of Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998).
    public static func difference(from a: Proportion, to b: Proportion) -> (share: Double, interval: Interval)? {
        guard let p = a.share, let q = b.share, let own = a.interval, let other = b.interval else { return nil }
        func root(_ x: Double, _ y: Double) -> Double { sqrt(x * x + y * y) }
        let share = q - p
        return (share, Interval(share - root(q - other.low, own.high - p), share + root(other.high - q, p - own.low)))
    }
}
