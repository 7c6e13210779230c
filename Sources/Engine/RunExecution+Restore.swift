import Economics
import Values
import WorkflowModel

/// What a process before left of a node that it began and did not end.
struct RecordedNode {
    /// A call as the journal has it.
    struct Call {
        let started: CallStarted
        /// `nil`: lost.
        var ended: CallEnded?
        var endedAt: Timestamp?
        /// The text that came back, as long as it may be needed.
        var answer: String?
        /// Whether what it holds for good is among what was spent.
        var isCounted = false
    }

    var startedAt: Timestamp?
    var calls: [Call] = []
    /// What was cut of its prompts, each time.
    var cuts: [[TrimmedValue]] = []
    /// Of a program that came to its end.
    var exit: (attempt: Int, code: Int)?
}

/// Going on with a run of which there is a record: its facts are folded into the machine and into what expressions read,
/// by the same code as when they happened; what was asked for and not answered is asked for again.
extension RunExecution {
    func restore(_ run: RecordedRun) async throws(JournalError) {
        let documents = try await self.documents(of: run)
        var before: Timestamp?
        for record in run.events {
            var event: RunEvent
            do throws(EventDecodingError) {
                event = try RunEvent(kind: record.kind, payload: record.payload, run: id)
            } catch {
                throw unreadable("event \(record.sequence): \(error.reason) ('\(error.kind)')")
            }
            if case .runStarted(let started) = event, started.rules > .current {
                throw JournalError(
                    .tooNew, "run \(id) follows rules \(started.rules.version), and this agentctl knows rules up to \(Rules.current.version): update agentctl")
            }
            event = event.tellingQuestions { documents[$0].flatMap { try? JSONParser.parse($0).stringValue } }
            do {
                try take(event, at: record.at, documents)
            } catch {
                throw unreadable("event \(record.sequence), \(record.kind): \((error as? StepFailure)?.message ?? "\(error)")")
            }
            observer?.recall(event, run: id, graph: graph, at: record.at)
            if case .runResumed = event, let before { idleTimes.append((before, record.at)) }
            before = record.at
        }
        if let before { idleTimes.append((before, environment.clock.now())) }
        countLostCalls()
        hasBegun = true
        // The journal has it already.
        let resumed = RunEvent.runResumed(run.resumed)
        announce(resumed, at: run.resumedAt)
        go(commands(after: resumed))
        for scope in scopes.values { if let node = scope.node, !deadlines.hasPassed(node) { startDeadline(node) } }
        for (node, request) in approvals { startTimer(node, request) }
        for (path, decision) in run.decisions { take(decision, at: path) }
        flush()
    }

    private func unreadable(_ reason: String) -> JournalError {
        JournalError(.corrupt, "the record of run \(id) does not fit its workflow: \(reason)")
    }

    /// The documents that the fold reads, in one question.
    private func documents(of run: RecordedRun) async throws(JournalError) -> [ContentHash: [UInt8]] {
        var hashes: Set<ContentHash> = []
        for event in run.events {
            for key in ["output", "items", "response", "message"] {
                if let hash = event.payload[key]?.stringValue.flatMap(ContentHash.init(hex:)) { hashes.insert(hash) }
            }
        }
        return try await environment.journal.documents(Array(hashes))
    }

    /// One fact, into what expressions read and into the machine.
    private func take(_ event: RunEvent, at moment: Timestamp, _ documents: [ContentHash: [UInt8]]) throws {
        try read(event, at: moment, documents)
        let cancelled: Node? = if case .nodeCancelled(let path) = event { try machine.node(path) } else { nil }
        _ = try machine.apply(event)
        if let node = cancelled, node.item == nil, machine.settlement(of: node.step, in: node.scope) == .cancelled {
            setStep(node, ["status": .string(NodeStatus.cancelled.rawValue)])
        }
    }

