import ArgumentParser
import Economics
import Engine
import Glibc
import Reports
import Values
import WorkflowModel

/// Flags of a batch.
struct BatchOptions: ParsableArguments {
    @Option(
        name: .customLong("batch"), help: ArgumentHelp("One run for each line, a JSON object of inputs; - reads stdin. Results go to stdout as JSON lines, each as soon as those before it are there.", valueName: "file.jsonl|-"),
        completion: .file(extensions: ["jsonl"]))
    var file: String?

    @Option(help: ArgumentHelp("Runs in flight at once.", valueName: "n"))
    var maxParallel = 16

    @Flag(help: "Results as they come, not in the order of the input.")
    var unordered = false

    @Option(
        name: .customLong("resume"),
        help: ArgumentHelp("Go on with a batch that did not come to its end: lines that ended are told from the ledger, the others go on or begin. Workflow and lines must be those that it began with.", valueName: "batch"))
    var resumed: String?

    @Option(help: ArgumentHelp("Where the input lines of runs that did not succeed are written, to be run again.", valueName: "file.jsonl"), completion: .file())
    var failures: String?

    func validate() throws {
        guard (1...100_000).contains(maxParallel) else { throw ValidationError("--max-parallel takes 1 to 100000") }
    }
}

/// `run --batch`: many runs of one workflow in one process. A line that fails stops no other.
struct BatchRun {
    let command: Run
    let graph: WorkflowGraph
    let composition: Composition

    private struct Line {
        let number: Int
        let text: Substring
    }

    /// What became of one line. A class, as the tasks of ten thousand lines hold room for it while they wait.
    private final class Outcome: Sendable {
        let document: JSONObject
        let summary: BatchReport.Outcome
        let source: Substring

        init(document: JSONObject, summary: BatchReport.Outcome, source: Substring) {
            self.document = document
            self.summary = summary
            self.source = source
        }
    }

    func run() async throws {
        let path = command.batch.file!
        let text = try RunInputs.text(of: path, what: "--batch")
        let lines = text.lines.enumerated().filter { !$0.element.isBlank }.map { Line(number: $0.offset + 1, text: $0.element) }
        try refuseToEmptyAnother()
        let quiet = command.output.quiet
        let board = BatchBoard(total: lines.count, isLive: Output.canDraw && !quiet)
        let say: @Sendable (String) -> Void = { if !quiet { board.say($0) } }
        let session = RunSession(composition, say: say)
        defer { session.close() }
        let ledger = try session.ledger()
        let archive = ledger.archive
        let batch = command.batch.resumed ?? "batch-\(RunID(at: .now(), random: SystemEntropy().next()).text)"
        if command.batch.resumed != nil, try await !archive.hasBatch(batch) {
            throw UsageError("there is no batch '\(batch)' in the ledger", hint: "the batch says its name when it begins, and `agentctl runs --json` has it")
        }
        let removed = try await archive.removedLines(ofBatch: batch)
        if removed > 0 {
            throw UsageError(
                "gc removed \(removed == 1 ? "a run" : "\(removed) runs") of batch \(batch): gone on with, \(removed == 1 ? "its line" : "their lines") would be run again, and paid again",
                hint: "to run what is left, give its lines to a batch of its own")
        }
        // One process goes through a batch at a time. First of all, so that what is read next stays so.
        try await ledger.claim(batch: batch, at: .now())
        do {
            try await run(batch, lines, session, archive, board, say)
        } catch {
            await session.leave()
            try? await ledger.release(batch: batch)
            throw error
        }
        await session.leave()
        try? await ledger.release(batch: batch)
    }

