import Economics
import Values
import WorkflowModel

/// The facts, one by one.
extension RunState {
    /// Takes one fact and says what is to be done.
    ///
    /// - Parameters:
    ///   - moment: when it was recorded.
    ///   - documents: what it names by hashes.
    /// - Throws: `IllegalFact` when it cannot be true where the run stands. The state is of no use after that.
    func apply(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments = .none) throws(IllegalFact) -> [RunCommand] {
        if try takeShadow(fact, at: moment, documents) { return [] }
        if try takeWarmUp(fact, at: moment) { return [] }
        let node = try machine.place(of: fact)
        try take(fact, node, at: moment, documents)
        let commands = machine.advance(fact, node)
        if case .nodeCancelled = fact, let node { cancelled(node) }
        if let room, let node { room.hasChanged(node.scope) }
        lastFactAt = moment
        return commands
    }

    /// What is kept beside the machine. What the fact tells of scopes and nodes is looked up before the machine closes them.
    private func take(_ fact: RunEvent, _ node: Node?, at moment: Timestamp, _ documents: FactDocuments) throws(IllegalFact) {
        switch fact {
        case .runStarted(let started):
            (rules, facts) = (started.rules, started.facts)
            isHeldOut = started.holdout?.isChosen == true
            (parent, fork, models) = (started.parent, started.fork, started.models)
        case .itemsExpanded(_, let count, let items):
            guard let list = try documents.value(of: items).arrayValue, list.count == count else { throw IllegalFact("the list has not \(count) items") }
            let (scope, step) = (scopes[node!.scope]!, node!.step)
            scope.lists[step] = list
            scope.itemResults[step] = Array(repeating: nil, count: count)
        case .stepSkipped(let path, let reason):
            if case .band(let band) = reason {
                guard bands.closing == band else { throw IllegalFact("'\(path)' was not kept from beginning") }
                leftOut = leftOut ?? (path, band)
            }
            leave(node!)
            setStep(node!, ["status": .string(NodeStatus.skipped.rawValue)])
        case .nodeStarted:
            guard open[node!] == nil else { throw IllegalFact("'\(node!.path)' was started before") }
            open[node!] = OpenNode(step(node!), at: moment)
            if node!.item != nil { scopes[node!.scope]!.itemsBegun[node!.step, default: 0] += 1 }
        case .scopeOpened(let opened): try openScope(opened, node, documents)
        case .passEnded(_, _, let verdict): try endPass(node!, verdict)
        case .deadlinePassed:
            guard let node else { break }
            guard step(node).deadline != nil else { throw IllegalFact("'\(node.path)' has no deadline") }
            open[node]?.hasPassedDeadline = true
        case .inputTrimmed(_, let values): try modelNode(node!).cuts.append(values)
        case .callStarted(let call):
            try begin(call, try modelNode(node!))
            prefixes.take(call)
        case .callEnded(let end): try self.end(end, node!, at: moment, documents)
        case .prefixReleased(let released): try release(released, try modelNode(node!), at: moment)
        case .callRefused:
            let state = try modelNode(node!)
            // Of a gate another question may have a call under way.
            if state.gate == nil { try idle(state, node!) }
        case .memoHit:
            let state = try modelNode(node!)
            try idle(state, node!)
            state.gate?.isRemembered = true
        case .memoKept: try idle(try modelNode(node!), node!)
        case .outputRejected: _ = try begun(node!)
        case .checkEnded(let check):
            let output = try check.output.map { hash throws(IllegalFact) in try documents.value(of: hash) }
            try gate(of: node!) { $0.part.isPart(of: check.check) && $0.tier == check.tier }.add(check, output: output)
        case .tierDecided(let tier): try gate(of: node!) { $0.part.isEmpty && $0.tier == tier.tier }.add(tier)
        case .rateCounted(let counted): try gate(of: node!) { $0.part.isEmpty }.add(counted)
        case .gateEnded(let end):
            try gate(of: node!) { _ in true }.end(end)
            try check(end, open[node!]!)
            // What a person gave is no tier's.
            if end.tier != nil || end.isAccepted { open[node!]!.totals?.tier = end.tier.map { open[node!]!.asked($0) } }
        case .shadowDrawn(let draw):
            try gate(of: node!) { _ in true }.drawn(draw)
            try shadows.draw(draw)
        case .commandEnded(_, let attempt, let code, _, _, _):
            guard case .run = step(node!).kind else { throw IllegalFact("'\(node!.path)' runs no program") }
            try begun(node!).exit = (attempt, code)
        case .nodeSucceeded(_, let output):
            try idle(try begun(node!), node!)
            settle(node!, try documents.value(of: output.hash))
        case .nodeRecovered(_, _, let output):
            try idle(open[node!], node!)
            settle(node!, try documents.value(of: output.hash))
        case .nodeFailed(_, let failure):
            try idle(open[node!], node!)
            fail(node!, failure)
        case .nodeCancelled:
            try idle(open[node!], node!)
            open[node!]?.inquiry?.question = nil
            // Stopped with its run it will be begun again, and what it has of calls is kept for that.
            if machine.openScope(of: node!) != nil { leave(node!) }
        case .itemsCollected(_, let output): collect(node!, try documents.value(of: output.hash))
        case .approvalRequested(_, let request): try ask(request, try begun(node!), node!, at: moment)
        case .approvalDecided(_, let decision): try decide(decision, try begun(node!), node!, at: moment)
        case .runResumed(let resumed):
            guard resumed.epoch > 1 else { throw IllegalFact("owner \(resumed.epoch) of the run cannot go on with it") }
            idleTimes.append((lastFactAt, moment))
            loseCalls()
        case .bandEntered(let entered): try enter(entered)
        case .nodeInherited(let kept): try inherit(kept, node!, documents)
        case .conditionEvaluated, .interruptRequested, .cancelRequested, .runEnded, .outcomeRecorded, .runPruned, .documentsRedacted, .shadowEnded: break
        case .filesAccepted(let accepted): models = accepted.models ?? models
        }
    }

