import Economics
import Values
import WorkflowModel

/// Facts go into the outbox and into the state; the commands that come out are performed.
extension RunExecution {
    var prefixes: RunPrefixes { state.prefixes }

    /// Those that a call of a step is recorded with. What an expression puts together may be a secret, though none of its pieces is.
    func tags(of step: Step, _ scope: RunScope, over outer: JSONObject?) -> JSONObject? {
        let redactor = environment.secrets.redactor
        return scope.tags(step.tags, over: outer).map { redactor.isEmpty ? $0 : redactor.redact(.object($0)).objectValue ?? $0 }
    }

    func nextCall() -> CallID { CallID(run: id, number: state.numbers.next()) }

    func nextCall(at site: CallSite) -> CallID {
        // Calls may be prepared and not begun: which number one has is the record's to say.
        if let known = engine.services.replay?.number(at: site) { return CallID(run: id, number: known) }
        return nextCall()
    }

    /// A draw from 0 up to 2⁵³.
    func draw(at path: String) -> Int64 { engine.services.replay?.draw(at: path) ?? Int64(environment.entropy.next() >> 11) }

    func objection(to question: Question, at site: CallSite) -> StepFailure? {
        guard question.climbs else { return nil }
        return state.bandAgainstClimbing(to: site.tier).map { StepFailure(.budget, $0) }
    }

    func raised(_ bound: Money, of model: ModelReference) -> Money { state.money.overruns.raised(bound, of: model) }

    func raised(_ tokens: Int, of model: ModelReference) -> Int { state.money.tokenOverruns.raised(tokens, of: model) }

    /// A fact that has just happened.
    func record(_ fact: RunEvent, _ documents: FactDocuments = .none) {
        record(fact, at: environment.clock.now(), documents)
    }

    func take(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments) {
        announce(fact, at: moment)
        dispatch(commands(after: fact, at: moment, documents))
        if case .callEnded = fact { enterBands(at: moment) }
    }

    /// What is to be done now that something has happened.
    func commands(after fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments = .none) -> [RunCommand] {
        do throws(IllegalFact) {
            let commands = try state.apply(fact, at: moment, documents)
            inheritance.note(fact)
            return commands
        } catch {
            // The engine answers what it was asked for, so this is a fault of the program, of one run of many: it ends here as its record
            // stands, which nothing is added to.
            lose(JournalError(.other, "run \(id) cannot go on, by a fault of the program: \(fact.kind): \(error)"))
            return []
        }
    }

    func announce(_ fact: RunEvent, at moment: Timestamp) {
        if outbox.error == nil, !isLingering { observer?.observe(fact, run: id, at: moment) }
    }

    // MARK: Commands

    func dispatch(_ new: [RunCommand]) {
        if !new.isEmpty, queue.append(new) { drain() }
    }

    private func drain() {
        while let command = queue.first {
            // What only computes waits for nothing else: a million items would be a million facts in memory.
            if command.makesMore, isFull, outbox.journal.isBehind { return waitForJournal() }
            queue.removeFirst()
            perform(command)
        }
        queue.isDone()
    }

    /// Whether what waits is handed over for its size; it is, when this returns.
    private var isFull: Bool {
        guard outbox.isFull else { return false }
        outbox.flush()
        return true
    }

    /// Goes on with the queue when the journal has written what it was given. New commands queue up behind.
    private func waitForJournal() {
        Task(executorPreference: environment.executor) { [self] in await drainWhenWritten() }
    }

    private func drainWhenWritten() async {
        // Its failure ends the run, which finds no command to perform then.
        _ = try? await write(outbox.take(), after: nil)
        drain()
    }

    private func perform(_ command: RunCommand) {
        guard outbox.error == nil else { return }
        if !inheritance.isEmpty, inherit(command) { return }
        switch command {
        case .evaluateCondition(let node): ConditionRunner(condition: state.step(node).when!).evaluate(node, in: self)
        case .expandItems(let node) where state.step(node).modelStep != nil && state.bands.closing != nil: leaveOut(node, state.bands.closing!)
        case .expandItems(let node): ForEachRunner(forEach: state.step(node).forEach!).expand(node, in: self)
        case .start(let node): start(node)
        case .open(let node, let pass): state.step(node).kind.runner.container!.open(node, pass: pass, in: self)
        case .openFinally(let scope): record(.scopeOpened(openingFinally(of: scope)))
        case .close(let index, let end):
            let scope = state.scopes[index]!
            state.step(scope.node!).kind.runner.container!.close(scope.node!, scope, end, in: self)
        case .skip(let node, let reason): record(.stepSkipped(node.path, reason))
        case .collect(let node): ForEachRunner(forEach: state.step(node).forEach!).collect(node, in: self)
        case .cancel(let node):
            if work.cancel(node) {
                road.wakeAll()
            } else if state.open[node]?.inquiry?.question != nil {
                fail(node, StepFailure(.cancelled, "the run is stopping"))
            }
        case .end: resumeFinish()
        }
    }

    private func openingFinally(of scope: Int) -> ScopeOpened {
        let main = state.scopes[scope]!
        return ScopeOpened(node: main.node?.path, isFinally: true, pass: main.pass)
    }

    func resumeFinish() {
        finish?.resume()
        finish = nil
    }

    // MARK: Documents

    /// Stores a value that a step or a run gives.
    ///
    /// - Throws: when it is too large; nothing of what it is made of is lost by that.
    func keep(_ value: JSONValue, _ what: String, _ kind: FailureKind = .expression) throws(StepFailure) -> OutputReference {
        let bytes = JSONEncoding.wire.bytes(value)
        guard bytes.count <= environment.mostValueBytes else {
            throw StepFailure(
                kind, "\(what) has \(bytes.count) bytes as JSON, and one value has at most \(environment.mostValueBytes)",
                details: ["the answers that it was made of are kept in the ledger; give on a part of each, or make several steps of it"])
        }
        let blob = Blob(bytes)
        outbox.append(blob)
        return OutputReference(hash: blob.hash)
    }

    func store(_ value: JSONValue) -> OutputReference {
        let blob = Blob(JSONEncoding.wire.bytes(environment.secrets.redactor.redact(value)))
        outbox.append(blob)
        return OutputReference(hash: blob.hash)
    }

    /// Returns when everything that was recorded so far is durable: what is done next to the world can be found again.
    func commit() async throws(StepFailure) {
        try checkGoesOn()
        _ = try await write(outbox.take(), after: nil)
        try checkGoesOn()
    }
}
