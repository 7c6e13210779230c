import Values
import WorkflowModel

/// The steps of one scope and how far they are. Owned by one machine, which is not copied: hence a class, as the state of
/// ten thousand steps must not be copied either.
final class ScopeState {
    enum Phase: Sendable {
        /// -> deciding, expanding, queued or skipping, when the last dependency settles.
        case waiting(unsettled: Int)
        /// -> expanding, queued or skipping, on `conditionEvaluated`.
        case deciding
        /// -> running or collecting, on `itemsExpanded`.
        case expanding
        /// -> settled, on `stepSkipped`.
        case skipping(SkipReason)
        /// -> settled, on the node's end.
        case running
        /// -> collecting, when the last item ends.
        case items(ItemProgress)
        /// -> settled, on `itemsCollected` or the step's `nodeFailed`.
        case collecting(ItemProgress)
        case settled(RunStateMachine.Settlement)
    }

    let body: StepGraph
    /// What runs behind a workflow's own steps.
    let finally: StepGraph?
    /// Of a `finally`: the scope behind which it runs.
    let main: Int?
    /// The step that they belong to; `nil` for the run's own and its `finally`.
    let node: Node?
    /// What stands before the names of its nodes.
    let prefix: String
    let depth: Int
    let pass: Int
    var phases: [Phase]
    /// Steps that were skipped because a step before them failed, however far before: nothing behind them runs.
    var isBehindFailure: [Bool]
    /// Commands that no event has answered yet.
    var outstanding = 0
    /// Nodes that wait in the queue.
    var queued = 0
    var isStopping: Bool
    /// Whether it stops for what happened around it: then its `finally` does not begin either.
    var isCut: Bool
    /// Of its `finally`, once that is open.
    var finallyScope: Int?
    var hasFailed = false
    /// What was asked for when its steps were done with.
    var closing: Closing?
    /// Of a pass, whether it is told what follows from it. A process that goes on may tell it again.
    var hasVerdict = false

    enum Closing: Sendable {
        case finally
        case close(ScopeEnd)
    }

    init(
        body: StepGraph, finally: StepGraph? = nil, main: Int? = nil, node: Node? = nil, prefix: String = "", depth: Int = 0, pass: Int = 0,
        isStopping: Bool = false
    ) {
        self.body = body
        self.finally = finally
        self.main = main
        self.node = node
        self.prefix = prefix
        self.depth = depth
        self.pass = pass
        self.isStopping = isStopping
        isCut = isStopping
        isBehindFailure = Array(repeating: false, count: body.steps.count)
        phases = body.dependencies.map { .waiting(unsettled: $0.count) }
    }

    func node(_ step: Int, item: Int? = nil, in scope: Int) -> Node {
        let id = body.steps[step].id
        let name = prefix.isEmpty ? id : prefix + id
        return Node(scope: scope, step: step, item: item, path: item.map { "\(name)[\($0)]" } ?? name)
    }

    func settlement(of step: Int) -> RunStateMachine.Settlement? {
        if case .settled(let settlement) = phases[step] { return settlement }
        return nil
    }

    func items(of step: Int) -> ItemProgress? {
        switch phases[step] {
        case .items(let progress), .collecting(let progress): return progress
        default: return nil
        }
    }

    /// Whether every step ended, none of them early: neither cancelled nor left out because the scope was stopping.
    var isComplete: Bool {
        phases.allSatisfy {
            switch $0 {
            case .settled(.cancelled), .settled(.skipped(.runStopping)): return false
            case .settled: return true
            default: return false
            }
        }
    }

    /// Why a step waits in vain: a step before it failed, or was skipped because of a failure further up.
    func failureBehind(_ step: Int) -> SkipReason? {
        for dependency in body.dependencies[step] {
            let id = body.steps[dependency.step].id
            switch settlement(of: dependency.step) {
            case nil: preconditionFailure("\(id) is not settled")
            case .failed(tolerated: false), .cancelled: return .upstreamFailed(id)
            case .skipped(let reason) where isBehindFailure[dependency.step]: return reason
            default: continue
            }
        }
        return nil
    }
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

    init(count: Int) { self.count = count }
}

/// Nodes that may start, the deepest first and within a depth in the order of their coming: what was begun is finished
/// before more of it is opened.
struct ReadyQueue: Sendable {
    private struct Level: Sendable {
        var nodes: [Node] = []
        var head = 0
    }

    private var levels: [Level] = [Level()]

    mutating func append(_ node: Node, depth: Int) {
        while levels.count <= depth { levels.append(Level()) }
        levels[depth].nodes.append(node)
    }

    mutating func removeFirst() -> Node? {
        for depth in levels.indices.reversed() where levels[depth].head < levels[depth].nodes.count {
            let node = levels[depth].nodes[levels[depth].head]
            levels[depth].head += 1
            if levels[depth].head == levels[depth].nodes.count {
                levels[depth].nodes.removeAll(keepingCapacity: true)
                levels[depth].head = 0
            }
            return node
        }
        return nil
    }

    /// Takes out what matches, in order.
    mutating func remove(where matches: (Node) -> Bool) -> [Node] {
        var removed: [Node] = []
        for depth in levels.indices {
            let waiting = levels[depth].nodes[levels[depth].head...]
            let taken = waiting.filter(matches)
            guard !taken.isEmpty else { continue }
            removed += taken
            levels[depth] = Level(nodes: waiting.filter { !matches($0) })
        }
        return removed
    }
}
