import ArgumentParser
import Engine
import Reports
import Values
import WorkflowModel

/// How a run is shown while it goes on, and told when it ends.
struct RunOutput: ParsableArguments {
    @Flag(help: "The result as one JSON document on stdout.") var json = false
    @Flag(help: "Every event as a line of JSON on stdout.") var events = false
    @Flag(name: [.short, .long], help: "Nothing on stderr but errors.") var quiet = false

    /// Of what a run waits for, so many are told one by one.
    private static let mostQuestions = 20

    func validate() throws {
        if json, events { throw ValidationError("--json and --events exclude each other") }
    }

    /// `3 calls, ≥ $0.0123 (1 call of unknown end), held $0.0012 beyond it`: what the last line about a run says of money.
    static func bill(_ spending: Spending) -> String {
        let calls = "\(spending.calls) \(spending.calls == 1 ? "call" : "calls")"
        return ([calls, spending.line(Output.errorStyle)] + (spending.heldText.map { [$0] } ?? [])).joined(separator: ", ")
    }

    /// Ends what is shown of a run, and prints its outputs and the summary.
    ///
    /// - Throws: what the command ends with, unless the run succeeded.
    func report(_ result: RunResult, on stage: RunStage) throws {
        stage.finish(told: result.status == .failed ? result.failure?.message : nil)
        if json {
            Output.line(JSONEncoding.pretty.string(.object(Run.document(result))))
        } else if events {
            Output.line(JSONValue.object(["event": "result", "run": .string(result.id.text), "data": .object(Run.document(result))]).jsonText)
        } else if let outputs = result.outputs, !outputs.isEmpty {
            if outputs.count == 1, let text = outputs.values.first?.stringValue { Output.line(text) } else { Output.line(JSONEncoding.pretty.string(.object(outputs))) }
        }
        Output.flush()
        if !quiet {
            Output.note("\(result.id) \(result.status.rawValue) in \(result.endedAt.elapsed(since: result.startedAt)), \(Self.bill(result.spending)); see: agentctl show \(result.id)\n")
            if let exceeded = result.exceeded {
                Output.note("  its budget of \(exceeded.cap) is exceeded: \(exceeded.counted) counts, as calls cost more than was held for them\n")
            }
            if let tokens = result.tokens {
                let exceeded = tokens.counted > tokens.cap ? ", which is exceeded, as calls had more than was held for them" : ""
                Output.note("  \(tokens.counted) of \(tokens.cap) tokens of its budget\(exceeded)\n")
            }
            switch result.status {
            case .waiting:
                for waiting in result.waitsFor.prefix(Self.mostQuestions) {
                    for line in ApprovalReport.lines(waiting.question, style: Output.errorStyle) { Output.note(styled: "  " + line + "\n") }
                    if waiting.question.kind == .gate, let reason = waiting.question.reason { Output.note("  no answer was accepted: \(reason); see them with: agentctl approvals \(result.id)\n") }
                    Output.note("  waits for a person: \(ApprovalReport.way(result.id.text, waiting.step, waiting.question.kind, choices: [waiting.choices]))\n")
                }
                let rest = result.waitsFor.count - Self.mostQuestions
                if rest > 0 { Output.note("  and \(rest) more: agentctl approvals \(result.id)\n") }
                Output.note("  then: agentctl resume \(result.id)\n")
            case .interrupted:
                if let failure = result.failure { Output.note("  \(failure.message)\n") }
                Output.note("  go on with: agentctl resume \(result.id)\n")
            default: break
            }
        }
        if let failure = Output.failure {
            throw UsageError(failure.message, hint: "what is missing there is in the ledger, the run is \(result.status.rawValue): agentctl show \(result.id)")
        }
        switch result.status {
        case .succeeded: return
        case .waiting: throw CommandEnd(code: ExitCodes.waiting)
        case .interrupted, .cancelled: throw CommandEnd(code: ExitCodes.interrupted)
        default:
            guard let failure = result.failure else { throw CommandEnd(code: ExitCodes.invalidWorkflow) }
            throw StepFailure(failure.kind, result.failedStep.map { "step '\($0)': \(failure.message)" } ?? failure.message, details: failure.details)
        }
    }
}

/// Where a run is shown: the live tree on a terminal, plain lines elsewhere, events as JSON, or nothing.
final class RunStage: Sendable {
    let observer: (any RunObserver)?
    /// Says something about the run on stderr.
    let say: @Sendable (String) -> Void
    private let live: LiveView?
    private let plain: PlainView?

    /// For a run whose end is told by ``RunOutput/report(_:on:)``.
    convenience init(_ output: RunOutput, of graph: WorkflowGraph) {
        self.init(events: output.events, quiet: output.quiet, of: graph, isReported: true)
    }

    /// - Parameters:
    ///   - events: as JSON on stdout.
    ///   - quiet: nothing on stderr.
    ///   - graph: of the run; `nil` where it cannot be had.
    ///   - isReported: whether the failure that ends the run is told behind it.
    init(events: Bool, quiet: Bool = false, of graph: WorkflowGraph?, isReported: Bool = false) {
        let isLive = Output.canDraw && !quiet && !events
        let live = isLive ? LiveView(of: graph) : nil
        let plain = live == nil && !events && !quiet ? PlainView(of: graph, holdsBack: isReported) : nil
        (self.live, self.plain) = (live, plain)
        observer = events ? EventView() : live ?? plain
        say = { message in
            if quiet { return }
            if let live { live.say(message) } else { Output.note(message + "\n") }
        }
    }

    /// The last frame stays on the screen. The first time counts.
    ///
    /// - Parameter told: what is going to be printed below of a failure.
    func finish(told: String? = nil) {
        let isFirst = isFinished.withLock { isFinished in
            defer { isFinished = true }
            return !isFinished
        }
        guard isFirst else { return }
        live?.finish(told: told)
        plain?.finish(told: told)
    }

    private let isFinished = Mutex(false)
}
