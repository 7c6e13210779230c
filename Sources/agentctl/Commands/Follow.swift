import ArgumentParser
import Values
import WorkflowModel

struct Follow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a run that another process drives.",
        discussion: """
            The live tree on a terminal, lines elsewhere, from the run's beginning; ends when the run ends or is suspended, with the \
            exit code of its end. Ctrl-C ends the watching, not the run.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Option(help: ArgumentHelp("Where the run's workflow is now, if it was moved.", valueName: "workflow.yaml"), completion: .workflowFile) var file: String?
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Every event as a line of JSON on stdout.") var events = false

    func run() async throws {
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        let record = try await archive.requireRecord(id)
        if let prunedAt = record.prunedAt {
            throw UsageError(
                "gc removed the events of run \(record.id) on \(prunedAt.dateText)", hint: "what it cost is still there: agentctl show \(record.id)",
                code: ExitCodes.invalidWorkflow)
        }
        let graph = try await RecordedWorkflow.graph(toReadOf: record, archive, global, here: settings, file: file)
        let stage = RunStage(events: events, of: graph)
        defer { stage.finish() }
        let id = RunID(record.id)
        var sequence = 0
        var suspended: RunStatus?
        while true {
            let new = try await archive.events(run: record.id, filter: EventFilter(after: sequence, limit: 5_000))
            for event in new {
                var fact = try RunEvent(kind: event.kind, payload: event.payload, run: id)
                if case .approvalRequested(_, let request) = fact {
                    let question = try? await archive.json(request.message)
                    fact = fact.tellingQuestions { _ in question?.stringValue }
                }
                stage.observer?.observe(fact, run: id, at: event.at)
                sequence = event.sequence
                switch fact {
                case .runEnded(let end): suspended = end.status
                case .runResumed: suspended = nil
                default: break
                }
            }
            if let suspended, new.isEmpty || new.count < 5_000 {
                stage.finish()
                let ended = try await archive.run(record.id)
                try end(suspended, ended ?? record)
                return
            }
            if new.isEmpty {
                if let run = try await archive.run(record.id), run.isAbandoned {
                    stage.finish()
                    throw UsageError("nobody drives run \(run.id) any more", hint: "go on with: agentctl resume \(run.id)", code: ExitCodes.interrupted)
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func end(_ status: RunStatus, _ run: RunRecord) throws {
        Output.flush()
        Output.note("\(run.id) \(status.rawValue), \(RunOutput.bill(run.spending)); see: agentctl show \(run.id)\n")
        switch status {
        case .succeeded: return
        case .waiting: throw CommandEnd(code: ExitCodes.waiting)
        case .interrupted, .cancelled: throw CommandEnd(code: ExitCodes.interrupted)
        case .failed, .running:
            let failure = run.failure.flatMap(StepFailure.init(json:))
            throw CommandEnd(code: failure.map { ExitCodes.code($0.kind) } ?? ExitCodes.invalidWorkflow)
        }
    }
}
