import Values
import WorkflowModel

/// The life of a run, pure: facts in, intentions out. No clock, no randomness, no I/O; replay and resume run the same code.
///
/// A run is a tree of scopes: the workflow's own steps, and for each step that has steps of its own (a group, a pass of a
/// loop, another workflow) a scope while they run. Within a scope a step goes
/// `waiting -> deciding (when) -> expanding (for_each) -> queued -> running -> collecting -> settled`, leaving out what it
/// does not have; it can be skipped until it runs. Each command but `cancel` is answered by exactly one event; a cancelled node
/// answers its `start`.
///
/// A run that is interrupted, or that only waits for people, is suspended: nothing is at work, everything keeps its place, and
/// `runResumed` goes on from there. The same holds for a run whose process died: what was asked for and not answered is asked
/// for again.
final class RunStateMachine {
    /// How a step ended.
    enum Settlement: Sendable, Hashable {
        case succeeded
        /// `tolerated`: `on_error: continue` let the run go on.
        case failed(tolerated: Bool)
        case skipped(SkipReason)
        case cancelled
    }

    /// How far a run is.
    enum Course: Sendable, Hashable {
        /// -> running, on `run_started`.
        case new
        /// -> draining, on `interrupt_requested` and `cancel_requested`; -> ending, when nothing is left but questions, or nothing.
        case running
        /// Nothing begins any more. -> draining for good, on `cancel_requested`; -> ending, when nothing is at work.
        case draining(isForGood: Bool)
        /// Its end was asked for. -> suspended or ended, on `run_ended`; -> running or draining, when a question is answered before.
        case ending(RunStatus)
        /// Interrupted, or waiting for people. -> running, on `run_resumed`.
        case suspended(RunStatus)
        case ended(RunStatus)
        // A process that goes on with a run finds it in any of these but the first and the last: -> running, on `run_resumed`.
    }

    let graph: WorkflowGraph
    /// By their numbers; `nil` once closed.
    var scopes: [ScopeState?]
    var ready = ReadyQueue()
    /// Steps at work, those with steps of their own left out: they only wait.
    var running: Set<Node> = []
    /// Nodes whose scope was asked for and is not open yet, with its pass.
    var opening: [Node: Int] = [:]
    /// The open scope of a node that has one.
    var openScopes: [Node: Int] = [:]
    /// Passes that are due and did not begin, as the run is stopping.
    var postponed: [(node: Node, pass: Int)] = []
    /// Nodes that wait for a person.
    var waiting: Set<Node> = []
    /// By their paths, the nodes that a command has named and that have not ended: those that facts may tell of.
    var named: [String: Node] = [:]
    /// Commands that no event has answered yet; `cancel` and `end` need no answer.
    var atWork = 0
    var course = Course.new
    /// How often the run goes on with other files behind the facts that come: until then they are of another graph, under which it came to rest where
    /// this one has something left to do.
    var filesAhead = 0

    init(graph: WorkflowGraph) {
        self.graph = graph
        scopes = [ScopeState(body: graph.body, finally: graph.finally)]
    }

    /// The number of the scope that opens next.
    var nextScope: Int { scopes.count }

    /// The open scope of a step that has one.
    func openScope(of node: Node) -> Int? { openScopes[node] }
    func body(of scope: Int) -> StepGraph? { scopes[scope]?.body }
    /// What stands before the names of a scope's nodes.
    func prefix(of scope: Int) -> String? { scopes[scope]?.prefix }

    func settlement(of step: Int, in scope: Int = 0) -> Settlement? { scopes[scope]?.settlement(of: step) }

    /// The progress of a `for_each` step whose items run or are to be collected.
    func items(of node: Node) -> ItemProgress? { scopes[node.scope]?.items(of: node.step) }

    /// Takes one fact and says what is to be done.
    ///
    /// - Throws: `IllegalFact` when it cannot be true where the run stands; nothing has changed then.
    func apply(_ event: RunEvent) throws(IllegalFact) -> [RunCommand] {
        advance(event, try place(of: event))
    }

