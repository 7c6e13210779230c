import Values
import WorkflowModel

/// The time that steps may take in all: a timer for each that has a `deadline` and runs.
struct Deadlines {
    private var timers: [Node: Task<Void, Never>] = [:]
    private var passed: Set<Node> = []

    mutating func start(_ node: Node, _ timer: Task<Void, Never>) { timers[node] = timer }

    mutating func pass(_ node: Node) { passed.insert(node) }

    /// The node has ended, in time or not.
    mutating func end(_ node: Node) {
        if timers.isEmpty { return }
        timers.removeValue(forKey: node)?.cancel()
        passed.remove(node)
    }

    func hasPassed(_ node: Node) -> Bool { passed.contains(node) }

    /// Why a node that was stopped failed, if it was its deadline that stopped it.
    func failure(of node: Node, _ step: Step) -> StepFailure? {
        guard passed.contains(node), let deadline = step.deadline else { return nil }
        return StepFailure(.deadline, "took longer than its deadline of \(deadline)")
    }

    mutating func stopAll() {
        for timer in timers.values { timer.cancel() }
        timers = [:]
    }
}

extension RunExecution {
    func startDeadline(_ node: Node) {
        guard let deadline = step(node).deadline else { return }
        let left = TimeSpan.milliseconds(max(0, deadline.milliseconds - timeTaken(by: node).milliseconds))
        deadlines.start(node, Task(executorPreference: environment.executor) { [self] in
            do { try await environment.clock.sleep(for: left) } catch { return }
            await pass(node)
        })
    }

    /// How long processes before this one were at work on a node; the time between them does not count.
    private func timeTaken(by node: Node) -> TimeSpan {
        guard let startedAt = recorded[node]?.startedAt else { return .milliseconds(0) }
        let idle = idleTimes.reduce(Int64(0)) { $1.to > startedAt ? $0 + $1.to.since(max(startedAt, $1.from)).milliseconds : $0 }
        return .milliseconds(max(0, environment.clock.now().since(startedAt).milliseconds - idle))
    }

    private func pass(_ node: Node) {
        guard status == nil, journalError == nil, let scope = scopes[node.scope] else { return }
        deadlines.pass(node)
        if scope.body.steps[node.step].kind.isContainer {
            record(.deadlinePassed(node.path))
        } else {
            tasks[node]?.cancel()
            reservations.wakeAll()
        }
    }
}