    private func read(_ event: RunEvent, at moment: Timestamp, _ documents: [ContentHash: [UInt8]]) throws {
        func document(_ hash: ContentHash) throws(StepFailure) -> JSONValue {
            guard let bytes = documents[hash], let value = try? JSONParser.parse(bytes) else {
                throw StepFailure(.configuration, "the document \(hash) is not in the ledger")
            }
            return value
        }
        switch event {
        case .itemsExpanded(let path, let count, let items):
            let node = try machine.node(path)
            let scope = scopes[node.scope]!
            scope.lists[node.step] = try document(items).arrayValue ?? []
            scope.itemResults[node.step] = Array(repeating: nil, count: count)
        case .stepSkipped(let path, _):
            let node = try machine.node(path)
            leave(node)
            setStep(node, ["status": .string(NodeStatus.skipped.rawValue)])
        case .nodeStarted(let path):
            let node = try machine.node(path)
            recorded[node, default: RecordedNode()].startedAt = recorded[node]?.startedAt ?? moment
        case .scopeOpened(let opened):
            if opened.isFinally {
                return makeFinally(of: try opened.node.flatMap { machine.openScope(of: try machine.node($0)) } ?? 0)
            }
            guard let node = try opened.node.map({ try machine.node($0) }) else { return }
            scopes[machine.nextScope] = try makeScope(node, pass: opened.pass).0
        case .passEnded(let path, _, let verdict):
            let node = try machine.node(path)
            guard let index = machine.openScope(of: node), let scope = scopes[index] else { return }
            if verdict != .unaffordable || firstFailure(in: scope) == nil { passOutputs[node] = scope.outputs }
            if verdict == .again { close(scope: index) }
        case .deadlinePassed(let path):
            if let node = try? machine.node(path) { deadlines.pass(node) }
        case .inputTrimmed(let path, let values):
            let node = try machine.node(path)
            recorded[node]?.cuts.append(values)
        case .callStarted(let call):
            recorded[try machine.node(call.path), default: RecordedNode()].calls.append(RecordedNode.Call(started: call))
            callNumber = max(callNumber, call.id.number)
        case .callEnded(let end):
            let node = try machine.node(end.path)
            guard let place = recorded[node]?.calls.lastIndex(where: { $0.started.id == end.id }) else {
                throw StepFailure(.configuration, "call \(end.id) has an end and no beginning")
            }
            recorded[node]!.calls[place].ended = end
            recorded[node]!.calls[place].endedAt = moment
            recorded[node]!.calls[place].answer = try end.response.map { hash throws(StepFailure) in try document(hash).stringValue ?? "" }
            let started = recorded[node]!.calls[place].started
            // That it was an outage says that it had answered.
            if end.failure == nil || end.isOutage || end.response != nil, let server = try? environment.provider.profile(of: started.model).server, reached.insert(server).inserted {
                engine.hasReached(server)
            }
            let held = started.held ?? .zero
            account(
                node, started.model, held: held, bound: started.bound, kept: end.heldAfter(held), cost: end.cost ?? .zero, caps: callCaps(of: node, step(node)))
        case .commandEnded(let path, let attempt, let code, _, _, _):
            let node = try machine.node(path)
            recorded[node]?.exit = (attempt, code)
        case .nodeSucceeded(let path, let output), .nodeRecovered(let path, _, let output):
            let node = try machine.node(path)
            settle(node, try document(output.hash), facts: facts(of: node))
            leave(node)
        case .nodeFailed(let path, let failure):
            let node = try machine.node(path)
            fold(node, failure)
            leave(node)
        case .nodeCancelled(let path):
            let node = try machine.node(path)
            // Stopped with its run it will be begun again, and what it has of calls is kept for that.
            if machine.openScope(of: node) != nil { leave(node) }
            approvals[node] = nil
        case .itemsCollected(let path, let output):
            let node = try machine.node(path)
            collected(node, try document(output.hash))
        case .approvalRequested(let path, let request):
            let node = try machine.node(path)
            approvals[node] = request
        case .approvalDecided(let path, let decision):
            let node = try machine.node(path)
            approvals[node] = nil
            decisions[node] = decision
            questionsAnswered[node.path, default: 0] += 1
        case .runStarted(let started): rules = started.rules
        case .conditionEvaluated, .memoHit, .memoKept, .callRefused, .outputRejected, .interruptRequested, .cancelRequested, .runEnded,
            .outcomeRecorded:
            break
        case .runResumed: countLostCalls()
        }
    }

    /// What calls without an end hold is spent for good.
    private func countLostCalls() {
        for (node, left) in recorded {
            for (index, call) in left.calls.enumerated() where call.ended == nil && !call.isCounted {
                recorded[node]!.calls[index].isCounted = true
                let held = call.started.held ?? .zero
                account(node, call.started.model, held: held, bound: held, kept: held, cost: .zero, caps: callCaps(of: node, step(node)))
            }
        }
    }

    /// The node has ended: what was kept for it is not needed any more.
    private func leave(_ node: Node) {
        recorded[node] = nil
        decisions[node] = nil
        approvals[node] = nil
        passOutputs[node] = nil
        if let index = machine.openScope(of: node) { close(scope: index) }
    }

