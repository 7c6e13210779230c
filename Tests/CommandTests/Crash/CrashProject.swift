import Foundation
import TestSupport
import Values

/// A random workflow in a folder of its own, with a model server that counts.
final class CrashProject {
    let workflow: CrashWorkflow
    let sandbox: Sandbox
    let model: CrashModel
    let ledger: CrashLedger
    private let wholeLedger: CrashLedger
    /// What happened, for whoever has to look into a problem.
    var log: [String] = []
    var problems: [String] = []

    init(_ workflow: CrashWorkflow, _ word: CrashModel.Word = .honest) throws {
        self.workflow = workflow
        let model = CrashModel(word)
        self.model = model
        sandbox = try Sandbox(
            StubOptions(recordsRequests: false), script: { model.respond(to: $0) }, dialect: "count_tokens: api",
            project: """
                  - { model: stub/a, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
                  - { model: stub/c, input_per_mtok_usd: 0.20, output_per_mtok_usd: 0.80 }
                  - { model: stub/down, input_per_mtok_usd: 0.30, output_per_mtok_usd: 1.20 }
                  - { model: stub/spare, input_per_mtok_usd: 0.30, output_per_mtok_usd: 1.20 }
                """)
        for (name, text) in workflow.files { try sandbox.write(name, text) }
        try sandbox.write("inputs.json", CrashWorkflow.inputs)
        try sandbox.write("work.sh", CrashWorkflow.program)
        ledger = CrashLedger(path: sandbox.path("ledger.db"))
        wholeLedger = CrashLedger(path: sandbox.path("whole.db"))
    }

    /// What happened and where, with the workflow.
    var account: String {
        (log + workflow.files.sorted { $0.key > $1.key }.map { "--- \($0.key)\n\($0.value)" }).joined(separator: "\n")
    }

    func start(_ arguments: [String], ledger: String = "ledger.db", log: String, room: CrashProcess.Room = .plenty) -> CrashProcess {
        CrashProcess(arguments + ["--ledger", ledger], in: sandbox.folder, log: log, room: room)
    }

    static let run = ["run", "w.yaml", "--inputs", "inputs.json", "--json"]

    /// The run as it is without a crash.
    func undisturbed() throws -> CrashLedger.State {
        var process = start(Self.run, ledger: "whole.db", log: "whole")
        while !process.hasEnded {
            var status = stat()
            if stat(wholeLedger.path + "-wal", &status) == 0 { wholeLogBlocks = max(wholeLogBlocks, Int(status.st_size) / 512) }
            usleep(500)
        }
        while process.wait() == 4 {
            for path in try wholeLedger.questions() { settle(path, ledger: "whole.db") }
            process = start(["resume", "last", "--json"], ledger: "whole.db", log: "whole")
        }
        var status = stat()
        if stat(wholeLedger.path, &status) == 0 { wholeLedgerBlocks = Int(status.st_size) / 512 }
        guard let state = try wholeLedger.state(programs: workflow.programs) else {
            throw ScriptProblem(description: "the undisturbed run is not in the ledger: exit \(process.code)\n\(process.errors)\n\(account)")
        }
        problems += try wholeLedger.faults().map { "without a crash: \($0)" }
        if ["running", "waiting", "interrupted"].contains(state.status) {
            log.append("exit \(process.code), \(process.errors.suffix(800))\nquestions: \(try wholeLedger.questions())")
        }
        if state.status == "failed" { log.append("the undisturbed run fails: \(process.errors.suffix(400))") }
        // Of the runs with crashes it must not be read.
        try? FileManager.default.removeItem(atPath: sandbox.path("starts.log"))
        return state
    }

    func answer(_ path: String, ledger: String = "ledger.db") -> CrashProcess {
        start(["approve", "last", path, "--yes", "--by", "ada", "--note", "go on"], ledger: ledger, log: "approve")
    }

    /// Yes; of a gate without an answer that can be taken, no.
    func settle(_ path: String, ledger: String = "ledger.db") {
        let yes = answer(path, ledger: ledger)
        guard yes.wait() == 2, yes.errors.contains("that can be taken") else { return }
        start(["approve", "last", path, "--no", "--by", "ada"], ledger: ledger, log: "approve").wait()
    }

    /// How often programs were started, by step.
    func starts() -> [String: Int] {
        let text = (try? String(contentsOfFile: sandbox.path("starts.log"), encoding: .utf8)) ?? ""
        return Dictionary(text.split(separator: "\n").map { (String($0), 1) }, uniquingKeysWith: +)
    }

    // MARK: The ledger's files

    private static let parts = ["", "-wal", "-shm"]

