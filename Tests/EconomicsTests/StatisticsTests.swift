import Testing

@testable import Economics

/// Intervals against figures from tables and papers.
@Suite struct StatisticsTests {
    /// Table of Student's distribution, 97.5 %.
    @Test(arguments: [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (7, 2.3646), (10, 2.2281), (15, 2.1314), (30, 2.0423), (60, 2.0003), (120, 1.9799), (100_000, 1.95999)])
    func student(degrees: Int, expected: Double) {
        #expect(abs(MeanEstimate.quantile(degrees: Double(degrees)) - expected) < 0.0006, "\(MeanEstimate.quantile(degrees: Double(degrees)))")
    }

    /// Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3.
    @Test(arguments: [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
    func wilson(count: Int, total: Int, low: Double, high: Double) throws {
        let interval = try #require(Proportion(count, of: total).interval)
        #expect(abs(interval.low - low) < 0.00006 && abs(interval.high - high) < 0.00006, "\(interval)")
    }

    /// Newcombe 1998, Interval estimation for the difference between independent proportions, table II, method 10.
    @Test(arguments: [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0), (5, 56, 0, 29, -0.0381, 0.1926)])
    func newcombe(a: Int, m: Int, b: Int, n: Int, low: Double, high: Double) throws {
        // The paper takes the second from the first.
        let (share, interval) = try #require(Proportion.difference(from: Proportion(b, of: n), to: Proportion(a, of: m)))
        #expect(abs(share - (Double(a) / Double(m) - Double(b) / Double(n))) < 1e-12)
        #expect(abs(interval.low - low) < 0.00006 && abs(interval.high - high) < 0.00006, "\(interval)")
    }

    @Test func welch() throws {
        // Two samples whose figures are known in closed form: means 3 and 8, variances 2.5 and 10 of five each.
        let (a, b) = (MeanEstimate([1, 2, 3, 4, 5]), MeanEstimate([4, 6, 8, 10, 12]))
        #expect(a.mean == 3 && a.variance == 2.5 && b.mean == 8 && b.variance == 10)
        let (mean, interval) = try #require(MeanEstimate.difference(from: a, to: b))
        // 5.882 degrees of freedom, a standard error of the root of 2.5: half of 2.459 × 1.5811.
        #expect(mean == 5 && abs(interval.low - (5 - 3.888)) < 0.003 && abs(interval.high - (5 + 3.888)) < 0.003, "\(interval)")
        let own = try #require(a.interval)
        #expect(abs(own.high - (3 + 2.7764 * 0.70711)) < 0.001)
    }

    @Test func nothingIsToldOfNothing() {
        #expect(Proportion(0, of: 0).interval == nil && Proportion.difference(from: Proportion(0, of: 0), to: Proportion(1, of: 2)) == nil)
        #expect(MeanEstimate([1]).interval == nil && MeanEstimate.difference(from: MeanEstimate([1]), to: MeanEstimate([1, 2])) == nil)
        #expect(Quantiles([]).median == nil && Quantiles([1, 2, 3, 4, 5]).medianInterval == nil)
        // Figures that do not vary.
        #expect(MeanEstimate.difference(from: MeanEstimate([2, 2]), to: MeanEstimate([3, 3]))?.interval == Interval(1, 1))
    }

    @Test func quantiles() throws {
        let all = Quantiles((1...100).map(Int64.init))
        #expect(all.median == 50 && all.percentile(90) == 90 && all.percentile(100) == 100 && all.percentile(1) == 1)
        let interval = try #require(all.medianInterval)
        #expect(interval == (40, 61))
        #expect(Quantiles([7]).percentile(90) == 7)
    }
}
