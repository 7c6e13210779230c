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
struct RunStateMachine: ~Copyable {
    /// How a step ended.
    enum Settlement: Sendable, Hashable {
        case succeeded
        /// `tolerated`: `on_error: continue` let the run go on.
        case failed(tolerated: Bool)
        case skipped(SkipReason)
        case cancelled
    }

    private let graph: WorkflowGraph
    /// By their numbers; `nil` once closed.
    private var scopes: [ScopeState?]
    private var ready = ReadyQueue()
    /// Steps at work, those with steps of their own left out: they only wait.
    private var running: Set<Node> = []
    /// Nodes whose scope was asked for and is not open yet, with its pass.
    private var opening: [Node: Int] = [:]
    /// The open scope of a node that has one.
    private var openScopes: [Node: Int] = [:]
    /// Passes that are due and did not begin, as the run is stopping.
    private var postponed: [(node: Node, pass: Int)] = []
    /// Nodes that wait for a person.
    private var waiting: Set<Node> = []
    /// By their paths, the nodes that a command has named and that have not ended: those that facts may tell of.
    private var named: [String: Node] = [:]
    /// Commands that no event has answered yet; `cancel` and `end` need no answer.
    private var atWork = 0
    private var wasInterrupted = false
    /// The interrupt is for good.
    private var wasCancelled = false
    private var hasAskedToEnd = false
    private var hasEnded = false

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
    /// - Throws: `IllegalFact` when it cannot be true where the run stands.
    mutating func apply(_ event: RunEvent) throws(IllegalFact) -> [RunCommand] {
        var commands: [RunCommand] = []
        var scope = 0
        /// A node whose step or item the fact settles, or brings further.
        func node(_ path: String) throws(IllegalFact) -> Node {
            let node = try self.node(path)
            scope = node.scope
            return node
        }
        switch event {
        case .runStarted:
            begin(0, &commands)
        case .conditionEvaluated(let path, let holds):
            let node = try node(path)
            answered(node.scope)
            if holds { proceed(node, &commands) } else { skip(node, .conditionFalse, &commands) }
        case .itemsExpanded(let path, let count, _):
            let node = try node(path)
            answered(node.scope)
            scopes[node.scope]!.phases[node.step] = .items(ItemProgress(count: count))
            queueItems(node.scope, node.step, &commands)
        case .stepSkipped(let path, let reason):
            let node = try node(path)
            // Also of one that ran: an optional step whose call the budget refused.
            answered(node.scope)
            running.remove(node)
            close(node)
            settle(node, .skipped(reason), &commands)
        case .nodeSucceeded(let path, _), .nodeRecovered(let path, _, _):
            nodeEnded(try node(path), &commands) { $0.succeeded += 1 } step: { .succeeded }
        case .nodeFailed(let path, _):
            let node = try node(path)
            let tolerated = step(node).toleratesFailure
            nodeEnded(node, &commands) { $0.failed.append(node.item!) } step: { .failed(tolerated: tolerated) }
        case .nodeCancelled(let path):
            let node = try node(path)
            guard wasInterrupted, !scopes[node.scope]!.isStopping else {
                nodeEnded(node, &commands) { $0.cancelled += 1 } step: { .cancelled }
                break
            }
            // It will be begun again.
            answered(node.scope)
            running.remove(node)
            close(node)
            enqueue(node)
        case .itemsCollected(let path, _):
            let node = try node(path)
            answered(node.scope)
            settle(node, .succeeded, &commands)
        case .scopeOpened(let opened):
            atWork -= 1
            try open(opened, &commands)
        case .passEnded(let path, let pass, let verdict):
            // Otherwise the end of the node follows.
            guard verdict == .again else { break }
            let node = try self.node(path)
            atWork -= 1
            close(node)
            emitOpen(node, pass: pass + 1, &commands)
        case .approvalRequested(let path, _):
            let node = try self.node(path)
            // It was asked while the word that it is cancelled was on its way: nobody waits for the answer.
            if scopes[node.scope]!.isStopping { break }
            atWork -= 1
            running.remove(node)
            waiting.insert(node)
        case .approvalDecided(let path, _):
            wake(try self.node(path))
        case .deadlinePassed(let path):
            // The timer may ring while the end of the node is on its way.
            guard let node = named[path] else { break }
            for index in scopes.indices where isInside(index, node) { cut(index, &commands) }
        case .interruptRequested:
            wasInterrupted = true
        case .cancelRequested:
            wasInterrupted = true
            wasCancelled = true
        case .runEnded:
            hasEnded = true
        case .runResumed:
            resume(&commands)
        case .nodeStarted, .callStarted, .callEnded, .callRefused, .commandEnded, .outputRejected, .memoHit, .memoKept, .inputTrimmed, .outcomeRecorded:
            // Facts of one node's tries: `StepStateMachine` decides on them.
            break
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

    private func step(_ node: Node) -> Step { scopes[node.scope]!.body.steps[node.step] }

    // MARK: Scopes

    private mutating func begin(_ scope: Int, _ commands: inout [RunCommand]) {
        let body = scopes[scope]!.body
        for step in body.steps.indices where body.dependencies[step].isEmpty { advance(scope, step, &commands) }
    }

    private mutating func emitOpen(_ node: Node, pass: Int, _ commands: inout [RunCommand]) {
        named[node.path] = node
        guard !wasInterrupted else { return postponed.append((node, pass)) }
        opening[node] = pass
        atWork += 1
        commands.append(.open(node, pass: pass))
    }

    /// The scope of a node that has ended, or of a pass.
    private mutating func close(_ node: Node) {
        opening[node] = nil
        guard let index = openScopes.removeValue(forKey: node) else { return }
        if let finally = scopes[index]?.finallyScope { scopes[finally] = nil }
        scopes[index] = nil
    }

    private mutating func open(_ opened: ScopeOpened, _ commands: inout [RunCommand]) throws(IllegalFact) {
        let index = scopes.count
        let owner = try opened.node.map { path throws(IllegalFact) in try node(path) }
        if opened.isFinally {
            let main = owner.map { openScopes[$0]! } ?? 0
            let scope = scopes[main]!
            scope.finallyScope = index
            scopes.append(ScopeState(
                body: scope.finally!, main: main, node: scope.node, prefix: scope.prefix, depth: scope.depth, pass: scope.pass,
                isStopping: scope.isCut))
        } else if let node = owner {
            opening[node] = nil
            openScopes[node] = index
            let parent = scopes[node.scope]!
            let step = parent.body.steps[node.step]
            var prefix = node.path
            let body: StepGraph
            var finally: StepGraph?
            switch step.kind {
            case .group(let group): body = group
            case .workflow(let other): (body, finally) = (other.graph.body, other.graph.finally)
            case .loop(let loop):
                body = loop.body
                prefix += "[\(opened.pass)]"
            default: preconditionFailure("\(node.path) has no steps of its own")
            }
            scopes.append(ScopeState(
                body: body, finally: finally, node: node, prefix: prefix + "/", depth: parent.depth + 1, pass: opened.pass,
                isStopping: parent.isStopping))
        }
        begin(index, &commands)
        closeIfDone(index, &commands)
    }

    /// Whether a scope belongs to a node, at any depth.
    private func isInside(_ scope: Int, _ node: Node) -> Bool {
        var current = scopes[scope]?.node
        while let owner = current {
            if owner == node { return true }
            current = scopes[owner.scope]?.node
        }
        return false
    }

    /// Nothing new begins in the scope, and what is in flight there is cancelled. It is closed when what follows is settled.
    private mutating func stop(_ index: Int, _ commands: inout [RunCommand]) {
        guard scopes[index] != nil else { return }
        scopes[index]!.isStopping = true
        drop(&commands) { $0.scope == index }
        for node in waiting.filter({ $0.scope == index }) { wake(node) }
        for node in running.filter({ $0.scope == index }).sorted() { commands.append(.cancel(node)) }
    }

    /// The same for what happened around the scope.
    private mutating func cut(_ index: Int, _ commands: inout [RunCommand]) {
        scopes[index]?.isCut = true
        stop(index, &commands)
        closeIfDone(index, &commands)
    }

    private mutating func closeIfDone(_ index: Int, _ commands: inout [RunCommand]) {
        guard let scope = scopes[index], scope.outstanding == 0, scope.queued == 0, scope.closing == nil, !hasEnded, !hasAskedToEnd else { return }
        if scope.finally != nil, !scope.isCut {
            // What an interrupt keeps from beginning is left to do.
            guard !wasInterrupted else { return }
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
            hasAskedToEnd = true
            commands.append(.end(hasFailed ? .failed : isComplete ? .succeeded : .cancelled))
        }
    }

    // MARK: Suspending and going on

    /// Nothing is at work and nothing may begin, but the run has not ended.
    private mutating func suspendIfIdle(_ commands: inout [RunCommand]) {
        guard atWork == 0, !hasAskedToEnd, !hasEnded, wasInterrupted || !waiting.isEmpty else { return }
        hasAskedToEnd = true
        commands.append(.end(wasCancelled ? .cancelled : wasInterrupted ? .interrupted : .waiting))
    }

    /// The person has answered, or need not any more.
    private mutating func wake(_ node: Node) {
        guard waiting.remove(node) != nil else { return }
        running.insert(node)
        atWork += 1
        hasAskedToEnd = false
    }

    /// Asks again for everything that was asked for and not answered, and lets begin what waits.
    private mutating func resume(_ commands: inout [RunCommand]) {
        wasInterrupted = false
        hasAskedToEnd = false
        hasEnded = false
        for index in scopes.indices {
            guard let scope = scopes[index] else { continue }
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

    // MARK: Steps

    /// The last dependency of a step settled: decides whether it runs.
    private mutating func advance(_ index: Int, _ step: Int, _ commands: inout [RunCommand]) {
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

    private mutating func proceed(_ node: Node, _ commands: inout [RunCommand]) {
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

    private mutating func skip(_ node: Node, _ reason: SkipReason, _ commands: inout [RunCommand]) {
        scopes[node.scope]!.phases[node.step] = .skipping(reason)
        emit(.skip(node, reason), of: node, &commands)
    }

    private mutating func queueItems(_ index: Int, _ step: Int, _ commands: inout [RunCommand]) {
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

    private mutating func nodeEnded(
        _ node: Node, _ commands: inout [RunCommand], item: (inout ItemProgress) -> Void, step settlement: () -> Settlement
    ) {
        answered(node.scope)
        running.remove(node)
        close(node)
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

    private mutating func settle(_ node: Node, _ settlement: Settlement, _ commands: inout [RunCommand]) {
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

    private func isInside(_ scope: Int, ofScope outer: Int) -> Bool {
        var current = scopes[scope]?.node?.scope
        while let index = current {
            if index == outer { return true }
            current = scopes[index]?.node?.scope
        }
        return false
    }

    // MARK: The queue

    private mutating func enqueue(_ node: Node) {
        let scope = scopes[node.scope]!
        scope.queued += 1
        ready.append(node, depth: scope.depth)
    }

    /// What is queued does not begin.
    private mutating func drop(_ commands: inout [RunCommand], where matches: (Node) -> Bool) {
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

    private mutating func startQueued(_ commands: inout [RunCommand]) {
        while !wasInterrupted, running.count + opening.count < graph.concurrency, let node = ready.removeFirst() {
            scopes[node.scope]!.queued -= 1
            scopes[node.scope]!.outstanding += 1
            if step(node).kind.isContainer {
                emitOpen(node, pass: 0, &commands)
            } else {
                named[node.path] = node
                running.insert(node)
                atWork += 1
                commands.append(.start(node))
            }
        }
    }

    private mutating func emit(_ command: RunCommand, of node: Node, _ commands: inout [RunCommand]) {
        named[node.path] = node
        scopes[node.scope]!.outstanding += 1
        atWork += 1
        commands.append(command)
    }

    private mutating func answered(_ scope: Int) {
        scopes[scope]!.outstanding -= 1
        atWork -= 1
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
