import TestSupport
import Testing

@testable import PromptCaching

/// Where marks are set, held against every way to set them.
@Suite struct BreakpointPlannerTests {
    private typealias Boundary = BreakpointPlanner.Boundary
    private typealias Mark = BreakpointPlanner.Mark

    private func rules(_ lifetimes: [(Int64, Double)], most: Int = 4, least: Int = 0, read: Double = 0.1) -> CacheRules {
        CacheRules(
            name: "test", entries: .marks(most: most), leastTokens: least, lifetimes: lifetimes.map { CacheRules.Lifetime(span: .seconds($0.0), writePrice: $0.1) }, readPrice: read)
    }

    @Test func nothingIsWrittenThatIsNotReadOftenEnough() {
        let rules = rules([(300, 1.25)])
        // 0.25 / 0.9 reads pay for a write.
        #expect(abs(rules.leastReads(rules.lifetimes[0]) - 0.2778) < 0.0001)
        let planner = BreakpointPlanner(rules)
        #expect(planner.marks([Boundary(tokens: 2000, reads: [0.27])], cached: 0).marks.isEmpty)
        #expect(planner.marks([Boundary(tokens: 2000, reads: [0.28])], cached: 0).marks == [Mark(boundary: 0, lifetime: 0)])
        // The tail is not read again, and what is before it is.
        let head = [Boundary(tokens: 1500, reads: [9]), Boundary(tokens: 7500, reads: [9]), Boundary(tokens: 7900, reads: [0])]
        #expect(planner.marks(head, cached: 0).marks.map(\.boundary).contains(1) && planner.marks(head, cached: 0).marks.allSatisfy { $0.boundary < 2 })
        // What is in the cache needs no mark.
        #expect(planner.marks(head, cached: 7500).marks.isEmpty)
    }

    @Test func theShortPrefixIsReadByWhoeverReadsTheLongOne() {
        // A part of which nothing is known stands before one that is read often.
        let marks = BreakpointPlanner(rules([(300, 1.25)])).marks([Boundary(tokens: 1000, reads: [0]), Boundary(tokens: 3000, reads: [5])], cached: 0)
        #expect(marks.marks.last == Mark(boundary: 1, lifetime: 0) && abs(marks.gain - (0.9 * 5 - 0.25) * 3000) < 0.001)
    }

    @Test func aLongLifeStandsBeforeAShortOne() {
        let rules = rules([(3600, 2), (300, 1.25)])
        let boundaries = [Boundary(tokens: 5000, reads: [6, 1]), Boundary(tokens: 6000, reads: [1, 0.9])]
        #expect(BreakpointPlanner(rules).marks(boundaries, cached: 0).marks == [Mark(boundary: 0, lifetime: 0), Mark(boundary: 1, lifetime: 1)])
        // The other way round would not be allowed: the second is long too, or short both.
        let turned = [Boundary(tokens: 1000, reads: [3, 3]), Boundary(tokens: 6000, reads: [3, 0.5])]
        let marks = BreakpointPlanner(rules).marks(turned, cached: 0).marks
        #expect(zip(marks, marks.dropFirst()).allSatisfy { $0.lifetime <= $1.lifetime })
    }

    @Test func providersWithoutMarksHaveNone() {
        for rules in CacheRules.known {
            let marks = BreakpointPlanner(rules).marks([Boundary(tokens: 100_000, reads: rules.lifetimes.map { _ in 50 })], cached: 0).marks
            if case .marks = rules.entries { #expect(marks.count == 1, "\(rules.name)") } else { #expect(marks.isEmpty, "\(rules.name)") }
        }
    }

    /// 3,000 prompts of up to seven boundaries.
    @Test(arguments: 0..<30) func equalsTheBestOfAllWays(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<100 {
            let lifetimes: [(Int64, Double)] = Bool.random(using: &random) ? [(300, 1.25)] : [(3600, 2), (300, 1.25)]
            let rules = rules(lifetimes, most: Int.random(in: 1...4, using: &random), least: [0, 1024][Int.random(in: 0...1, using: &random)], read: [0.025, 0.1, 0.5][Int.random(in: 0...2, using: &random)])
            var tokens = 0
            let boundaries = (0..<Int.random(in: 1...7, using: &random)).map { _ -> Boundary in
                tokens += Int.random(in: 1...3000, using: &random)
                return Boundary(tokens: tokens, reads: lifetimes.map { _ in Double.random(in: 0...3, using: &random) })
            }
            let cached = Bool.random(using: &random) ? 0 : Int.random(in: 0...tokens, using: &random)
            let found = BreakpointPlanner(rules).marks(boundaries, cached: cached)
            #expect(abs(found.gain - best(boundaries, cached, rules)) < 1e-6)
            #expect(abs((value(found.marks, boundaries, cached, rules) ?? -1) - found.gain) < 1e-6, "it is what its marks are worth")
        }
    }

    /// What marks are worth by the formula; `nil` where the rules forbid them.
    private func value(_ marks: [Mark], _ boundaries: [Boundary], _ cached: Int, _ rules: CacheRules) -> Double? {
        guard case .marks(let most) = rules.entries, marks.count <= most else { return nil }
        var (value, before, lifetime) = (0.0, cached, 0)
        for mark in marks {
            let tokens = boundaries[mark.boundary].tokens
            guard tokens > cached, tokens >= rules.leastTokens, mark.lifetime >= lifetime else { return nil }
            lifetime = mark.lifetime
            let reads = boundaries[mark.boundary...].map { $0.reads[lifetime] }.max()!
            value += Double(tokens - before) * ((1 - rules.readPrice) * reads - (rules.lifetimes[lifetime].writePrice - 1))
            before = tokens
        }
        return value
    }

    private func best(_ boundaries: [Boundary], _ cached: Int, _ rules: CacheRules) -> Double {
        let choices = rules.lifetimes.count + 1
        var best = 0.0
        var ways = 1
        for _ in boundaries { ways *= choices }
        for way in 0..<ways {
            var (rest, marks) = (way, [Mark]())
            for boundary in boundaries.indices {
                if rest % choices > 0 { marks.append(Mark(boundary: boundary, lifetime: rest % choices - 1)) }
                rest /= choices
            }
            best = max(best, value(marks, boundaries, cached, rules) ?? 0)
        }
        return best
    }
}
