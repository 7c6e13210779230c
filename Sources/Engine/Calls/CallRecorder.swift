import Economics
import Values
import WorkflowModel

/// What the road of calls needs of whoever keeps the record that they go into: of a run, or of anything else that asks.
protocol CallRecorder: Actor {
    /// What waits to be handed to the journal.
    var outbox: Outbox { get set }
    /// The beginnings of prompts that its calls had.
    var prefixes: RunPrefixes { get }

    /// Whether nothing may begin any more.
    var isStopping: Bool { get }

    func nextCall() -> CallID
    /// The same for a call of which it is known where it is made.
    func nextCall(at site: CallSite) -> CallID

    /// Why a call must not begin now, though it was to; `nil`: it may. Asked where its intent is handed over, as much may have come in between.
    func objection(to question: Question, at site: CallSite) -> StepFailure?

    /// A call's bound, in the measure of what was learned of its model.
    func raised(_ bound: Money, of model: ModelReference) -> Money
    /// The same of its tokens.
    func raised(_ tokens: Int, of model: ModelReference) -> Int

    /// A fact that is durable, or is in the outbox.
    func take(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments)

    /// A call of a node waits for another of the same beginning: that is no time of the node's.
    func pauseDeadline(of path: String)
    /// It goes on.
    ///
    /// - Parameter waited: by the call, which is in no record yet.
    func resumeDeadline(of path: String, waited: TimeSpan)

    /// The journal is gone: nothing more can be recorded, so nothing more may be done.
    func lose(_ error: JournalError)
}

extension CallRecorder {
    func nextCall(at site: CallSite) -> CallID { nextCall() }
    func pauseDeadline(of path: String) {}
    func resumeDeadline(of path: String, waited: TimeSpan) {}

    /// A fact that has just happened.
    func record(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments = .none) {
        outbox.append(fact, at: moment)
        take(fact, at: moment, documents)
    }

    /// Hands an entry to the journal, behind what waits, and answers when it is durable.
    ///
    /// - Throws: `StepFailure` of kind `cancelled` when the run is stopping or its journal is gone.
    func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(StepFailure) -> JournalReply {
        let journal = outbox.journal
        do throws(JournalError) {
            return try await journal.write(entry, after: facts)
        } catch {
            lose(error)
            throw StepFailure(.cancelled, error.description)
        }
    }

    func checkGoesOn() throws(StepFailure) {
        if outbox.error != nil || isStopping || Task.isCancelled { throw StepFailure(.cancelled, "the run is stopping") }
    }
}
