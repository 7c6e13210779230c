import Values
import WorkflowModel

/// The life of a step within its scope: whether it runs, its items, its place in the queue, its end.
extension RunStateMachine {
    /// The last dependency of a step settled: decides whether it runs.
    func advance(_ index: Int, _ step: Int, _ commands: inout [RunCommand]) {
        let scope = scopes[index]!
        let node = scope.node(step, in: index)
        if scope.isStopping { return skip(node, .runStopping, &commands) }
        if let reason = scope.failureBehind(step) {
            scopes[index]!.isBehindFailure[step] = true
            return skip(node, reason, &commands)
        }
        for dependency in scope.body.dependencies[step] where dependency.kind == .required {
            let id = scope.body.steps[dependency.step].id
            switch scope.settlement(of: dependency.step) {
            case .failed: return skip(node, .upstreamFailed(id), &commands)
            case .skipped: return skip(node, .upstreamSkipped(id), &commands)
            default: continue
            }
        }
        if scope.body.steps[step].when != nil {
            scopes[index]!.phases[step] = .deciding
            emit(.evaluateCondition(node), of: node, &commands)
        } else {
            proceed(node, &commands)
        }
    }

    func proceed(_ node: Node, _ commands: inout [RunCommand]) {
        // The condition was asked for before the stop: what follows from it does not begin.
        if scopes[node.scope]!.isStopping { return skip(node, .runStopping, &commands) }
        if step(node).forEach != nil {
            scopes[node.scope]!.phases[node.step] = .expanding
            emit(.expandItems(node), of: node, &commands)
        } else {
            scopes[node.scope]!.phases[node.step] = .running
            enqueue(node)
        }
    }

    func skip(_ node: Node, _ reason: SkipReason, _ commands: inout [RunCommand]) {
        scopes[node.scope]!.phases[node.step] = .skipping(reason)
        emit(.skip(node, reason), of: node, &commands)
    }

    func queueItems(_ index: Int, _ step: Int, _ commands: inout [RunCommand]) {
        let scope = scopes[index]!
        guard case .items(var progress) = scope.phases[step], let forEach = scope.body.steps[step].forEach else { return }
        // The step's own `on_error` holds for each item and comes first: a failure that it tolerates stops nothing.
        let stops = scope.isStopping || (forEach.onError == .stop && !progress.failed.isEmpty && !scope.body.steps[step].toleratesFailure)
        while !stops, progress.next < progress.count, progress.inFlight < forEach.maxParallel ?? .max {
            enqueue(scope.node(step, item: progress.next, in: index))
            progress.next += 1
            progress.inFlight += 1
        }
        if progress.inFlight == 0 {
            scopes[index]!.phases[step] = .collecting(progress)
            let node = scope.node(step, in: index)
            emit(.collect(node), of: node, &commands)
        } else {
            scopes[index]!.phases[step] = .items(progress)
        }
    }

    func nodeEnded(
        _ node: Node, _ commands: inout [RunCommand], item: (inout ItemProgress) -> Void, step settlement: () -> Settlement
    ) {
        answered(node.scope)
        leave(node)
        if node.item != nil, case .items(var progress) = scopes[node.scope]!.phases[node.step] {
            named[node.path] = nil
            progress.inFlight -= 1
            item(&progress)
            scopes[node.scope]!.phases[node.step] = .items(progress)
            queueItems(node.scope, node.step, &commands)
        } else {
            settle(node, settlement(), &commands)
        }
    }

    func settle(_ node: Node, _ settlement: Settlement, _ commands: inout [RunCommand]) {
        named[node.path] = nil
        let index = node.scope
        scopes[index]!.phases[node.step] = .settled(settlement)
        let body = scopes[index]!.body
        if case .failed(tolerated: false) = settlement, !scopes[index]!.hasFailed {
            scopes[index]!.hasFailed = true
            if body.onFailure == .cancel {
                stop(index, &commands)
                // And what runs inside of its steps.
                for inner in scopes.indices where inner > index && isInside(inner, ofScope: index) { cut(inner, &commands) }
            }
        }
        for dependent in body.dependents[node.step] {
            guard case .waiting(let unsettled) = scopes[index]!.phases[dependent] else { continue }
            scopes[index]!.phases[dependent] = .waiting(unsettled: unsettled - 1)
            if unsettled == 1 { advance(index, dependent, &commands) }
        }
    }

    func isInside(_ scope: Int, ofScope outer: Int) -> Bool {
        var current = scopes[scope]?.node?.scope
        while let index = current {
            if index == outer { return true }
            current = scopes[index]?.node?.scope
        }
        return false
    }

    // MARK: The queue

    func enqueue(_ node: Node) {
        let scope = scopes[node.scope]!
        scope.queued += 1
        ready.append(node, depth: scope.depth)
    }

    /// What is queued does not begin.
    func drop(_ commands: inout [RunCommand], where matches: (Node) -> Bool) {
        for node in ready.remove(where: matches) {
            scopes[node.scope]!.queued -= 1
            if node.item != nil, case .items(var progress) = scopes[node.scope]!.phases[node.step] {
                progress.inFlight -= 1
                progress.cancelled += 1
                scopes[node.scope]!.phases[node.step] = .items(progress)
                if progress.inFlight == 0 { queueItems(node.scope, node.step, &commands) }
            } else {
                skip(node, .runStopping, &commands)
            }
        }
    }

    func startQueued(_ commands: inout [RunCommand]) {
        while !isDraining, running.count + opening.count < graph.concurrency, let node = ready.removeFirst() {
            scopes[node.scope]!.queued -= 1
            scopes[node.scope]!.outstanding += 1
            if step(node).kind.container != nil {
                emitOpen(node, pass: 0, &commands)
            } else {
                named[node.path] = node
                running.insert(node)
                atWork += 1
                commands.append(.start(node))
            }
        }
    }

    func emit(_ command: RunCommand, of node: Node, _ commands: inout [RunCommand]) {
        named[node.path] = node
        scopes[node.scope]!.outstanding += 1
        atWork += 1
        commands.append(command)
    }

    func answered(_ scope: Int) {
        scopes[scope]!.outstanding -= 1
        atWork -= 1
    }
}
