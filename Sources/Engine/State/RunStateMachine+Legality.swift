import WorkflowModel

/// Which facts can be true where a run stands. A record that was changed by hand, mixed up or cut is found here, at the fact that
/// does not follow from those before it.
extension RunStateMachine {
    /// What a node was asked for and has not answered.
    private enum Awaited: Equatable {
        case condition
        case items
        case skip(SkipReason)
        case collection
        /// The end of an effect or a computation.
        case work
        /// The opening of its scope.
        case scope(pass: Int)
        /// What came of its steps, which are done with.
        case close(ScopeEnd)
        case nothing
    }

    /// The node that a fact is of; `nil` for those of the whole run, of its `finally`, and of a deadline that rang too late.
    ///
    /// - Throws: `IllegalFact` when the fact cannot be true now.
    func place(of event: RunEvent) throws(IllegalFact) -> Node? {
        switch (course, event) {
        case (.new, .runStarted): return nil
        case (.new, _): throw IllegalFact("the run has not started")
        case (_, .runStarted): throw IllegalFact("the run has started already")
        // What became of it is for anybody to say, at any time.
        case (_, .outcomeRecorded): return nil
        case (.ended, .runPruned), (.suspended, .runPruned): return nil
        case (.ended, .documentsRedacted): return nil
        case (_, .runPruned), (_, .documentsRedacted): throw IllegalFact("the run has not ended")
        case (.ended(let status), _): throw IllegalFact("the run has ended, \(status.rawValue)")
        case (.suspended, .runResumed): return nil
        case (.suspended(let status), _): throw IllegalFact("the run is suspended, \(status.rawValue)")
        case (.running, _), (.draining, _), (.ending, _): break
        }
        switch event {
        case .runStarted, .interruptRequested, .cancelRequested, .runResumed, .outcomeRecorded, .runPruned, .documentsRedacted, .bandEntered, .filesAccepted: return nil
        case .runEnded(let end):
            let status = end.status
            if filesAhead > 0, status == .interrupted || status == .waiting { return nil }
            // That its outputs cannot be had makes a failure of it.
            // An earlier program that was stopped when it was about to wait recorded that it waits.
            guard case .ending(let asked) = course,
                status == asked || asked == .succeeded && status == .failed || status == .waiting && (asked == .interrupted || asked == .cancelled)
            else {
                throw IllegalFact("the run cannot have ended \(status.rawValue): there is something left to do")
            }
            return nil
        case .conditionEvaluated(let path, _): return try node(path, "a condition") { $0 == .condition }
        case .itemsExpanded(let path, let count, _):
            guard count >= 0 else { throw IllegalFact("'\(path)' cannot have \(count) items") }
            return try node(path, "a list of items") { $0 == .items }
        case .itemsCollected(let path, _): return try node(path, "its list") { $0 == .collection }
        case .stepSkipped(let path, let reason):
            let node = try self.node(path)
            let isOverBudget = reason == .overBudget && node.item == nil && step(node).isOptional
            let isLeftOut = if case .band = reason { node.item == nil && step(node).modelStep != nil } else { false }
            return try self.node(path, "a skip, \(reason.text)") { awaited in
                switch awaited {
                case .skip(let known): known == reason
                case .work: isOverBudget || isLeftOut
                case .collection, .scope, .close: isOverBudget
                case .items: isLeftOut
                case .condition, .nothing: false
                }
            }
        case .nodeSucceeded(let path, _):
            return try node(path, "an output") { awaited in
                switch awaited {
                case .work, .close(.complete), .close(.failed): true
                case .condition, .items, .skip, .collection, .scope, .close, .nothing: false
                }
            }
        case .nodeFailed(let path, _), .nodeRecovered(let path, _, _), .nodeCancelled(let path):
            return try node(path, "an end") { awaited in
                switch awaited {
                case .condition, .items, .collection, .work, .scope, .close: true
                case .skip, .nothing: false
                }
            }
        case .nodeInherited(let kept): return try heir(kept)
        case .scopeOpened(let opened): return try owner(of: opened)
        case .passEnded(let path, let pass, let verdict): return try owner(ofPass: pass, verdict, path)
        case .deadlinePassed(let path):
            guard let found = graph.step(at: NodePath.step(path)), found.step.kind.container != nil else {
                throw IllegalFact("'\(path)' is no step with steps of its own")
            }
            return named[path]
        case .approvalDecided(let path, _):
            let node = try self.node(path)
            guard waiting.contains(node) || running.contains(node) else { throw IllegalFact("'\(path)' does not wait for an answer") }
            return node
        case .nodeStarted(let path):
            return try node(path, "a start") { $0 == .work || $0 == .scope(pass: 0) }
        case .callStarted(let call): return try worker(call.path)
        case .callEnded(let end): return try worker(end.path)
        case .prefixReleased(let released): return try worker(released.path)
        case .memoHit(let hit): return try worker(hit.path)
        case .memoKept(let kept): return try worker(kept.path)
        case .checkEnded(let check): return try worker(check.path)
        case .tierDecided(let tier): return try worker(tier.path)
        case .rateCounted(let rate): return try worker(rate.path)
        case .gateEnded(let gate): return try worker(gate.path)
        case .shadowDrawn(let draw): return try worker(draw.path)
        case .shadowEnded: throw IllegalFact("tiers are asked for comparison when the run's steps have ended")
        case .callRefused(let path, _), .commandEnded(let path, _, _, _, _, _), .outputRejected(let path, _),
            .inputTrimmed(let path, _), .approvalRequested(let path, _):
            return try worker(path)
        }
    }

