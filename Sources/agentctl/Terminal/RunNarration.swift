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
