import Economics
import PromptCaching
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Who waits for whom, and what follows from what becomes of a leader.
@Suite struct PrefixLineTests {
    private static let rules = CacheRules.known.first { $0.name == "anthropic" }!
    private static let now = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    private static let sheet = PriceBook(overrides: [.priced(.input, "5"), .priced(.output, "25")], catalogue: PriceCatalogue.nothing).sheet(provider: "p", model: "m", at: now)!

    /// A call whose prompt has these prefixes, each of 2,000 tokens more, of which the last one that is marked ends at `marked`.
    private static func stake(_ names: [UInt64], marked: Int? = nil, cached: Int = 0, latencyPrice: Money = .zero, beyond: Int = 0) -> PrefixStake? {
        PrefixStake(plan(names, marked: marked, cached: cached), rules, sheet, latencyPrice: latencyPrice, beyond: beyond)
    }

    private static func plan(_ names: [UInt64], marked: Int? = nil, cached: Int = 0, isHeldOut: Bool = false) -> CachePlan {
        CachePlan(
            rules: rules.name, leastTokens: 1024, space: 1,
            ends: names.enumerated().map { CachePlan.End(segment: $0, name: $1, tokens: ($0 + 1) * 2000, stability: .execution, reads: [1000, 1000]) }, cached: cached,
            marks: (0..<(marked ?? names.count)).map { CachePlan.Mark(end: $0, lifetime: .seconds(300)) }, isHeldOut: isHeldOut)
    }

    private static func call(_ number: Int) -> CallID { CallID(run: RunID("r"), number: number) }

    private struct Rig {
        var line = PrefixLine()

        mutating func enter(_ place: Int, _ names: [UInt64], marked: Int? = nil, cached: Int = 0) -> PrefixLine.Seat {
            line.enter(place, call(place), stake(names, marked: marked, cached: cached)!, expected: .seconds(2), at: now)
        }

        mutating func answer(_ place: Int) -> [Int] { line.answer(place).map(\.place) }

        /// Who is waited for, and for which prefix.
        mutating func waits(_ place: Int, _ names: [UInt64], marked: Int? = nil, cached: Int = 0) -> [UInt64] {
            guard case .waits(let wait) = enter(place, names, marked: marked, cached: cached) else { return [] }
            return [UInt64(wait.leader), wait.prefix.name]
        }
    }

    @Test func theFirstLeadsAndTheOthersWaitForTheLongestPrefixThatTheyShare() {
        var rig = Rig()
        let seat1 = rig.enter(1, [10, 11, 12])
        #expect(seat1 == .leads)
        let seat2 = rig.waits(2, [10, 11, 13])
        #expect(seat2 == [1, 11])
        let seat3 = rig.waits(3, [10, 20])
        #expect(seat3 == [1, 10])
        let seat4 = rig.enter(4, [30])
        #expect(seat4 == .leads)
        #expect(rig.line.isWaitedFor(1) && !rig.line.isWaitedFor(4))
        let released = rig.line.answer(1)
        #expect(released.map(\.place) == [2, 3] && released.allSatisfy { $0.cause == .began && $0.wait.call == Self.call(1) })
        #expect(!rig.line.isEmpty)
        let told10 = rig.answer(4)
        #expect(told10.isEmpty && rig.line.isEmpty)
    }

    /// Only what a call marks is written, and only what it does not find is waited for.
    @Test func whatIsNotWrittenIsNotWaitedFor() {
        var rig = Rig()
        let seat5 = rig.enter(1, [10, 11], marked: 1)
        #expect(seat5 == .leads)
        let seat6 = rig.waits(2, [10, 11], marked: 1)
        #expect(seat6 == [1, 10])
        let seat7 = rig.enter(3, [10, 11], marked: 1, cached: 2000)
        #expect(seat7 == .goes)
        #expect(Self.stake([10], cached: 2000) == nil)
        #expect(Self.stake([10, 11], cached: 2000)?.prefixes.map(\.name) == [11])
        #expect(Self.stake([10, 11], beyond: 2000)?.writes == [11])
    }

    @Test func theNextLeadsWhereOneComesToNothing() {
        var rig = Rig()
        _ = rig.enter(1, [10])
        for place in 2...5 { _ = rig.enter(place, [10]) }
        rig.line.giveUp(2)
        let first = rig.line.leave(1, at: Self.now)
        #expect(first == [PrefixLine.Release(place: 3, wait: PrefixLine.Wait(leader: 1, call: Self.call(1), prefix: .init(name: 10, tokens: 2000)), cause: .failed)])
        #expect(rig.line.isWaitedFor(3))
        // Behind two failures all go.
        let second = rig.line.leave(3, at: Self.now)
        #expect(second.map(\.place) == [4, 5] && second.allSatisfy { $0.cause == .failed && $0.wait.leader == 3 })
        // One of them leads for those that come now.
        let seat8 = rig.waits(6, [10])
        #expect(seat8 == [4, 10])
        _ = rig.line.answer(4)
        let told11 = rig.answer(5)
        #expect(told11.isEmpty && rig.line.isEmpty)
    }

