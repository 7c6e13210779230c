import Economics
import Values
import WorkflowModel

/// A ledger's reading functions, which block while SQLite reads, behind the async seams: what is asked runs on the reader's thread, and
/// whoever asks on an event loop leaves it to others meanwhile.
struct LedgerArchive: RunArchive, SpendingArchive, RecordProof {
    let ledger: Ledger

    // MARK: RunArchive

    func runs(filter: RunFilter) async throws(JournalError) -> [RunRecord] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.runs(filter: filter) }
    }

    func run(_ id: String) async throws(JournalError) -> RunRecord? {
        try await ledger.reading { ledger throws(JournalError) in try ledger.run(id) }
    }

    func resolveRunID(_ text: String) async throws(JournalError) -> RunMatch {
        try await ledger.reading { ledger throws(JournalError) in try ledger.resolveRunID(text) }
    }

    func trace(run: String, maxItems: Int?) async throws(JournalError) -> RunTrace? {
        try await ledger.reading { ledger throws(JournalError) in try ledger.trace(run: run, maxItems: maxItems) }
    }

    func events(run: String, filter: EventFilter) async throws(JournalError) -> [EventRecord] {
        try await ledger.reading { ledger throws(JournalError) in
            try ledger.events(run: run, after: filter.after, kinds: filter.kinds, limit: filter.limit)
        }
    }

    func approvals(run: String?, isOpen: Bool) async throws(JournalError) -> [ApprovalRecord] {
        try await ledger.reading { ledger throws(JournalError) in isOpen ? try ledger.openApprovals(run: run) : try ledger.approvals(run: run) }
    }

    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] { try await ledger.documents(hashes) }

    func facts(run: String, after sequence: Int, most: Int) async throws(JournalError) -> [RecordedFact] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.facts(run: run, after: sequence, limit: most) }
    }

    func priceRows(_ ids: [String]) async throws(JournalError) -> [(id: String, json: String)] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.keptPriceRows(ids) }
    }

    func transcript(of run: RunRecord) -> any RunTranscript { LedgerTranscript(ledger: ledger, run: RunID(run.id), file: run.file) }

    func hasBatch(_ name: String) async throws(JournalError) -> Bool {
        try await ledger.reading { ledger throws(JournalError) in try ledger.hasBatch(name) }
    }

    func removedLines(ofBatch name: String) async throws(JournalError) -> Int {
        try await ledger.reading { ledger throws(JournalError) in try ledger.removedLines(ofBatch: name) }
    }

    func runs(ofBatch name: String) async throws(JournalError) -> [Int: RunRecord] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.runs(ofBatch: name) }
    }

    // MARK: RunHistory

    func history(workflow: String) async throws(JournalError) -> WorkflowHistory {
        try await ledger.reading { ledger throws(JournalError) in try ledger.history(workflow: workflow) }
    }

    func billedPrompts(of model: ModelReference) async throws(JournalError) -> [BilledPrompt] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.billedPrompts(of: model) }
    }

    func plannedCaches(of model: ModelReference, since: Timestamp, most: Int) async throws(JournalError) -> [PlannedCacheRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.plannedCaches(of: model, since: since, most: most) }
    }

    // MARK: SpendingArchive

    func audit(by dimensions: [AuditDimension], filter: AuditFilter) async throws(JournalError) -> [AuditRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.audit(by: dimensions, filter: filter) }
    }

    func decisions(filter: AuditFilter) async throws(JournalError) -> [DecisionRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.decisions(filter: filter) }
    }

    func gates(filter: AuditFilter) async throws(JournalError) -> [GateRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.gates(filter: filter) }
    }

    func machines(filter: AuditFilter) async throws(JournalError) -> [MachineRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.machines(filter: filter) }
    }

    func idleShares(by dimensions: [AuditDimension], filter: AuditFilter) async throws(JournalError) -> [IdleShare] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.idleShares(by: dimensions, filter: filter) }
    }

    func gateSummaries(filter: AuditFilter) async throws(JournalError) -> [GateSummary] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.gateSummaries(filter: filter) }
    }

    func gateExecutions(
        workflow: String, step: String, since: Timestamp?, after: GateExecution.Position?, limit: Int
    ) async throws(JournalError) -> [GateExecution] {
        try await ledger.reading { ledger throws(JournalError) in
            try ledger.gateExecutions(workflow: workflow, step: step, since: since, after: after, limit: limit)
        }
    }

    func cachedCalls(filter: AuditFilter, before lead: TimeSpan, after: CachedCall.Position?, limit: Int) async throws(JournalError) -> [CachedCall] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.cachedCalls(filter: filter, before: lead, after: after, limit: limit) }
    }

    func recordedCalls(filter: AuditFilter, runs: [String]?, after: RecordedCall.Position?, limit: Int) async throws(JournalError) -> [RecordedCall] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.recordedCalls(filter: filter, runs: runs, after: after, limit: limit) }
    }

    func keptPriceRows() async throws(JournalError) -> [PriceRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.keptPriceRows() }
    }

    func approvers(filter: AuditFilter) async throws(JournalError) -> [ApproverRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.approvers(filter: filter) }
    }

    // MARK: RecordProof

    func verify(run: String, head: ContentHash?) async throws(JournalError) -> RunVerification? {
        try await ledger.reading { ledger throws(JournalError) in try ledger.verify(run: run, head: head) }
    }

    func verifyAll(each: @escaping @Sendable (RunVerification) -> Void) async throws(JournalError) {
        try await ledger.reading { ledger throws(JournalError) in try ledger.verifyAll(each: each) }
    }

    func checkup(quick: Bool) async throws(JournalError) -> LedgerCheckup {
        try await ledger.reading { ledger throws(JournalError) in try ledger.checkup(quick: quick) }
    }
}
