import Foundation
import TestSupport
import Testing
import Values

/// Processes are killed at random points of random workflows. The run that others go on with ends as the undisturbed one,
/// no call that has its end is made twice, each request has its row, and no cap is passed at any moment.
///
/// `make crash KILLS=5000 SEED=7` looks further; without a seed it takes another one each time.
///
/// Not beside the other tests: what takes both cores makes those wait that hold an answer back for a moment.
@Suite(.enabled(if: CrashOptions.isAsked, "make test and make crash run it by itself")) struct CrashTests {
    private static let lanes = 4

    @Test func runsOutliveTheirProcesses() async throws {
        let kills = (CrashOptions.kills + Self.lanes - 1) / Self.lanes
        let reports = await withTaskGroup(of: (problems: [String], tally: CrashLane.Tally).self) { group in
            for number in 0..<Self.lanes {
                group.addTask {
                    await onThread {
                        let lane = CrashLane(seed: CrashOptions.seed &* 100 &+ UInt64(number))
                        lane.run(kills: kills)
                        return (lane.problems, lane.tally)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for problem in reports.flatMap(\.problems) { Issue.record("\(problem)") }
        let tally = reports.map(\.tally).reduce(CrashLane.Tally(), +)
        print("crashes: \(tally)")
        #expect(tally.kills >= CrashOptions.kills && tally.samples > 0 && tally.contests > 0 && tally.refusals > 0 && tally.lostCalls > 0)
        #expect(tally.resumedAll > 0 && tally.overruns > 0 && tally.counts > 0)
        // Of a hundred and fifty kills one closes a cap, so that a short form may see none.
        #expect(tally.closed > 0 || tally.kills < 1000)
    }
}

/// Runs what blocks on a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.start()
    }
}