    @Test func thoseOfTwoBranchesHaveALeaderEach() {
        var rig = Rig()
        _ = rig.enter(1, [1, 10])
        for (place, names) in [(2, [1, 20]), (3, [1, 20]), (4, [1, 10])] as [(Int, [UInt64])] { _ = rig.enter(place, names) }
        // 2 leads both branches' trunk and its own; 3 waits for its branch, 4 for the trunk.
        let promoted = rig.line.leave(1, at: Self.now)
        #expect(promoted.map(\.place) == [2])
        let released = rig.line.answer(2)
        #expect(released.map(\.place) == [3, 4] && released.map(\.wait.prefix.name) == [20, 1])
        #expect(rig.line.isEmpty)
    }

    @Test func oneThatTakesTwiceItsTimeIsWaitedForNoLonger() {
        var rig = Rig()
        _ = rig.enter(1, [10])
        #expect(rig.line.patience(with: 1) == nil)
        rig.line.send(1, as: Self.call(9), at: Self.now)
        #expect(rig.line.patience(with: 1) == Self.now.adding(.seconds(4)))
        _ = rig.enter(2, [10])
        let late = rig.line.isLate(1)
        #expect(late.map(\.cause) == [.late] && late.map(\.wait.call) == [Self.call(9)])
        // It is its own leader now, whatever becomes of the late one.
        let seat9 = rig.waits(3, [10])
        #expect(seat9 == [2, 10])
        let told12 = rig.answer(1)
        #expect(told12.isEmpty)
        let told13 = rig.answer(2)
        #expect(told13 == [3])
    }

    /// One that leads behind another may write less than it stood in line for, when it is planned anew.
    @Test func aClaimIsOfWhatIsWritten() {
        var rig = Rig()
        _ = rig.enter(1, [10, 11])
        for place in 2...4 { _ = rig.enter(place, [10, 11]) }
        _ = rig.enter(5, [10, 12])
        let promoted = rig.line.leave(1, at: Self.now)
        #expect(promoted.map(\.place) == [2])
        // Of 10 and 11 it still writes 10: those who waited for 11 have seen two leaders that came to nothing, and go; 5 goes on waiting.
        let released = rig.line.claim(2, Self.call(20), Self.stake([10, 11], marked: 1), expected: .seconds(2), at: Self.now)
        #expect(released.map(\.place) == [3, 4] && released.allSatisfy { $0.cause == .failed && $0.wait.call == Self.call(20) })
        #expect(rig.line.isWaitedFor(2))
        // Who comes now waits for 11 by the first of those, and for 10 by the one that still writes it.
        let seats = [rig.waits(6, [10, 11]), rig.waits(7, [10, 13])]
        #expect(seats == [[3, 11], [2, 10]])
        let told = [rig.answer(2), rig.answer(3), rig.answer(4)]
        #expect(told == [[5, 7], [6], []] && rig.line.isEmpty)
    }

    /// Who waited for the first leader of its own goes to the next with what is left.
    @Test func whoWaitsForWhatIsClaimedNoMoreGoesToTheNext() {
        var rig = Rig()
        _ = rig.enter(1, [10, 11])
        for place in 2...3 { _ = rig.enter(place, [10, 11]) }
        var moved: [Int] = []
        let released = rig.line.claim(1, Self.call(9), Self.stake([10, 11], marked: 1), expected: .seconds(2), at: Self.now) { moved.append($0) }
        #expect(released.isEmpty && moved == [1, 1])
        let told = rig.answer(1)
        #expect(told == [2, 3] && rig.line.isEmpty)
        // One that does not lead comes to lead by it, where it writes what nobody else does.
        let none = rig.line.claim(4, Self.call(4), Self.stake([10]), expected: .seconds(2), at: Self.now) + rig.line.claim(5, Self.call(5), Self.stake([10]), expected: .seconds(2), at: Self.now)
        let seat = rig.waits(6, [10])
        #expect(none.isEmpty && seat == [4, 10])
        let gone = rig.line.claim(4, Self.call(7), nil, expected: .seconds(2), at: Self.now)
        #expect(gone.map(\.place) == [6])
    }

    @Test func whoGivesUpIsNotToldAndAGoneOneIsNobody() {
        var rig = Rig()
        _ = rig.enter(1, [10])
        _ = rig.enter(2, [10])
        rig.line.giveUp(2)
        rig.line.giveUp(2)
        #expect(!rig.line.isWaitedFor(1))
        let told14 = rig.answer(1)
        #expect(told14.isEmpty)
        let nobody = rig.line.leave(7, at: Self.now)
        #expect(nobody.isEmpty && rig.line.isEmpty)
    }

    // MARK: Money against time

