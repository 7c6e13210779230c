import Economics
import Expressions
import Values
import WorkflowModel

/// Drives one run: executes the commands of its state machine, records what came of them, and feeds it back.
///
/// The order of work on every fact is: into the journal's queue, then into the machine. Effects on the world (a call, a
/// command) wait until their intent is durable; what only computes does not, because it can be computed again.
actor RunExecution {
    let id: RunID
    let graph: WorkflowGraph
    let engine: Engine
    nonisolated var environment: EngineEnvironment { engine.environment }
    let observer: (any RunObserver)?
    private let beginning: Beginning
    private let startedAt: Timestamp

    var machine: RunStateMachine
    /// What waits to be handed to the journal.
    var buffer: JournalEntry
    /// About how large it is: its documents and facts.
    var bufferedBytes = 0
    var commands: [RunCommand] = []
    var isDraining = false

    /// By the numbers that the machine gives them.
    var scopes: [Int: ExecutionScope]
    let runValue: CELValue
    /// What the last pass of a loop gave, while the loop runs.
    var passOutputs: [Node: JSONObject] = [:]

    // What is under way
    var tasks: [Node: Task<Void, Never>] = [:]
    /// How many of them have not begun to run.
    var starting = 0
    /// Nodes with a call or a command under way; the others may be stopped without loss.
    var inFlight: Set<Node> = []
    var reservations = ReservationLine()
    var deadlines = Deadlines()
    /// When no process drove the run, from the last that is known of one to the beginning of the next.
    var idleTimes: [(from: Timestamp, to: Timestamp)] = []

    /// What a process before left of nodes that have not ended, and people's answers that are to be acted on.
    var recorded: [Node: RecordedNode] = [:]
    var approvals: [Node: ApprovalRequest] = [:]
    var decisions: [Node: ApprovalDecision] = [:]
    /// By the path of who asked; the next question has the next number.
    var questionsAnswered: [String: Int] = [:]
    /// Model steps that wait for a person to grant the money of their next call.
    var paused: [Node: ModelTries] = [:]
    /// The run's own; a person may have raised it.
    var cap: Money?
    /// Those that the run was begun under.
    var rules = Rules.current
    /// How far bills went beyond what was held for them.
    var overruns = Overruns()

    /// Servers that have answered.
    var reached: Set<String> = []

    // How it ends
    var interruption = Engine.Interruption.none
    var graceTask: Task<Void, Never>?
    /// The server for which it is suspended.
    var unreachable: StepFailure?
    /// Who stopped it for good.
    var cancelledBy: String?
    var hasBegun = false
    /// Its last entry is made: nothing changes it any more.
    private(set) var hasConcluded = false
    var status: RunStatus?
    var journalError: JournalError?
    var finish: UnsafeContinuation<Void, Never>?

    // What it adds up to
    var callNumber = 0
    var spent = Spending()
    /// What counts for good against the run's cap and those below it, for forecasts.
    var spentByRun = Money.zero
    var spending: [String: Money] = [:]
    /// That the outputs could not be computed.
    private var outputsFailure: StepFailure?

    /// How it came to this process.
    enum Beginning {
        case new(JSONObject, batch: (name: String, index: Int)?)
        case recorded(RecordedRun, inputs: JSONObject)
    }

    init(id: RunID, graph: WorkflowGraph, _ beginning: Beginning, engine: Engine, observer: (any RunObserver)?) {
        self.id = id
        self.graph = graph
        self.engine = engine
        self.observer = observer
        self.beginning = beginning
        machine = RunStateMachine(graph: graph)
        buffer = JournalEntry(run: id)
        let inputs: JSONObject
        switch beginning {
        case .new(let given, _):
            inputs = given
            startedAt = engine.environment.clock.now()
            cap = graph.budget.maxCost
        case .recorded(let run, let given):
            inputs = given
            startedAt = run.startedAt
            cap = run.maxCost
            spent = run.spending
        }
        runValue = CELValue(.object(["id": .string(id.text), "started_at": .string(startedAt.rfc3339)]))
        scopes = [0: ExecutionScope(graph: graph, body: graph.body, inputs: CELValue(.object(inputs)))]
    }

    /// The first failure that was not tolerated, and where.
    private var firstFailure: (path: String, failure: StepFailure)? {
        if let outputsFailure { return ("outputs", outputsFailure) }
        return scopes[0].flatMap(firstFailure)
    }

    private var failure: StepFailure? { firstFailure?.failure ?? (status == .interrupted ? unreachable : nil) }

    /// Of a workflow's own steps, else of its `finally`.
    func firstFailure(in scope: ExecutionScope) -> (path: String, failure: StepFailure)? {
        scope.firstFailure ?? scope.finallyScope.flatMap { scopes[$0]?.firstFailure }
    }

    func execute() async -> Result<RunResult, JournalError> {
        do throws(JournalError) {
            switch beginning {
            case .new(let inputs, let batch): try await begin(inputs, batch)
            case .recorded(let run, _): try await restore(run)
            }
            while true {
                if status == nil {
                    await withUnsafeContinuation { finish = $0 }
                    // Somebody answered between the last command and here.
                    if status == nil, journalError == nil { continue }
                }
                graceTask?.cancel()
                if let journalError { throw journalError }
                // Somebody may have answered while the last of the work came to its end.
                guard status == .waiting, !isInterrupted, try await takeDecisions() else { break }
            }
            deadlines.stopAll()
            return .success(result(outputs: try await end()))
        } catch {
            return .failure(error)
        }
    }

    @inline(never)
    private func result(outputs: JSONObject?) -> RunResult {
        RunResult(
            id: id, status: status!, outputs: outputs, failure: failure, failedStep: firstFailure?.path,
            waitsFor: approvals.sorted { $0.key < $1.key }.map { .init(step: $0.key.path, question: $0.value) }, spending: spent,
            startedAt: startedAt, endedAt: environment.clock.now(), exceeded: cap.flatMap { spentByRun > $0 ? ($0, spentByRun) : nil })
    }

    private func begin(_ inputs: JSONObject, _ batch: (name: String, index: Int)?) async throws(JournalError) {
        let (start, started) = beginning(inputs, batch)
        try await environment.journal.begin(start, with: takeBuffer())
        hasBegun = true
        announce(started, at: startedAt)
        go(self.commands(after: started))
    }

    // What computes without waiting stays out of the frame of a run's task, as in a step's.

    @inline(never)
    private func beginning(_ inputs: JSONObject, _ batch: (name: String, index: Int)?) -> (RunStart, RunEvent) {
        let inputsBlob = Blob(JSONEncoding.wire.bytes(.object(inputs)))
        let started = runStarted(inputs: inputsBlob.hash, batch)
        append(started, at: startedAt, to: buffer)
        buffer.blobs.append(inputsBlob)
        buffer.blobs.append(graph.sources.manifest)
        for file in graph.sources.files { buffer.blobs.append(file.content) }
        return (RunStart(id: id, location: graph.sources.location), started)
    }

    /// Performs the first commands, behind what was asked for before there was a record to write it into.
    func go(_ first: [RunCommand]) {
        var commands = first
        if isInterrupted {
            let stop = stopEvent
            note(stop, at: environment.clock.now())
            commands += self.commands(after: stop)
        }
        dispatch(commands)
    }

    private func runStarted(inputs hash: ContentHash, _ batch: (name: String, index: Int)?) -> RunEvent {
        let scope = bindings(scopes[0]!)
        var tags = JSONObject()
        for (key, value) in graph.tags {
            if let value = try? value.render(scope) { tags[key] = .string(value) }
        }
        return .runStarted(RunStarted(
            workflow: graph.name, file: graph.file, graph: graph.hash, sources: graph.sources.manifest.hash, inputs: hash, maxCost: graph.budget.maxCost,
            encoder: ModelRequest.encoderVersion, program: environment.program, owner: graph.owner.json, tags: tags,
            decision: RunDecision(
                id: graph.decision?.id.flatMap { try? $0.render(scope) }, unit: graph.decision?.unit, counts: graph.decision?.counts ?? []),
            batch: batch?.name, batchIndex: batch?.index, origin: environment.origin))
    }

    /// Computes the outputs and writes the run's last entry; when that returns, everything before it is durable too.
    private func end() async throws(JournalError) -> JSONObject? {
        let outputs = conclude()
        _ = try await environment.journal.write(takeBuffer())
        return outputs
    }

    @inline(never)
    private func conclude() -> JSONObject? {
        hasConcluded = true
        var outputs: JSONObject?
        var outcome: String?
        if status == .succeeded {
            do throws(EvaluationError) {
                outputs = try evaluateOutputs(graph.outputs, in: scopes[0]!)
            } catch {
                status = .failed
                outputsFailure = StepFailure(.expression, "outputs: \(error.message)")
            }
        }
        if status == .succeeded || status == .failed, let template = graph.decision?.outcome {
            outcome = try? template.render(bindings(scopes[0]!))
        }
        var hash: ContentHash?
        if let given = outputs {
            do throws(StepFailure) {
                hash = try keep(.object(given), "what the run returns").hash
            } catch {
                (outputs, status, outputsFailure) = (nil, .failed, error)
            }
        }
        note(.runEnded(RunEnded(status!, outputs: hash, failure: failure, outcome: outcome)), at: environment.clock.now())
        return outputs
    }
}
