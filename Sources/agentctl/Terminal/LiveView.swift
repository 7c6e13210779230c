import Reports
import Values
import WorkflowModel

/// Draws the live tree on stderr ten times a second, below whatever was printed before.
final class LiveView: RunObserver, @unchecked Sendable {
    // Guarded by `lock`; the drawing thread copies it out.
    private let lock = Lock()
    private let graph: WorkflowGraph?
    private var tree = LiveTree()
    private var drawnLines = 0
    private var messages: [String] = []
    private var isFinished = false
    private let painter: RepeatingTask

    init(of graph: WorkflowGraph?) {
        self.graph = graph
        painter = RepeatingTask(every: 100)
        painter.start { [weak self] in self?.draw(isLast: false) }
    }

    func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        lock.hold { for update in updates { tree.apply(update, at: at) } }
    }

    func recall(_ event: RunEvent, run: RunID, at: Timestamp) { observe(event, run: run, at: at) }

    /// A line that stays above the tree.
    func say(_ message: String) { lock.hold { messages.append(message) } }

    /// The last frame stays on the screen. Once is enough: what is printed below it must not be drawn over.
    func finish() {
        painter.stop()
        let isFirst = lock.hold {
            defer { isFinished = true }
            return !isFinished
        }
        if isFirst { draw(isLast: true) }
    }

    private func draw(isLast: Bool) {
        let style = Output.errorStyle
        let rows = Output.size(of: 2).rows
        lock.hold {
            let frame = tree.frame(now: .now(), style: style, height: isLast ? .max : rows)
            guard !frame.isEmpty || !messages.isEmpty else { return }
            Output.redraw(drawnLines, messages: messages, lines: frame)
            messages = []
            drawnLines = frame.count
        }
    }
}
