import Values
import WorkflowModel

/// The life of a run, pure: facts in, intentions out. No clock, no randomness, no I/O; replay and resume run the same code.
///
/// A step goes `waiting -> deciding (when) -> expanding (for_each) -> queued -> running -> collecting -> settled`,
/// leaving out what it does not have; it can be skipped until it runs. Each command but `cancel` is answered by exactly one
/// event; a cancelled node answers its `start`.
public struct RunStateMachine: Sendable {
    /// How a step ended.
    public enum Settlement: Sendable, Hashable {
        case succeeded
        /// `tolerated`: `on_error: continue` let the run go on.
        case failed(tolerated: Bool)
        case skipped(SkipReason)
        case cancelled
    }

    enum Phase: Sendable {
        /// -> deciding, expanding, queued or skipping, when the last dependency settles.
        case waiting(unsettled: Int)
        /// -> expanding, queued or skipping, on `conditionEvaluated`.
        case deciding
        /// -> running or collecting, on `itemsExpanded`.
        case expanding
        /// -> settled, on `stepSkipped`.
        case skipping
        /// -> settled, on the node's end.
        case running
        /// -> collecting, when the last item ends.
        case items(ItemProgress)
        /// -> settled, on `itemsCollected` or the step's `nodeFailed`.
        case collecting(ItemProgress)
        case settled(Settlement)
    }

    /// Where a `for_each` step stands.
    public struct ItemProgress: Sendable {
        public let count: Int
        /// The next item to queue.
        var next = 0
        var inFlight = 0
        public internal(set) var succeeded = 0
        /// Items that failed, in the order of their failing.
        public internal(set) var failed: [Int] = []
        var cancelled = 0
    }

    private let graph: WorkflowGraph
    private var phases: [Phase]
    private var ready: [Node] = []
    private var readyHead = 0
    private var running: Set<Node> = []
    /// Commands that no event has answered yet.
    private var outstanding = 0
    private var isStopping = false
    private var wasInterrupted = false
    private var hasFailed = false
    private var hasEnded = false
    /// Steps that were skipped because a step before them failed, however far before: nothing behind them runs.
    private var isBehindFailure: [Bool]

    public init(graph: WorkflowGraph) {
        self.graph = graph
        isBehindFailure = Array(repeating: false, count: graph.steps.count)
        phases = graph.dependencies.map { .waiting(unsettled: $0.count) }
    }

    /// Whether nothing new may start: after an interrupt, or a failure under `on_failure: cancel`.
    public var isDraining: Bool { isStopping }

    public func settlement(of step: Int) -> Settlement? {
        if case .settled(let settlement) = phases[step] { return settlement }
        return nil
    }

    /// The progress of a `for_each` step whose items run or are to be collected.
    public func items(of step: Int) -> ItemProgress? {
        switch phases[step] {
        case .items(let progress), .collecting(let progress): return progress
        default: return nil
        }
    }

    /// Takes one fact and says what is to be done.
    public mutating func apply(_ event: RunEvent) -> [RunCommand] {
        var commands: [RunCommand] = []
        switch event {
        case .runStarted:
            for step in phases.indices where graph.dependencies[step].isEmpty { advance(step, &commands) }
        case .conditionEvaluated(let step, let holds):
            outstanding -= 1
            if holds { proceed(step, &commands) } else { skip(step, .conditionFalse, &commands) }
        case .itemsExpanded(let step, let count, _):
            outstanding -= 1
            phases[step] = .items(ItemProgress(count: count))
            queueItems(step, &commands)
        case .stepSkipped(let step, let reason):
            outstanding -= 1
            settle(step, .skipped(reason), &commands)
        case .nodeSucceeded(let node, _), .nodeRecovered(let node, _, _):
            nodeEnded(node, &commands) { $0.succeeded += 1 } step: { .succeeded }
        case .nodeFailed(let node, _):
            let tolerated = isTolerated(node.step)
            nodeEnded(node, &commands) { $0.failed.append(node.item!) } step: { .failed(tolerated: tolerated) }
        case .nodeCancelled(let node):
            nodeEnded(node, &commands) { $0.cancelled += 1 } step: { .cancelled }
        case .itemsCollected(let step, _):
            outstanding -= 1
            settle(step, .succeeded, &commands)
        case .interruptRequested:
            isStopping = true
            wasInterrupted = true
            dropQueue(&commands)
        case .runEnded:
            outstanding -= 1
            hasEnded = true
        case .nodeStarted, .callStarted, .callEnded, .callRefused, .commandEnded, .outputRejected:
            // Facts of one node's tries: `StepStateMachine` decides on them.
            break
        }
        startQueued(&commands)
        endIfDone(&commands)
        return commands
    }

    private func isTolerated(_ step: Int) -> Bool {
        if case .continue = graph.steps[step].onError { return true }
        return false
    }

    /// The last dependency of a step settled: decides whether it runs.
    private mutating func advance(_ step: Int, _ commands: inout [RunCommand]) {
        guard !wasInterrupted else { return }
        if isStopping { return skip(step, .runStopping, &commands) }
        if let reason = failureBehind(step) {
            isBehindFailure[step] = true
            return skip(step, reason, &commands)
        }
        for dependency in graph.dependencies[step] where dependency.kind == .required {
            let id = graph.steps[dependency.step].id
            switch settlement(of: dependency.step) {
            case .failed: return skip(step, .upstreamFailed(id), &commands)
            case .skipped: return skip(step, .upstreamSkipped(id), &commands)
            default: continue
            }
        }
        if graph.steps[step].when != nil {
            phases[step] = .deciding
            emit(.evaluateCondition(step: step), &commands)
        } else {
            proceed(step, &commands)
        }
    }

