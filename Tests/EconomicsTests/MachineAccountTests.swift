import Testing
import Values

@testable import Economics

/// What machines that are on cost while no call keeps them busy.
@Suite struct MachineAccountTests {
    private static let start = day("2026-06-01").microseconds

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(microseconds: Self.start + milliseconds * 1000) }

    private func use(_ began: Int64, _ ended: Int64, _ hourly: String = "3.6") -> MachineAccount.Use {
        MachineAccount.Use(began: at(began), ended: at(ended), hourly: dollars(hourly))
    }

    private func call(_ began: Int64, _ busy: Int64) -> MachineAccount.Call { MachineAccount.Call(began: at(began), busy: .milliseconds(busy)) }

    // At 3.60 dollars an hour a second costs 0.001.

    @Test func callsThatOverlapKeepItBusyOnce() {
        let account = MachineAccount(uses: [use(0, 10_000)], calls: [call(1000, 2000), call(2000, 3000), call(7000, 1000)])
        #expect(account.on == .seconds(10) && account.busy == .seconds(5))
        #expect(account.cost == MoneySum(dollars("0.01")) && account.idleCost == MoneySum(dollars("0.005")))
        // By how long each kept it busy: 2, 3 and 1 of 6 seconds. Together it is all.
        let shares = account.shares
        #expect(shares.map(\.call) == [0, 1, 2] && shares.map(\.share).reduce(.zero, +) == account.idleCost)
        #expect(shares[1].share == MoneySum(dollars("0.0025")))
    }

    @Test func whatSeveralHaveOnIsPaidOnce() {
        let account = MachineAccount(uses: [use(4000, 12_000, "7.2"), use(0, 10_000)], calls: [])
        // Two seconds at the price of the second.
        #expect(account.on == .seconds(12) && account.cost == MoneySum(dollars("0.014")) && account.stretches.count == 1)
        #expect(account.shares.isEmpty)
        // One within another adds nothing, one that begins where another ended goes on with it, and one behind a break is another stretch.
        #expect(MachineAccount(uses: [use(0, 10_000), use(2000, 3000)], calls: []).on == .seconds(10))
        #expect(MachineAccount(uses: [use(0, 10_000), use(10_000, 11_000)], calls: []).stretches.count == 1)
        #expect(MachineAccount(uses: [use(0, 10_000), use(10_001, 11_000)], calls: []).stretches.map(\.on) == [.seconds(10), .milliseconds(999)])
        // A clock that was set back.
        #expect(MachineAccount(uses: [use(5000, 4000)], calls: [call(0, 9000)]).stretches.isEmpty)
    }

    @Test func aStretchBearsItsOwnIdleTime() {
        let account = MachineAccount(uses: [use(0, 2000), use(5000, 9000), use(20_000, 21_000)], calls: [call(500, 1000), call(6000, 1000), call(19_000, 1500)])
        #expect(account.stretches.map(\.calls) == [[0], [1], []])
        #expect(account.shares.map(\.share) == [MoneySum(dollars("0.001")), MoneySum(dollars("0.003"))])
        // The last call began before the machine was on: half a second of it counts, and it bears nothing.
        #expect(account.stretches[2].busy == .milliseconds(500) && account.stretches[2].idleCost == MoneySum(dollars("0.0005")))
    }

    @Test func aPeriodCutsWhatLiesAcrossItsEnds() {
        let (uses, calls) = ([use(0, 10_000)], [call(1000, 2000), call(8000, 4000)])
        let account = MachineAccount(uses: uses, calls: calls, since: at(2000), until: at(9000))
        #expect(account.on == .seconds(7) && account.busy == .seconds(2) && account.stretches.map(\.calls) == [[1]])
        #expect(MachineAccount(uses: uses, calls: calls, since: at(10_000)).stretches.isEmpty)
        // Two periods that meet are the whole.
        let (first, second) = (MachineAccount(uses: uses, calls: calls, until: at(4321)), MachineAccount(uses: uses, calls: calls, since: at(4321)))
        #expect(first.idleCost + second.idleCost == MachineAccount(uses: uses, calls: calls).idleCost)
    }

    @Test func callsOfNoTimeBearTheSame() {
        let account = MachineAccount(uses: [use(0, 3000)], calls: [call(1000, 0), call(1000, 0), call(2000, 0)])
        #expect(account.shares.map(\.share) == Array(repeating: MoneySum(dollars("0.001")), count: 3))
    }

    @Test func whateverAFileSays() {
        let (least, most) = (Timestamp(microseconds: .min), Timestamp(microseconds: .max))
        let account = MachineAccount(
            uses: [.init(began: least, ended: most, hourly: .max)], calls: [.init(began: least, busy: .milliseconds(.max)), .init(began: most, busy: .milliseconds(.min))])
        #expect(account.idleCost > .zero && account.shares.count == 1)
    }

    @Test(arguments: 0..<200) func equalsWhatCountingEachMillisecondGives(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        func moments() -> (Int64, Int64) {
            let began = Int64.random(in: 0..<300, using: &random)
            return (began, began + Int64.random(in: 0..<80, using: &random))
        }
        let spans = (0..<Int.random(in: 0..<6, using: &random)).map { _ in moments() }
        let busySpans = (0..<Int.random(in: 0..<12, using: &random)).map { _ in moments() }
        let account = MachineAccount(
            uses: spans.map { use($0.0, $0.1) }, calls: busySpans.map { call($0.0, $0.1 - $0.0) }, since: at(40), until: at(350))
        var (on, busy) = (0, 0)
        for moment in Int64(40)..<350 where spans.contains(where: { $0.0 <= moment && moment < $0.1 }) {
            on += 1
            if busySpans.contains(where: { $0.0 <= moment && moment < $0.1 }) { busy += 1 }
        }
        #expect(account.on == .milliseconds(Int64(on)) && account.busy == .milliseconds(Int64(busy)))
        #expect(account.idleCost == MoneySum(Money(picoDollars: Int64(on - busy) * 1_000_000)))
        let borne = account.stretches.reduce(MoneySum.zero) { $1.calls.isEmpty ? $0 : $0 + $1.idleCost }
        #expect(account.shares.map(\.share).reduce(.zero, +) == borne)
    }
}
