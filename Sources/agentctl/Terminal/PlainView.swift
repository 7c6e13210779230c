import Reports
import Values
import WorkflowModel

/// One line for each thing worth saying, where there is no terminal.
final class PlainView: RunObserver, @unchecked Sendable {
    private let lock = Lock()
    private let graph: WorkflowGraph?
    private let holdsBack: Bool
    private var tree = LiveTree()

    /// - Parameter holdsBack: whether the failure that ends the run is told by whoever tells its end.
    init(of graph: WorkflowGraph?, holdsBack: Bool) {
        self.graph = graph
        self.holdsBack = holdsBack
    }

    /// - Parameter told: what is going to be said of the run's failure.
    func finish(told: String?) {
        guard holdsBack, let text = lock.hold({ tree.untold(by: told) }) else { return }
        Output.note(text + "\n")
    }

    func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        var text = ""
        lock.hold {
            for update in updates {
                tree.apply(update, at: at)
                if let line = tree.plainLine(for: update, at: at, style: Output.errorStyle, holdsBack: holdsBack) { text += line + "\n" }
            }
        }
        if !text.isEmpty { Output.note(text) }
    }

    /// Without a line: it was said when it happened.
    func recall(_ event: RunEvent, run: RunID, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        lock.hold { for update in updates { tree.apply(update, at: at) } }
    }
}
