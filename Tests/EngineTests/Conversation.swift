import TestSupport
import Values
import WorkflowModel

@testable import Engine

/// A run's machine in conversation: each fact it hears is answered by what it wants done, as text: `start a`,
/// `when b`, `items s`, `skip c: when is false`, `collect s`, `cancel a`, `end succeeded`.
struct Conversation {
    let graph: WorkflowGraph
    private(set) var machine: RunStateMachine

    init(_ steps: String, top: String = "") throws {
        graph = try workflow("version: 1\nname: t\n\(top)\nsteps:\n\(steps)")
        machine = RunStateMachine(graph: graph)
    }

    mutating func begins() -> [String] {
        let hash = ContentHash(of: "")
        return hears(.runStarted(RunStarted(workflow: "t", graph: hash, inputs: hash, maxCost: nil, encoder: 1, program: "test")))
    }

    mutating func holds(_ step: String, _ value: Bool) -> [String] { hears(.conditionEvaluated(step: index(step), holds: value)) }
    mutating func expands(_ step: String, to count: Int) -> [String] {
        hears(.itemsExpanded(step: index(step), count: count, items: ContentHash(of: "")))
    }
    mutating func skips(_ step: String, _ reason: SkipReason) -> [String] { hears(.stepSkipped(step: index(step), reason)) }
    mutating func succeeds(_ path: String) -> [String] { hears(.nodeSucceeded(node(path), OutputReference(hash: ContentHash(of: "")))) }
    mutating func fails(_ path: String) -> [String] { hears(.nodeFailed(node(path), StepFailure(.command, "it failed"))) }
    mutating func recovers(_ path: String) -> [String] {
        hears(.nodeRecovered(node(path), StepFailure(.command, "it failed"), OutputReference(hash: ContentHash(of: ""))))
    }
    mutating func isCancelled(_ path: String) -> [String] { hears(.nodeCancelled(node(path))) }
    mutating func collects(_ step: String) -> [String] { hears(.itemsCollected(step: index(step), OutputReference(hash: ContentHash(of: "")))) }
    mutating func isInterrupted() -> [String] { hears(.interruptRequested) }

    mutating func hears(_ event: RunEvent) -> [String] { machine.apply(event).map(text) }

    func settlement(_ step: String) -> RunStateMachine.Settlement? { machine.settlement(of: index(step)) }

    private func index(_ step: String) -> Int { graph.steps.firstIndex { $0.id == step }! }

    private func node(_ path: String) -> Node {
        let parts = path.split(separator: "[")
        return Node(step: index(String(parts[0])), item: parts.count > 1 ? Int(parts[1].dropLast()) : nil)
    }

    private func text(_ command: RunCommand) -> String {
        switch command {
        case .evaluateCondition(let step): return "when \(graph.steps[step].id)"
        case .expandItems(let step): return "items \(graph.steps[step].id)"
        case .start(let node): return "start \(graph.path(of: node))"
        case .skip(let step, let reason): return "skip \(graph.steps[step].id): \(reason.text)"
        case .collect(let step): return "collect \(graph.steps[step].id)"
        case .cancel(let node): return "cancel \(graph.path(of: node))"
        case .end(let status): return "end \(status.rawValue)"
        }
    }
}
