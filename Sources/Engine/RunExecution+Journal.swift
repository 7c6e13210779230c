import Economics
import Values
import WorkflowModel

/// What is handed to the journal, and what is waited for.
extension RunExecution {
    /// Hands what waits to the journal without waiting for it to be durable.
    func flush() {
        if !buffer.isEmpty, journalError == nil { environment.journal.post(takeBuffer()) }
    }

    func takeBuffer() -> JournalEntry {
        let entry = buffer
        buffer = JournalEntry(run: id)
        bufferedBytes = 0
        return entry
    }

    func append(blob: Blob) {
        buffer.blobs.append(blob)
        bufferedBytes += blob.bytes.count
    }

    /// Returns when everything that was recorded so far is durable: what is done next to the world can be found again.
    func commit() async throws(StepFailure) {
        try checkGoesOn()
        _ = try await write(takeBuffer(), after: nil)
        try checkGoesOn()
    }

    /// Writes the intent of a call and waits until it is durable. A reservation that would fit if calls in flight settled
    /// for less waits for one to settle; those that come after it wait their turn.
    ///
    /// What refused it is left with the call.
    ///
    /// - Throws: `StepFailure` of kind `cancelled` when the run is stopping or its journal is gone.
    func reserve(_ placed: PlacedCall) async throws(StepFailure) {
        let ticket = reservations.takeTicket()
        var isFront = false
        defer { if isFront { reservations.frontIsDone() } }
        if !reservations.isEmpty {
            await withUnsafeContinuation { reservations.enter(ticket, $0) }
            isFront = true
        }
        while true {
            try checkGoesOn()
            let settledBefore = reservations.settledCalls
            let facts = buffer.isEmpty ? nil : takeBuffer()
            switch try await write(makeIntent(placed), after: facts) {
            case .written: return
            case .refused(let refusal):
                placed.refusal = refusal
                return
            case .postponed:
                try checkGoesOn()
                if reservations.settledCalls != settledBefore, isFront || reservations.isEmpty {
                    reservations.becomeFront()
                } else {
                    if isFront { reservations.frontWaitsAgain() }
                    await withUnsafeContinuation { reservations.enter(ticket, $0) }
                }
                isFront = true
            }
        }
    }

    func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(StepFailure) -> JournalReply {
        do throws(JournalError) {
            return try await environment.journal.write(entry, after: facts)
        } catch {
            abort(error)
            throw StepFailure(.cancelled, error.description)
        }
    }

    private func checkGoesOn() throws(StepFailure) {
        if hasLostJournal || isInterrupted || Task.isCancelled { throw StepFailure(.cancelled, "the run is stopping") }
    }

    func nextCall() -> CallID {
        callNumber += 1
        return CallID(run: id, number: callNumber)
    }

    var hasLostJournal: Bool { journalError != nil }

    // MARK: Stopping

    /// The journal is gone: nothing more can be recorded, so nothing more may be done. The run ends when its tasks have.
    private func abort(_ error: JournalError) {
        guard journalError == nil else { return }
        journalError = error
        status = .failed
        for task in tasks.values { task.cancel() }
        deadlines.stopAll()
        reservations.wakeAll()
        if tasks.isEmpty { resumeFinish() }
    }

    /// - Parameter isUrgent: what is under way has only its grace; otherwise its own timeouts.
    func interrupt(_ level: Engine.Interruption, isUrgent: Bool = true) {
        guard status == nil, !hasConcluded else { return }
        if level > interruption {
            let isFirst = interruption == .none
            interruption = level
            guard hasBegun else { return }
            if isFirst {
                record(stopEvent)
                flush()
            }
            for (node, task) in tasks where level == .immediate || !inFlight.contains(node) { task.cancel() }
            reservations.wakeAll()
        }
        guard level == .graceful, isUrgent, graceTask == nil, hasBegun else { return }
        graceTask = Task(executorPreference: environment.executor) { [self] in
            do { try await environment.clock.sleep(for: environment.grace) } catch { return }
            await interrupt(.immediate)
        }
    }

    var isInterrupted: Bool { interruption != .none }

    var stopEvent: RunEvent { cancelledBy.map { .cancelRequested(by: $0) } ?? .interruptRequested }

    /// Stops the run for good.
    func cancel(by person: String) {
        guard cancelledBy == nil, status == nil, !hasConcluded else { return }
        cancelledBy = person
        if isInterrupted {
            record(stopEvent)
            flush()
        }
        interrupt(.graceful)
    }
}