    /// What follows from a fact that was found legal.
    ///
    /// - Parameter subject: as ``place(of:)`` says.
    func advance(_ event: RunEvent, _ subject: Node?) -> [RunCommand] {
        var commands: [RunCommand] = []
        // Of the facts without a node only those of the run and of its `finally` come here without one.
        let node = subject ?? Node(step: 0, path: "")
        var scope = 0
        switch event {
        case .runStarted:
            course = .running
            begin(0, &commands)
        case .conditionEvaluated(_, let holds):
            scope = node.scope
            answered(node.scope)
            if holds { proceed(node, &commands) } else { skip(node, .conditionFalse, &commands) }
        case .itemsExpanded(_, let count, _):
            scope = node.scope
            answered(node.scope)
            scopes[node.scope]!.phases[node.step] = .items(ItemProgress(count: count))
            queueItems(node.scope, node.step, &commands)
        case .stepSkipped(_, let reason):
            // Also of one that ran: an optional step whose call the budget refused.
            scope = node.scope
            answered(node.scope)
            leave(node)
            settle(node, .skipped(reason), &commands)
        case .nodeSucceeded, .nodeRecovered:
            scope = node.scope
            nodeEnded(node, &commands) {
                $0.succeeded += 1
            } step: {
                .succeeded
            }
        case .nodeFailed:
            scope = node.scope
            let tolerated = step(node).toleratesFailure
            nodeEnded(node, &commands) {
                $0.failed.append(node.item!)
            } step: {
                .failed(tolerated: tolerated)
            }
        case .nodeCancelled:
            scope = node.scope
            guard isDraining, !scopes[node.scope]!.isStopping, isAtWork(node) else {
                nodeEnded(node, &commands) {
                    $0.cancelled += 1
                } step: {
                    .cancelled
                }
                break
            }
            // It will be begun again.
            answered(node.scope)
            leave(node)
            enqueue(node)
        case .itemsCollected:
            scope = node.scope
            answered(node.scope)
            settle(node, .succeeded, &commands)
        case .scopeOpened(let opened):
            atWork -= 1
            open(opened, subject, &commands)
        case .passEnded(_, let pass, let verdict):
            scopes[openScopes[node]!]!.hasVerdict = true
            // Otherwise the end of the node follows.
            guard verdict == .again else { break }
            atWork -= 1
            close(node)
            emitOpen(node, pass: pass + 1, &commands)
        case .approvalRequested:
            // It was asked while the word that it is cancelled was on its way: nobody waits for the answer.
            if scopes[node.scope]!.isStopping { break }
            atWork -= 1
            running.remove(node)
            waiting.insert(node)
        case .approvalDecided:
            wake(node)
        case .deadlinePassed:
            // The timer may ring while the end of the node is on its way.
            guard let node = subject else { break }
            for index in scopes.indices where isInside(index, node) { cut(index, &commands) }
        case .interruptRequested:
            switch course {
            case .running: course = .draining(isForGood: false)
            // It was about to wait for people: what they answer now is for whoever goes on.
            case .ending(.waiting): course = .ending(.interrupted)
            case .new, .draining, .ending, .suspended, .ended: break
            }
        case .cancelRequested:
            switch course {
            case .running, .draining: course = .draining(isForGood: true)
            case .ending(.waiting), .ending(.interrupted): course = .ending(.cancelled)
            case .new, .ending, .suspended, .ended: break
            }
        case .runEnded(let end):
            course = end.status == .interrupted || end.status == .waiting ? .suspended(end.status) : .ended(end.status)
            return []
        case .runResumed:
            resume(&commands)
        case .nodeStarted, .callStarted, .callEnded, .callRefused, .commandEnded, .outputRejected, .memoHit, .memoKept, .prefixReleased, .inputTrimmed, .checkEnded,
            .tierDecided, .rateCounted, .gateEnded, .bandEntered, .shadowDrawn:
            // Facts of one node's tries, or of the run's budget: `TryMachine` and `GateMachine` decide on them.
            return []
        case .outcomeRecorded, .runPruned, .documentsRedacted, .shadowEnded: return []
        case .filesAccepted:
            if filesAhead > 0 { filesAhead -= 1 }
            return []
        case .nodeInherited(let kept):
            scope = node.scope
            nodeEnded(node, &commands) {
                if kept.status == .failed { $0.failed.append(node.item!) } else { $0.succeeded += 1 }
            } step: {
                switch kept.status {
                case .failed: .failed(tolerated: true)
                case .skipped: .skipped(kept.reason!)
                default: .succeeded
                }
            }
        }
        closeIfDone(scope, &commands)
        startQueued(&commands)
        suspendIfIdle(&commands)
        return commands
    }

