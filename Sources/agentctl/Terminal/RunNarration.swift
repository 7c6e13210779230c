import Engine
import Reports
import Values
import WorkflowModel

/// Tells a run's facts in the words of reports: the same for the live tree, the plain lines and tests.
enum RunNarration {
    static func updates(_ event: RunEvent, run: RunID, graph: WorkflowGraph) -> [LiveUpdate] {
        // The steps inside of a step tell what they cost and why they wait, not how they stand.
        func state(_ node: Node, _ status: NodeStatus) -> [LiveUpdate] {
            node.path.contains("/") ? [] : [.stepState(path: node.path, status)]
        }
        switch event {
        case .runStarted(let start):
            var steps = step(graph.body)
            if let finally = graph.finally { steps += step(finally) }
            return [.runStarted(id: run.text, workflow: start.workflow, steps: steps, budget: start.maxCost)]
        case .itemsExpanded(let node, let count, _):
            return node.path.contains("/") ? [] : [.stepState(path: node.path, .running), .itemsExpanded(step: node.path, count: count)]
        case .stepSkipped(let node, let reason): return [.reason(path: node.path, reason.text)] + state(node, .skipped)
        case .nodeStarted(let node):
            guard node.scope == 0, let model = graph.steps[node.step].modelStep, let tier = graph.tier(named: model.tier) else { return state(node, .running) }
            return [.stepState(path: node.path, .running, model: tier.models.first?.description, tier: tier.name)]
        case .callStarted(let call):
            return [.callStarted(path: call.node.path, call: call.id.text, held: call.held)]
        case .callEnded(let call):
            var updates: [LiveUpdate] = [.callEnded(
                path: call.node.path, call: call.id.text, state: call.state, inputTokens: call.usage?.totalInput,
                outputTokens: call.usage?.totalOutput, cost: call.cost, held: nil)]
            if let failure = call.failure { updates.append(.reason(path: call.node.path, failure.message)) }
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
        case .passEnded(let node, let pass, let verdict): return [.reason(path: node.path, "pass \(pass + 1): \(verdict.rawValue)")]
        case .runEnded(let status, _): return [.ended(status)]
        case .approvalRequested(let node, let request):
            return [.reason(path: node.path, "waits for a person" + (request.until.map { " until \($0.rfc3339)" } ?? ""))] + state(node, .waiting)
        case .approvalDecided(let node, let decision):
            let note = decision.note.map { ": \($0)" } ?? ""
            return [.reason(path: node.path, "\(decision.isApproved ? "approved" : "rejected") by \(decision.by)\(note)")] + state(node, .running)
        case .conditionEvaluated, .commandEnded, .interruptRequested, .cancelRequested, .scopeOpened, .runResumed: return []
        }
    }

    private static func step(_ body: StepGraph) -> [LiveUpdate.Step] {
        body.steps.enumerated().map { index, step in
            LiveUpdate.Step(id: step.id, kind: step.kind.name, dependsOn: body.dependencies[index].map { body.steps[$0.step].id })
        }
    }
}
