import Values
import WorkflowModel

/// How a run comes to a stop before its end.
extension RunExecution {
    var isStopping: Bool { stopping.level != .none }

    /// The journal is gone: nothing more can be recorded, so nothing more may be done. The run ends when its tasks have.
    func lose(_ error: JournalError) {
        guard outbox.error == nil else { return }
        outbox.lose(error)
        work.cancelAll()
        for warmUp in warmUps { warmUp.cancel() }
        work.stopTimers()
        road.wakeAll()
        if work.tasks.isEmpty { resumeFinish() }
    }

    /// - Parameter isUrgent: what is under way has only its grace; otherwise its own timeouts.
    func interrupt(_ level: Engine.Interruption, isUrgent: Bool = true) {
        guard isUnderWay else { return }
        if level > stopping.level {
            let isFirst = !isStopping
            stopping.level = level
            guard state.course != .new else { return }
            if isFirst {
                record(stopping.fact)
                outbox.flush()
            }
            work.cancelAll { level == .immediate || !isInFlight($0) }
            road.wakeAll()
        }
        guard level == .graceful, isUrgent, stopping.grace == nil, state.course != .new else { return }
        stopping.grace = Task(executorPreference: environment.executor) { [self] in
            do { try await environment.clock.sleep(for: environment.grace) } catch { return }
            await interrupt(.immediate)
        }
    }

    /// Stops the run for good.
    func cancel(by person: String) {
        guard stopping.cancelledBy == nil, isUnderWay else { return }
        stopping.cancelledBy = person
        if isStopping, state.course != .new {
            record(stopping.fact)
            outbox.flush()
        }
        interrupt(.graceful)
    }

    /// A server that was there is gone for long: the run is to go on when it is back.
    func suspend(_ reason: StepFailure) {
        stopping.unreachable = reason
        interrupt(.graceful, isUrgent: false)
    }

    /// Whether its end is neither recorded nor asked for.
    private var isUnderWay: Bool { state.ending == nil && !state.hasConcluded && outbox.error == nil }

    /// Nodes with a call or a command under way; the others may be stopped without loss.
    private func isInFlight(_ node: Node) -> Bool { state.open[node]?.hasCallUnderWay == true || work.hasEffect(node) }
}
