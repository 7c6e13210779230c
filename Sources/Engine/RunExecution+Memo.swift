import PromptCaching
import Values
import WorkflowModel

/// Steps with `memo`: the answer to the same request is taken from an earlier call, if there is one that is young enough.
extension RunExecution {
    /// Whether the step ended by an answer of an earlier call.
    ///
    /// The request is that of the first try. Another model, another setting or another byte of the prompt is another request.
    func recall(_ tries: ModelTries, within age: TimeSpan) async throws(StepFailure) -> Bool {
        guard let memory = environment.memory, let question = question(of: tries), !isInterrupted else { return false }
        // What this run has answered is asked for too.
        flush()
        // A ledger that cannot be read cannot be written either, which the call's intent says.
        let since = environment.clock.now().adding(.milliseconds(-age.milliseconds))
        guard let answer = try? await memory.recall(question, since: since) else { return false }
        if Task.isCancelled || hasLostJournal { throw StepFailure(.cancelled, "the run is stopping") }
        return take(answer, tries)
    }

    /// What the first try asks. `nil`: what is wrong with its model, or for it, the call says.
    @discardableResult
    @inline(never)
    func question(of tries: ModelTries) -> ContentHash? {
        guard environment.memory != nil, let profile = try? environment.provider.profile(of: tries.tier.models[0]),
            let messages = try? messages(.first, to: profile, tries)
        else { return nil }
        tries.asked = messages.segments
        return tries.question(to: profile)
    }

    @inline(never)
    private func take(_ answer: RememberedAnswer, _ tries: ModelTries) -> Bool {
        guard let value = try? JSONParser.parse(answer.document) else { return false }
        let at = environment.clock.now()
        recordStart(of: tries)
        // With the event that names it: what it is from may have been removed since.
        append(blob: Blob(answer.document, hash: answer.output))
        note(.memoHit(MemoHit(
            path: tries.path, call: answer.call, output: answer.output, tier: tries.tier.name, model: tries.tier.models[0], saved: answer.cost,
            tags: tries.tags)), at: at)
        succeed(tries.node, value, facts: tries.facts, stored: OutputReference(hash: answer.output))
        return true
    }

    /// Keeps an accepted answer for the request of the model that gave it.
    @inline(never)
    func remember(_ output: OutputReference, _ tries: ModelTries) {
        guard environment.memory != nil, !tries.asked.isEmpty, let answered = tries.answered,
            let profile = try? environment.provider.profile(of: answered.model)
        else { return }
        note(.memoKept(MemoKept(
            path: tries.path, question: tries.question(to: profile), call: answered.id, output: output.hash, cost: tries.knownCost)), at: environment.clock.now())
    }
}

extension ModelTries {
    func question(to profile: ModelProfile) -> ContentHash {
        ModelRequest.question(to: profile, segments: asked, sampling: sampling, maxOutputTokens: outputCap, schema: model.schema)
    }
}
