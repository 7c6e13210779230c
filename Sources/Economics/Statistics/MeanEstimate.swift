import Glibc

/// The mean of figures, as far as a sample tells it, with 95 % certainty by Student's distribution. Costs are skewed: of few of them the interval is rough.
public struct MeanEstimate: Sendable, Hashable {
    public private(set) var count = 0
    public private(set) var mean = 0.0
    /// The sum of squared distances from the mean, by Welford's recurrence, in which nothing large is taken from something large.
    private var squares = 0.0

    public init() {}

    public init(_ values: some Sequence<Double>) {
        for value in values { add(value) }
    }

    public mutating func add(_ value: Double) {
        count += 1
        let distance = value - mean
        mean += distance / Double(count)
        squares += distance * (value - mean)
    }

    /// Of the sample; `nil` of fewer than two.
    public var variance: Double? { count > 1 ? squares / Double(count - 1) : nil }

    /// `nil` of fewer than two.
    public var interval: Interval? {
        guard let variance else { return nil }
        let half = Self.quantile(degrees: Double(count - 1)) * sqrt(variance / Double(count))
        return Interval(mean - half, mean + half)
    }

    /// The second mean less the first, of two samples that have nothing to do with each other and vary as they like; `nil` where one has fewer than two.
    ///
    /// B. L. Welch, The generalization of Student's problem when several different population variances are involved, Biometrika 34 (1947).
    public static func difference(from a: MeanEstimate, to b: MeanEstimate) -> (mean: Double, interval: Interval)? {
        guard let own = a.variance, let other = b.variance else { return nil }
        let (x, y) = (own / Double(a.count), other / Double(b.count))
        let mean = b.mean - a.mean
        guard x + y > 0 else { return (mean, Interval(mean, mean)) }
        let degrees = (x + y) * (x + y) / (x * x / Double(a.count - 1) + y * y / Double(b.count - 1))
        let half = quantile(degrees: degrees) * sqrt(x + y)
        return (mean, Interval(mean - half, mean + half))
    }

    /// Student's quantile of 97.5 %, to some six digits.
    ///
    /// G. W. Hill, Algorithm 396: Student's t-quantiles, Communications of the ACM 13 (1970).
    static func quantile(degrees n: Double) -> Double {
        let p = 0.05
        if n <= 1 { return 12.706_204_736_174_7 }
        if abs(n - 2) < 1e-9 { return sqrt(2 / (p * (2 - p)) - 2) }
        let a = 1 / (n - 0.5)
        let b = 48 / (a * a)
        var c = ((20_700 * a / b - 98) * a - 16) * a + 96.36
        let d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * Double.pi / 2) * n
        var y = pow(d * p, 2 / n)
        if y > 0.05 + a {
            let x = -Interval.normal
            y = x * x
            if n < 5 { c += 0.3 * (n - 4.5) * (x + 0.6) }
            c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
            y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
            y = a * y * y
            y = y > 0.002 ? exp(y) - 1 : 0.5 * y * y + y
        } else {
            y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) + 1 / y
        }
        return sqrt(n * y)
    }
}
