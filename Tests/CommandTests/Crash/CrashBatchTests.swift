import Foundation
import GRDB
import TestSupport
import Testing
import Values

/// Batches whose process is killed at random points and that others go on with: each line has one run, which ends as it does
/// undisturbed, and nothing is sent twice.
@Suite(.enabled(if: CrashOptions.isAsked, "make test and make crash run it by itself")) struct CrashBatchTests {
    private static let lines = (0..<5).map { #"{"words": ["w\#($0)", "bee", "c\#($0)"]}"# }.joined(separator: "\n") + "\n"
    private static let arguments = ["run", "w.yaml", "--batch", "lines.jsonl", "--max-parallel", "3", "--quiet"]

    @Test(arguments: [1, 2] as [UInt64]) func batchesOutliveTheirProcesses(seed: UInt64) async {
        let problems = await onThread {
            var random = SeededGenerator(seed: CrashOptions.seed &* 1000 &+ seed)
            var kills = 0
            var next = CrashOptions.seed &* 100_000 &+ seed &* 10_000
            while kills < CrashOptions.kills / 20 {
                next += 1
                let workflow = CrashWorkflow(seed: next)
                // A line that waits for a person is not over.
                if workflow.failsForGood || workflow.files.values.contains(where: { $0.contains("approve:") || $0.contains("ask:") }) { continue }
                do {
                    let (made, problems) = try Self.drive(workflow, &random)
                    kills += made
                    if !problems.isEmpty { return problems.map { "workflow seed \(next): \($0)" } }
                } catch {
                    return ["workflow seed \(next): \(error)"]
                }
            }
            return []
        }
        for problem in problems { Issue.record("\(problem)") }
    }

    private static func drive(_ workflow: CrashWorkflow, _ random: inout SeededGenerator) throws -> (kills: Int, problems: [String]) {
        let project = try CrashProject(workflow, .doubtful)
        try project.sandbox.write("lines.jsonl", lines)
        let whole = project.start(arguments, ledger: "whole.db", log: "whole")
        // With other words a line may fail where the workflow's own do not.
        guard [0, 19].contains(whole.wait()) else { return (0, ["undisturbed it ended with \(whole.code): \(whole.errors)\n\(project.account)"]) }
        let expected = try runs(in: project.sandbox.path("whole.db"))
        try? FileManager.default.removeItem(atPath: project.sandbox.path("starts.log"))
        project.model.forgetCalls()
        var kills = 0
        for life in 1...60 {
            let batch = try name(of: project.ledger.path)
            let process = project.start(arguments + (batch.map { ["--resume", $0] } ?? []), log: "batch\(life)")
            let wanted = project.model.requestCount + Int.random(in: 1...12, using: &random)
            let more = Int.random(in: 0...8000, using: &random)
            while !process.hasEnded, life < 40, project.model.requestCount < wanted { usleep(500) }
            if !process.hasEnded, life < 40 {
                usleep(UInt32(more))
                process.send(SIGKILL)
            }
            let code = process.wait()
            project.log.append("\(life). \(batch ?? "a new batch"): exit \(code) \(process.errors.suffix(160).replacing("\n", with: " "))")
            if code == -Int(SIGKILL) { kills += 1 }
            project.problems += try project.ledger.exists && name(of: project.ledger.path) != nil ? project.ledger.faults() : []
            if !project.problems.isEmpty || code == whole.code { break }
            if code != -Int(SIGKILL) { project.problems.append("it ended with \(code): \(process.errors)") }
        }
        if project.problems.isEmpty { project.problems += try compare(try runs(in: project.ledger.path), with: expected, project) }
        return (kills, project.problems.map { "\($0)\n\(project.account)" })
    }

    private static func compare(_ runs: [Line], with expected: [Line], _ project: CrashProject) throws -> [String] {
        var problems: [String] = []
        if runs.map(\.index) != expected.map(\.index) { problems.append("lines \(runs.map(\.index)) have runs") }
        for (run, whole) in zip(runs, expected) where run.status != whole.status || run.outputs != whole.outputs {
            problems.append("line \(run.index) is \(run.status) with \(run.outputs), undisturbed \(whole.status) with \(whole.outputs) \(whole.error)")
        }
        let sent = Dictionary(project.model.callIDs.map { ($0, 1) }, uniquingKeysWith: +)
        problems += sent.filter { $0.value > 1 }.map { "call \($0.key) was sent \($0.value) times" }
        let queue = try DatabaseQueue(path: project.ledger.path)
        defer { try? queue.close() }
        let rows = try queue.read { Set(try String.fetchAll($0, sql: "SELECT call_id FROM model_call")) }
        problems += sent.keys.filter { !rows.contains($0) }.map { "call \($0) was sent and has no row" }
        return problems.sorted()
    }

    private struct Line {
        let index: Int
        let status: String
        let outputs: String
        let error: String
    }

    private static func runs(in path: String) throws -> [Line] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT batch_index, status, (SELECT CAST(bytes AS TEXT) FROM blob WHERE sha256 = outputs_hash), error FROM run ORDER BY batch_index, id"
            ).map { Line(index: $0[0] ?? -1, status: $0[1], outputs: $0[2] ?? "", error: $0[3] ?? "") }
        }
    }

    /// The batch that has begun; `nil` while none has a run.
    private static func name(of path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { try $0.tableExists("run") ? String.fetchOne($0, sql: "SELECT batch FROM run WHERE batch IS NOT NULL LIMIT 1") : nil }
    }
}
