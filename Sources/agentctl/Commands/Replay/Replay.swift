import ArgumentParser
import Reports
import Values
import WorkflowModel

/// Recorded facts through the machines of today. Three ways to use that, a file each: one run, a folder of bundles, a fork.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run what was recorded of a run through the same machines again, with nobody asked.",
        discussion: """
            What models, programs, people and clocks said is taken from the record; prompts are rendered, calls bounded, answers judged, caches \
            planned and steps started anew, and each fact that is made must be the one that was recorded. No network, no key, no program and no \
            money is used, and nothing is written. The first difference ends it and is told: the step, the fact, what was expected, what was \
            found, and the first byte that is another. Exits with 1 where one is found, and with 6 where documents were taken out, so that \
            not all can be compared.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String?
    @Flag(help: "Every run that has not been pruned.") var all = false
    @Option(help: ArgumentHelp("With --from, go by this workflow in place of the recorded one.", valueName: "workflow.yaml"), completion: .workflowFile) var workflow: String?
    @OptionGroup var golden: GoldenOptions
    @OptionGroup var fork: ForkOptions
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if golden.folder != nil {
            if id != nil || all || workflow != nil || fork.isMeant { throw ValidationError("--golden replays a folder of bundles: it takes no run and none of their flags") }
            return
        }
        if workflow != nil, !fork.isMeant { throw ValidationError("--workflow goes with --from: a run is replayed under the files that it was recorded with") }
        if (id == nil) != all { throw ValidationError("name a run, or say --all") }
        if all, fork.isMeant { throw ValidationError("--from is for one run") }
    }

    func run() async throws {
        if golden.folder != nil { return try await golden.run(global, json: json) }
        if fork.isMeant { return try await fork.run(id, global, file: workflow, json: json) }
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        var worst: ReplayReport.Verdict?
        var failed: Int32?
        func replay(_ run: RunRecord) async throws {
            let report = try await RunReplaying.replay(archive.transcript(of: run), settings)
            if json {
                let value = ReplayResult.json(report)
                Output.line(all ? value.jsonText : JSONEncoding.pretty.string(value))
            } else {
                Output.write(styled: ReplayResult.text(report, style: Output.style))
            }
            if report.verdict == .different || worst == nil || worst == .identical { worst = report.verdict }
        }
        if let id {
            let run = try await archive.requireRecord(id)
            if let at = run.prunedAt {
                throw UsageError("run \(run.id) cannot be replayed: gc removed its events on \(at.dateText)", hint: "what it kept: agentctl show \(run.id)")
            }
            try await replay(run)
        } else {
            var runs: [RunRecord] = []
            try await archive.forEachRun { if $0.prunedAt == nil { runs.append($0) } }
            for run in runs {
                do { try await replay(run) } catch  where !(error is CancellationError) {
                    // Of one of many that cannot be read the others are to be known all the same.
                    failed = failed ?? Failures.code(of: error)
                    Output.note(styled: "\(run.id) cannot be replayed: \(Failures.text(of: error))")
                }
            }
            if runs.isEmpty, !json { Output.note("there is no run yet\n") }
        }
        Output.flush()
        if worst != .different, let failed { throw CommandEnd(code: failed) }
        switch worst {
        case .different?: throw CommandEnd(code: ExitCodes.differs)
        case .redacted?: throw CommandEnd(code: ExitCodes.redacted)
        case .identical?, nil: break
        }
    }
}
