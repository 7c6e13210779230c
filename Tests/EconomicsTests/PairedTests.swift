import Testing

@testable import Economics

/// Expected values by another program: the binomial distribution in whole numbers, Tango's score with its likelihood maximised by search.
@Suite struct PairedTests {
    @Test(arguments: [(12, 2, 0.012939453125), (5, 15, 0.04138946533203125), (0, 6, 0.03125), (3, 3, 1), (40, 70, 0.005447429511444482), (0, 0, 1)])
    func casesThatDifferAreTestedExactly(second: Int, first: Int, p: Double) {
        #expect(abs(PairedOutcomes(both: 9, onlyFirst: first, onlySecond: second).pValue - p) < 1e-12)
    }

    @Test func manyCasesAreNoNumberTooSmall() {
        #expect(PairedOutcomes(onlyFirst: 3000, onlySecond: 3000).pValue == 1)
        let p = PairedOutcomes(onlyFirst: 3200, onlySecond: 2800).pValue
        #expect(p > 1e-8 && p < 1e-6)
    }

    @Test(arguments: [
        (12, 2, 50, 0.0611124083, 0.3447087475), (2, 12, 50, -0.3447087475, -0.0611124083), (0, 0, 50, -0.0713475991, 0.0713475991),
        (5, 15, 200, -0.0987894046, -0.0067847289), (0, 6, 30, -0.3730569641, -0.0637839314),
    ])
    func aDifferenceHasAnInterval(second: Int, first: Int, count: Int, low: Double, high: Double) {
        let cases = PairedOutcomes(both: count - first - second, onlyFirst: first, onlySecond: second)
        #expect(abs(cases.interval.low - low) < 1e-6 && abs(cases.interval.high - high) < 1e-6)
        #expect(cases.difference == Double(second - first) / Double(count))
    }

    @Test func whatMayBeSaidOfIt() {
        #expect(PairedOutcomes(both: 190, neither: 10).verdict(margin: 0.05) == .nonInferior)
        #expect(PairedOutcomes(both: 150, onlyFirst: 40, onlySecond: 5, neither: 5).verdict(margin: 0.05) == .worse)
        // Worse for sure, by less than matters.
        #expect(PairedOutcomes(both: 9970, onlyFirst: 30).verdict(margin: 0.05) == .nonInferior)
        guard case .tooFew(let needed) = PairedOutcomes(both: 20, onlyFirst: 1, onlySecond: 1).verdict(margin: 0.05) else {
            Issue.record("22 cases cannot say it")
            return
        }
        // With as many that differ as often, it can be said.
        let share = 3.0 / 24
        let each = Int((Double(needed) * share / 2).rounded())
        #expect(PairedOutcomes(both: needed - 2 * each, onlyFirst: each, onlySecond: each).verdict(margin: 0.05) == .nonInferior)
        #expect(PairedOutcomes().verdict(margin: 0.05) == .tooFew(needed: PairedOutcomes().needed(margin: 0.05)))
    }

    @Test func aMeanHasAnIntervalThatIsTheSameEachTime() throws {
        var generator = SplitMix64(seed: 1)
        // Skewed, as costs are: mean 250, deviation 433.
        let differences = (0..<400).map { _ in generator.next() % 4 == 0 ? Int64(1000) : 0 }
        let amounts = PairedAmounts(differences: differences)
        let interval = try #require(amounts.interval)
        #expect(interval == (try #require(PairedAmounts(differences: differences).interval)))
        #expect(interval.low < amounts.mean && amounts.mean < interval.high)
        // 1.96 standard errors on each side.
        #expect((70...100).contains(interval.high - interval.low))
        #expect(PairedAmounts(differences: [5, 5, 5]).interval.map { [$0.low, $0.high] } == [5, 5])
        #expect(PairedAmounts(differences: [7]).interval == nil && PairedAmounts(differences: []).mean == 0)
        #expect(PairedAmounts(differences: [.max, .max]).mean == .max && PairedAmounts(differences: [-3, -4]).mean == -4)
    }
}
