import Values

/// What is recorded of runs beside what the engine writes: the words of people, what came of a run, and who goes through a batch.
public protocol RunControl: Sendable {
    /// Stops a run for good: asks the process that drives it, or ends it where there is none.
    ///
    /// - Parameter person: who says so; recorded.
    /// - Returns: whether a process drives it, which will do it within a moment.
    /// - Throws: `JournalError` of code `unknownRun` or `hasEnded`.
    func cancel(_ run: RunID, by person: String, at: Timestamp) async throws(JournalError) -> Bool

    /// Answers what a run asks a person. The first answer counts.
    ///
    /// - Parameters:
    ///   - decision: where it tells the number of its question, what is asked there now has to have that number.
    ///   - document: the value that is chosen, where it is one that a person gives.
    /// - Returns: whether a process drives the run, which will hear of it within a moment; otherwise it is to be resumed.
    /// - Throws: `JournalError` of code `unknownRun` when nothing is asked there, `hasEnded` when it was answered, `other` when the choice is none
    ///   of what is asked.
    func decide(_ run: RunID, path: String, _ decision: ApprovalDecision, document: Blob?) async throws(JournalError) -> Bool

    /// Records what became of a run, or of a decision: then of every run that belongs to it. The last word counts.
    ///
    /// - Parameters:
    ///   - subject: a run's whole id or a decision's id; see ``RunArchive/resolveRunID(_:)`` for shorter forms.
    ///   - source: who says so.
    /// - Returns: the ids of the runs; empty when there is none of that name.
    func recordOutcome(_ value: String, of subject: String, source: String, at: Timestamp) async throws(JournalError) -> [String]

    /// Keeps the price rows that calls are priced by, so that any cost can be derived again; known ones are passed over.
    func record(priceRows: [(id: String, json: String)], at: Timestamp) async throws(JournalError)

    /// Makes this process the one that goes through a batch's lines, of a batch that is new or known.
    ///
    /// - Throws: `JournalError` of code `owned` when another one does.
    func claim(batch: String, at: Timestamp) async throws(JournalError)

    /// Leaves a batch to whoever goes on with it.
    func release(batch: String) async throws(JournalError)
}

extension RunControl {
    public func decide(_ run: RunID, path: String, _ decision: ApprovalDecision) async throws(JournalError) -> Bool {
        try await decide(run, path: path, decision, document: nil)
    }
}
