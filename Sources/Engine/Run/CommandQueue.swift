/// Commands wait in a queue while one is executed: a chain of a thousand skipped steps must not be a thousand calls deep.
struct CommandQueue {
    private var commands: [RunCommand] = []
    private var next = 0
    private var isDraining = false

    /// Commands that are done and still in the queue.
    private static let mostDone = 4096

    /// - Returns: whether whoever adds them has to execute them.
    mutating func append(_ new: [RunCommand]) -> Bool {
        commands.append(contentsOf: new)
        defer { isDraining = true }
        return !isDraining
    }

    /// The next one, which stays in the queue.
    var first: RunCommand? { next < commands.count ? commands[next] : nil }

    mutating func removeFirst() {
        next += 1
        guard next == Self.mostDone else { return }
        commands.removeFirst(next)
        next = 0
    }

    /// There is no other.
    mutating func isDone() {
        commands.removeAll(keepingCapacity: true)
        (next, isDraining) = (0, false)
    }
}

extension RunCommand {
    /// Whether facts follow from it that fill a journal. To end is not put off: what made it the end may not hold later.
    var makesMore: Bool {
        switch self {
        case .end, .cancel: return false
        case .evaluateCondition, .expandItems, .start, .open, .openFinally, .close, .skip, .collect: return true
        }
    }
}
