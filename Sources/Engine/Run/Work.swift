import WorkflowModel

/// What is under way for the nodes of a run in this process: tasks, programs, timers. Another process begins without any of it.
struct Work {
    private(set) var tasks: [Node: Task<Void, Never>] = [:]
    /// How many of them have not begun to run.
    private(set) var starting = 0
    /// Nodes whose program is running; it may not be stopped without loss.
    private var effects: Set<Node> = []
    /// Of nodes with a deadline, or a question that is answered by the clock.
    private var timers: [Node: Task<Void, Never>] = [:]
    /// Nodes without steps of their own whose deadline has passed.
    private var late: Set<Node> = []

    mutating func begin(_ node: Node, _ task: Task<Void, Never>) {
        starting += 1
        tasks[node] = task
    }

    mutating func hasBegun() { starting -= 1 }

    mutating func end(_ node: Node) {
        tasks[node] = nil
        endEffect(node)
    }

    mutating func beginEffect(_ node: Node) { effects.insert(node) }
    mutating func endEffect(_ node: Node) { if !effects.isEmpty { effects.remove(node) } }
    func hasEffect(_ node: Node) -> Bool { effects.contains(node) }

    /// - Returns: whether there was something to stop.
    func cancel(_ node: Node) -> Bool {
        tasks[node]?.cancel()
        return tasks[node] != nil
    }

    func cancelAll(where matches: (Node) -> Bool = { _ in true }) {
        for (node, task) in tasks where matches(node) { task.cancel() }
    }

    // MARK: Timers

    mutating func startTimer(_ node: Node, _ timer: Task<Void, Never>) { timers[node] = timer }

    /// The node has ended, in time or not, or goes on behind an answer.
    mutating func endTimer(_ node: Node) {
        if timers.isEmpty { return }
        timers.removeValue(forKey: node)?.cancel()
        late.remove(node)
    }

    mutating func isLate(_ node: Node) { late.insert(node) }
    func wasLate(_ node: Node) -> Bool { late.contains(node) }

    mutating func stopTimers() {
        for timer in timers.values { timer.cancel() }
        timers = [:]
    }
}