    /// The node of a path, as commands named it.
    func node(_ path: String) throws(IllegalFact) -> Node {
        guard let node = named[path] else { throw IllegalFact("nothing is at work at '\(path)'") }
        return node
    }

    /// Whether a command has named the node and it has not ended.
    func isNamed(_ node: Node) -> Bool { named[node.path] != nil }

    /// Whether a node was begun: its effects, or its steps, are under way.
    private func isAtWork(_ node: Node) -> Bool { running.contains(node) || opening[node] != nil || openScopes[node] != nil }

    /// Nothing begins any more, or began: of a run that is suspended for that.
    var isDraining: Bool {
        switch course {
        case .draining, .ending(.interrupted), .ending(.cancelled): return true
        case .new, .running, .ending, .suspended, .ended: return false
        }
    }

    /// Whether something may follow from what was settled.
    private var goesOn: Bool {
        switch course {
        case .running, .draining: return true
        case .new, .ending, .suspended, .ended: return false
        }
    }

    func step(_ node: Node) -> Step { scopes[node.scope]!.body.steps[node.step] }

    // MARK: Scopes

    func begin(_ scope: Int, _ commands: inout [RunCommand]) {
        let body = scopes[scope]!.body
        for step in body.steps.indices where body.dependencies[step].isEmpty { advance(scope, step, &commands) }
    }

    func emitOpen(_ node: Node, pass: Int, _ commands: inout [RunCommand]) {
        named[node.path] = node
        guard !isDraining else { return postponed.append((node, pass)) }
        opening[node] = pass
        atWork += 1
        commands.append(.open(node, pass: pass))
    }

    /// The node is not at work any more.
    func leave(_ node: Node) {
        running.remove(node)
        close(node)
    }

    /// The scope of a node that has ended, or of a pass.
    func close(_ node: Node) {
        opening[node] = nil
        guard let index = openScopes.removeValue(forKey: node) else { return }
        if let finally = scopes[index]?.finallyScope { scopes[finally] = nil }
        scopes[index] = nil
    }

    private func open(_ opened: ScopeOpened, _ owner: Node?, _ commands: inout [RunCommand]) {
        let index = scopes.count
        if opened.isFinally {
            let main = owner.flatMap { openScopes[$0] } ?? 0
            let scope = scopes[main]!
            scope.finallyScope = index
            scopes.append(
                ScopeState(
                    body: scope.finally!, main: main, node: scope.node, prefix: scope.prefix, depth: scope.depth, pass: scope.pass,
                    isStopping: scope.isCut))
        } else if let node = owner, let container = step(node).kind.container {
            opening[node] = nil
            openScopes[node] = index
            let parent = scopes[node.scope]!
            let prefix = container.hasPasses ? "\(node.path)[\(opened.pass)]/" : node.path + "/"
            scopes.append(
                ScopeState(
                    body: container.body, finally: container.finally, node: node, prefix: prefix, depth: parent.depth + 1, pass: opened.pass,
                    isStopping: parent.isStopping))
        }
        begin(index, &commands)
        closeIfDone(index, &commands)
    }

    /// Whether a scope belongs to a node, at any depth.
    func isInside(_ scope: Int, _ node: Node) -> Bool {
        var current = scopes[scope]?.node
        while let owner = current {
            if owner == node { return true }
            current = scopes[owner.scope]?.node
        }
        return false
    }

    /// Nothing new begins in the scope, and what is in flight there is cancelled. It is closed when what follows is settled.
    func stop(_ index: Int, _ commands: inout [RunCommand]) {
        guard scopes[index] != nil else { return }
        scopes[index]!.isStopping = true
        drop(&commands) { $0.scope == index }
        for node in waiting.filter({ $0.scope == index }) { wake(node) }
        for node in running.filter({ $0.scope == index }).sorted() { commands.append(.cancel(node)) }
    }

