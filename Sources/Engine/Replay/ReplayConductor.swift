import Economics
import PromptCaching
import Values
import WorkflowModel

/// Answers for the world while a run is replayed: what journals, models, programs, people and clocks said is in the record, and each says it again
/// when everything that stands before it in the record has happened. What the machines make of it is held against what they made then.
///
/// All of it runs on one thread, of a ``IdleExecutor``. When every task there waits for something, the first fact that nothing has made yet says
/// who goes on.
///
/// Unchecked: confined to that executor from when the first task is begun.
final class ReplayConductor: @unchecked Sendable {
    let record: ReplayRecord
    let documents: ReplayDocuments
    private(set) var models: RecordedModels
    let started: RunStarted
    /// What each process went by.
    private let graphs: [WorkflowGraph]
    /// What is known of models where the record does not tell.
    let fallback: (any ModelProvider)?
    private let fallbackPrices: PriceBook?
    private let secrets: SecretBook
    var mostValueBytes: Int?
    /// Whether nothing is said of the workflow being another one.
    var isOfOtherWorkflow = false

    var waiters = ReplayWaiters()
    private(set) var executor: IdleExecutor!
    private(set) var now: Timestamp
    /// The first place at which the machines leave the record; nothing is compared behind it.
    private(set) var difference: ReplayFinding?
    private(set) var calls = 0
    private(set) var steps = 0
    /// Whether the bytes of requests may be others.
    let isOfOtherEncoder: Bool
    private(set) var otherRequests = 0
    /// Calls that were turned away without a fact: with what they were to write to a cache they did not fit.
    var refusedPlans: Set<CallSite> = []
    /// By calls, what was to be left for the rest of the run had nothing begun of what the record does not have yet.
    var mostRooms: [CallSite: CapAmount] = [:]
    /// Calls with a plan of a cache that are under way, by their questions.
    var promptsUnderWay: TextTable<Int> = [:]
    /// The files that went with prompts, by node and name.
    var attached: TextTable<TextTable<[UInt8]>> = [:]
    /// Calls that were not begun any more.
    var postponed: Set<CallSite> = []

    // The life that is being replayed.
    private var engine: Engine?
    private var execution: RunExecution?
    private var life = 0
    private var isRunning = false
    private var isDropping = false
    private var drops = 0
    /// The fact for which somebody was told what the world did.
    private var fed: Int?
    private var onEnd: UnsafeContinuation<Void, Never>?
    private var isOver = false

    init(
        _ record: ReplayRecord, started: RunStarted, _ documents: ReplayDocuments, models: RecordedModels?, graphs: [WorkflowGraph], fallback: (any ModelProvider)?, prices: PriceBook?,
        secrets: SecretBook
    ) {
        self.secrets = secrets
        self.record = record
        self.started = started
        self.documents = documents
        self.models = models ?? RecordedModels()
        self.graphs = graphs
        self.fallback = models == nil ? fallback : nil
        fallbackPrices = models == nil ? prices : nil
        now = record.facts[0].at
        isOfOtherEncoder = started.encoder != ModelRequest.encoderVersion
        executor = IdleExecutor { [unowned self] in goOn() }
    }