    /// - Throws: when the node has not started.
    private func begun(_ node: Node) throws(IllegalFact) -> OpenNode {
        guard let state = open[node] else { throw IllegalFact("'\(node.path)' has not started") }
        return state
    }

    private func modelNode(_ node: Node) throws(IllegalFact) -> OpenNode {
        guard case .model = step(node).kind else { throw IllegalFact("'\(node.path)' asks no model") }
        return try begun(node)
    }

    /// - Parameter needs: whether a call has to have ended before what is told of the gate; others may be under way.
    private func gate(of node: Node, _ needs: (CallStarted) -> Bool) throws(IllegalFact) -> GateRecord {
        let state = try modelNode(node)
        if state.hasCallUnderWay, (state.calls + state.counts).contains(where: { $0.isUnderWay && needs($0.started) }) { try idle(state, node) }
        guard let gate = state.gate else { throw IllegalFact("'\(node.path)' has no gate") }
        return gate
    }

    /// - Throws: when the node has a call under way, behind which nothing else can come of it.
    private func idle(_ state: OpenNode?, _ node: Node) throws(IllegalFact) {
        if state?.hasCallUnderWay == true { throw IllegalFact("'\(node.path)' has a call under way") }
    }

    // MARK: Calls

    private func begin(_ call: CallStarted, _ state: OpenNode) throws(IllegalFact) {
        guard call.id.run == run else { throw IllegalFact("call \(call.id) is of another run") }
        if let underWay = state.callUnderWay(besides: call) { throw IllegalFact("call \(underWay.id) of '\(call.path)' is under way") }
        let isCount = call.purpose == .count
        let former = isCount ? state.counts : state.calls
        if let last = former.last {
            let before = state.gate == nil ? last : former.last { $0.started.tier == call.tier && $0.started.part == call.part }
            guard call.ordinal > before?.started.ordinal ?? -1 else { throw IllegalFact("call \(call.id) comes behind one of ordinal \(before?.started.ordinal ?? 0)") }
        }
        guard call.ordinal >= 0, call.ordinal < CallNumbers.most else { throw IllegalFact("no call has the ordinal \(call.ordinal)") }
        guard state.gate?.admits(call) != false else { throw IllegalFact("\(call.tier) was not to be asked at '\(call.path)': too many go on") }
        if let tokens = call.tokens, !(0..<CallNumbers.most).contains(tokens.held) { throw IllegalFact("call \(call.id) cannot hold \(tokens.held) tokens") }
        guard numbers.record(call.id.number) else { throw IllegalFact("the number of call \(call.id) is taken") }
        if isCount { return state.counts.append(OpenNode.Call(started: call)) }
        state.inquiry?.decision = nil
        state.calls.append(OpenNode.Call(started: call))
    }

    /// What a call waited was no time of its node's.
    private func release(_ released: PrefixReleased, _ state: OpenNode, at moment: Timestamp) throws(IllegalFact) {
        guard state.calls.contains(where: { $0.started.id == released.call && $0.isUnderWay }), (0..<Int64(CallNumbers.most)).contains(released.waited.milliseconds) else {
            throw IllegalFact("call \(released.call) did not wait")
        }
        if state.gate == nil { state.waits.append((from: moment.adding(.milliseconds(-released.waited.milliseconds)), to: moment)) }
    }