    func removeLedger() {
        for part in Self.parts { try? FileManager.default.removeItem(atPath: ledger.path + part) }
        try? FileManager.default.removeItem(atPath: sandbox.path("starts.log"))
    }

    /// Copies the files one after the other while processes write them.
    func copyLedger() throws {
        for part in Self.parts {
            try? FileManager.default.removeItem(atPath: sandbox.path("copy.db" + part))
            guard FileManager.default.fileExists(atPath: ledger.path + part) else { continue }
            try FileManager.default.copyItem(atPath: ledger.path + part, toPath: sandbox.path("copy.db" + part))
        }
    }

    /// - Parameter share: of the log that is there; `nil` for all of it.
    /// - Returns: the log's size.
    func putBackCopy(_ share: Double?) throws -> Int {
        removeLedger()
        var size = 0
        for part in Self.parts where FileManager.default.fileExists(atPath: sandbox.path("copy.db" + part)) {
            try FileManager.default.moveItem(atPath: sandbox.path("copy.db" + part), toPath: ledger.path + part)
            guard part == "-wal" else { continue }
            size = (try FileManager.default.attributesOfItem(atPath: ledger.path + part)[.size] as? Int) ?? 0
            if let share {
                size = Int(Double(size) * share)
                truncate(ledger.path + part, size)
            }
        }
        return size
    }

    /// About how large the log of the undisturbed run became, in blocks of 512 bytes.
    private(set) var wholeLogBlocks = 0
    /// The same of the file itself.
    private(set) var wholeLedgerBlocks = 0

    // MARK: At the end

    /// - Parameters:
    ///   - isTight: it had a smaller cap.
    ///   - isCopy: its ledger is of a moment before calls that were made.
    func compare(_ life: CrashLife, with whole: CrashLedger.State, isTight: Bool = false, isCopy: Bool = false) throws {
        problems += try ledger.faults()
        guard let state = try ledger.state(programs: workflow.programs) else {
            if !isTight { problems.append("there is no run") }
            return
        }
        // With a small cap, calls that were lost hold what others need: some steps go without.
        if !isTight {
            if state.status != whole.status { problems.append("the run \(state.status), undisturbed it \(whole.status)") }
            if state.outputs != whole.outputs { problems.append("outputs differ:\n\(state.outputs as Any)\nundisturbed:\n\(whole.outputs as Any)") }
            if !workflow.failsForGood, state.nodes != whole.nodes { problems.append("nodes differ: \(Self.difference(state, whole))") }
            for (node, count) in state.answers.sorted(by: { $0.key < $1.key }) where workflow.failsForGood ? count > whole.answers[node] ?? count : count != whole.answers[node] {
                problems.append("\(node) was answered \(count) times, undisturbed \(whole.answers[node] ?? 0)")
            }
        }
        checkCalls(state, isCopy: isCopy)
        if !isCopy { checkPrograms(state, life) }
    }

    private func checkCalls(_ state: CrashLedger.State, isCopy: Bool) {
        let seen = Dictionary(model.callIDs.filter { $0.hasPrefix(state.run + ".") }.map { ($0, 1) }, uniquingKeysWith: +)
        for (id, count) in seen.sorted(by: { $0.key < $1.key }) {
            if count > 1 { problems.append("call \(id) was sent \(count) times") }
            if state.calls[id] == nil { problems.append("call \(id) was sent and has no row") }
        }
        for (id, row) in state.calls.sorted(by: { $0.key < $1.key }) where seen[id] == nil && !isCopy {
            let isLost = ["unknown", "held", "void"].contains(row)
            if !isLost { problems.append("call \(id) is \(row) and was never sent") }
        }
    }

    private func checkPrograms(_ state: CrashLedger.State, _ life: CrashLife) {
        for (step, count) in starts().sorted(by: { $0.key < $1.key }) {
            let most = (state.begun[step] ?? 0) + (life.openPrograms[step] ?? 0)
            if count > most { problems.append("the program of \(step) was started \(count) times, \(most) at most were due") }
        }
    }

    private static func difference(_ state: CrashLedger.State, _ whole: CrashLedger.State) -> String {
        func text(_ state: CrashLedger.State, _ path: String) -> String { "\(state.nodes[path] ?? "absent") \(state.failures[path] ?? "")" }
        let paths = Set(state.nodes.keys).union(whole.nodes.keys).sorted().filter { state.nodes[$0] != whole.nodes[$0] }
        return paths.map { "\n  \($0): \(text(state, $0)), undisturbed \(text(whole, $0))" }.joined()
    }
}

struct ScriptProblem: Error, CustomStringConvertible { let description: String }
