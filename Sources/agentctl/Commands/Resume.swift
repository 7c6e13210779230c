import ArgumentParser
import Engine
import Ledger
import Reports
import Values
import WorkflowModel

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on with a run that was interrupted, that waits, or whose process is gone.",
        discussion: """
            What has an answer is not asked again; what was under way when the process ended is, and the old call stays held as \
            unknown. The budget is the run's own. The workflow's files must say what they said when the run began. Exits as 'run' does; \
            with --all, with 0 when every run succeeded or waits for a person.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String?
    @Flag(help: "Every run that can go on: interrupted ones, those without a process, and waiting ones that were answered.") var all = false
    @Option(help: ArgumentHelp("With --all, only runs of this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("With --all, runs in flight at once.", valueName: "n")) var maxParallel = 16
    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: RunOutput

    func validate() throws {
        if (id == nil) != all { throw ValidationError("name a run, or say --all") }
        if !all, workflow != nil { throw ValidationError("--workflow goes with --all") }
        if all, output.events || output.json { throw ValidationError("--json and --events are for one run") }
        guard (1...100_000).contains(maxParallel) else { throw ValidationError("--max-parallel takes 1 to 100000") }
    }

    func run() async throws {
        Output.endsOnClosedPipe.withLock { $0 = false }
        let here = try global.settings()
        // Asked of the read-only ledger first: a mistyped path must not make a ledger.
        let reader = try Composition(settings: here).openLedgerReadOnly()
        if let id {
            let record = try reader.requireRecord(id)
            try await Self.resume(record, here, global, output)
        } else {
            try await resumeAll(here)
        }
    }

    /// Goes on with one run, shown as `run` shows it.
    static func resume(_ record: RunRecord, _ here: Settings, _ global: GlobalOptions, _ output: RunOutput) async throws {
        let settings = try global.settings(of: record, ledger: here.ledgerPath)
        let composition = Composition(settings: settings)
        let ledger = try composition.openLedger()
        defer { ledger.close() }
        let graph = try RecordedWorkflow.load(record, ledger, settings)
        let stage = RunStage(output)
        defer { stage.finish() }
        let connections = try composition.connect(progress: stage.say)
        defer { connections.close() }
        connections.readKeys(of: graph)
        try await ledger.record(priceRows: composition.priceRows(of: graph, connections.provider))
        let engine = composition.engine(journal: ledger, connections: connections)
        let signals = StopSignals(engine: engine, said: stage.say)
        defer { _ = signals }
        let result = try await engine.resume(RunID(record.id), graph, observer: stage.observer)
        stage.finish()
        try output.report(result)
    }

    // MARK: All

    private func resumeAll(_ here: Settings) async throws {
        let ledger = try Composition(settings: here).openLedger()
        defer { ledger.close() }
        let ids = try ledger.resumableRuns(workflow: workflow)
        if ids.isEmpty { return output.quiet ? () : Output.note("no run to go on with\n") }
        var failures = 0
        // Runs of one project share its connections.
        var projects: [(root: String, runs: [(RunRecord, WorkflowGraph)])] = []
        for id in ids {
            do {
                guard let record = try ledger.run(id) else { continue }
                let settings = try global.settings(of: record, ledger: here.ledgerPath)
                let graph = try RecordedWorkflow.load(record, ledger, settings)
                let root = settings.project.root
                if let index = projects.firstIndex(where: { $0.root == root }) {
                    projects[index].runs.append((record, graph))
                } else {
                    projects.append((root, [(record, graph)]))
                }
            } catch {
                failures += 1
                Output.note(styled: "\(id) cannot go on: \(Failures.text(of: error))")
            }
        }
        for project in projects {
            let settings = try global.settings(of: project.runs[0].0, ledger: here.ledgerPath)
            failures += try await resume(project.runs, Composition(settings: settings), ledger)
        }
        if failures > 0 { throw CommandEnd(code: ExitCodes.batchFailures) }
    }

    /// - Returns: how many did not come to a good end.
    private func resume(_ runs: [(RunRecord, WorkflowGraph)], _ composition: Composition, _ ledger: Ledger) async throws -> Int {
        let quiet = output.quiet
        let say: @Sendable (String) -> Void = { if !quiet { Output.note($0 + "\n") } }
        let connections = try composition.connect(progress: say)
        defer { connections.close() }
        let engine = composition.engine(journal: ledger, connections: connections)
        let signals = StopSignals(engine: engine, said: say)
        defer { _ = signals }
        for graph in Dictionary(runs.map { ($0.1.hash, $0.1) }, uniquingKeysWith: { first, _ in first }).values {
            connections.readKeys(of: graph)
            try await ledger.record(priceRows: composition.priceRows(of: graph, connections.provider))
        }
        let results = await withTaskGroup(of: (String, Result<RunResult, any Error>).self) { group in
            var rest = runs[...]
            var failures = 0
            func launch() {
                guard engine.interruption == .none, let (record, graph) = rest.popFirst() else { return }
                group.addTask(executorPreference: connections.loop) {
                    do { return (record.id, .success(try await engine.resume(RunID(record.id), graph))) } catch { return (record.id, .failure(error)) }
                }
            }
            for _ in 0..<min(maxParallel, runs.count) { launch() }
            while let (id, result) = await group.next() {
                switch result {
                case .success(let result):
                    if ![.succeeded, .waiting].contains(result.status) { failures += 1 }
                    say("\(id) \(result.status.rawValue), \(result.cost.displayText)" + (result.failure.map { ": \($0.message)" } ?? ""))
                case .failure(let error):
                    failures += 1
                    Output.note(styled: "\(id) cannot go on: \(Failures.text(of: error))")
                }
                launch()
            }
            return failures + rest.count
        }
        if engine.interruption != .none { throw CommandEnd(code: ExitCodes.interrupted) }
        return results
    }
}

extension GlobalOptions {
    /// The project of a run's workflow, with the ledger that the run is in.
    func settings(of run: RunRecord, ledger: String) throws -> Settings {
        let settings = try self.settings(besides: RecordedWorkflow.path(of: run))
        return Settings(project: settings.project, ledgerPath: ledger)
    }
}

extension Ledger {
    func requireRecord(_ text: String) throws -> RunRecord {
        let id = try requireRun(text)
        guard let record = try run(id) else { throw UsageError("there is no run \(id)") }
        return record
    }
}
