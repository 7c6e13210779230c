import Foundation
import TestSupport
import Testing
import Values

/// What can become of a ledger's files: copies of another moment, cut logs, disks that are full.
@Suite struct LossTests {
    private static func lane(_ seed: UInt64, _ body: @escaping @Sendable (CrashProject, CrashLedger.State, inout SeededGenerator) throws -> Void) async {
        let problems: [String] = await onThread {
            do {
                let workflow = Self.workflow(seed)
                let project = try CrashProject(workflow)
                let whole = try project.undisturbed()
                var random = SeededGenerator(seed: seed)
                try body(project, whole, &random)
                return project.problems.map { "workflow seed \(workflow.seed): \($0)\n\(project.account)" }
            } catch {
                return ["seed \(seed): \(error)"]
            }
        }
        for problem in problems { Issue.record("\(problem)") }
    }

    /// One that ends well.
    private static func workflow(_ seed: UInt64) -> CrashWorkflow {
        var next = seed &* 1000
        while true {
            let workflow = CrashWorkflow(seed: next)
            if !workflow.failsForGood { return workflow }
            next += 1
        }
    }

    /// Power is lost: what is on the disk is of some moment in the middle, and of the log's end a part is missing.
    @Test(arguments: [1, 2] as [UInt64]) func aCopyTakenMidwayGoesOn(seed: UInt64) async {
        await Self.lane(seed &+ CrashTests.seed) { project, whole, random in
            for number in 1...CrashTests.scaled(3) {
                project.removeLedger()
                let process = project.start(CrashProject.run, log: "original\(number)")
                let wanted = project.model.requestCount + Int.random(in: 1...max(1, whole.calls.count / 2), using: &random)
                while !process.hasEnded, project.model.requestCount < wanted { usleep(300) }
                try project.copyLedger()
                process.end(with: SIGKILL)
                let cut = try project.putBackCopy(random.next() % 3 == 0 ? nil : Double.random(in: 0...1, using: &random))
                project.log.append("copy \(number) after \(wanted) requests, the log cut to \(cut) bytes")
                project.model.forgetCalls()
                let life = CrashLife(project)
                while !life.isOver, project.problems.isEmpty, life.count < 9 { try life.goOn(blow: nil, random: &random) }
                try project.compare(life, with: whole, isCopy: true)
                if !project.problems.isEmpty { return }
            }
        }
    }

    /// Every write in turn finds no room: the process ends at it, or is told and ends in order. With room it goes on.
    @Test(arguments: [false, true]) func aFullDiskAtAnyWriteLosesNothing(isTold: Bool) async {
        await Self.lane(CrashTests.seed &+ (isTold ? 7 : 8)) { project, whole, random in
            let most = project.wholeLogBlocks
            var blocks = Int.random(in: 1...8, using: &random)
            var refusals = 0
            while blocks < most {
                project.removeLedger()
                project.model.forgetCalls()
                let life = CrashLife(project)
                let code = try life.goOnWithRoom(blocks, isTold: isTold, random: &random)
                if [40, 41].contains(code) || (!isTold && code == -Int(SIGXFSZ)) { refusals += 1 } else if ![0, 4].contains(code) {
                    project.problems.append("with room for \(blocks) blocks it ended with \(code)")
                }
                while !life.isOver, project.problems.isEmpty, life.count < 9 { try life.goOn(blow: nil, random: &random) }
                try project.compare(life, with: whole)
                if !project.problems.isEmpty { return }
                blocks += CrashTests.isLong ? 8 : max(1, most / 14)
            }
            if refusals < 5 { project.problems.append("only \(refusals) of the sizes were too small") }
        }
    }
}