    /// 2,000 tokens at 5 dollars a million: waiting saves 1.25 − 0.1 of a cent where it would write them itself, and 1 − 0.1 where not.
    @Test(arguments: [(1, 1150, true), (1, 1151, false), (0, 900, true), (0, 901, false)])
    func waitingIsWorthWhatItSaves(marked: Int, latencyThousandths: Int64, waits: Bool) {
        // Dollars a second, for a second: in thousandths of a cent.
        let stake = Self.stake([10], marked: marked, latencyPrice: Money(picoDollars: latencyThousandths * 10_000_000))!
        #expect(stake.isWorth(waiting: .seconds(1), for: stake.prefixes[0]) == waits)
    }

    @Test func withoutAPriceOfTimeMoneyAloneCounts() {
        let stake = Self.stake([10])!
        #expect(stake.isWorth(waiting: .seconds(3600), for: stake.prefixes[0]))
        let unpriced = PrefixStake(Self.plan([10]), Self.rules, nil, latencyPrice: .zero)!
        #expect(!unpriced.isWorth(waiting: .seconds(1), for: unpriced.prefixes[0]))
    }

    /// A server that bills nothing for a prompt processes it all the same.
    @Test(arguments: [(1, true), (3, true), (7, false)]) func onAServerOfOnesOwnTimeIsSaved(shared: Int, waits: Bool) {
        let rules = CacheRules.known.first { $0.name == "vllm" }!
        var plan = Self.plan([10, 11], marked: 0)
        plan.leastTokens = 16
        plan.ends[0].tokens = shared == 1 ? 256 : 2000
        plan.ends[1].tokens = shared == 7 ? 4001 : plan.ends[0].tokens + 100
        let stake = PrefixStake(plan, rules, nil, latencyPrice: .zero)!
        #expect(stake.isTimeAlone && stake.writes == [10, 11])
        #expect(stake.isWorth(waiting: .seconds(9), for: stake.prefixes[0]) == waits)
    }

    @Test func nobodyWaitsForWhatSettlesLateNorForComparison() {
        #expect(PrefixStake(Self.plan([10]), CacheRules.known.first { $0.name == "deepseek" }!, Self.sheet, latencyPrice: .zero) == nil)
        #expect(PrefixStake(Self.plan([10], isHeldOut: true), Self.rules, Self.sheet, latencyPrice: .zero) == nil)
        var short = Self.plan([10])
        short.leastTokens = 4096
        #expect(PrefixStake(short, Self.rules, Self.sheet, latencyPrice: .zero) == nil)
    }

    @Test func timesAreLearned() {
        var times = FirstTokenTimes()
        let model = ModelReference(provider: "p", model: "m")
        #expect(times.expected(model, tokens: 2000, isOwn: false) == .milliseconds(2500))
        #expect(times.expected(model, tokens: 2000, isOwn: true) == .milliseconds(21_000))
        times.observe(.milliseconds(500), model, tokens: 2000, isOwn: false)
        #expect(times.expected(model, tokens: 2000, isOwn: false) == .milliseconds(500))
        times.observe(.milliseconds(2500), model, tokens: 2000, isOwn: false)
        #expect(times.expected(model, tokens: 2000, isOwn: false) == .milliseconds(1000))
        times.observe(.milliseconds(-5), model, tokens: 0, isOwn: false)
        #expect(times.expected(ModelReference(provider: "p", model: "n"), tokens: 0, isOwn: false) == .milliseconds(1500))
    }

    // MARK: Questions under way

    @Test func aQuestionIsAskedOnceAtATime() {
        var line = FlightLine()
        let (one, other) = (ContentHash(of: "one"), ContentHash(of: "other"))
        let leads = [(1, one), (2, one), (3, one), (4, other)].map { line.enter($0, $1) }
        #expect(leads == [true, false, false, true])
        // Without an answer the next one leads, not all.
        let next = line.leave(1, one, isAnswered: false)
        #expect(next.map(\.place) == [2] && next.map(\.word) == [.lead])
        let last = line.enter(5, one)
        let gone = line.leave(3, one, isAnswered: false)
        #expect(!last && gone.isEmpty)
        let told = line.leave(2, one, isAnswered: true)
        #expect(told.map(\.place) == [5] && told.map(\.word) == [.answered])
        let again = line.enter(6, one)
        let rest = line.leave(6, one, isAnswered: false) + line.leave(4, other, isAnswered: true)
        #expect(again && rest.isEmpty && line.isEmpty)
    }
}

extension PriceCatalogue {
    fileprivate static let nothing = try! PriceCatalogue(json: ["version": "test", "entries": []])
}

extension PriceRow {
    fileprivate static func priced(_ unit: PriceUnit, _ dollars: String) -> PriceRow {
        PriceRow(
            id: unit.rawValue, provider: "p", model: "m", unit: unit, price: try! PriceRow.perMillion(dollars, name: "test"), effectiveFrom: nil, effectiveTo: nil, source: "test",
            checkedAt: "2026-11-21")
    }
}
