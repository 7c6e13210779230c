import Values
import WorkflowModel

/// Tells a run's facts in the words of reports: the same for the live tree, the plain lines and tests.
public enum RunNarration {
    /// - Parameter graph: the run's workflow; `nil` where it cannot be had any more. Then the facts alone say what there is.
    public static func updates(_ event: RunEvent, run: RunID, graph: WorkflowGraph?) -> [LiveUpdate] {
        func state(_ path: String, _ status: NodeStatus) -> [LiveUpdate] { [.stepState(path: path, status)] }
        switch event {
        case .runStarted(let start):
            return [.runStarted(id: run.text, workflow: start.workflow, steps: graph.map { steps(of: $0) }, budget: start.maxCost)]
        case .itemsExpanded(let path, let count, _): return [.stepState(path: path, .running), .itemsExpanded(step: path, count: count)]
        case .stepSkipped(let path, let reason): return [.reason(path: path, reason.text)] + state(path, .skipped)
        case .nodeStarted(let path):
            guard let found = graph?.step(at: NodePath.step(path)), let model = found.step.modelStep, let name = firstTier(of: model), let tier = found.graph.tier(named: name) else {
                return state(path, .running)
            }
            return [.stepState(path: path, .running, model: tier.models.first?.description, tier: tier.name)]
        case .callStarted(let call):
            return [.callStarted(path: call.path, call: call.id.text, model: call.model.description, tier: call.tier, isReplaced: call.askedTier != nil, part: call.part, held: call.held)]
        case .callEnded(let call):
            var updates: [LiveUpdate] = [
                .callEnded(
                    path: call.path, call: call.id.text, state: call.state, inputTokens: call.usage?.totalInput,
                    outputTokens: call.usage?.totalOutput, cost: call.cost, held: call.kept, isEstimate: CallNote.tellOfEstimate(call.notes))
            ]
            if let failure = call.failure {
                let kind = failure.kind.rawValue + (call.httpStatus.map { ", HTTP \($0)" } ?? "")
                let outage = failure.message + "; waiting for it to come back"
                updates.append(call.isOutage ? .reason(path: call.path, outage) : .tryFailed(path: call.path, call: call.id.text, kind: kind, text: failure.message))
            }
            for note in call.notes where note.code.isWarning { updates.append(.remark(path: call.path, note.message)) }
            return updates
        case .callRefused(let path, let refusal): return [.reason(path: path, refusal.message)]
        case .outputRejected(let path, let violations): return [.reason(path: path, violations.first ?? "the answer does not match its schema")]
        case .checkEnded(let check): return [.reason(path: check.path, GateWords.sentence(check))]
        case .tierDecided(let tier): return [.reason(path: tier.path, GateWords.sentence(tier))]
        case .rateCounted(let rate):
            // Without the counts, which stand in the reason: of a thousand items it is told once.
            let text = "max_rate \(rate.rate) of '\(NodePath.step(rate.path))' is passed: no further tier is asked, and its answers end as on_exhausted says"
            return rate.isTripped ? [.remark(path: rate.path, text)] : []
        case .gateEnded(let gate):
            let taken = gate.tier != nil || gate.isAccepted ? [LiveUpdate.taken(path: gate.path, tier: gate.tier)] : []
            return taken + (GateWords.sentence(gate).map { [.reason(path: gate.path, $0)] } ?? [])
        case .nodeSucceeded(let path, _), .nodeRecovered(let path, _, _), .itemsCollected(let path, _): return state(path, .succeeded)
        case .nodeFailed(let path, let failure):
            return [.failed(path: path, text: failure.message, endsRun: graph.map { endsRun(path, $0) } ?? false)] + state(path, .failed)
        case .nodeCancelled(let path): return state(path, .cancelled)
        case .deadlinePassed(let path): return [.reason(path: path, "its deadline passed")]
        case .memoHit(let hit): return [.reason(path: hit.path, "answered by call \(hit.call)")]
        case .inputTrimmed(let path, let values):
            return [.reason(path: path, "cut to fit: \(values.map(\.key).joined(separator: ", "))")]
        case .passEnded(let path, let pass, let verdict):
            return [.reason(path: path, verdict.reason(pass: pass) ?? "pass \(pass + 1) is over, another follows")]
        case .runEnded(let end): return [.ended(end.status)]
        case .approvalRequested(let path, let request):
            let until = request.until.map { " until \($0.rfc3339)" } ?? ""
            return [.reason(path: path, "waits for a person\(until)" + (request.text.map { ": \($0)" } ?? ""))] + state(path, .waiting)
        case .approvalDecided(let path, let decision):
            return [.decided(path: path, isApproved: decision.isApproved, decision.sentence)] + state(path, .running)
        case .runResumed: return [.resumed]
        case .nodeInherited(let kept):
            let reason = kept.reason.map { "\($0.text), as in run \(kept.from)" } ?? "as in run \(kept.from)"
            return [.reason(path: kept.path, reason)] + state(kept.path, kept.status)
        case .bandEntered(let entered): return [.entered(entered.band, entered.sentence)]
        case .conditionEvaluated, .commandEnded, .interruptRequested, .cancelRequested, .scopeOpened, .memoKept, .prefixReleased, .outcomeRecorded, .runPruned, .documentsRedacted, .shadowDrawn,
            .shadowEnded, .filesAccepted:
            return []
        }
    }

    /// The tier that is asked first; `nil`: an expression says which.
    private static func firstTier(of model: ModelStep) -> String? {
        guard let escalation = model.escalation else { return model.tier }
        guard case .position(let place) = escalation.start else { return nil }
        return escalation.tiers[place]
    }

    /// Whether a run fails where a node of it does: neither the node nor anything around it goes on without it.
    private static func endsRun(_ path: String, _ graph: WorkflowGraph) -> Bool {
        var place: String? = path
        while let current = place {
            guard let step = graph.step(at: NodePath.step(current))?.step, case .fail = step.onError, step.forEach.map({ $0.onError == .stop }) ?? true, !step.isOptional else { return false }
            place = NodePath.parent(current)
        }
        return true
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
