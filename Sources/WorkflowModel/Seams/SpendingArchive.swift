import Economics
import Values

/// What calls cost, summed up over runs.
public protocol SpendingArchive: Sendable {
    /// One row per combination of the dimensions' values, dearest first; one row of everything without dimensions. Sums are exact,
    /// whatever their size.
    func audit(by dimensions: [AuditDimension], filter: AuditFilter) async throws(JournalError) -> [AuditRow]

    /// What decisions cost, a row per workflow. Runs that share a decision's id are one decision, dated by the first of them; its outcome
    /// is the last that was recorded for any of them. It counts when that is among the outcomes that its workflow counts (any, if it names
    /// none), and is pending without one.
    func decisions(filter: AuditFilter) async throws(JournalError) -> [DecisionRow]

    /// What the tiers of gates came to, those of a gate in the order in which they are asked most.
    func gates(filter: AuditFilter) async throws(JournalError) -> [GateRow]

    /// What machines that are paid by the hour came to in the filter's period, dearest first. Whatever its workflow and tag: a machine is of none.
    func machines(filter: AuditFilter) async throws(JournalError) -> [MachineRow]

    /// The idle time of machines, borne by the calls that ran while they were on: by how long each kept its machine busy.
    ///
    /// - Returns: a share for each combination of the dimensions' values that bears some. Calls that the filter leaves out bear theirs, too.
    func idleShares(by dimensions: [AuditDimension], filter: AuditFilter) async throws(JournalError) -> [IdleShare]

    /// What each gate came to, beside what its last tier would have cost, by workflow and step.
    func gateSummaries(filter: AuditFilter) async throws(JournalError) -> [GateSummary]

    /// Executions of a gate that have come to their end, those of earlier runs first.
    ///
    /// - Parameters:
    ///   - workflow: its name.
    ///   - step: the path of the step.
    ///   - since: only those of which something was decided then or later.
    ///   - after: where to go on from; `nil`: from the first.
    func gateExecutions(
        workflow: String, step: String, since: Timestamp?, after: GateExecution.Position?, limit: Int
    ) async throws(JournalError) -> [GateExecution]

    /// Calls as far as prompt caches had to do with them, in the order in which they began; counts of tokens and calls that never met a server are none. See ``forEachCachedCall(_:before:page:_:)``.
    ///
    /// - Parameters:
    ///   - lead: how long before the filter's beginning calls are told, too. They and those of other workflows and tags are not selected, and met the same caches.
    ///   - after: where to go on from; `nil`: from the first.
    func cachedCalls(filter: AuditFilter, before lead: TimeSpan, after: CachedCall.Position?, limit: Int) async throws(JournalError) -> [CachedCall]

    /// Calls with all by which their costs can be told again, by their runs; see ``forEachRecordedCall(_:runs:page:_:)``.
    ///
    /// - Parameters:
    ///   - runs: only of these, by whole ids; `nil`: of all that the filter takes.
    ///   - after: where to go on from; `nil`: from the first.
    func recordedCalls(filter: AuditFilter, runs: [String]?, after: RecordedCall.Position?, limit: Int) async throws(JournalError) -> [RecordedCall]

    /// The price rows that were kept with calls, by which costs can be derived again.
    func keptPriceRows() async throws(JournalError) -> [PriceRow]

    /// Who answered what runs asked, those with the most answers first.
    func approvers(filter: AuditFilter) async throws(JournalError) -> [ApproverRow]
}
