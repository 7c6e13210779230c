import PromptCaching
import Values
import WorkflowModel

/// Steps with `memo`: the answer to the same request is taken from an earlier call, if there is one that is young enough, or from one that is under
/// way.
extension ModelRunner {
    /// Whether the step ended by an answer that somebody else got. Otherwise it asks, and those who ask the same meanwhile wait for it, until it
    /// says what came of it (``ModelTries/endFlight(isAnswered:_:)``).
    ///
    /// The request is that of the first try. Another model, another setting or another byte of the prompt is another request.
    ///
    /// - Parameter question: `nil`: what is wrong with its model, or for it, the call says.
    func recall(_ tries: ModelTries, _ question: ContentHash?, _ run: isolated RunExecution) async throws(StepFailure) -> Bool {
        guard let memory = run.environment.memory, let question, !run.isStopping else { return false }
        if let replay = run.engine.services.replay { return try await recall(tries, from: replay, run) }
        // What this run has answered is asked for too.
        run.outbox.flush()
        var how = MemoHit.How.memo
        while true {
            let (place, leads) = run.engine.services.flights.enter(question)
            how = leads ? .memo : .flight
            if !leads {
                let word = await run.engine.services.flights.word(at: place)
                guard let word else { throw StepFailure(.cancelled, "stopped while waiting for the answer to the same question") }
                if word == .lead { tries.flight = place }
            } else {
                tries.flight = place
            }
            // A ledger that cannot be read cannot be written either, which the call's intent says.
            let since = run.environment.clock.now().adding(.milliseconds(-model.memo!.age.milliseconds))
            let answer = try? await memory.recall(question, since: since)
            if Task.isCancelled || run.outbox.error != nil { throw StepFailure(.cancelled, "the run is stopping") }
            if let answer, take(answer, how, tries, run) {
                tries.endFlight(isAnswered: true, run)
                return true
            }
            if tries.flight != nil { return false }
        }
    }

    /// What the first try asks.
    @inline(never)
    func firstQuestion(of tries: ModelTries, _ run: isolated RunExecution) -> ContentHash? {
        guard run.environment.memory != nil, let profile = try? run.road.profile(of: tries.tier.models[0]),
            let messages = try? messages(.first, to: profile, tries, run)
        else { return nil }
        tries.asked = messages.segments
        return tries.question(to: profile, run)
    }

    /// Whether there was an answer, and whose, is told by the record; nobody's memory is asked.
    private func recall(_ tries: ModelTries, from replay: ReplayConductor, _ run: isolated RunExecution) async throws(StepFailure) -> Bool {
        let hit = await replay.recall(at: tries.path)
        if Task.isCancelled || run.outbox.error != nil { throw StepFailure(.cancelled, "the run is stopping") }
        guard let hit else { return false }
        return take(hit.answer, hit.how, tries, run)
    }

    @inline(never)
    private func take(_ answer: RememberedAnswer, _ how: MemoHit.How, _ tries: ModelTries, _ run: isolated RunExecution) -> Bool {
        guard let value = try? JSONParser.parse(answer.document) else { return false }
        recordStart(of: tries, run)
        // With the event that names it: what it is from may have been removed since.
        run.outbox.append(Blob(answer.document, hash: answer.output))
        run.record(
            .memoHit(
                MemoHit(
                    path: tries.path, call: answer.call, output: answer.output, tier: tries.tier.name, model: tries.tier.models[0], saved: answer.cost,
                    tags: tries.tags, how: how)))
        run.succeed(tries.node, value, stored: OutputReference(hash: answer.output))
        return true
    }

    /// Keeps an accepted answer for the request of the model that gave it. One that was cut is none, whatever the step makes of it.
    @inline(never)
    func remember(_ output: OutputReference, _ tries: ModelTries, _ run: isolated RunExecution) {
        guard run.environment.memory != nil, !tries.isCut, !tries.asked.isEmpty, let answered = tries.answered,
            let profile = try? run.road.profile(of: answered.model)
        else { return }
        keep(output, of: tries.question(to: profile, run), by: answered.id, tries, run)
    }

    private func keep(_ output: OutputReference, of question: ContentHash, by call: CallID, _ tries: ModelTries, _ run: isolated RunExecution) {
        run.record(.memoKept(MemoKept(path: tries.path, question: question, call: call, output: output.hash, cost: tries.state.totals?.knownCost)))
        tries.isKept = true
    }

    // MARK: Gates

    /// Whether a gate ended by an answer that one of the same terms accepted before.
    func recall(_ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> Bool {
        let tries = tries(of: gate.start, gate, run)
        do throws(StepFailure) {
            if !model.attachments.isEmpty {
                try await attach(tries, run)
                gate.attached = tries.attached
            }
        } catch {
            if error.kind == .cancelled { throw error }
            // The first try says what is wrong.
            return false
        }
        findQuestion(of: gate, tries, run)
        return try await recall(tries, gate.memo?.question, run)
    }

    /// Names what a gate asks first, and on which terms its answer is taken.
    @inline(never)
    private func findQuestion(of gate: GateRun, _ tries: ModelTries, _ run: isolated RunExecution) {
        guard let profile = try? run.road.profile(of: tries.tier.models[0]), (try? render(tries, run)) != nil else { return }
        let tokens = tries.attached.isEmpty ? 0 : RequestBound.knownTokens(tries.attached, profile.attachments)
        guard let (segments, _) = try? tries.fitted(for: .first, attachedTokens: tokens, in: gate.graph) else { return }
        tries.asked = segments
        gate.memo = (tries, tries.question(to: profile, gate: gate.escalation.hash, run))
    }

    /// Stores the answer that a gate accepted, and keeps it for the gate's question, whichever tier gave it.
    @inline(never)
    func remember(_ value: JSONValue, _ gate: GateRun, _ run: isolated RunExecution) -> OutputReference {
        let output = run.store(value)
        guard run.environment.memory != nil, let last = gate.tries, !last.isCut, let answered = last.answered else { return output }
        if gate.memo == nil {
            // It goes on with what a process before asked.
            let tries = tries(of: gate.start, gate, run)
            gate.tries = last
            tries.attached = gate.attached ?? []
            findQuestion(of: gate, tries, run)
        }
        if let (tries, question) = gate.memo { keep(output, of: question, by: answered.id, tries, run) }
        return output
    }
}

extension ModelTries {
    /// - Parameter gate: the hash of its terms.
    func question(to profile: ModelProfile, gate: ContentHash? = nil, _ run: isolated RunExecution) -> ContentHash {
        var question = ModelRequest.question(to: profile, segments: asked, sampling: sampling, maxOutputTokens: outputCap, schema: model.schema)
        if let gate { question = ContentHash(chaining: question, gate.bytes) }
        switch model.memo?.scope {
        case .ledger, nil: return question
        case .workflow: return ContentHash(chaining: question, Array("workflow \(run.state.graph.name)".utf8))
        case .run: return ContentHash(chaining: question, Array("run \(run.id.text)".utf8))
        }
    }

    /// Says what came of a question that others may wait for. Their hits come behind the answer in the journal, which they are read from.
    func endFlight(isAnswered: Bool, _ run: isolated RunExecution) {
        guard let place = flight else { return }
        flight = nil
        if isAnswered { run.outbox.flush() }
        run.engine.services.flights.leave(place, isAnswered: isAnswered)
    }
}