    private func run(
        _ batch: String, _ lines: [Line], _ session: RunSession, _ archive: any RunArchive, _ board: BatchBoard, _ say: @escaping @Sendable (String) -> Void
    ) async throws {
        let recorded = command.batch.resumed == nil ? [:] : try await archive.runs(ofBatch: batch)
        let graph = try await RecordedWorkflow.graph(
            ofBatch: batch, recorded.sorted { $0.key < $1.key }.map(\.value), graph, archive, composition.settings)
        try await refuseOtherLines(batch, recorded, lines, graph, archive)
        try refuseToEmptyAnother()
        let failuresFile = try command.batch.failures.map(PrivateFile.init)
        let quiet = command.output.quiet
        try session.readSecrets(of: graph)
        let planner = try await session.planner(of: graph)
        let plan = planner.plan(inputs: nil)
        say("\(lines.count) runs of " + PlanReport.line(plan))
        if let refusal = plan.refusal { throw refusal }
        let (engine, loop) = (try await session.engine(for: graph, release: command.release), try session.loop())
        if command.batch.resumed == nil { say("batch \(batch)") }
        let started = Timestamp.now()
        board.start()

        var outcomes = [BatchReport.Outcome?](repeating: nil, count: lines.count)
        var waiting: [Int: Outcome] = [:]
        var nextToPrint = 0
        let isUnordered = command.batch.unordered
        var journalError: JournalError?
        await withTaskGroup(of: (Int, Outcome?, JournalError?).self) { group in
            var next = 0
            func launch() {
                guard next < lines.count, journalError == nil, !Output.isInVain, engine.interruption == .none else { return }
                let index = next
                let line = lines[index]
                next += 1
                board.began()
                let known = recorded[index]
                group.addTask(executorPreference: loop) { [graph] in
                    do throws(JournalError) {
                        let outcome =
                            if let known {
                                try await Self.again(known, number: line.number, text: line.text, graph: graph, engine: engine, archive: archive)
                            } else {
                                try await Self.one(
                                    index: index, number: line.number, text: line.text, graph: graph, batch: batch, engine: engine,
                                    planner: planner)
                            }
                        return (index, outcome, nil)
                    } catch {
                        return (index, nil, error)
                    }
                }
            }
            for _ in 0..<min(command.batch.maxParallel, lines.count) { launch() }
            while let (index, outcome, error) = await group.next() {
                if let error { journalError = error }
                if let outcome {
                    board.ended(outcome.summary)
                    outcomes[index] = outcome.summary
                    waiting[index] = outcome
                    // Others go on with --resume, or under another process: run again, they would be paid twice.
                    if [.failed, .cancelled].contains(outcome.summary.status) { failuresFile?.write(String(outcome.source) + "\n") }
                }
                // In the order of the input, as far as it is complete, and at once: what is printed is not lost with this process.
                if isUnordered { nextToPrint = index }
                board.aside {
                    while let ready = waiting.removeValue(forKey: nextToPrint) {
                        Output.line(JSONValue.object(ready.document).jsonText)
                        nextToPrint += 1
                    }
                    Output.flush()
                }
                launch()
            }
        }
        // After a stop there are gaps; what ended is told all the same.
        for index in waiting.keys.sorted() { Output.line(JSONValue.object(waiting[index]!.document).jsonText) }
        Output.flush()
        board.finish()
        if !quiet { Output.note(styled: BatchReport.summary(outcomes.compactMap { $0 }, elapsed: Timestamp.now().elapsed(since: started), style: Output.errorStyle)) }
        if let journalError { throw journalError }
        if engine.interruption != .none {
            Output.note("stopped: \(outcomes.count { $0 == nil }) of \(lines.count) lines were not run; go on with --resume \(batch)\n")
            throw CommandEnd(code: ExitCodes.interrupted)
        }
        if Output.isInVain {
            throw UsageError(
                Output.failure?.message ?? "whoever read the results went away",
                hint: "\(outcomes.count { $0 == nil }) of \(lines.count) lines were not run, and the results of others are lost here: with room for them all, go on with --resume \(batch)")
        }
        if let failure = failuresFile?.failure { throw failure }
        let suspended = outcomes.count { $0?.status == .interrupted }
        if suspended > 0 { Output.note("\(suspended) of \(lines.count) lines are interrupted; go on with --resume \(batch)\n") }
        let elsewhere = outcomes.compactMap { $0 }.filter { $0.status == .running }
        if let first = elsewhere.first {
            Output.note(
                """
                \(elsewhere.count) of \(lines.count) lines are driven by another process\(first.message.map { ", as line \(first.line): \($0)" } ?? ""); \
                when that has ended, go on with --resume \(batch)

                """)
        }
        if outcomes.contains(where: { $0.map { ![.succeeded, .waiting, .running].contains($0.status) } ?? true }) { throw CommandEnd(code: ExitCodes.batchFailures) }
        if !elsewhere.isEmpty { throw CommandEnd(code: ExitCodes.code(.owned)) }
        if outcomes.contains(where: { $0?.status == .waiting }) {
            Output.note("answer with `agentctl approve`, then go on with --resume \(batch)\n")
            throw CommandEnd(code: ExitCodes.waiting)
        }
    }