    /// The same for what happened around the scope.
    func cut(_ index: Int, _ commands: inout [RunCommand]) {
        scopes[index]?.isCut = true
        stop(index, &commands)
        closeIfDone(index, &commands)
    }

    func closeIfDone(_ index: Int, _ commands: inout [RunCommand]) {
        guard let scope = scopes[index], scope.outstanding == 0, scope.queued == 0, scope.closing == nil, goesOn else { return }
        if scope.finally != nil, !scope.isCut {
            // What an interrupt keeps from beginning is left to do.
            guard !isDraining else { return }
            scope.closing = .finally
            atWork += 1
            return commands.append(.openFinally(scope: index))
        }
        let main = scope.main.flatMap { scopes[$0] }
        let isComplete = scope.isComplete && scope.finally == nil && main?.isComplete != false
        let hasFailed = scope.hasFailed || main?.hasFailed == true
        if scope.node != nil {
            let end: ScopeEnd = hasFailed ? .failed : isComplete ? .complete : .incomplete
            scope.closing = .close(end)
            atWork += 1
            commands.append(.close(scope: scope.main ?? index, end))
        } else {
            end(hasFailed ? .failed : isComplete ? .succeeded : .cancelled, &commands)
        }
    }

    // MARK: Suspending and going on

    /// Nothing is at work and nothing may begin, but the run has not ended.
    func suspendIfIdle(_ commands: inout [RunCommand]) {
        guard atWork == 0 else { return }
        switch course {
        case .running where !waiting.isEmpty: end(.waiting, &commands)
        case .draining(let isForGood): end(isForGood ? .cancelled : .interrupted, &commands)
        case .new, .running, .ending, .suspended, .ended: break
        }
    }

    private func end(_ status: RunStatus, _ commands: inout [RunCommand]) {
        course = .ending(status)
        commands.append(.end(status))
    }

    /// The person has answered, or need not any more.
    func wake(_ node: Node) {
        guard waiting.remove(node) != nil else { return }
        running.insert(node)
        atWork += 1
        switch course {
        case .ending(.waiting): course = .running
        case .ending(.interrupted): course = .draining(isForGood: false)
        case .ending(.cancelled): course = .draining(isForGood: true)
        case .new, .running, .draining, .ending, .suspended, .ended: break
        }
    }

    /// Asks again for everything that was asked for and not answered, and lets begin what waits.
    private func resume(_ commands: inout [RunCommand]) {
        course = .running
        for index in scopes.indices {
            guard let scope = scopes[index] else { continue }
            scope.hasVerdict = false
            for (step, phase) in scope.phases.enumerated() {
                switch phase {
                case .deciding: commands.append(.evaluateCondition(scope.node(step, in: index)))
                case .expanding: commands.append(.expandItems(scope.node(step, in: index)))
                case .skipping(let reason): commands.append(.skip(scope.node(step, in: index), reason))
                case .collecting: commands.append(.collect(scope.node(step, in: index)))
                case .waiting, .running, .items, .settled: break
                }
            }
            switch scope.closing {
            case .finally where scope.finallyScope == nil: commands.append(.openFinally(scope: index))
            case .close(let end): commands.append(.close(scope: scope.main ?? index, end))
            case .finally, nil: break
            }
        }
        for (node, pass) in opening.sorted(by: { $0.key < $1.key }) { commands.append(.open(node, pass: pass)) }
        for node in running.sorted() {
            commands.append(.start(node))
            if scopes[node.scope]!.isStopping { commands.append(.cancel(node)) }
        }
        let due = postponed
        postponed = []
        for (node, pass) in due { emitOpen(node, pass: pass, &commands) }
        for index in scopes.indices { closeIfDone(index, &commands) }
    }
}

extension Step {
    /// Whether the run goes on when it fails.
    var toleratesFailure: Bool {
        if case .continue = onError { return true }
        return false
    }
}

extension Node {
    /// In the order of the scopes' opening and of the file.
    static func < (a: Node, b: Node) -> Bool { (a.scope, a.step, a.item ?? -1) < (b.scope, b.step, b.item ?? -1) }
}

extension [Node] {
    fileprivate func sorted() -> [Node] { sorted(by: <) }
}

extension Set<Node> {
    fileprivate func sorted() -> [Node] { sorted(by: <) }
}
