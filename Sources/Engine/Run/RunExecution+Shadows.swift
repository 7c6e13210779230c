import Values
import WorkflowModel

/// A further tier that is to be asked for comparison: its question as the gate's was rendered, or why it cannot be asked.
struct PendingShadow {
    let place: ShadowState.Place
    let gate: GateRun
    let tries: ModelTries
    let question: Result<Question, StepFailure>
}

/// Asking for comparison, when everything else of the run has come to its end: its result is given out before, and waits for nothing of this.
extension RunExecution {
    /// Asked at once at the most.
    private static let mostShadows = 8

    /// Whether there is something to ask, and nobody wants the run to stop.
    var hasShadows: Bool { !pendingShadows.isEmpty && !isStopping && (state.ending == .succeeded || state.ending == .failed) }

    /// Asks them, and writes the run's last fact.
    func linger(_ end: RunEnded) async {
        isLingering = true
        let places = Set(pendingShadows.map(\.place))
        dismissShadows("the process that was to ask is gone") { !places.contains($0) }
        let count = pendingShadows.count
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<min(Self.mostShadows, count) {
                group.addTask(executorPreference: environment.executor) { [self] in
                    for index in stride(from: worker, to: count, by: Self.mostShadows) { await ask(index) }
                }
            }
        }
        dismissShadows("it was not waited for any longer")
        pendingShadows = []
        record(.runEnded(end))
        // That it could not be written leaves a run that is gone on with, to the same end.
        _ = try? await outbox.journal.write(outbox.take())
    }

    /// What nobody asks any more: of a run that stops or waits, of a process that is gone, and at the end of the wait.
    func dismissShadows(_ reason: String, where isMeant: (ShadowState.Place) -> Bool = { _ in true }) {
        for place in state.shadows.pending where isMeant(place) { record(.shadowEnded(ShadowEnded(path: place.path, tier: place.tier, result: .unknown, reason: reason))) }
    }

    private func ask(_ index: Int) async {
        guard !Task.isCancelled, outbox.error == nil else { return }
        let shadow = pendingShadows[index]
        switch shadow.question {
        case .failure(let failure): end(shadow, .refused, failure)
        case .success(let question):
            let outcome = await road.make(question, at: shadow.tries.site(0), for: self)
            take(outcome, shadow)
        }
        outbox.flush()
    }

    @inline(never)
    private func take(_ outcome: CallOutcome, _ shadow: PendingShadow) {
        switch outcome {
        // One that was stopped is told with those that were not asked.
        case .notMade(let failure): if failure.kind != .cancelled { end(shadow, failure.kind == .budget ? .refused : .failed, failure) }
        case .refused(let refusal): end(shadow, .refused, StepFailure(.budget, refusal.message))
        // None is counted under a rate.
        case .tripped(let counted): end(shadow, .refused, StepFailure(.notAccepted, counted.sentence))
        case .ended(let call, let answer):
            if call.failure?.kind == .cancelled { return }
            let tries = shadow.tries
            if let answer {
                tries.logprobs = answer.logprobs
                tries.told = (answer.text, call.finishWord ?? call.finishReason?.rawValue)
            }
            if let failure = call.failure { return end(shadow, .failed, StepFailure(failure.kind, failure.message)) }
            tries.take(answer?.text ?? "", of: .shadow, isCut: answer?.finishReason == .length)
            _ = ModelRunner(model: shadow.gate.model).judge(tries)
            guard tries.violations.isEmpty else { return end(shadow, .failed, StepFailure(.outputInvalid, tries.violations[0])) }
            end(shadow, .answered, nil)
        }
    }

    private func end(_ shadow: PendingShadow, _ result: ShadowEnded.Result, _ failure: StepFailure?) {
        let (tries, redactor) = (shadow.tries, environment.secrets.redactor)
        let output = result == .answered ? store(tries.value).hash : nil
        record(
            .shadowEnded(
                ShadowEnded(
                    path: shadow.place.path, tier: shadow.place.tier, result: result, failure: failure?.kind, reason: (failure?.message).map { redactor.redact($0) },
                    output: output, signals: tries.told.map { AnswerSignals($0, tries.logprobs, tries, shadow.gate) })),
            result == .answered ? .value(tries.value) : .none)
    }
}