    private func end(_ end: CallEnded, _ node: Node, at moment: Timestamp, _ documents: FactDocuments) throws(IllegalFact) {
        let state = try modelNode(node)
        if let place = state.counts.lastIndex(where: { $0.started.id == end.id }) { return try self.end(place, end, state, at: moment, documents) }
        guard let place = state.calls.lastIndex(where: { $0.started.id == end.id }), state.calls[place].isUnderWay else {
            throw IllegalFact("call \(end.id) is not under way")
        }
        guard end.isPossible else { throw IllegalFact("the end of call \(end.id) cannot be true") }
        let started = state.calls[place].started
        if end.failure == nil, let response = end.response { state.calls[place].answer = try documents.value(of: response).stringValue ?? "" }
        state.calls[place].ended = end
        state.calls[place].endedAt = moment
        state.totals?.count(end, part: started.part)
        // Who answers for a tier that was named.
        if state.gate == nil, let asked = started.askedTier { state.totals?.tier = asked }
        // That it was an outage says that it had answered.
        if end.failure == nil || end.isOutage || end.response != nil { answering.insert(started.model) }
        money.settle(started, end, caps: caps(of: started, node))
        let scope = scopes[node.scope]!
        scope.used += CapAmount(money: end.cost ?? .zero, tokens: end.heldTokens(of: started.tokens?.held) ?? 0)
        scope.largestHold = scope.largestHold.larger(of: started.hold)
    }

    /// Of a call that counts: nothing is owed for it, and it is no try of its step.
    private func end(_ place: Int, _ end: CallEnded, _ state: OpenNode, at moment: Timestamp, _ documents: FactDocuments) throws(IllegalFact) {
        var count = state.counts[place]
        guard count.isUnderWay else { throw IllegalFact("call \(end.id) is not under way") }
        guard end.isPossible, end.state == .void else { throw IllegalFact("the end of call \(end.id) cannot be true") }
        if end.failure == nil {
            guard let response = end.response, let told = TokenCount(json: try documents.value(of: response)) else { throw IllegalFact("call \(end.id) counted nothing") }
            count.count = told
            answering.insert(count.started.model)
        }
        (count.ended, count.endedAt) = (end, moment)
        state.counts[place] = count
        money.settle(count.started, end, caps: [])
    }

    /// Another process goes on: of calls without an end nobody will know one.
    private func loseCalls() {
        for call in shadows.lose() + warmUps.lose() { money.lose(call, caps: call.caps) }
        for (node, state) in open {
            for count in state.counts.indices where state.counts[count].isUnderWay {
                state.counts[count].isLost = true
                money.loseCount()
            }
            for place in state.calls.indices where state.calls[place].isUnderWay {
                state.calls[place].isLost = true
                let call = state.calls[place].started
                money.lose(call, caps: caps(of: call, node))
                let scope = scopes[node.scope]!
                scope.largestHold = scope.largestHold.larger(of: call.hold)
            }
        }
    }

    /// Facts of form 1 do not tell them.
    private func caps(of call: CallStarted, _ node: Node) -> [(scope: String, cap: Money)] { facts < 2 ? callCaps(of: node, step(node)).money : call.caps }

    // MARK: People

    private func ask(_ request: ApprovalRequest, _ state: OpenNode, _ node: Node, at moment: Timestamp) throws(IllegalFact) {
        switch step(node).kind.form {
        case .question, .model: break
        case .value, .effect, .container: throw IllegalFact("'\(node.path)' asks nobody")
        }
        try idle(state, node)
        state.inquiry = OpenNode.Inquiry(question: request, answers: state.inquiry?.answers ?? 0, askedAt: moment)
    }

    /// A gate that a person ends is ended by what they chose.
    private func check(_ end: GateEnded, _ state: OpenNode) throws(IllegalFact) {
        let decision = state.inquiry?.decision.flatMap { $0.question?.kind == .gate ? $0 : nil }
        guard end.by == nil || decision != nil else { throw IllegalFact("nobody was asked how the gate of '\(end.path)' ends") }
        guard let tier = decision?.choice.tier, let taken = end.tier else { return }
        guard taken == tier else { throw IllegalFact("'\(end.path)' takes the answer of \(taken), and \(tier) was picked") }
    }

    private func decide(_ decision: ApprovalDecision, _ state: OpenNode, _ node: Node, at moment: Timestamp) throws(IllegalFact) {
        guard let inquiry = state.inquiry, let question = inquiry.question else { throw IllegalFact("'\(node.path)' has asked nothing that is open") }
        guard decision.choice.answers(question.kind) else { throw IllegalFact("'\(decision.choice.word)' is no answer to what '\(node.path)' asks") }
        if decision.isApproved, let cap = decision.cap ?? question.cap { money.raise(to: cap) }
        bands.take(decision, to: question)
        var decision = decision
        // The answer tells less of it.
        decision.question = question
        state.inquiry = OpenNode.Inquiry(decision: decision, answers: inquiry.answers + 1)
        if let askedAt = inquiry.askedAt { state.waits.append((askedAt, moment)) }
    }