    /// `--failures` empties its file: not where that is the batch's own under another name, nor where it has anything but lines of JSON.
    private func refuseToEmptyAnother() throws {
        guard let failures = command.batch.failures, let file = command.batch.file else { return }
        var (read, written) = (stat(), stat())
        guard stat(failures, &written) == 0, written.st_mode & S_IFMT == S_IFREG else { return }
        func refusal(_ what: String) -> UsageError {
            UsageError("--failures would empty \(failures), \(what): nothing was run", hint: "name another file")
        }
        if (file == "-" ? fstat(0, &read) : stat(file, &read)) == 0, read.st_dev == written.st_dev, read.st_ino == written.st_ino {
            throw refusal("which is the file of --batch")
        }
        // Also where the ledger was made a moment ago.
        for suffix in ["", "-wal", "-shm"] where stat(composition.settings.ledgerPath + suffix, &read) == 0 && read.st_dev == written.st_dev && read.st_ino == written.st_ino {
            throw refusal("which is the ledger")
        }
        if !Self.hasLinesOfJSON(failures) { throw refusal("which holds something else than lines of a batch") }
    }

    /// Whether it is empty, or a line at its beginning is an object.
    private static func hasLinesOfJSON(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var start = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &start, start.count)
        guard count > 0 else { return true }
        return start[..<count].split(separator: UInt8(ascii: "\n")).contains { (try? JSONParser.parse(Array($0)))?.objectValue != nil }
    }

    // MARK: Going on with a batch

    /// Makes sure that the lines that have runs are those that the runs began with: an edited file would otherwise be told with the
    /// results of the one before.
    private func refuseOtherLines(_ batch: String, _ recorded: [Int: RunRecord], _ lines: [Line], _ graph: WorkflowGraph, _ archive: any RunArchive) async throws {
        guard let last = recorded.keys.max() else { return }
        let file = command.batch.file!
        let rest = "go on with the file that the batch began with; to run other lines, give them to a batch of their own"
        guard last < lines.count else {
            throw UsageError("batch \(batch) has a run for its entry \(last + 1), and \(file) has \(lines.count)", hint: rest)
        }
        var others: [(line: Line, run: RunRecord)] = []
        for (index, run) in recorded.sorted(by: { $0.key < $1.key }) {
            let hash = Self.inputs(lines[index].text, graph).map { ContentHash(of: JSONEncoding.wire.bytes(.object($0))) }
            if hash != run.inputs { others.append((lines[index], run)) }
        }
        if others.isEmpty { return }
        for (line, run) in others.prefix(3) {
            var before = "?"
            if let inputs = run.inputs, let bytes = try await archive.document(inputs) { before = String(decoding: bytes, as: UTF8.self) }
            let now = Self.inputs(line.text, graph).map { JSONValue.object($0).jsonText } ?? String(line.text)
            Output.note("line \(line.number), run \(run.id)\n- \(before)\n+ \(now)\n")
        }
        if others.count > 3 { Output.note("and \(others.count - 3) more\n") }
        let count = others.count == 1 ? "a line" : "\(others.count) lines"
        throw UsageError("\(file) has \(count) with other inputs than batch \(batch) began with: nothing was run", hint: rest)
    }

    /// The inputs of a line as a run has them.
    private static func inputs(_ text: Substring, _ graph: WorkflowGraph) -> JSONObject? {
        (try? JSONParser.parse(String(text)))?.objectValue.flatMap { try? InputBinding.bind($0, to: graph) }
    }

    /// A line that has a run: what came of it, or how it goes on.
    @inline(never)
    private static func again(
        _ run: RunRecord, number: Int, text: Substring, graph: WorkflowGraph, engine: Engine, archive: any RunArchive
    ) async throws(JournalError) -> Outcome {
        switch run.status {
        case .succeeded, .failed, .cancelled:
            let outputs = try await outputs(of: run, archive)
            return outcome(of: RunResult(run, outputs: outputs), number: number, text: text)
        case .running, .interrupted, .waiting:
            do throws(JournalError) {
                return outcome(of: try await engine.resume(RunID(run.id), graph), number: number, text: text)
            } catch {
                // Somebody else drives it, or has brought it to its end: that is no failure of the ledger, and none of the line.
                guard [.owned, .hasEnded].contains(error.code), let now = try await archive.run(run.id) else { throw error }
                switch now.status {
                case .succeeded, .failed, .cancelled:
                    let outputs = try await outputs(of: now, archive)
                    return outcome(of: RunResult(now, outputs: outputs), number: number, text: text)
                case .running, .waiting, .interrupted:
                    guard error.code == .owned else { throw error }
                    return outcome(of: RunResult(now, outputs: nil), number: number, text: text, message: error.description)
                }
            }
        }
    }

    private static func outputs(of run: RunRecord, _ archive: any RunArchive) async throws(JournalError) -> JSONObject? {
        guard let hash = run.outputs else { return nil }
        return try await archive.json(hash)?.objectValue
    }

    private struct Refusal: Error {
        let kind: String
        let message: String
    }

    /// The inputs of a line, if it may run. Not inlined: what it needs on the way must not stay in the frame of a task
    /// that waits for a model, ten thousand times.
    @inline(never)
    private static func admit(_ text: Substring, graph: WorkflowGraph, planner: PlanBuilder) -> Result<JSONObject, Refusal> {
        let inputs: JSONObject
        do throws(JSONParseError) {
            guard let object = try JSONParser.parse(String(text)).objectValue else {
                return .failure(Refusal(kind: "input", message: "the line is not a JSON object of inputs"))
            }
            inputs = object
        } catch {
            return .failure(Refusal(kind: "input", message: "the line is not JSON: \(error.message) at column \(error.column)"))
        }
        let bound: JSONObject
        do throws(Diagnostics) {
            bound = try InputBinding.bind(inputs, to: graph)
        } catch {
            return .failure(Refusal(kind: "input", message: error.all.map(\.message).joined(separator: "; ")))
        }
        if let problem = RunInputs.secretProblem(in: bound) { return .failure(Refusal(kind: "input", message: problem)) }
        // Each line is admitted by its own size, where there is a budget to fit.
        if graph.budget.maxCost != nil, let refusal = planner.refusal(inputs: bound) {
            return .failure(Refusal(kind: refusal.kind.rawValue, message: refusal.message))
        }
        return .success(bound)
    }

    @inline(never)
    private static func one(
        index: Int, number: Int, text: Substring, graph: WorkflowGraph, batch: String, engine: Engine, planner: PlanBuilder
    ) async throws(JournalError) -> Outcome {
        let bound: JSONObject
        switch Self.admit(text, graph: graph, planner: planner) {
        case .success(let inputs): bound = inputs
        case .failure(let refusal): return refused(number, text, refusal.kind, refusal.message)
        }
        return outcome(of: try await engine.run(graph, inputs: bound, batch: (batch, index)), number: number, text: text)
    }

    /// A line that was not run.
    @inline(never)
    private static func refused(_ number: Int, _ text: Substring, _ kind: String, _ message: String) -> Outcome {
        let error: JSONObject = ["kind": .string(kind), "message": .string(message)]
        return Outcome(
            document: Spending().fields(into: ["line": .int(Int64(number)), "status": "failed", "error": .object(error)]),
            summary: BatchReport.Outcome(
                line: number, status: .failed, failureKind: kind, message: message, spending: Spending(), duration: .milliseconds(0)),
            source: text)
    }

    @inline(never)
    private static func outcome(of result: RunResult, number: Int, text: Substring, message: String? = nil) -> Outcome {
        var document: JSONObject = ["line": .int(Int64(number))]
        Run.document(result).forEachPair { document[$0] = $1 }
        return Outcome(
            document: document,
            summary: BatchReport.Outcome(
                line: number, status: result.status, failureKind: result.failure?.kind.rawValue, message: message ?? result.failure?.message,
                spending: result.spending, duration: result.endedAt.elapsed(since: result.startedAt)),
            source: text)
    }
}

