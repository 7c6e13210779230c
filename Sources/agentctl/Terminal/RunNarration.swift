import Engine
import Reports
import Values
import WorkflowModel

/// Tells a run's facts in the words of reports: the same for the live tree, the plain lines and tests.
enum RunNarration {
    static func updates(_ event: RunEvent, run: RunID, graph: WorkflowGraph) -> [LiveUpdate] {
        func state(_ node: Node, _ status: NodeStatus) -> [LiveUpdate] { [.stepState(path: node.path, status)] }
        switch event {
        case .runStarted(let start):
            return [.runStarted(id: run.text, workflow: start.workflow, steps: steps(of: graph), budget: start.maxCost)]
        case .itemsExpanded(let node, let count, _): return [.stepState(path: node.path, .running), .itemsExpanded(step: node.path, count: count)]
        case .stepSkipped(let node, let reason): return [.reason(path: node.path, reason.text)] + state(node, .skipped)
        case .nodeStarted(let node):
            // The steps of a large workflow are not gone through for each node.
            let found = node.scope == 0 ? (step: graph.steps[node.step], graph: graph) : graph.step(at: node.stepPath)
            guard let found, let model = found.step.modelStep, let tier = found.graph.tier(named: model.tier) else { return state(node, .running) }
            return [.stepState(path: node.path, .running, model: tier.models.first?.description, tier: tier.name)]
        case .callStarted(let call):
            return [.callStarted(path: call.node.path, call: call.id.text, model: call.model.description, held: call.held)]
        case .callEnded(let call):
            var updates: [LiveUpdate] = [.callEnded(
                path: call.node.path, call: call.id.text, state: call.state, inputTokens: call.usage?.totalInput,
                outputTokens: call.usage?.totalOutput, cost: call.cost, held: call.kept, isEstimate: CallNote.tellOfEstimate(call.notes))]
            if let failure = call.failure { updates.append(.reason(path: call.node.path, failure.message + (call.isOutage ? "; waiting for it to come back" : ""))) }
            for note in call.notes where note.code.isWarning { updates.append(.remark(path: call.node.path, note.message)) }
            return updates
        case .callRefused(let node, let refusal): return [.reason(path: node.path, refusal.message)]
        case .outputRejected(let node, let violations): return [.reason(path: node.path, violations.first ?? "the answer does not match its schema")]
        case .nodeSucceeded(let node, _), .nodeRecovered(let node, _, _), .itemsCollected(let node, _): return state(node, .succeeded)
        case .nodeFailed(let node, let failure): return [.reason(path: node.path, failure.message)] + state(node, .failed)
        case .nodeCancelled(let node): return state(node, .cancelled)
        case .deadlinePassed(let node): return [.reason(path: node.path, "its deadline passed")]
        case .memoHit(let node, let call, _): return [.reason(path: node.path, "answered by call \(call)")]
        case .inputTrimmed(let node, let values):
            return [.reason(path: node.path, "cut to fit: \(values.map(\.key).joined(separator: ", "))")]
        case .passEnded(let node, let pass, let verdict):
            return [.reason(path: node.path, verdict.reason(pass: pass) ?? "pass \(pass + 1) is over, another follows")]
        case .runEnded(let status, _): return [.ended(status)]
        case .approvalRequested(let node, let request):
            let until = request.until.map { " until \($0.rfc3339)" } ?? ""
            return [.reason(path: node.path, "waits for a person\(until)" + (request.text.map { ": \($0)" } ?? ""))] + state(node, .waiting)
        case .approvalDecided(let node, let decision):
            return [.decided(path: node.path, isApproved: decision.isApproved, decision.sentence)] + state(node, .running)
        case .runResumed: return [.resumed]
        case .conditionEvaluated, .commandEnded, .interruptRequested, .cancelRequested, .scopeOpened: return []
        }
    }

    /// Every step that may run, those inside of others behind them.
    private static func steps(of graph: WorkflowGraph, prefix: String = "") -> [LiveUpdate.Step] {
        func steps(_ body: StepGraph, _ prefix: String) -> [LiveUpdate.Step] {
            body.steps.enumerated().flatMap { index, step in
                let id = prefix + step.id
                let own = LiveUpdate.Step(id: id, kind: step.kind.name, dependsOn: body.dependencies[index].map { prefix + body.steps[$0.step].id })
                if case .workflow(let other) = step.kind { return [own] + Self.steps(of: other.graph, prefix: id + "/") }
                return [own] + (step.kind.body.map { steps($0, id + "/") } ?? [])
            }
        }
        return steps(graph.body, prefix) + (graph.finally.map { steps($0, prefix) } ?? [])
    }
}
