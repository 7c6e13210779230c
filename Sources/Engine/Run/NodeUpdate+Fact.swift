import Values
import WorkflowModel

// Rows beside facts: this goes when rows are made of facts alone.
extension NodeUpdate {
    init?(_ fact: RunEvent, at moment: Timestamp) {
        func update(
            _ path: String, _ status: NodeStatus, output: ContentHash? = nil, failure: StepFailure? = nil, reason: String? = nil
        ) -> NodeUpdate {
            NodeUpdate(
                path: path, step: NodePath.step(path), item: NodePath.index(path), status: status, at: moment, output: output, failure: failure, reason: reason)
        }
        switch fact {
        case .nodeStarted(let path), .itemsExpanded(let path, _, _): self = update(path, .running)
        case .nodeSucceeded(let path, let output), .itemsCollected(let path, let output): self = update(path, .succeeded, output: output.hash)
        case .nodeRecovered(let path, let failure, let output): self = update(path, .succeeded, output: output.hash, failure: failure)
        case .nodeFailed(let path, let failure): self = update(path, .failed, failure: failure)
        case .nodeCancelled(let path): self = update(path, .cancelled)
        case .approvalRequested(let path, _): self = update(path, .waiting)
        case .approvalDecided(let path, _): self = update(path, .running)
        case .stepSkipped(let path, let reason): self = update(path, .skipped, reason: reason.text)
        case .passEnded(let path, let pass, let verdict):
            guard let reason = verdict.reason(pass: pass) else { return nil }
            self = update(path, .running, reason: reason)
        default: return nil
        }
    }
}
