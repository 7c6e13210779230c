import Economics
import Expressions
import Values
import WorkflowModel

/// Drives one run: executes the commands that follow from its state, records what came of them, and applies that to the state.
///
/// The order of work on every fact is: into the outbox, then into the state. Effects on the world (a call, a command) wait until their
/// intent is durable; what only computes does not, because it can be computed again. Everything that is known of the run is in
/// ``RunState``; here is what this process does about it.
actor RunExecution: CallRecorder {
    let id: RunID
    let engine: Engine
    let observer: (any RunObserver)?
    let road: CallRoad
    private let beginning: Beginning

    var state: RunState
    var outbox: Outbox
    var queue = CommandQueue()
    var work = Work()
    var stopping = Stopping()
    /// What it may still take of the run that it is a fork of.
    var inheritance = Inheritance()
    /// Further tiers that gates were drawn to ask.
    var pendingShadows: [PendingShadow] = []
    /// Calls that write what later prompts begin with.
    var warmUps: [Task<Void, Never>] = []
    /// Whether its result is given out, and it asks for comparison.
    var isLingering = false
    /// Of whoever waits until there is nothing to do any more.
    var finish: UnsafeContinuation<Void, Never>?

    /// How it came to this process.
    enum Beginning {
        case new(batch: (name: String, index: Int)?, fork: RunFork?)
        case recorded(RecordedRun)
    }

    nonisolated var environment: EngineEnvironment { engine.environment }

    /// - Parameter inputs: bound.
    init(id: RunID, graph: WorkflowGraph, _ beginning: Beginning, inputs: JSONObject, engine: Engine, observer: (any RunObserver)?) {
        self.id = id
        self.engine = engine
        self.observer = observer
        self.beginning = beginning
        road = CallRoad(engine.services)
        outbox = Outbox(run: id, journal: engine.environment.journal, isEager: engine.services.replay != nil)
        let startedAt = if case .recorded(let run) = beginning { run.startedAt } else { engine.environment.clock.now() }
        state = RunState(id, of: graph, inputs: inputs, startedAt: startedAt)
    }

    func execute() async -> Result<RunResult, JournalError> {
        do throws(JournalError) {
            switch beginning {
            case .new(let batch, let fork): try await begin(batch, fork)
            case .recorded(let run): try await resume(run)
            }
            while true {
                if state.ending == nil, outbox.error == nil {
                    await withUnsafeContinuation { finish = $0 }
                    // Somebody answered between the last command and here.
                    if state.ending == nil, outbox.error == nil { continue }
                }
                // What they write is of no use any more, unless the run waits for a person; what they cost is to be known.
                if outbox.error == nil, let warmUp = warmUps.popLast() {
                    if state.ending != .waiting || isStopping { warmUp.cancel() }
                    road.wakeAll()
                    await warmUp.value
                    continue
                }
                stopping.grace?.cancel()
                if let error = outbox.error { throw error }
                // Somebody may have answered while the last of the work came to its end.
                guard state.ending == .waiting, !isStopping, try await takeDecisions() else { break }
            }
            work.stopTimers()
            let result = try await end()
            return .success(result)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Beginning

    private func begin(_ batch: (name: String, index: Int)?, _ fork: RunFork?) async throws(JournalError) {
        if let fork {
            let kept = try await Inheritance(fork.kept, of: fork.parent.text, environment.journal)
            inheritance = kept
        }
        let (start, started) = beginning(batch, fork)
        let journal = outbox.journal
        try await journal.begin(start, with: outbox.take())
        announce(started, at: state.startedAt)
        let first = commands(after: started, at: state.startedAt)
        enterBands(at: state.startedAt)
        go(first)
        warmUp()
    }

    // What computes without waiting stays out of the frame of a run's task, as in a step's.

    @inline(never)
    private func beginning(_ batch: (name: String, index: Int)?, _ fork: RunFork?) -> (RunStart, RunEvent) {
        let graph = state.graph
        let inputs = Blob(JSONEncoding.wire.bytes(.object(state.scopes[0]!.given ?? [:])))
        let models = engine.services.replay == nil ? engine.models(of: graph) : nil
        let told = state.started(
            inputs: inputs.hash, program: environment.program, origin: environment.origin, batch: batch, fork: fork, models: models?.hash,
            draw: { [self] in draw(at: "") }, redactor: environment.secrets.redactor)
        let started = RunEvent.runStarted(engine.services.replay?.beginning(of: told) ?? told)
        outbox.append(started, at: state.startedAt)
        outbox.append(inputs)
        if let models { outbox.append(models) }
        state.scopes[0]!.given = nil
        outbox.append(graph.sources.manifest)
        for file in graph.sources.files { outbox.append(file.content) }
        if let fork { outbox.append(fork.document) }
        return (RunStart(id: id, location: graph.sources.location), started)
    }

    /// Performs the first commands, behind what was asked for before there was a record to write it into.
    func go(_ first: [RunCommand]) {
        var commands = first
        if isStopping {
            let (fact, at) = (stopping.fact, environment.clock.now())
            outbox.append(fact, at: at)
            announce(fact, at: at)
            commands += self.commands(after: fact, at: at)
        }
        dispatch(commands)
    }

    // MARK: Ending

    /// Computes the outputs and writes the run's last entry; when that returns, everything before it is durable too. Where further tiers are to be
    /// asked, the last fact is left to whoever asks them.
    private func end() async throws(JournalError) -> RunResult {
        let (result, end) = conclude()
        let journal = outbox.journal
        let lingers = hasShadows
        if lingers {
            announce(.runEnded(end), at: result.endedAt)
        } else {
            dismissShadows(state.ending == .waiting || isStopping ? "the run stopped before" : "the process that was to ask is gone")
            record(.runEnded(end), at: result.endedAt)
        }
        _ = try await journal.write(outbox.take())
        if lingers { engine.linger(id) { [self] in await linger(end) } }
        return result
    }

    @inline(never)
    private func conclude() -> (RunResult, RunEnded) {
        var outputs: JSONObject?
        var hash: ContentHash?
        var failed = state.firstFailure
        var status = state.ending!
        if status == .succeeded {
            do throws(StepFailure) {
                let value = environment.secrets.redactor.redact(.object(try state.outputs()))
                hash = try keep(value, "what the run returns").hash
                outputs = value.objectValue
            } catch {
                (status, failed) = (.failed, ("outputs", error))
            }
            // Outputs of what ran are there all the same, unless one needs what did not.
            if let left = state.leftOut {
                (status, failed) = (.failed, (left.path, StepFailure(.budget, "it did not begin: \(SkipReason.band(left.band).text)")))
            }
        }
        let failure = failed?.failure ?? (status == .interrupted ? stopping.unreachable : nil)
        let questions = state.questions
        let at = environment.clock.now()
        let end = RunEnded(status, outputs: hash, failure: failure, outcome: state.outcome(of: status).map { environment.secrets.redactor.redact($0) })
        let result = RunResult(
            id: id, status: status, outputs: outputs, failure: failure, failedStep: failed?.path,
            waitsFor: questions.map { .init(step: $0.node.path, question: $0.question, choices: state.open[$0.node]?.gate?.choices ?? []) }, spending: state.money.spending,
            startedAt: state.startedAt, endedAt: at, exceeded: state.money.exceeded, tokens: state.money.countedTokens)
        return (result, end)
    }
}