    // MARK: Ends

    /// The node ends as it did in another run; nothing of it happened here.
    private func inherit(_ kept: NodeInherited, _ node: Node, _ documents: FactDocuments) throws(IllegalFact) {
        guard fork != nil else { throw IllegalFact("the run is no fork: it has nothing of another") }
        guard open[node] == nil else { throw IllegalFact("'\(node.path)' was started before") }
        let value = try kept.output.map { hash throws(IllegalFact) in try documents.value(of: hash) }
        let scope = scopes[node.scope]!
        guard let item = node.item else {
            setStep(node, value.map { kept.facts.with("output", $0) } ?? kept.facts)
            return leave(node)
        }
        scope.itemsBegun[node.step, default: 0] += 1
        if let value { scope.itemResults[node.step]?[item] = value } else if let failure = kept.failure { scope.itemFailures[node.step, default: [:]][item] = failure }
        if !kept.facts.isEmpty { scope.itemGates[node.step, default: [:]][item] = kept.facts }
        leave(node)
    }

    private func settle(_ node: Node, _ value: JSONValue) {
        if let item = node.item {
            scopes[node.scope]!.itemResults[node.step]?[item] = value
            keepGate(of: node, item)
        } else {
            var state = open[node]?.facts ?? [:]
            state["status"] = .string(NodeStatus.succeeded.rawValue)
            state["accepted"] = .bool(open[node]?.gate.map(\.isAccepted) ?? true)
            state["output"] = value
            setStep(node, state)
        }
        leave(node)
    }

    /// What its step's lists tell of an item with a gate, `.accepted`, `.tier` and `.attempts`.
    private func keepGate(of node: Node, _ item: Int) {
        guard let state = open[node], let gate = state.gate else { return }
        scopes[node.scope]!.itemGates[node.step, default: [:]][item] = state.facts.with("accepted", .bool(gate.isAccepted))
    }

    private func fail(_ node: Node, _ failure: StepFailure) {
        let scope = scopes[node.scope]!
        if let item = node.item {
            scope.itemFailures[node.step, default: [:]][item] = failure
            keepGate(of: node, item)
        } else {
            let facts = open[node]?.facts ?? [:]
            setStep(node, facts.with("status", .string(NodeStatus.failed.rawValue)).with("accepted", false))
            if scope.firstFailure == nil, !step(node).toleratesFailure { scope.firstFailure = (cause(of: node) ?? node.path, failure) }
        }
        leave(node)
    }

    /// The step inside that failed first, if that is why the node did.
    private func cause(of node: Node) -> String? {
        guard let index = machine.openScope(of: node), let scope = scopes[index], open[node]?.hasPassedDeadline != true else { return nil }
        return firstFailure(in: scope)?.path
    }

    /// The list of a `for_each` step is made, and its items are not needed any more.
    private func collect(_ node: Node, _ list: JSONValue) {
        var state: JSONObject = ["status": .string(NodeStatus.succeeded.rawValue), "accepted": true, "output": list]
        if step(node).modelStep?.escalation != nil {
            let gates = scopes[node.scope]!.itemGates[node.step] ?? [:]
            for key in GateRecord.itemKeys { state[key] = .array((list.arrayValue ?? []).indices.map { gates[$0]?[key] ?? .null }) }
        }
        leave(node)
        setStep(node, state)
    }

    private func cancelled(_ node: Node) {
        // Otherwise it waits in the queue again.
        guard !machine.isNamed(node) else { return }
        if node.item == nil { setStep(node, ["status": .string(NodeStatus.cancelled.rawValue)]) }
        leave(node)
    }

    private func setStep(_ node: Node, _ state: JSONObject) {
        let scope = scopes[node.scope]!
        scope.steps[scope.body.steps[node.step].id] = .object(state)
    }

    /// The node has ended: what was kept for it is not needed any more.
    private func leave(_ node: Node) {
        open[node] = nil
        if node.item == nil, step(node).forEach != nil {
            let scope = scopes[node.scope]!
            scope.lists[node.step] = nil
            scope.itemResults[node.step] = nil
            scope.itemFailures[node.step] = nil
            scope.itemGates[node.step] = nil
        }
        if let index = machine.openScope(of: node) { close(scope: index) }
    }
}

extension CallStarted {
    fileprivate var hold: CapAmount { CapAmount(money: held ?? .zero, tokens: tokens?.held ?? 0) }
}
