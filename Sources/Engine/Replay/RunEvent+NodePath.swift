import WorkflowModel

extension RunEvent {
    /// The path of the node that a fact is of; empty: the run's own.
    var nodePath: String {
        switch self {
        case .runStarted, .bandEntered, .interruptRequested, .cancelRequested, .runEnded, .runResumed, .filesAccepted, .outcomeRecorded, .runPruned, .documentsRedacted: ""
        case .conditionEvaluated(let path, _), .itemsExpanded(let path, _, _), .stepSkipped(let path, _), .nodeStarted(let path), .passEnded(let path, _, _),
            .deadlinePassed(let path), .inputTrimmed(let path, _), .callRefused(let path, _), .commandEnded(let path, _, _, _, _, _), .outputRejected(let path, _),
            .nodeSucceeded(let path, _), .nodeFailed(let path, _), .nodeRecovered(let path, _, _), .nodeCancelled(let path), .itemsCollected(let path, _),
            .approvalRequested(let path, _), .approvalDecided(let path, _):
            path
        case .scopeOpened(let scope): scope.node ?? ""
        case .nodeInherited(let kept): kept.path
        case .memoHit(let hit): hit.path
        case .memoKept(let kept): kept.path
        case .callStarted(let call): call.path
        case .prefixReleased(let released): released.path
        case .callEnded(let call): call.path
        case .checkEnded(let check): check.path
        case .tierDecided(let tier): tier.path
        case .rateCounted(let counted): counted.path
        case .gateEnded(let end): end.path
        case .shadowDrawn(let draw): draw.path
        case .shadowEnded(let shadow): shadow.path
        }
    }
}

extension RunEvent {
    /// Of a call that begins.
    var site: CallSite? { if case .callStarted(let call) = self { call.site } else { nil } }
}
