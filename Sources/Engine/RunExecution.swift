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
    private let observer: (any RunObserver)?
    private let batch: (name: String, index: Int)?
    private let inputs: JSONObject

    private var machine: RunStateMachine
    /// What waits to be handed to the journal.
    private var buffer: JournalEntry
    private var commands: [RunCommand] = []
    private var isDraining = false

    // What expressions read
    private let inputsValue: CELValue
    private let runValue: CELValue
    private var steps: JSONObject
    private var items: [Int: [JSONValue]] = [:]
    private var itemResults: [Int: [JSONValue?]] = [:]
    private var itemFailures: [Int: [Int: StepFailure]] = [:]

    private var tasks: [Node: Task<Void, Never>] = [:]
    /// Nodes with a call or a command under way; the others may be stopped without loss.
    var inFlight: Set<Node> = []
    private var interruption = Engine.Interruption.none

    private var callCount = 0
    private var cost = MoneySum.zero
    private var unpricedCalls = 0
    private var firstFailure: (step: String, failure: StepFailure)?
    private var status: RunStatus?
    private var journalError: JournalError?
    private var finish: CheckedContinuation<Void, Never>?
    private let startedAt: Timestamp
    /// Reservations that do not fit yet, in the order of asking. They hold nothing while they wait.
    private var reservationQueue: [CheckedContinuation<Void, Never>] = []
    private var isReserving = false
    /// Counts settled calls, so that one that settles between an answer and the waiting for it is not missed.
    private var settledCalls = 0
    private var settlementWaiter: CheckedContinuation<Void, Never>?

    init(id: RunID, graph: WorkflowGraph, inputs: JSONObject, batch: (name: String, index: Int)?, engine: Engine, observer: (any RunObserver)?) {
        self.id = id
        self.graph = graph
        self.engine = engine
        self.observer = observer
        self.batch = batch
        self.inputs = inputs
        machine = RunStateMachine(graph: graph)
        buffer = JournalEntry(run: id)
        startedAt = engine.environment.clock.now()
        inputsValue = CELValue(.object(inputs))
        runValue = CELValue(.object(["id": .string(id.text), "started_at": .string(startedAt.rfc3339)]))
        var steps = JSONObject(minimumCapacity: graph.steps.count)
        for step in graph.steps { steps[step.id] = .object(["status": .string(NodeStatus.pending.rawValue)]) }
        self.steps = steps
    }

    // MARK: The run

    func execute() async -> Result<RunResult, JournalError> {
        do throws(JournalError) {
            let inputsBlob = Blob(JSONEncoding.wire.bytes(.object(inputs)))
            try await environment.journal.begin(runStart(inputs: inputsBlob.hash))
            buffer.blobs.append(inputsBlob)
            record(.runStarted(RunStarted(
                workflow: graph.name, graph: graph.hash, inputs: inputsBlob.hash, maxCost: graph.budget.maxCost,
                encoder: ModelRequest.encoderVersion, program: environment.program)))
            if status == nil {
                await withCheckedContinuation { finish = $0 }
            }
            if let journalError { throw journalError }
            let outputs = try await end()
            return .success(RunResult(
                id: id, status: status!, outputs: outputs, failure: firstFailure?.failure, failedStep: firstFailure?.step, cost: cost,
                unpricedCalls: unpricedCalls, calls: callCount, startedAt: startedAt, endedAt: environment.clock.now()))
        } catch {
            return .failure(error)
        }
    }

    private func runStart(inputs hash: ContentHash) -> RunStart {
        let scope = scope(item: nil)
        var tags = JSONObject()
        for (key, value) in graph.tags {
            if let value = try? value.render(scope) { tags[key] = .string(value) }
        }
        return RunStart(
            id: id, workflow: graph.name, file: graph.file, graph: graph.hash, inputs: hash, maxCost: graph.budget.maxCost,
            tags: tags, owner: graph.owner.json, decisionID: graph.decision?.id.flatMap { try? $0.render(scope) },
            decisionUnit: graph.decision?.unit, decisionCounts: graph.decision?.counts ?? [],
            batch: batch?.name, batchIndex: batch?.index, at: startedAt)
    }

    /// Computes the outputs and writes the run's last entry; when that returns, everything before it is durable too.
    private func end() async throws(JournalError) -> JSONObject? {
        var outputs: JSONObject?
        var outcome: String?
        if status == .succeeded {
            do throws(EvaluationError) {
                outputs = try evaluateOutputs()
            } catch {
                status = .failed
                firstFailure = ("outputs", StepFailure(.expression, "outputs: \(error.message)"))
            }
        }
        if status == .succeeded || status == .failed, let template = graph.decision?.outcome {
            outcome = try? template.render(scope(item: nil))
        }
        var hash: ContentHash?
        if let outputs {
            let blob = Blob(JSONEncoding.wire.bytes(.object(outputs)))
            hash = blob.hash
            buffer.blobs.append(blob)
        }
        let at = environment.clock.now()
        note(.runEnded(status!, outputs: hash), at: at)
        buffer.runEnd = RunEnd(status: status!, outputs: hash, failure: firstFailure?.failure, outcome: outcome, at: at)
        let entry = takeBuffer()
        _ = try await environment.journal.write(entry)
        return outputs
    }

    /// An output that reads a step which did not deliver is left out.
    private func evaluateOutputs() throws(EvaluationError) -> JSONObject {
        var outputs = JSONObject()
        let scope = scope(item: nil)
        for (key, template) in graph.outputs {
            let readsMissing = template.references.contains { reference in
                guard !reference.isGuarded, reference.path.first == "steps", reference.path.count > 2, reference.path[2] == "output",
                    let step = steps[reference.path[1]]
                else { return false }
                return step["output"] == nil
            }
            if !readsMissing { outputs[key] = try template.evaluate(scope) }
        }
        return outputs
    }

    // MARK: Facts and commands

    /// Takes a fact: into the journal's queue, then into the machine, whose commands are executed.
    func record(_ event: RunEvent) {
        note(event, at: environment.clock.now())
        dispatch(machine.apply(event))
    }

    /// A fact for the journal and the observer alone.
    func note(_ event: RunEvent, at: Timestamp) {
        buffer.events.append(JournaledEvent(kind: event.kind, payload: JSONEncoding.wire.bytes(.object(event.payload(in: graph))), at: at))
        if let update = nodeUpdate(event, at: at) { buffer.nodes.append(update) }
        observer?.observe(event, run: id, graph: graph, at: at)
    }

    /// A fact that is in the journal already, for the observer.
    func announce(_ event: RunEvent, at: Timestamp) {
        observer?.observe(event, run: id, graph: graph, at: at)
    }

    private func nodeUpdate(_ event: RunEvent, at: Timestamp) -> NodeUpdate? {
        func update(
            _ node: Node, _ status: NodeStatus, output: ContentHash? = nil, failure: StepFailure? = nil, reason: String? = nil
        ) -> NodeUpdate {
            NodeUpdate(
                path: graph.path(of: node), step: graph.steps[node.step].id, item: node.item, status: status, at: at, output: output,
                failure: failure, reason: reason)
        }
        switch event {
        case .nodeStarted(let node): return update(node, .running)
        case .nodeSucceeded(let node, let output): return update(node, .succeeded, output: output.hash)
        case .nodeRecovered(let node, let failure, let output): return update(node, .succeeded, output: output.hash, failure: failure)
        case .nodeFailed(let node, let failure): return update(node, .failed, failure: failure)
        case .nodeCancelled(let node): return update(node, .cancelled)
        case .stepSkipped(let step, let reason): return update(Node(step: step), .skipped, reason: reason.text)
        case .itemsExpanded(let step, _, _): return update(Node(step: step), .running)
        case .itemsCollected(let step, let output): return update(Node(step: step), .succeeded, output: output.hash)
        default: return nil
        }
    }

    /// Commands wait in a queue while one is executed: a chain of a thousand skipped steps must not be a thousand calls deep.
    private func dispatch(_ new: [RunCommand]) {
        commands.append(contentsOf: new)
        guard !isDraining else { return }
        isDraining = true
        var next = 0
        while next < commands.count {
            let command = commands[next]
            next += 1
            perform(command)
        }
        commands.removeAll(keepingCapacity: true)
        isDraining = false
    }

    private func perform(_ command: RunCommand) {
        guard journalError == nil else { return }
        switch command {
        case .evaluateCondition(let step): evaluateCondition(step)
        case .expandItems(let step): expandItems(step)
        case .start(let node): start(node)
        case .skip(let step, let reason):
            setStep(step, ["status": .string(NodeStatus.skipped.rawValue)])
            record(.stepSkipped(step: step, reason))
        case .collect(let step): collect(step)
        case .cancel(let node): tasks[node]?.cancel()
        case .end(let status):
            self.status = status
            finish?.resume()
            finish = nil
        }
    }

    private func evaluateCondition(_ step: Int) {
        let definition = graph.steps[step]
        do throws(StepFailure) {
            let scope = try stepScope(step)
            guard case .bool(let holds) = try evaluating({ () throws(EvaluationError) in try definition.when!.evaluate(scope) }) else {
                throw StepFailure(.expression, "when: must be true or false")
            }
            record(.conditionEvaluated(step: step, holds: holds))
        } catch {
            fail(Node(step: step), error)
        }
    }

    private func expandItems(_ step: Int) {
        let forEach = graph.steps[step].forEach!
        do throws(StepFailure) {
            let scope = try stepScope(step)
            let value = try evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(scope) }
            guard let list = value.arrayValue else {
                throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)")
            }
            if let limit = forEach.maxItems, list.count > limit {
                throw StepFailure(.items, "for_each has \(list.count) items, max_items is \(limit)")
            }
            let blob = Blob(JSONEncoding.wire.bytes(value))
            buffer.blobs.append(blob)
            items[step] = list
            itemResults[step] = Array(repeating: nil, count: list.count)
            record(.itemsExpanded(step: step, count: list.count, items: blob.hash))
        } catch {
            fail(Node(step: step), error)
        }
    }

    private func start(_ node: Node) {
        let step = graph.steps[node.step]
        switch step.kind {
        case .value(let template):
            record(.nodeStarted(node))
            do throws(StepFailure) {
                let scope = try nodeScope(node)
                succeed(node, try evaluating { () throws(EvaluationError) in try template.evaluate(scope) })
            } catch {
                fail(node, error)
            }
        case .model(let model):
            launch(node) { await $0.runModel(node, step, model) }
        case .run(let command):
            launch(node) { await $0.runCommand(node, step, command) }
        }
    }

    private func launch(_ node: Node, _ body: @escaping @Sendable (isolated RunExecution) async -> Void) {
        tasks[node] = Task(executorPreference: environment.executor) { [self] in
            await body(self)
            await ended(node)
        }
    }

    private func ended(_ node: Node) {
        tasks[node] = nil
        inFlight.remove(node)
        flush()
    }

    private func collect(_ step: Int) {
        let progress = machine.items(of: step)!
        let definition = graph.steps[step]
        let failures = itemFailures[step] ?? [:]
        if definition.forEach!.onError == .stop, let first = progress.failed.first, let failure = failures[first] {
            let others = progress.failed.count > 1 ? " (and \(progress.failed.count - 1) more)" : ""
            fail(Node(step: step), StepFailure(failure.kind, "item \(first) failed\(others): \(failure.message)", details: failure.details))
            return
        }
        let results = itemResults[step] ?? []
        guard results.enumerated().allSatisfy({ $1 != nil || failures[$0] != nil }) else {
            setStep(step, ["status": .string(NodeStatus.cancelled.rawValue)])
            return record(.nodeCancelled(Node(step: step)))
        }
        let list: [JSONValue]
        if definition.forEach!.onError == .collect {
            list = results.enumerated().map { index, value in
                .object([
                    "ok": .bool(value != nil), "output": value ?? .null,
                    "error": failures[index].map { .string($0.message) } ?? .null,
                ])
            }
        } else {
            list = results.map { $0 ?? .null }
        }
        let output = store(.array(list))
        setStep(step, ["status": .string(NodeStatus.succeeded.rawValue), "output": .array(list)])
        items[step] = nil
        itemResults[step] = nil
        itemFailures[step] = nil
        record(.itemsCollected(step: step, output))
    }

    // MARK: The ends of nodes

    func succeed(_ node: Node, _ value: JSONValue, facts: JSONObject = [:]) {
        let output = store(value)
        settle(node, value, facts: facts)
        record(.nodeSucceeded(node, output))
    }

    func fail(_ node: Node, _ failure: StepFailure, facts: JSONObject = [:]) {
        if failure.kind == .cancelled {
            if node.item == nil { setStep(node.step, ["status": .string(NodeStatus.cancelled.rawValue)]) }
            return record(.nodeCancelled(node))
        }
        // With items, a value stands in for an item; the collected step itself fails as a whole.
        let isWholeOfItems = node.item == nil && graph.steps[node.step].forEach != nil
        if case .value(let template) = graph.steps[node.step].onError, !isWholeOfItems,
            let scope = try? nodeScope(node), let value = try? template.evaluate(scope)
        {
            let output = store(value)
            settle(node, value, facts: facts)
            return record(.nodeRecovered(node, failure, output))
        }
        if let item = node.item {
            itemFailures[node.step, default: [:]][item] = failure
        } else {
            setStep(node.step, facts.with("status", .string(NodeStatus.failed.rawValue)))
        }
        let isTolerated = { if case .continue = self.graph.steps[node.step].onError { return true } else { return false } }()
        if firstFailure == nil, !isTolerated, node.item == nil { firstFailure = (graph.steps[node.step].id, failure) }
        record(.nodeFailed(node, failure))
    }

    private func settle(_ node: Node, _ value: JSONValue, facts: JSONObject) {
        if let item = node.item {
            itemResults[node.step]?[item] = value
        } else {
            setStep(node.step, facts.with("status", .string(NodeStatus.succeeded.rawValue)).with("output", value))
        }
    }

    private func setStep(_ step: Int, _ state: JSONObject) {
        steps[graph.steps[step].id] = .object(state)
    }

    func store(_ value: JSONValue) -> OutputReference {
        let blob = Blob(JSONEncoding.wire.bytes(value))
        buffer.blobs.append(blob)
        return OutputReference(hash: blob.hash)
    }

    // MARK: Scopes

    private func scope(item: (name: String, value: CELValue, index: Int)?) -> RunScope {
        RunScope(inputs: inputsValue, steps: CELValue(.object(steps)), run: runValue, with: nil, item: item)
    }

    /// For `when` and `for_each.items`: no item is in scope.
    private func stepScope(_ step: Int) throws(StepFailure) -> RunScope {
        scope(item: nil)
    }

    func nodeScope(_ node: Node) throws(StepFailure) -> RunScope {
        let step = graph.steps[node.step]
        var item: (name: String, value: CELValue, index: Int)?
        if let index = node.item, let forEach = step.forEach { item = (forEach.name, CELValue(items[node.step]![index]), index) }
        var scope = scope(item: item)
        guard !step.with.isEmpty else { return scope }
        var with = JSONObject(minimumCapacity: step.with.count)
        for (key, template) in step.with {
            with[key] = try evaluating { () throws(EvaluationError) in try template.evaluate(scope) }
        }
        scope.with = CELValue(.object(with))
        return scope
    }

    func evaluating<T>(_ body: () throws(EvaluationError) -> T) throws(StepFailure) -> T {
        do throws(EvaluationError) {
            return try body()
        } catch {
            throw StepFailure(.expression, error.message, details: ["at \(error.range.start)"])
        }
    }

    // MARK: The journal

    /// Hands what waits to the journal without waiting for it to be durable.
    func flush() {
        if !buffer.isEmpty { environment.journal.post(takeBuffer()) }
    }

    func takeBuffer() -> JournalEntry {
        let entry = buffer
        buffer = JournalEntry(run: id)
        return entry
    }

    func append(blob: Blob) { buffer.blobs.append(blob) }

    func append(callEnd: CallEnd) {
        if buffer.callEnd != nil { flush() }
        buffer.callEnd = callEnd
        if let money = callEnd.cost { cost.add(money) } else if callEnd.state != .void { unpricedCalls += 1 }
    }

    /// Writes the intent of a call and waits until it is durable. A reservation that would fit if calls in flight settled
    /// for less waits for one to settle; those behind it wait their turn.
    ///
    /// - Returns: `nil` when the call may be made, else what refused it.
    /// - Throws: `StepFailure` of kind `cancelled` when the run is stopping or its journal is gone.
    func reserve(_ intent: JournalEntry) async throws(StepFailure) -> BudgetRefusal? {
        if isReserving { await withCheckedContinuation { reservationQueue.append($0) } } else { isReserving = true }
        defer {
            if reservationQueue.isEmpty { isReserving = false } else { reservationQueue.removeFirst().resume() }
        }
        while true {
            if hasLostJournal || Task.isCancelled || isInterrupted { throw StepFailure(.cancelled, "the run is stopping") }
            // What waits in the buffer goes with the intent in one entry; an intent that is turned away must not hold it back.
            var entry = takeBuffer()
            let waitsBesides = entry
            if entry.callEnd != nil || entry.runEnd != nil {
                environment.journal.post(entry)
                entry = JournalEntry(run: id)
            }
            let alone = entry.isEmpty
            entry.events += intent.events
            entry.blobs += intent.blobs
            entry.nodes += intent.nodes
            entry.callStart = intent.callStart
            let settledBefore = settledCalls
            do throws(JournalError) {
                switch try await environment.journal.write(entry) {
                case .written: return nil
                case .refused(let refusal):
                    if !alone { environment.journal.post(waitsBesides) }
                    return refusal
                case .postponed:
                    if !alone { environment.journal.post(waitsBesides) }
                    if settledCalls == settledBefore, !Task.isCancelled, !isInterrupted {
                        await withCheckedContinuation { settlementWaiter = $0 }
                    }
                }
            } catch {
                abort(error)
                throw StepFailure(.cancelled, error.description)
            }
        }
    }

    /// Says that a call settled: a postponed reservation may fit now.
    func callSettled() {
        settledCalls += 1
        settlementWaiter?.resume()
        settlementWaiter = nil
    }

    func nextCall() -> CallID {
        callCount += 1
        return CallID(run: id, number: callCount)
    }

    /// The journal is gone: nothing more can be recorded, so nothing more may be done.
    func abort(_ error: JournalError) {
        guard journalError == nil else { return }
        journalError = error
        for task in tasks.values { task.cancel() }
        callSettled()
        status = .failed
        finish?.resume()
        finish = nil
    }

    var hasLostJournal: Bool { journalError != nil }

    // MARK: Stopping

    func interrupt(_ level: Engine.Interruption) {
        guard level > interruption, status == nil else { return }
        let isFirst = interruption == .none
        interruption = level
        if isFirst {
            record(.interruptRequested)
            flush()
        }
        for (node, task) in tasks where level == .immediate || !inFlight.contains(node) { task.cancel() }
        callSettled()
        if level == .graceful {
            Task(executorPreference: environment.executor) { [self] in
                try? await environment.clock.sleep(for: environment.grace)
                await interrupt(.immediate)
            }
        }
    }

    var isInterrupted: Bool { interruption != .none }
}
