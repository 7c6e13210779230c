import Engine
import Reports
import Values
import WorkflowModel

/// Tells a run's facts in the words of reports: the same for the live tree, the plain lines and tests.
enum RunNarration {
    static func updates(_ event: RunEvent, run: RunID, graph: WorkflowGraph) -> [LiveUpdate] {
        func path(_ node: Node) -> String { graph.path(of: node) }
        switch event {
        case .runStarted(let start):
            let steps = graph.steps.enumerated().map { index, step in
                LiveUpdate.Step(id: step.id, kind: step.kind.name, dependsOn: graph.dependencies[index].map { graph.steps[$0.step].id })
            }
            return [.runStarted(id: run.text, workflow: start.workflow, steps: steps, budget: start.maxCost)]
        case .itemsExpanded(let step, let count, _):
            return [.stepState(path: graph.steps[step].id, .running), .itemsExpanded(step: graph.steps[step].id, count: count)]
        case .stepSkipped(let step, let reason):
            return [.reason(path: graph.steps[step].id, reason.text), .stepState(path: graph.steps[step].id, .skipped)]
        case .nodeStarted(let node):
            let model = graph.steps[node.step].modelStep
            let tier = model.flatMap { graph.tier(named: $0.tier) }
            return [.stepState(path: path(node), .running, model: tier?.models.first?.description, tier: tier?.name)]
        case .callStarted(let call):
            return [.callStarted(path: path(call.node), call: call.id.text, held: call.held)]
        case .callEnded(let call):
            var updates: [LiveUpdate] = [.callEnded(
                path: path(call.node), call: call.id.text, state: call.state, inputTokens: call.usage?.totalInput,
                outputTokens: call.usage?.totalOutput, cost: call.cost, held: nil)]
            if let failure = call.failure { updates.append(.reason(path: path(call.node), failure.message)) }
            return updates
        case .callRefused(let node, let refusal): return [.reason(path: path(node), refusal.message)]
        case .outputRejected(let node, let violations): return [.reason(path: path(node), violations.first ?? "the answer does not match its schema")]
        case .nodeSucceeded(let node, _), .nodeRecovered(let node, _, _): return [.stepState(path: path(node), .succeeded)]
        case .nodeFailed(let node, let failure): return [.reason(path: path(node), failure.message), .stepState(path: path(node), .failed)]
        case .nodeCancelled(let node): return [.stepState(path: path(node), .cancelled)]
        case .itemsCollected(let step, _): return [.stepState(path: graph.steps[step].id, .succeeded)]
        case .runEnded(let status, _): return [.ended(status)]
        case .conditionEvaluated, .commandEnded, .interruptRequested: return []
        }
    }
}

/// Draws the live tree on stderr ten times a second, below whatever was printed before.
final class LiveView: RunObserver, @unchecked Sendable {
    // Guarded by `lock`; the drawing thread copies it out.
    private let lock = Lock()
    private var tree = LiveTree()
    private var drawnLines = 0
    private var messages: [String] = []
    private let painter: RepeatingTask

    init() {
        painter = RepeatingTask(every: 100)
        painter.start { [weak self] in self?.draw(isLast: false) }
    }

    func observe(_ event: RunEvent, run: RunID, graph: WorkflowGraph, at: Timestamp) {
        let updates = RunNarration.updates(event, run: run, graph: graph)
        lock.hold { for update in updates { tree.apply(update, at: at) } }
    }

    /// A line that stays above the tree.
    func say(_ message: String) { lock.hold { messages.append(message) } }

    /// The last frame stays on the screen.
    func finish() {
        painter.stop()
        draw(isLast: true)
    }

    private func draw(isLast: Bool) {
        let style = Output.errorStyle
        let rows = Output.size(of: 2).rows
        lock.hold {
            let frame = tree.frame(now: .now(), style: style, height: isLast ? .max : rows)
            guard !frame.isEmpty || !messages.isEmpty else { return }
            // Back to the first line drawn, and clear from there; one write, so that nothing flickers.
            var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)F\u{1B}[J" : ""
            for message in messages { text += message + "\n" }
            messages = []
            for line in frame { text += line + "\n" }
            drawnLines = frame.count
            Output.note(text)
        }
    }
}

/// One line for each thing worth saying, where there is no terminal.
final class PlainView: RunObserver, @unchecked Sendable {
    private let lock = Lock()
    private var tree = LiveTree()

    func observe(_ event: RunEvent, run: RunID, graph: WorkflowGraph, at: Timestamp) {
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
}

/// Every fact as a line of JSON on stdout.
final class EventView: RunObserver {
    func observe(_ event: RunEvent, run: RunID, graph: WorkflowGraph, at: Timestamp) {
        let line: JSONObject = [
            "event": .string(event.kind), "run": .string(run.text), "at": .string(at.rfc3339), "data": .object(event.payload(in: graph)),
        ]
        Output.line(JSONValue.object(line).jsonText)
        Output.flush()
    }
}