    /// Replays all of the record, or up to the first difference.
    func run() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            Task(executorPreference: executor) { [self] in
                onEnd = continuation
                beginLife()
            }
        }
    }

    // MARK: Lives

    private func beginLife() {
        let index = record.lives[life].facts.lowerBound
        now = record.facts[index].at
        (isDropping, drops, fed) = (false, 0, nil)
        let engine = Engine(environment: environment)
        self.engine = engine
        guard let inputs = documents.json(started.inputs)?.objectValue else {
            return note(ReplayFinding(.record, at: index, "the run's inputs are not in the record"))
        }
        let beginning: RunExecution.Beginning
        if life == 0 {
            var fork: RunFork?
            if let origin = started.fork {
                guard let kept = documents.json(origin.kept).flatMap({ try? KeptNodes(document: $0, run: record.run) }) else {
                    return note(ReplayFinding(.record, at: index, "what the run keeps of run \(started.parent ?? "") is not in the record"))
                }
                fork = RunFork(
                    of: RunID(started.parent ?? ""), origin.point, kept: kept, purpose: started.purpose, decision: started.purpose == .production ? started.decision : nil)
            }
            beginning = .new(batch: started.batch.map { ($0, started.batchIndex ?? 0) }, fork: fork)
        } else {
            if let accepted = accepted(in: life), let known = documents.json(accepted.models).flatMap(RecordedModels.init(json:)) { models = known }
            guard case .runResumed(let resumed)? = try? record.event(index) else {
                return note(ReplayFinding(.record, at: index, "the fact that another process goes on cannot be read"))
            }
            beginning = .recorded(
                RecordedRun(
                    id: record.run, graph: graphs[life - 1].hash, inputs: started.inputs, startedAt: record.facts[0].at, maxCost: started.maxCost,
                    batch: started.batch.map { ($0, started.batchIndex ?? 0) }, resumed: resumed, resumedAt: now, spending: Spending(),
                    events: record.facts[..<index].filter { !$0.isForeign }, decisions: [:]))
        }
        let execution = RunExecution(id: record.run, graph: graphs[life], beginning, inputs: inputs, engine: engine, observer: nil)
        self.execution = execution
        isRunning = true
        let stop = record.stopBefore(index + 1)
        Task(executorPreference: executor) { [self] in
            if let stop { await execution.perform { $0.stop(stop) } }
            let result = await execution.execute()
            hasEnded(result)
        }
    }

    /// With what files a process went on, where they were not those before; also with what was known of models.
    private func accepted(in life: Int) -> FilesAccepted? {
        let index = record.lives[life].facts.first { record.facts[$0].kind == RunEvent.Kind.filesAccepted.rawValue }
        guard let index, case .filesAccepted(let accepted)? = try? record.event(index) else { return nil }
        return accepted
    }

    /// What was known of models that were not those before, when this process began.
    var acceptedModels: ContentHash? { accepted(in: life)?.models }

    private func hasEnded(_ result: Result<RunResult, JournalError>) {
        isRunning = false
        if case .failure(let error) = result, !isDropping, difference == nil {
            note(ReplayFinding(.record, at: record.first(), "the record cannot be gone on with: \(error.description)"))
        }
    }

    private var environment: EngineEnvironment {
        var prices: TextTable<RecordedPrices> = [:]
        for case (let model, .known(let profile, let recorded?)) in models.entries { prices["\(model.provider)/\(profile.servedID)"] = recorded }
        var environment = EngineEnvironment(
            journal: ReplayJournal(conductor: self), provider: ReplayProvider(conductor: self), tools: ReplayTools(), prices: fallbackPrices ?? PriceBook(recorded: prices),
            clock: ReplayClock(conductor: self), executor: executor, maxConcurrentCalls: .max, maxConcurrentPrograms: .max, program: started.program,
            memory: ReplayMemory(), secrets: secrets)
        environment.replay = self
        if let mostValueBytes { environment.mostValueBytes = mostValueBytes }
        return environment
    }

    private func finish() -> Bool {
        isOver = true
        (execution, engine) = (nil, nil)
        onEnd?.resume()
        onEnd = nil
        return false
    }

    // MARK: Going on

    /// Every task waits: lets the first go on that the record says.
    ///
    /// - Returns: whether there is one.
    private func goOn() -> Bool {
        if isOver { return false }
        if isDropping { return drop() }
        if difference != nil { return drop() }
        if let index = record.first() {
            now = max(now, record.facts[index].at)
            if release(index) {
                return true
            }
            if difference != nil { return drop() }
            note(stuck(at: index))
            return drop()
        }
        if isRunning {
            if !record.life.hasEnd { return drop() }
            // Those who only write to a cache are not waited for, and no more is recorded of them.
            if letGo() { return true }
            note(surplus())
            return drop()
        }
        return nextLife()
    }

    private func nextLife() -> Bool {
        life += 1
        guard life < record.lives.count else { return finish() }
        record.begin(record.lives[life])
        beginLife()
        return true
    }

    /// Ends what a process was at that died, or that is not gone on with.
    private func drop() -> Bool {
        isDropping = true
        drops += 1
        guard drops < 1_000 else { return end() }
        if drops == 1, let execution {
            Task(executorPreference: executor) { await execution.lose(JournalError(.other, "the replay of this process is over")) }
            return true
        }
        if !waiters.everyone.isEmpty {
            for waiter in waiters.everyone { dismiss(waiter) }
            return true
        }
        return end()
    }

    private func end() -> Bool {
        isRunning = false
        if difference != nil { return finish() }
        return nextLife()
    }

    // MARK: What the machines make

    /// Facts that are handed over, in their order.
    func take(_ entry: JournalEntry) {
        guard difference == nil, !isDropping else { return }
        for fact in entry.facts where difference == nil { take(fact, in: entry) }
    }

    func take(_ fact: JournaledEvent, in entry: JournalEntry) {
        guard let index = record.head(record.line(of: fact.event)) else {
            if record.life.hasEnd {
                note(ReplayFinding(at: nil, fact, entry, path: fact.event.nodePath))
            } else {
                record.isBeyond()
            }
            return
        }
        switch FactComparison(record.facts[index], fact, started: started, mostRoom: fact.event.site.flatMap { mostRooms[$0] }, isGoneOn: record.lives.count > 1).verdict(isOfOtherEncoder: isOfOtherEncoder) {
        case .same: break
        case .otherBytes: otherRequests += 1
        case .different(let key):
            note(ReplayFinding(at: index, fact, entry, key: key, path: fact.event.nodePath))
            return
        }
        record.hasCompared()
        record.advance(index)
        switch fact.event {
        case .callStarted(let call): if call.cache != nil { promptsUnderWay[RunPrefixes.key(call), default: 0] += 1 }
        case .callEnded(let end):
            calls += 1
            if let started = record.started(end.id.number), started.payload["cache"] != nil, case .callStarted(let call)? = try? RunEvent(kind: started.kind, payload: started.payload, run: record.run) {
                promptsUnderWay[RunPrefixes.key(call), default: 0] -= 1
            }
        case .nodeSucceeded, .nodeFailed, .nodeRecovered, .stepSkipped, .nodeCancelled: steps += 1
        default: break
        }
    }

    func note(_ found: ReplayFinding) {
        if difference == nil { difference = found }
    }

    // MARK: Telling what the world did

    /// Does something to the run, once for a fact.
    ///
    /// - Returns: whether it was not done before.
    func feed(_ index: Int, _ body: @escaping @Sendable (isolated RunExecution) -> Void) -> Bool {
        guard fed != index, let execution else { return false }
        fed = index
        Task(executorPreference: executor) { await execution.perform(body) }
        return true
    }

    /// Nobody waits any longer for what is asked for comparison.
    func leave(_ index: Int) -> Bool {
        guard fed != index, let engine else { return false }
        fed = index
        engine.leaveLingering()
        return true
    }

    var hasReturned: Bool { !isRunning }
}

extension EventRecord {
    fileprivate var isForeign: Bool { kind == "run_pruned" || kind == "documents_redacted" || kind == "label_recorded" || kind == "call_reconciled" }
}

extension RunExecution {
    /// What was asked for before anything had begun.
    fileprivate func stop(_ fact: RunEvent) {
        if case .cancelRequested(let person) = fact { cancel(by: person) } else { interrupt(.graceful) }
    }

    fileprivate func perform(_ body: @Sendable (isolated RunExecution) -> Void) { body(self) }
}
