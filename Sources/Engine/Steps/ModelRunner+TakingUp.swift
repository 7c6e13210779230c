import Values
import WorkflowModel

/// Going on with a step that has calls in the record: of a process that is gone, or from before a person was asked.
extension ModelRunner {
    /// Takes the tries of a node up where the record ends: calls that have an end are not made again.
    ///
    /// - Throws: what the step fails with.
    func takeUp(_ tries: ModelTries, _ run: isolated RunExecution) throws(StepFailure) -> TryMachine.Command {
        var command = tries.machine.apply(.started)
        tries.recordedCuts = tries.state.cuts[...]
        let recorded = tries.recorded
        if model.memo != nil, tries.place == nil, !recorded.isEmpty { _ = firstQuestion(of: tries, run) }
        for record in recorded {
            command = tries.waited(command)
            // A model that is not configured is passed over without a call.
            while case .call(let call) = command, call.ordinal < record.started.ordinal {
                _ = askAgain(call, tries, run)
                command = tries.machine.apply(.notCalled(StepFailure(.configuration, "passed over before the run was resumed")))
            }
            guard case .call(let call) = command, call.ordinal == record.started.ordinal else {
                throw StepFailure(.configuration, "the calls of '\(tries.path)' in the ledger do not follow from its workflow")
            }
            let request = askAgain(call, tries, run)
            guard let end = record.ended, end.failure?.kind != .cancelled else {
                command = tries.machine.apply(.callLost(record.started.id.number))
                continue
            }
            if end.failure == nil {
                tries.take(record.answer ?? "", of: call.purpose, isCut: end.finishReason == .length)
                // What is attached may have changed since: the answer is then to another question.
                let isSame = model.memo != nil && request.map { ContentHash(of: $0.manifest) } == record.started.request
                tries.answered = isSame ? (record.started.id, record.started.model) : nil
            }
            command = tries.machine.apply(.callEnded(end))
            if case .checkOutput = command { command = judge(tries) }
        }
        switch command {
        case .suspend: command = tries.waited(command)
        // What is over of a wait is over.
        case .wait(let span):
            guard let endedAt = recorded.last?.endedAt else { break }
            let over = max(0, run.environment.clock.now().since(endedAt).milliseconds)
            command = .wait(.milliseconds(max(0, span.milliseconds - over)))
        case .call, .checkOutput, .succeed, .fail: break
        }
        tries.machine.forgetOutage()
        return command
    }

    /// Prepares a call as it was prepared before, so that those behind it are asked with what it left of the values that may be cut.
    ///
    /// - Returns: its request; `nil` when it cannot be asked any more.
    private func askAgain(_ call: TryMachine.Call, _ tries: ModelTries, _ run: isolated RunExecution) -> ModelRequest? {
        guard model.memo != nil || tries.trimmableScope != nil else { return nil }
        let reference = tries.tier.models[call.model]
        guard let profile = try? run.road.profile(of: reference), let (segments, _) = try? messages(call, to: profile, tries, run) else { return nil }
        return tries.request(CallID(run: run.id, number: 0), to: reference, segments)
    }
}
