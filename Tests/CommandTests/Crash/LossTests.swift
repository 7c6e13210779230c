import Foundation
import TestSupport
import Testing
import Values

/// What can become of a ledger's files: copies of another moment, cut logs, disks that are full.
@Suite(.enabled(if: CrashOptions.isAsked, "make test and make crash run it by itself")) struct LossTests {
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
        await Self.lane(seed &+ CrashOptions.seed) { project, whole, random in
            for number in 1...CrashOptions.scaled(3) {
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
                while !life.isOver, project.problems.isEmpty, life.count - life.waits < 9, life.count < 99 { try life.goOn(blow: nil, random: &random) }
                try project.compare(life, with: whole, isCopy: true)
                if !project.problems.isEmpty { return }
            }
        }
    }

    /// Every write in turn finds no room and is the end of the process. With room, the run goes on.
    @Test func everyWriteMayBeTheLast() async {
        await Self.squeeze(7, { .deadly(blocks: $0) }) { project in (project.wholeLogBlocks, [-Int(SIGXFSZ), 40, 41]) }
    }

    // 41 where it is the log's index that does not fit: SQLite says no more of it.

    /// The same, and the process is told so: it ends in order, and what it could not record it has not done.
    @Test func everyWriteMayFail() async {
        await Self.squeeze(8, { .files(blocks: $0) }) { project in (project.wholeLogBlocks, [40, 41]) }
    }

    @Test(.enabled(if: CrashProcess.hasDisks, "small disks cannot be mounted here")) func everyDiskMayBeTooSmall() async {
        await Self.squeeze(9, { .disk(blocks: $0) }) { project in (project.wholeLogBlocks + project.wholeLedgerBlocks, [41]) }
    }

    private static func squeeze(
        _ seed: UInt64, _ room: @escaping @Sendable (Int) -> CrashProcess.Room,
        _ bounds: @escaping @Sendable (CrashProject) -> (most: Int, codes: Set<Int>)
    ) async {
        await lane(CrashOptions.seed &+ seed) { project, whole, random in
            let (most, codes) = bounds(project)
            var blocks = Int.random(in: 1...8, using: &random)
            var refusals = 0
            while blocks < most {
                project.removeLedger()
                project.model.forgetCalls()
                let life = CrashLife(project)
                let code = try life.goOn(in: room(blocks))
                if codes.contains(code) {
                    refusals += 1
                } else if ![0, 4].contains(code) {
                    project.problems.append("with room for \(blocks) blocks it ended with \(code)")
                }
                while !life.isOver, project.problems.isEmpty, life.count - life.waits < 9, life.count < 99 { try life.goOn(blow: nil, random: &random) }
                try project.compare(life, with: whole)
                if !project.problems.isEmpty { return }
                blocks += CrashOptions.isLong ? 8 : max(1, most / 12)
            }
            if refusals < 5 { project.problems.append("only \(refusals) of the sizes were too small") }
        }
    }
}
