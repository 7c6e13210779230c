import Reports
import Values
import WorkflowModel

/// One line for each thing worth saying, where there is no terminal.
final class PlainView: RunObserver, @unchecked Sendable {
    private let lock = Lock()
    private let graph: WorkflowGraph?
    private var tree = LiveTree()

    init(of graph: WorkflowGraph?) { self.graph = graph }

    func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        var text = ""
        lock.hold {
            for update in updates {
                tree.apply(update, at: at)
                if let line = tree.plainLine(for: update, at: at, style: Output.errorStyle) { text += line + "\n" }
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