    /// Before anything came of the node here; and what is kept is an end that it could have had itself.
    private func heir(_ kept: NodeInherited) throws(IllegalFact) -> Node {
        let node = try node(kept.path, "what another run has of it") { awaited in
            switch awaited {
            case .condition, .items, .work, .scope(pass: 0): true
            case .skip, .collection, .scope, .close, .nothing: false
            }
        }
        let step = step(node)
        let isPossible =
            switch kept.status {
            case .succeeded: true
            case .failed: step.toleratesFailure || node.item != nil && step.forEach?.onError == .collect
            case .skipped: node.item == nil && kept.reason.map { $0 == .conditionFalse || $0 == .overBudget } == true
            case .pending, .running, .waiting, .cancelled: false
            }
        guard isPossible else { throw IllegalFact("'\(kept.path)' cannot be kept \(kept.status.rawValue)") }
        return node
    }

    private func worker(_ path: String) throws(IllegalFact) -> Node { try node(path, "what comes of its work") { $0 == .work } }

    private func node(_ path: String, _ what: String, _ isAwaited: (Awaited) -> Bool) throws(IllegalFact) -> Node {
        let node = try self.node(path)
        guard isAwaited(awaited(node)) else { throw IllegalFact("'\(path)' was not asked for \(what)") }
        return node
    }

    private func awaited(_ node: Node) -> Awaited {
        if running.contains(node) { return .work }
        if let pass = opening[node] { return .scope(pass: pass) }
        if let index = openScopes[node] { return closing(of: index).map { .close($0) } ?? .nothing }
        guard node.item == nil, let scope = scopes[node.scope] else { return .nothing }
        switch scope.phases[node.step] {
        case .deciding: return .condition
        case .expanding: return .items
        case .skipping(let reason): return .skip(reason)
        case .collecting: return .collection
        case .waiting, .running, .items, .settled: return .nothing
        }
    }

    /// How a scope ended of which all steps are done with, also those of its `finally`.
    private func closing(of index: Int) -> ScopeEnd? {
        guard let scope = scopes[index] else { return nil }
        switch scope.closing {
        case .close(let end): return end
        case .finally:
            if case .close(let end) = scope.finallyScope.flatMap({ scopes[$0] })?.closing { return end }
            return nil
        case nil: return nil
        }
    }

    private func owner(of opened: ScopeOpened) throws(IllegalFact) -> Node? {
        let node = try opened.node.map { path throws(IllegalFact) in try self.node(path) }
        let name = node?.path ?? "the run"
        guard opened.isFinally else {
            guard let node, awaited(node) == .scope(pass: opened.pass), step(node).kind.container != nil else {
                throw IllegalFact("no scope of '\(name)' was to be opened for pass \(opened.pass)")
            }
            return node
        }
        let main = node.map { openScopes[$0] } ?? 0
        guard let scope = main.flatMap({ scopes[$0] }), scope.finally != nil, scope.finallyScope == nil, case .finally = scope.closing else {
            throw IllegalFact("'finally' of \(name) was not to be opened")
        }
        return node
    }

    private func owner(ofPass pass: Int, _ verdict: PassVerdict, _ path: String) throws(IllegalFact) -> Node {
        let node = try self.node(path)
        guard case .loop(let loop) = step(node).kind, let scope = openScopes[node].flatMap({ scopes[$0] }), scope.pass == pass, !scope.hasVerdict,
            case .close(let end) = scope.closing
        else { throw IllegalFact("pass \(pass) of '\(path)' is not over") }
        let isPossible =
            switch verdict {
            case .again: end == .complete && pass + 1 < loop.max
            case .done, .exhausted: end == .complete
            case .unaffordable: end != .incomplete
            }
        guard isPossible else { throw IllegalFact("pass \(pass) of '\(path)' cannot have ended \(verdict.rawValue)") }
        return node
    }
}
