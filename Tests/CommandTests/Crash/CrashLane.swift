import Foundation
import TestSupport
import Values

/// Drives random workflows through crashes to their end and holds what became of them against undisturbed runs.
///
/// Blocks its thread. What goes wrong is collected in `problems`, with all that is needed to see it again.
final class CrashLane {
    /// How a process is ended.
    enum Blow: CaseIterable {
        case kill
        /// SIGTERM, and the run may end in order.
        case term
        /// SIGINT twice: calls are aborted.
        case twice
        /// SIGTERM three times: it leaves without a word.
        case thrice
        /// It stands still for so long that another takes the run over, and then wakes up.
        case stall
    }

    private var random: SeededGenerator
    private let seed: UInt64
    private(set) var problems: [String] = []
    private(set) var tally = Tally()

    /// What was done, to be sure that it was.
    struct Tally: Sendable {
        var kills = 0
        var stops = 0
        var runs = 0
        var contests = 0
        var refusals = 0
        var takenOver = 0
        /// Processes that could not write, as one that stood still held a lock.
        var heldUp = 0
        var resumed = 0
        var samples = 0
        var lostCalls = 0
        var requests = 0
        /// Lives that went on with every run there is.
        var resumedAll = 0
        var words: [CrashModel.Word: Int] = [:]
        /// Calls that cost more than was held for them, and runs of which that closed a cap.
        var overruns = 0
        var closed = 0
        /// Prompts that were counted.
        var counts = 0

        static func + (a: Tally, b: Tally) -> Tally {
            var sum = Tally(
                kills: a.kills + b.kills, stops: a.stops + b.stops, runs: a.runs + b.runs, contests: a.contests + b.contests,
                refusals: a.refusals + b.refusals, takenOver: a.takenOver + b.takenOver, heldUp: a.heldUp + b.heldUp, resumed: a.resumed + b.resumed, samples: a.samples + b.samples,
                lostCalls: a.lostCalls + b.lostCalls, requests: a.requests + b.requests)
            sum.resumedAll = a.resumedAll + b.resumedAll
            sum.overruns = a.overruns + b.overruns
            sum.closed = a.closed + b.closed
            sum.counts = a.counts + b.counts
            sum.words = a.words.merging(b.words, uniquingKeysWith: +)
            return sum
        }
    }

    init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
    }

    /// Until so many processes were killed.
    func run(kills: Int) {
        var number: UInt64 = 0
        while tally.kills < kills, problems.isEmpty {
            number += 1
            do {
                try drive(CrashWorkflow(seed: seed &* 10_000 &+ number))
            } catch {
                problems.append("seed \(seed), workflow \(number): \(error)")
            }
        }
    }

    private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: One workflow

    private func drive(_ workflow: CrashWorkflow) throws {
        let word: CrashModel.Word = chance(40) ? .honest : chance(60) ? .doubtful : .hostile
        let project = try CrashProject(workflow, word)
        let whole = try project.undisturbed()
        let mayFail = workflow.failsForGood || word == .hostile
        guard whole.status == "succeeded" && (!workflow.failsForGood || word == .hostile) || whole.status == "failed" && mayFail else {
            return problems.append("the undisturbed run ended as \(whole.status)\n\(project.account)")
        }
        // With a hostile server what a run comes to depends on which of its bills is the first.
        var budget = chance(20) ? whole.held + whole.held / Int.random(in: 2...8, using: &random) : nil
        if word == .hostile { budget = max(1_000_000, min(whole.held, 5_000_000_000_000) / Int.random(in: 1...8, using: &random)) }
        tally.words[word, default: 0] += 1
        let life = CrashLife(project, budget: budget)
        let blows = Int.random(in: 10...40, using: &random)
        while !life.isOver {
            if life.count > 200 { return problems.append("it does not come to an end\n\(project.account)") }
            let isLast = life.count >= blows
            let blow = isLast ? nil : chance(75) ? .kill : Blow.allCases.randomElement(using: &random)!
            do { try life.goOn(blow: blow, random: &random) } catch { throw ScriptProblem(description: "\(error)\n\(project.account)") }
            if !project.problems.isEmpty { break }
        }
        tally = tally + life.tally
        if project.problems.isEmpty { try project.compare(life, with: whole, isTight: budget != nil) }
        for problem in project.problems { problems.append("workflow seed \(workflow.seed): \(problem)\n\(project.account)") }
    }
}