    /// Why a step waits in vain: a step before it failed, or was skipped because of a failure further up.
    private func failureBehind(_ step: Int) -> SkipReason? {
        for dependency in graph.dependencies[step] {
            let id = graph.steps[dependency.step].id
            switch settlement(of: dependency.step) {
            case nil: preconditionFailure("\(id) is not settled")
            case .failed(tolerated: false), .cancelled: return .upstreamFailed(id)
            case .skipped(let reason) where isBehindFailure[dependency.step]: return reason
            default: continue
            }
        }
        return nil
    }

    private mutating func proceed(_ step: Int, _ commands: inout [RunCommand]) {
        // The condition was asked for before the stop: what follows from it does not begin.
        guard !isStopping else {
            if wasInterrupted { phases[step] = .settled(.cancelled) } else { skip(step, .runStopping, &commands) }
            return
        }
        if graph.steps[step].forEach != nil {
            phases[step] = .expanding
            emit(.expandItems(step: step), &commands)
        } else {
            phases[step] = .running
            ready.append(Node(step: step))
        }
    }

    private mutating func skip(_ step: Int, _ reason: SkipReason, _ commands: inout [RunCommand]) {
        phases[step] = .skipping
        emit(.skip(step: step, reason), &commands)
    }

    private mutating func queueItems(_ step: Int, _ commands: inout [RunCommand]) {
        guard case .items(var progress) = phases[step], let forEach = graph.steps[step].forEach else { return }
        // The step's own `on_error` holds for each item and comes first: a failure that it tolerates stops nothing.
        let stops = isStopping || (forEach.onError == .stop && !progress.failed.isEmpty && !isTolerated(step))
        while !stops, progress.next < progress.count, progress.inFlight < forEach.maxParallel ?? .max {
            ready.append(Node(step: step, item: progress.next))
            progress.next += 1
            progress.inFlight += 1
        }
        if progress.inFlight == 0 {
            phases[step] = .collecting(progress)
            if wasInterrupted, progress.next < progress.count || progress.cancelled > 0 { return }
            emit(.collect(step: step), &commands)
        } else {
            phases[step] = .items(progress)
        }
    }

    private mutating func nodeEnded(
        _ node: Node, _ commands: inout [RunCommand], item: (inout ItemProgress) -> Void, step settlement: () -> Settlement
    ) {
        outstanding -= 1
        running.remove(node)
        if node.item != nil, case .items(var progress) = phases[node.step] {
            progress.inFlight -= 1
            item(&progress)
            phases[node.step] = .items(progress)
            queueItems(node.step, &commands)
        } else {
            settle(node.step, settlement(), &commands)
        }
    }

    private mutating func settle(_ step: Int, _ settlement: Settlement, _ commands: inout [RunCommand]) {
        phases[step] = .settled(settlement)
        if case .failed(tolerated: false) = settlement, !hasFailed {
            hasFailed = true
            if graph.onFailure == .cancel {
                isStopping = true
                dropQueue(&commands)
                for node in running.sorted(by: { ($0.step, $0.item ?? -1) < ($1.step, $1.item ?? -1) }) { commands.append(.cancel(node)) }
            }
        }
        for dependent in graph.dependents[step] {
            guard case .waiting(let unsettled) = phases[dependent] else { continue }
            phases[dependent] = .waiting(unsettled: unsettled - 1)
            if unsettled == 1 { advance(dependent, &commands) }
        }
    }

    /// What is queued does not begin. After an interrupt it counts as not begun, for a resume; behind a failure it is skipped.
    private mutating func dropQueue(_ commands: inout [RunCommand]) {
        let dropped = ready[readyHead...]
        ready = []
        readyHead = 0
        for node in dropped {
            if node.item != nil, case .items(var progress) = phases[node.step] {
                progress.inFlight -= 1
                progress.cancelled += 1
                phases[node.step] = .items(progress)
                if progress.inFlight == 0 { queueItems(node.step, &commands) }
            } else if wasInterrupted {
                phases[node.step] = .settled(.cancelled)
            } else {
                skip(node.step, .runStopping, &commands)
            }
        }
    }

    private mutating func startQueued(_ commands: inout [RunCommand]) {
        while readyHead < ready.count, running.count < graph.concurrency {
            let node = ready[readyHead]
            readyHead += 1
            running.insert(node)
            emit(.start(node), &commands)
        }
        if readyHead == ready.count {
            ready.removeAll(keepingCapacity: true)
            readyHead = 0
        }
    }

    private mutating func emit(_ command: RunCommand, _ commands: inout [RunCommand]) {
        outstanding += 1
        commands.append(command)
    }

    private mutating func endIfDone(_ commands: inout [RunCommand]) {
        guard outstanding == 0, !hasEnded, readyHead == ready.count else { return }
        let isComplete = phases.allSatisfy {
            guard case .settled(let settlement) = $0 else { return false }
            return settlement != .cancelled
        }
        let status: RunStatus = wasInterrupted && !isComplete ? .interrupted : hasFailed ? .failed : isComplete ? .succeeded : .cancelled
        emit(.end(status), &commands)
    }
}
