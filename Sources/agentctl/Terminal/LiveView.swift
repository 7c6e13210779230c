import Reports
import Values
import WorkflowModel

/// Draws the live tree on stderr ten times a second, below whatever was printed before.
final class LiveView: RunObserver, @unchecked Sendable {
    // Guarded by `lock`; the drawing thread copies it out.
    private let lock = Lock()
    private let graph: WorkflowGraph?
    private var tree = LiveTree()
    private var isFinished = false
    private let screen = LiveScreen()
    private let painter: RepeatingTask

    init(of graph: WorkflowGraph?) {
        self.graph = graph
        painter = RepeatingTask(every: 100)
        painter.start { [weak self] in self?.draw() }
    }

    func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        lock.hold { for update in updates { tree.apply(update, at: at) } }
    }

    func recall(_ event: RunEvent, run: RunID, at: Timestamp) { observe(event, run: run, at: at) }

    /// A line that stays above the tree.
    func say(_ message: String) { screen.say(message) }

    /// The last frame stays on the screen, no higher than it: all of a long run is in `show`. Once is enough: what is printed below it must not be
    /// drawn over.
    ///
    /// - Parameter told: what is going to be printed below it of a failure.
    func finish(told: String?) {
        painter.stop()
        let isFirst = lock.hold {
            defer { isFinished = true }
            return !isFinished
        }
        if isFirst { draw(isLast: true, told: told) }
    }

    private func draw(isLast: Bool = false, told: String? = nil) {
        screen.draw(isLast: isLast) { style, rows in
            // Room for what is said below the last one.
            lock.hold { tree.frame(now: .now(), style: style, height: isLast ? max(4, rows - 3) : rows, told: told) }
        }
    }
}
