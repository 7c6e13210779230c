import Economics
import Expressions
import Values
import WorkflowModel

/// Runs checked workflows: the only place with tasks, clocks and sockets around the two pure machines.
public final class Engine: Sendable {
    let environment: EngineEnvironment
    let services: CallServices
    let programLimiter: ConcurrencyLimiter
    private let active = Mutex<[RunID: RunExecution]>([:])
    /// By the hash of the graph.
    private let modelDocuments = Mutex<[ContentHash: Blob]>([:])
    private let stopping = Mutex<Interruption>(.none)
    private let isListening = Mutex(false)
    /// Runs whose results are given out, and which ask for comparison.
    private let lingering = Mutex<[RunID: Task<Void, Never>]>([:])

    /// How far a stop was asked for.
    public enum Interruption: Int, Sendable, Comparable {
        case none
        /// Nothing new starts; calls in flight get the grace period.
        case graceful
        /// Calls in flight are aborted and stay held as unknown.
        case immediate

        public static func < (a: Interruption, b: Interruption) -> Bool { a.rawValue < b.rawValue }
    }

    public init(environment: EngineEnvironment) {
        self.environment = environment
        services = CallServices(environment)
        programLimiter = ConcurrencyLimiter(limit: environment.maxConcurrentPrograms)
    }

    /// Runs a workflow to its end. A failed run is a result.
    ///
    /// - Parameters:
    ///   - inputs: bound by ``InputBinding``.
    ///   - batch: the batch's name and this run's place in it.
    ///   - fork: what it keeps of another run.
    /// - Throws: `JournalError` when the journal could not record what happened; nothing was begun that is not recorded.
    public func run(
        _ graph: WorkflowGraph, inputs: JSONObject, batch: (name: String, index: Int)? = nil, fork: RunFork? = nil, observer: (any RunObserver)? = nil
    ) async throws(JournalError) -> RunResult {
        let id = RunID(at: environment.clock.now(), random: environment.entropy.next())
        return try await drive(RunExecution(id: id, graph: graph, .new(batch: batch, fork: fork), inputs: inputs, engine: self, observer: observer))
    }

    /// Goes on with a run that is suspended or whose process is gone.
    ///
    /// - Parameters:
    ///   - graph: of the same hash as the run's record has; the caller makes sure.
    ///   - accepted: what the run was when ``GraphAcceptance`` had no objection to another graph, which is recorded then.
    /// - Throws: `JournalError`, of code `owned`, `hasEnded` or `unknownRun` when there is nothing to go on with.
    public func resume(_ id: RunID, _ graph: WorkflowGraph, accepted: AcceptedRun? = nil, observer: (any RunObserver)? = nil) async throws(JournalError) -> RunResult {
        let run = try await environment.journal.takeOver(id, by: environment.program, at: environment.clock.now())
        if run.graph != graph.hash {
            guard let accepted else { throw JournalError(.corrupt, "run \(id) is of another workflow than the one given") }
            // Another process may have gone on with it since.
            guard accepted.graph == run.graph, accepted.facts == run.events.count else {
                throw JournalError(.busy, "run \(id) has gone on while its files were looked at, and is as it was: try again")
            }
        }
        let document = try await environment.journal.documents([run.inputs])[run.inputs]
        guard let document, let inputs = (try? JSONParser.parse(document))?.objectValue else {
            throw JournalError(.corrupt, "the inputs of run \(id) are not in the ledger")
        }
        return try await drive(RunExecution(id: id, graph: graph, .recorded(run), inputs: inputs, engine: self, observer: observer))
    }

    // MARK: What is kept with runs

    /// More graphs than these are not kept at once.
    private static let mostModelDocuments = 64

