import Economics

/// What the runs of a workflow would have cost without our marks and warm-up, by those that a draw kept from them.
///
/// A ratio estimate. Each run has two amounts for its prompts: without any cache, which no mark changes, and as it was. Of runs that were held out the second is so much of the first; the same part of the first is what the
/// other runs would have cost. Held-out runs are a random sample, a run is the unit that was drawn. The variance is that of a ratio in a sample of n, and of the runs that it is applied to:
///
///     R = Σy / Σx,  s² = Σ(y − R·x)² / (n − 1),  Var = s²·(n·(X / Σx)² + N)
///
/// with the sums over the n held-out runs, and X the amount without a cache of the N others. The interval is Student's, of 95 %.
///
/// Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), 2.11 and 6.3: the estimate's bias falls with 1/n, and what large samples give may be used from 30 on where the coefficients of variation
/// of both means are below 0.1. Below that there is none.
struct HoldoutEstimate: Sendable, Hashable {
    /// What a run's prompts would have cost without any cache, and what they did, warm-ups included.
    struct Run: Sendable, Hashable {
        var uncached = MoneySum.zero
        var actual = MoneySum.zero
    }

    /// What all of them would have cost as the held-out ones did.
    let scaled: MoneySum
    /// What they did.
    let actual: MoneySum
    /// Of ``net``, in pico-dollars. A statistic: amounts are never floating-point numbers, how sure an estimate is may be one.
    let variance: Double
    let freedom: Int

    /// What our marks and warm-up saved.
    var net: MoneySum { scaled - actual }

    static let leastRuns = 30
    static let mostVariation = 0.1

    /// - Returns: `nil`: too few runs were held out, or they differ too much for their number.
    init?(heldOut: [Run], others: [Run]) {
        let n = heldOut.count
        guard n >= Self.leastRuns, !others.isEmpty else { return nil }
        func sum(_ runs: [Run], _ path: KeyPath<Run, MoneySum>) -> MoneySum { runs.reduce(.zero) { $0 + $1[keyPath: path] } }
        let (x, y) = (sum(heldOut, \.uncached), sum(heldOut, \.actual))
        let (otherX, otherY) = (sum(others, \.uncached), sum(others, \.actual))
        guard x > .zero, Self.variation(heldOut.map(\.uncached), x) < Self.mostVariation, Self.variation(heldOut.map(\.actual), y) < Self.mostVariation else { return nil }
        guard let rest = Self.product(y, otherX, over: x) else { return nil }
        scaled = y + rest
        actual = y + otherY
        let ratio = Self.double(y) / Self.double(x)
        let squares = heldOut.reduce(0.0) { sum, run in
            let residual = Self.double(run.actual) - ratio * Self.double(run.uncached)
            return sum + residual * residual
        }
        let (k, spread) = (Self.double(otherX) / Self.double(x), squares / Double(n - 1))
        variance = spread * (Double(n) * k * k + Double(others.count))
        freedom = n - 1
    }

    /// Of the mean: its standard error by its size.
    private static func variation(_ amounts: [MoneySum], _ sum: MoneySum) -> Double {
        let (n, mean) = (Double(amounts.count), double(sum) / Double(amounts.count))
        // Of what is always nothing the mean is sure.
        guard mean > 0 else { return 0 }
        let squares = amounts.reduce(0.0) { $0 + (double($1) - mean) * (double($1) - mean) }
        return (squares / (n - 1) / n).squareRoot() / mean
    }

    private static func double(_ sum: MoneySum) -> Double { Double(sum.exact) }

    /// a·b / c, rounded down, exactly; `nil` where the product is beyond 128 bits.
    private static func product(_ a: MoneySum, _ b: MoneySum, over c: MoneySum) -> MoneySum? {
        let (product, overflow) = a.exact.multipliedReportingOverflow(by: b.exact)
        return overflow || c == .zero ? nil : MoneySum(exact: product / c.exact)
    }

    /// Half of an interval of 95 %, in whole pico-dollars, rounded up.
    ///
    /// - Parameter freedom: degrees of freedom; of several estimates together the fewest.
    static func halfWidth(variance: Double, freedom: Int) -> MoneySum {
        // Student's quantiles of 0.975; between two, the greater.
        let quantiles = [(29, 2.0452), (30, 2.0423), (40, 2.0211), (60, 2.0003), (120, 1.9799), (1_000, 1.9623)]
        let t = quantiles.last { $0.0 <= freedom }?.1 ?? 2.0452
        let width = (t * variance.squareRoot()).rounded(.up)
        return MoneySum(exact: width < 1e30 ? Int128(width) : Int128(1e30))
    }
}
