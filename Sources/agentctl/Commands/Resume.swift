import ArgumentParser
import Engine
import Reports
import Values
import WorkflowModel

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on with a run that was interrupted, that waits, or whose process is gone.",
        discussion: """
            What has an answer is not asked again; what was under way when the process ended is, and the old call stays held as \
            unknown. The budget is the run's own. It goes on with the workflow's files as they were when it \
            began; --accept-changes takes those of today where all that has ended is unchanged. Models, prices and the project's settings are today's. --failed makes a new run of one that failed, \
            which keeps what succeeded and runs the rest. A project that was moved is found from its new folder, or by --file. Exits as 'run' does. With --all there is a line for each run, and \
            the worst of them decides: 0 all succeeded, 4 some wait for a person, 49 some had ended, 48 another process drives some, 19 some failed or \
            could not go on, 130 stopped, 40-47 the ledger.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String?
    @Flag(help: "Every run that can go on: interrupted ones, those without a process, and waiting ones that were answered.") var all = false
    @Option(help: ArgumentHelp("Where the run's workflow is now, if it was moved.", valueName: "workflow.yaml"), completion: .workflowFile) var file: String?
    @Flag(help: "Take the workflow's files of today, where what has ended is unchanged in them.") var acceptChanges = false
    @Flag(help: "Of a run that failed or was cancelled: a new run that keeps what succeeded and runs the rest, for the same decision.") var failed = false
    @Option(help: ArgumentHelp("With --failed, the most that the new run may cost, in dollars.", valueName: "usd")) var budget: String?
    @Flag(name: .customLong("dry-run"), help: "With --failed, price what is left to do, and stop.") var isDryRun = false
    @Option(help: ArgumentHelp("With --all, only runs of this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("With --all, runs in flight at once.", valueName: "n")) var maxParallel = 16
    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: RunOutput

    func validate() throws {
        if (id == nil) != all { throw ValidationError("name a run, or say --all") }
        if !all, workflow != nil { throw ValidationError("--workflow goes with --all") }
        if all, failed { throw ValidationError("--failed is for one run") }
        if !failed, budget != nil || isDryRun { throw ValidationError("--budget and --dry-run go with --failed") }
        if all, file != nil { throw ValidationError("--file is for one run") }
        if all, output.events || output.json { throw ValidationError("--json and --events are for one run") }
        guard (1...100_000).contains(maxParallel) else { throw ValidationError("--max-parallel takes 1 to 100000") }
    }

    func run() async throws {
        Output.endsOnClosedPipe.withLock { $0 = false }
        let here = try global.settings()
        // Asked of the read-only ledger first: a mistyped path must not make a ledger.
        let archive = try Composition(settings: here).archive()
        if let id {
            let record = try await archive.requireRecord(id)
            try record.requireOwn()
            if failed { return try await retry(record, archive, here) }
            try await Self.resume(record, archive, here, global, output, file: file, accepts: acceptChanges)
        } else {
            try await resumeAll(archive, here)
        }
    }

    /// Another attempt at a run that came to a bad end.
    private func retry(_ record: RunRecord, _ archive: any RunArchive & SpendingArchive, _ here: Settings) async throws {
        switch record.status {
        case .failed, .cancelled: break
        case .succeeded: throw UsageError("run \(record.id) has succeeded: nothing of it failed", hint: "to run a part of it again: agentctl replay \(record.id) --from STEP --live")
        case .running, .interrupted, .waiting:
            throw UsageError("run \(record.id) has not ended, it is \(record.status.rawValue)", hint: "go on with it: agentctl resume \(record.id)")
        }
        // Each attempt has a budget of its own, and what programs write is written again.
        let others = try await archive.runs(filter: RunFilter(parent: record.id, limit: .max)).filter { $0.purpose == .production && !$0.isImported }
        if let other = others.first(where: { ![.failed, .cancelled].contains($0.status) }), !isDryRun {
            throw UsageError(
                "run \(record.id) was tried again: \(other.id), \(other.status.rawValue)",
                hint: other.status == .succeeded ? "its outputs: agentctl outputs \(other.id)" : "go on with that: agentctl resume \(other.id)")
        }
        var fork = ForkRun(parent: record, point: .failed, archive: archive, here: here, global: global, output: output)
        (fork.purpose, fork.place, fork.accepts, fork.isDryRun) = (.production, file, acceptChanges, isDryRun)
        if let budget { fork.changes = ["budget.max_cost_usd=\(budget)"] }
        try await fork.run()
    }

    /// Goes on with one run, shown as `run` shows it.
    ///
    /// - Parameters:
    ///   - file: where its workflow is now, if the user says so.
    ///   - accepts: takes the workflow's files of today.
    static func resume(
        _ record: RunRecord, _ archive: any RunArchive, _ here: Settings, _ global: GlobalOptions, _ output: RunOutput, file: String? = nil, accepts: Bool = false
    ) async throws {
        let recorded = try await RecordedWorkflow.load(record, archive, global, here: here, file: file, accepts: accepts)
        let graph = recorded.graph
        if let note = recorded.note, !output.quiet { Output.note(note + "\n") }
        let stage = RunStage(output, of: graph)
        defer { stage.finish() }
        let session = RunSession(Composition(settings: recorded.settings), say: stage.say)
        defer { session.close() }
        try session.readSecrets(of: graph)
        if let obstacle = try await session.obstacle(to: graph) {
            throw StepFailure(obstacle.kind, "\(record.id) cannot go on: \(obstacle.message)", details: obstacle.details + ["the run is as it was"])
        }
        let engine = try await session.engine(for: graph)
        let result = try await engine.resume(RunID(record.id), graph, accepted: recorded.accepted, observer: stage.observer)
        do { try output.report(result, on: stage) } catch {
            await session.leave()
            throw error
        }
        await session.leave()
    }

    // MARK: All

    private func resumeAll(_ archive: any RunArchive, _ here: Settings) async throws {
        // The oldest first.
        let ids = try await archive.runs(filter: RunFilter(workflow: workflow, isResumable: true, limit: .max)).map(\.id).reversed()
        if ids.isEmpty {
            guard !output.quiet else { return }
            Output.note("no run to go on with\n")
            if let workflow { Output.note(try await NothingMatches(archive: Composition(settings: here).archive()).text([.workflow(workflow)])) }
            return
        }
        var worst = WorstEnd()
        // Runs of one project share its connections.
        var projects: [(settings: Settings, runs: [(RunRecord, WorkflowGraph)])] = []
        var accepted: TextTable<AcceptedRun> = [:]
        for id in ids {
            do {
                guard let record = try await archive.run(id) else { continue }
                let recorded = try await RecordedWorkflow.load(record, archive, global, here: here, accepts: acceptChanges)
                if let note = recorded.note, !output.quiet { Output.note(note + "\n") }
                if let other = recorded.accepted { accepted[id] = other }
                if let index = projects.firstIndex(where: { $0.settings.project.root == recorded.settings.project.root }) {
                    projects[index].runs.append((record, recorded.graph))
                } else {
                    projects.append((recorded.settings, [(record, recorded.graph)]))
                }
            } catch {
                worst.add(error)
                tell(id, error)
            }
        }
        for project in projects {
            if worst.isStopped {
                for (record, _) in project.runs { tellStopped(record.id) }
            } else {
                do {
                    try await resume(project.runs, accepted, Composition(settings: project.settings), &worst)
                } catch {
                    // Before any of them went on, and no reason for others not to.
                    worst.add(error)
                    for (record, _) in project.runs { tell(record.id, error) }
                }
            }
        }
        if worst.code != 0 { throw CommandEnd(code: worst.code) }
    }

    private func tell(_ id: String, _ error: any Error) { Output.note(styled: "\(id) cannot go on: \(Failures.text(of: error))") }

    private func tellStopped(_ id: String) { if !output.quiet { Output.note("\(id) was not gone on with: stopped before\n") } }

    private func resume(_ runs: [(RunRecord, WorkflowGraph)], _ accepted: TextTable<AcceptedRun>, _ composition: Composition, _ worst: inout WorstEnd) async throws {
        let quiet = output.quiet
        let say: @Sendable (String) -> Void = { if !quiet { Output.note($0 + "\n") } }
        let session = RunSession(composition, say: say)
        defer { session.close() }
        let loop = try session.loop()
        var obstacles: [ContentHash: StepFailure] = [:]
        var prepared: Engine?
        for graph in Dictionary(runs.map { ($0.1.hash, $0.1) }, uniquingKeysWith: { first, _ in first }).values {
            do {
                try session.readSecrets(of: graph)
                obstacles[graph.hash] = try await session.obstacle(to: graph)
            } catch let refusal as UsageError {
                obstacles[graph.hash] = StepFailure(.secret, refusal.message, details: [refusal.hint].compactMap { $0 })
            }
            prepared = try await session.engine(for: graph)
        }
        guard let engine = prepared else { return }
        let ends = await withTaskGroup(of: (String, Result<RunResult, any Error>).self) { group in
            var ends = WorstEnd()
            for (record, graph) in runs {
                guard let obstacle = obstacles[graph.hash] else { continue }
                ends.add(obstacle)
                tell(record.id, obstacle)
            }
            var rest = runs.filter { obstacles[$0.1.hash] == nil }[...]
            func launch() {
                guard engine.interruption == .none, let (record, graph) = rest.popFirst() else { return }
                group.addTask(executorPreference: loop) {
                    // The awaited value first, then what is returned around it: see Docs/Decisions/0010.
                    do {
                        let result = try await engine.resume(RunID(record.id), graph, accepted: accepted[record.id])
                        return (record.id, .success(result))
                    } catch {
                        return (record.id, .failure(error))
                    }
                }
            }
            for _ in 0..<min(maxParallel, rest.count) { launch() }
            while let (id, result) = await group.next() {
                switch result {
                case .success(let result):
                    ends.add(result.status)
                    say("\(id) \(result.status.rawValue), \(RunOutput.bill(result.spending))" + (result.failure.map { ": \($0.message)" } ?? ""))
                case .failure(let error):
                    ends.add(error)
                    tell(id, error)
                }
                launch()
            }
            for (record, _) in rest { tellStopped(record.id) }
            return ends
        }
        await session.leave()
        worst.add(ends)
        if engine.interruption != .none { worst.stop() }
    }
}

/// The exit code of several runs: that of the worst.
struct WorstEnd {
    private(set) var code: Int32 = 0
    private(set) var isStopped = false

    /// From the best to the worst; what stands in front is outweighed by what follows. A ledger that fails outweighs all.
    private static let order: [Int32] = [
        0, ExitCodes.waiting, ExitCodes.code(.hasEnded), ExitCodes.code(.owned), ExitCodes.batchFailures, ExitCodes.interrupted,
    ]

    private static func rank(_ code: Int32) -> Int { order.firstIndex(of: code) ?? order.count }

    private mutating func add(code other: Int32) { if Self.rank(other) > Self.rank(code) { code = other } }

    mutating func add(_ status: RunStatus) {
        switch status {
        case .succeeded: break
        case .waiting: add(code: ExitCodes.waiting)
        case .interrupted: add(code: ExitCodes.interrupted)
        case .failed, .cancelled, .running: add(code: ExitCodes.batchFailures)
        }
    }

    /// Of a run that did not come to an end.
    mutating func add(_ error: any Error) {
        guard let error = error as? JournalError, error.code != .unknownRun else { return add(code: ExitCodes.batchFailures) }
        add(code: ExitCodes.code(error.code))
    }

    mutating func add(_ other: WorstEnd) { add(code: other.code) }

    /// Somebody stopped it.
    mutating func stop() {
        isStopped = true
        add(code: ExitCodes.interrupted)
    }
}