/// The progress of a batch: a line that is drawn over itself on a terminal.
final class BatchBoard: @unchecked Sendable {
    private let lock = Lock()
    private var progress: BatchReport.Progress
    /// `nil` where there is no terminal.
    private let screen: LiveScreen?
    private let painter: RepeatingTask

    init(total: Int, isLive: Bool) {
        progress = BatchReport.Progress(total: total, succeeded: 0, failed: 0, running: 0, startedAt: .now())
        screen = isLive ? LiveScreen() : nil
        painter = RepeatingTask(every: 200)
    }

    func start() {
        lock.hold { progress.startedAt = .now() }
        if screen != nil { painter.start { [weak self] in self?.draw() } }
    }

    func say(_ message: String) {
        if let screen { screen.say(message) } else { Output.note(message + "\n") }
    }

    /// Writes to stdout, which may be the same terminal.
    func aside(_ body: () -> Void) {
        if let screen, Output.isTerminal { screen.aside(body) } else { body() }
    }

    func began() { lock.hold { progress.running += 1 } }

    func ended(_ outcome: BatchReport.Outcome) {
        lock.hold {
            progress.running -= 1
            switch outcome.status {
            case .succeeded: progress.succeeded += 1
            case .waiting: progress.waiting += 1
            case .running: progress.elsewhere += 1
            default: progress.failed += 1
            }
            progress.spending = progress.spending + outcome.spending
        }
    }

    func finish() {
        painter.stop()
        screen?.draw(isLast: true) { _, _ in [] }
    }

    private func draw() {
        screen?.draw { style, _ in lock.hold { [BatchReport.progressLine(progress, now: .now(), style: style)] } }
    }
}
