import TestSupport
import Values
import WorkflowModel

@testable import Engine

/// A run's machine in conversation: each fact it hears is answered by what it wants done, as text: `start a`,
/// `when b`, `items s`, `skip c: when is false`, `collect s`, `open loop 0`, `close loop[0] complete`, `finally`, `cancel a`,
/// `end succeeded`. Nodes are called by their paths, scopes by the path of their nodes.
struct Conversation {
    /// The machine is not copied, and tests hold this in copies.
    private final class Partner {
        var machine: RunStateMachine
        /// As they came in commands.
        var nodes: [String: Node] = [:]
        var scopes: [Int: String] = [:]

        init(_ graph: WorkflowGraph) { machine = RunStateMachine(graph: graph) }
    }

    let graph: WorkflowGraph
    private let partner: Partner
    private let hash = ContentHash(of: "")

    init(_ steps: String, top: String = "", files: [String: String] = [:]) throws {
        graph = try workflow("version: 1\nname: t\n\(top)\nsteps:\n\(steps)", files: files)
        partner = Partner(graph)
    }

    mutating func begins() -> [String] {
        hears(.runStarted(RunStarted(workflow: "t", graph: hash, sources: hash, inputs: hash, maxCost: nil, encoder: 1, program: "test")))
    }

    mutating func holds(_ step: String, _ value: Bool) -> [String] { hears(.conditionEvaluated(step, holds: value)) }
    mutating func expands(_ step: String, to count: Int) -> [String] { hears(.itemsExpanded(step, count: count, items: hash)) }
    mutating func skips(_ step: String, _ reason: SkipReason) -> [String] { hears(.stepSkipped(step, reason)) }
    mutating func succeeds(_ path: String) -> [String] { hears(.nodeSucceeded(path, OutputReference(hash: hash))) }
    mutating func fails(_ path: String) -> [String] { hears(.nodeFailed(path, StepFailure(.command, "it failed"))) }
    mutating func recovers(_ path: String) -> [String] {
        hears(.nodeRecovered(path, StepFailure(.command, "it failed"), OutputReference(hash: hash)))
    }
    mutating func isCancelled(_ path: String) -> [String] { hears(.nodeCancelled(path)) }
    mutating func collects(_ step: String) -> [String] { hears(.itemsCollected(step, OutputReference(hash: hash))) }
    mutating func opens(_ path: String, pass: Int = 0) -> [String] {
        partner.scopes[partner.machine.nextScope] = path
        return hears(.scopeOpened(ScopeOpened(node: path, pass: pass)))
    }
    mutating func opensFinally(of path: String? = nil) -> [String] {
        partner.scopes[partner.machine.nextScope] = "finally"
        return hears(.scopeOpened(ScopeOpened(node: path, isFinally: true)))
    }
    mutating func passes(_ path: String, _ pass: Int, _ verdict: PassVerdict) -> [String] { hears(.passEnded(path, pass: pass, verdict)) }
    mutating func isLate(_ path: String) -> [String] { hears(.deadlinePassed(path)) }
    mutating func isInterrupted() -> [String] { hears(.interruptRequested) }

    mutating func resumes() -> [String] { hears(.runResumed(RunResumed(program: "test", epoch: 2, lost: []))) }
    mutating func asks(_ path: String) -> [String] {
        hears(.approvalRequested(path, ApprovalRequest(message: hash, until: nil, onTimeout: .fail)))
    }
    mutating func isAnswered(_ path: String) -> [String] {
        hears(.approvalDecided(path, ApprovalDecision(isApproved: true, by: "me", note: nil, at: ManualClock.epoch)))
    }

    mutating func hears(_ event: RunEvent) -> [String] {
        do { return try partner.machine.apply(event).map(text) } catch { return ["illegal: \(error)"] }
    }

    func settlement(_ step: String) -> RunStateMachine.Settlement? { partner.machine.settlement(of: graph.steps.firstIndex { $0.id == step }!) }

    private func text(_ command: RunCommand) -> String {
        func name(_ node: Node) -> String {
            partner.nodes[node.path] = node
            return node.path
        }
        switch command {
        case .evaluateCondition(let node): return "when \(name(node))"
        case .expandItems(let node): return "items \(name(node))"
        case .start(let node): return "start \(name(node))"
        case .open(let node, let pass): return "open \(name(node)) \(pass)"
        case .openFinally(let scope): return scope == 0 ? "finally" : "finally \(partner.scopes[scope]!)"
        case .close(let scope, let end): return "close \(partner.scopes[scope]!) \(end)"
        case .skip(let node, let reason): return "skip \(name(node)): \(reason.text)"
        case .collect(let node): return "collect \(name(node))"
        case .cancel(let node): return "cancel \(name(node))"
        case .end(let status): return "end \(status.rawValue)"
        }
    }
}