    private func close(scope index: Int) {
        guard let scope = scopes.removeValue(forKey: index) else { return }
        spread(scope)
        if let finally = scope.finallyScope.flatMap({ scopes.removeValue(forKey: $0) }) { spread(finally) }
    }

    private func fold(_ node: Node, _ failure: StepFailure) {
        let scope = scopes[node.scope]!
        if let item = node.item {
            scope.itemFailures[node.step, default: [:]][item] = failure
            return
        }
        if step(node).forEach != nil { forgetItems(node) }
        setStep(node, facts(of: node).with("status", .string(NodeStatus.failed.rawValue)).with("accepted", false))
        if scope.firstFailure == nil, !step(node).toleratesFailure { scope.firstFailure = (node.path, failure) }
    }

    /// What expressions read of a node beside its output.
    private func facts(of node: Node) -> JSONObject {
        switch step(node).kind {
        case .model(let model):
            var totals = CallTotals(tier: model.tier)
            for call in recorded[node]?.calls ?? [] { if let end = call.ended { totals.count(end) } }
            return totals.facts
        case .run:
            guard let exit = recorded[node]?.exit else { return [:] }
            return ["exit_code": .int(Int64(exit.code)), "attempts": .int(Int64(exit.attempt))]
        default: return [:]
        }
    }

    // MARK: Calls

    /// Takes the tries of a node up where the record ends: calls that have an end are not made again.
    ///
    /// - Throws: what the step fails with.
    func takeUp(_ left: RecordedNode, _ tries: ModelTries) throws(StepFailure) -> StepStateMachine.Command {
        var command = tries.machine.apply(.started)
        tries.recordedCuts = left.cuts[...]
        if tries.model.memoAge != nil, !left.calls.isEmpty { question(of: tries) }
        for record in left.calls {
            command = tries.waited(command)
            // A model that is not configured is passed over without a call.
            while case .call(let call) = command, call.ordinal < record.started.ordinal {
                _ = askAgain(call, tries)
                command = tries.machine.apply(.notCalled(StepFailure(.configuration, "passed over before the run was resumed")))
            }
            guard case .call(let call) = command, call.ordinal == record.started.ordinal else {
                throw StepFailure(.configuration, "the calls of '\(tries.path)' in the ledger do not follow from its workflow")
            }
            let request = askAgain(call, tries)
            guard let end = record.ended, end.failure?.kind != .cancelled else {
                command = tries.machine.apply(.callLost(record.started.id.number))
                continue
            }
            tries.count(end)
            if end.failure == nil {
                tries.take(record.answer ?? "", of: call.purpose)
                // What is attached may have changed since: the answer is then to another question.
                let isSame = tries.model.memoAge != nil && request.map { ContentHash(of: $0.manifest) } == record.started.request
                tries.answered = isSame ? (record.started.id, record.started.model) : nil
            }
            command = tries.machine.apply(.callEnded(end))
            if case .checkOutput = command { command = judge(tries) }
        }
        switch command {
        case .suspend: command = tries.waited(command)
        // What is over of a wait is over.
        case .wait(let span):
            guard let endedAt = left.calls.last?.endedAt else { break }
            let over = max(0, environment.clock.now().since(endedAt).milliseconds)
            command = .wait(.milliseconds(max(0, span.milliseconds - over)))
        default: break
        }
        tries.machine.forgetOutage()
        return command
    }

    /// Prepares a call as it was prepared before, so that those behind it are asked with what it left of the values that may be cut.
    ///
    /// - Returns: its request; `nil` when it cannot be asked any more.
    private func askAgain(_ call: StepStateMachine.Call, _ tries: ModelTries) -> ModelRequest? {
        guard tries.model.memoAge != nil || tries.trimmableScope != nil else { return nil }
        let reference = tries.tier.models[call.model]
        guard let profile = try? environment.provider.profile(of: reference), let (segments, _) = try? messages(call, to: profile, tries) else { return nil }
        return tries.request(CallID(run: id, number: 0), to: reference, segments)
    }
}

extension CallEnded {
    /// What the call counts against caps from its end on: never less than it cost.
    ///
    /// - Parameter reserved: what was held for it, which is what stays where a fact of form 1 does not tell.
    fileprivate func heldAfter(_ reserved: Money) -> Money {
        let cost = cost ?? .zero
        if let kept { return max(kept, cost) }
        switch state {
        case .settled, .overrun: return cost
        case .void: return .zero
        case .held, .estimated, .unknown: return max(reserved, cost)
        }
    }
}
