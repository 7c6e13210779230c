import PromptCaching
import Values
import WorkflowModel

/// Steps with `memo`: the answer to the same request is taken from an earlier call, if there is one that is young enough.
extension ModelRunner {
    /// Whether the step ended by an answer of an earlier call.
    ///
    /// The request is that of the first try. Another model, another setting or another byte of the prompt is another request.
    func recall(_ tries: ModelTries, within age: TimeSpan, _ run: isolated RunExecution) async throws(StepFailure) -> Bool {
        guard let memory = run.environment.memory, let question = firstQuestion(of: tries, run), !run.isStopping else { return false }
        // What this run has answered is asked for too.
        run.outbox.flush()
        // A ledger that cannot be read cannot be written either, which the call's intent says.
        let since = run.environment.clock.now().adding(.milliseconds(-age.milliseconds))
        guard let answer = try? await memory.recall(question, since: since) else { return false }
        if Task.isCancelled || run.outbox.error != nil { throw StepFailure(.cancelled, "the run is stopping") }
        return take(answer, tries, run)
    }

    /// What the first try asks. `nil`: what is wrong with its model, or for it, the call says.
    @discardableResult
    @inline(never)
    func firstQuestion(of tries: ModelTries, _ run: isolated RunExecution) -> ContentHash? {
        guard run.environment.memory != nil, let profile = try? run.road.profile(of: tries.tier.models[0]),
            let messages = try? messages(.first, to: profile, tries, run)
        else { return nil }
        tries.asked = messages.segments
        return tries.question(to: profile)
    }

    @inline(never)
    private func take(_ answer: RememberedAnswer, _ tries: ModelTries, _ run: isolated RunExecution) -> Bool {
        guard let value = try? JSONParser.parse(answer.document) else { return false }
        recordStart(of: tries, run)
        // With the event that names it: what it is from may have been removed since.
        run.outbox.append(Blob(answer.document, hash: answer.output))
        run.record(
            .memoHit(
                MemoHit(
                    path: tries.path, call: answer.call, output: answer.output, tier: tries.tier.name, model: tries.tier.models[0], saved: answer.cost,
                    tags: tries.tags)))
        run.succeed(tries.node, value, stored: OutputReference(hash: answer.output))
        return true
    }

    /// Keeps an accepted answer for the request of the model that gave it.
    @inline(never)
    func remember(_ output: OutputReference, _ tries: ModelTries, _ run: isolated RunExecution) {
        guard run.environment.memory != nil, !tries.asked.isEmpty, let answered = tries.answered,
            let profile = try? run.road.profile(of: answered.model)
        else { return }
        run.record(
            .memoKept(
                MemoKept(
                    path: tries.path, question: tries.question(to: profile), call: answered.id, output: output.hash, cost: tries.state.totals?.knownCost)))
    }
}

extension ModelTries {
    func question(to profile: ModelProfile) -> ContentHash {
        ModelRequest.question(to: profile, segments: asked, sampling: sampling, maxOutputTokens: outputCap, schema: model.schema)
    }
}