    /// What is known of the models that a workflow may ask, as a document of its runs.
    func models(of graph: WorkflowGraph) -> Blob {
        if let known = modelDocuments.withLock({ $0[graph.hash] }) { return known }
        var models = RecordedModels()
        models.add(of: graph, environment, at: environment.clock.now())
        let made = Blob(JSONEncoding.canonical.bytes(environment.secrets.redactor.redact(models.json)))
        modelDocuments.withLock { documents in
            if documents.count >= Self.mostModelDocuments { documents.removeAll() }
            documents[graph.hash] = made
        }
        return made
    }

    private func drive(_ execution: RunExecution) async throws(JournalError) -> RunResult {
        let id = execution.id
        active.withLock { $0[id] = execution }
        listen()
        defer { _ = active.withLock { $0.removeValue(forKey: id) } }
        // A stop that was asked for before this run was listed.
        if interruption != .none { await execution.interrupt(interruption) }
        // On the engine's executor, whoever called, and without a task of its own.
        return try await withTaskExecutorPreference(environment.executor) {
            self.arrive()
            return await execution.execute()
        }.get()
    }

    /// Something to do on the executor: without it a run would go straight to its actor, on the thread of whoever called,
    /// and stay there until it first waits.
    @inline(never) private func arrive() {}

    public var interruption: Interruption { stopping.withLock { $0 } }

    /// Stops every run of this engine; a second, stronger word wins.
    public func interrupt(_ level: Interruption) {
        stopping.withLock { $0 = max($0, level) }
        leaveLingering()
        let executions = active.withLock { Array($0.values) }
        for execution in executions {
            Task(executorPreference: environment.executor) { await execution.interrupt(level) }
        }
    }

    // MARK: What is asked for comparison

    /// Lets a run that has given out its result come to its end by itself.
    func linger(_ id: RunID, _ body: @escaping @Sendable () async -> Void) {
        lingering.withLock { tasks in
            tasks[id] = Task(executorPreference: environment.executor) { [self] in
                await body()
                lingering.withLock { $0[id] = nil }
            }
        }
        // A stop that was asked for before it was listed.
        if interruption != .none { lingering.withLock { $0[id] }?.cancel() }
    }

    /// Lets everything be that is asked for comparison.
    func leaveLingering() {
        for task in lingering.withLock({ Array($0.values) }) { task.cancel() }
    }

    /// How long a process waits at its end for what is asked for comparison.
    public static let longestLinger = TimeSpan.seconds(10)

    /// Before the process ends: waits for what runs still ask for comparison, and lets that be which takes longer.
    public func leave(within span: TimeSpan = longestLinger) async {
        let tasks = lingering.withLock { Array($0.values) }
        if tasks.isEmpty { return }
        let timer = Task(executorPreference: environment.executor) { [environment] in
            do { try await environment.clock.sleep(for: span) } catch { return }
            for task in tasks { task.cancel() }
        }
        for task in tasks { await task.value }
        timer.cancel()
    }

    // MARK: What others ask

    /// Looks now and then for what other processes ask of the runs of this one, while there are any.
    private func listen() {
        guard let interval = environment.requestInterval,
            isListening.withLock({ was in
                defer { was = true }; return !was
            })
        else { return }
        Task(executorPreference: environment.executor) { [self] in
            while true {
                do { try await environment.clock.sleep(for: interval) } catch { break }
                if active.withLock({ $0.isEmpty }) { break }
                // A ledger that cannot be read now shows at the next entry.
                await answer((try? await environment.journal.requests()) ?? [])
            }
            isListening.withLock { $0 = false }
        }
    }

    /// Answers to one run together: which of them was the first may matter.
    private func answer(_ requests: [RunRequest]) async {
        var runs: [RunID] = []
        var answers: [RunID: [(path: String, decision: ApprovalDecision)]] = [:]
        for request in requests {
            switch request {
            case .cancel(let id, let person):
                if let execution = active.withLock({ $0[id] }) { await execution.cancel(by: person) }
            case .decided(let id, let path, let decision):
                if answers[id] == nil { runs.append(id) }
                answers[id, default: []].append((path, decision))
            }
        }
        for id in runs { if let execution = active.withLock({ $0[id] }) { await execution.take(answers[id]!) } }
    }
}
