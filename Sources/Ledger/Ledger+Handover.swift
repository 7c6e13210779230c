import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

/// What processes do with each other's runs.
extension Ledger {
    public func takeOver(_ run: RunID, by program: String, at: Timestamp) async throws(JournalError) -> RecordedRun {
        guard case .takenOver(let resumed) = try await submit(WriteRequest(.takeOver(run, by: program, at: at))) else {
            preconditionFailure("a reply to a take-over")
        }
        return try await reading { ledger throws(JournalError) in try ledger.recorded(run, resumed, at: at) }
    }

    /// A run that was taken over, as it is to be gone on with.
    private func recorded(_ run: RunID, _ resumed: RunResumed, at: Timestamp) throws(JournalError) -> RecordedRun {
        // The last is that it was taken over.
        let events = try events(run: run.text).dropLast()
        return try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT id, graph_hash, inputs_hash, started_at, max_cost_pico, batch, batch_index FROM run WHERE run_id = ?
                    """, arguments: [run.text])!
            let spending = try Row.fetchOne(
                database, sql: "SELECT \(SpendingColumns.list) FROM model_call c WHERE run = ?", arguments: [row[0] as Int64])!
            let batch = (row[5] as String?).map { (name: $0, index: (row[6] as Int?) ?? 0) }
            return RecordedRun(
                id: run, graph: hash(row, 1) ?? ContentHash(of: []), inputs: hash(row, 2) ?? ContentHash(of: []),
                startedAt: Timestamp(microseconds: row[3]), maxCost: money(row, 4), batch: batch, resumed: resumed, resumedAt: at,
                spending: SpendingColumns.spending(spending, 0), events: Array(events),
                decisions: try Self.openDecisions(database, of: row[0]))
        }
    }

    public func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        try await reading { ledger throws(JournalError) in try ledger.blobs(hashes) }
    }

    public func requests() async throws(JournalError) -> [RunRequest] {
        guard let owner = own.id else { return [] }
        let hasOutcomes = try await reading { ledger throws(JournalError) in try ledger.hasOutcomeRequests(of: owner) }
        if hasOutcomes { _ = try await submit(WriteRequest(.takeOutcomes)) }
        return try await reading { ledger throws(JournalError) in try ledger.requests(of: owner) }
    }

    private func hasOutcomeRequests(of owner: Int64) throws(JournalError) -> Bool {
        try read { database in
            try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM outcome_request JOIN run ON run.id = run WHERE owner = ?)", arguments: [owner])!
        }
    }

    private func requests(of owner: Int64) throws(JournalError) -> [RunRequest] {
        try read { database in
            let cancelled = try Row.fetchAll(
                database, sql: "SELECT run_id, cancel_by FROM run WHERE owner = ? AND cancel_requested_at IS NOT NULL AND status = 'running'",
                arguments: [owner])
            var requests = cancelled.map { RunRequest.cancel(RunID($0[0]), by: $0[1]) }
            let decided = try Row.fetchAll(
                database,
                sql: """
                    SELECT run_id, node_path, \(DecisionColumns.list)
                    FROM approval JOIN run ON run.id = approval.run WHERE decided_at IS NOT NULL AND taken = 0 AND owner = ?
                    ORDER BY decided_at, run_id, node_path
                    """, arguments: [owner])
            requests += decided.map { .decided(RunID($0[0]), path: $0[1], DecisionColumns.decision($0, 2)!) }
            return requests
        }
    }

    private static func openDecisions(_ database: Database, of run: Int64) throws -> [String: ApprovalDecision] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT node_path, \(DecisionColumns.list) FROM approval
                WHERE run = ? AND decided_at IS NOT NULL AND taken = 0 ORDER BY number
                """, arguments: [run])
        return Dictionary(rows.map { ($0[0], DecisionColumns.decision($0, 1)!) }) { _, later in later }
    }

    // MARK: From outside

    /// Stops a run for good: asks the process that drives it, or ends it where there is none.
    ///
    /// - Parameter person: who says so; recorded.
    /// - Returns: whether a process drives it, which will do it within a moment.
    /// - Throws: `JournalError` of code `unknownRun` or `hasEnded`.
    public func cancel(_ run: RunID, by person: String, at: Timestamp = .now()) async throws(JournalError) -> Bool {
        guard case .leftWord(let isDriven) = try await submit(WriteRequest(.cancel(run, by: person, at: at))) else { preconditionFailure("a reply to a cancel") }
        return isDriven
    }

    /// Answers what a run asks a person. The first answer counts.
    ///
    /// - Parameter document: the value that is chosen, where it is one that a person gives.
    /// - Returns: whether a process drives the run, which will hear of it within a moment; otherwise it is to be resumed.
    /// - Throws: `JournalError` of code `unknownRun` when nothing is asked there, `hasEnded` when it was answered.
    public func decide(_ run: RunID, path: String, _ decision: ApprovalDecision, document: Blob?) async throws(JournalError) -> Bool {
        guard case .leftWord(let isDriven) = try await submit(WriteRequest(.decide(run, path: path, decision, document: document))) else { preconditionFailure("a reply to a decision") }
        return isDriven
    }

    // MARK: Batches

    /// Makes this process the one that goes through a batch's lines, of a batch that is new or known.
    ///
    /// - Throws: `JournalError` of code `owned` when another one does.
    public func claim(batch: String, at: Timestamp = .now()) async throws(JournalError) {
        _ = try await submit(WriteRequest(.claim(batch: batch, at: at)))
    }

    /// Leaves a batch to whoever goes on with it.
    public func release(batch: String) async throws(JournalError) { _ = try await submit(WriteRequest(.release(batch: batch))) }

    /// Whether there is a batch of that name, also one of which no line began.
    public func hasBatch(_ name: String) throws(JournalError) -> Bool {
        try read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM batch WHERE name = ?)", arguments: [name])! }
    }

    /// How many lines of a batch had runs that `gc` removed, with all or without their costs.
    public func removedLines(ofBatch name: String) throws(JournalError) -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT removed_runs FROM batch WHERE name = ?", arguments: [name]) ?? 0 }
    }

    // MARK: Reading

    /// Runs that `resume --all` goes on with, by id, the oldest first: interrupted ones, those whose process is gone, and waiting ones
    /// that were answered.
    public func resumableRuns(workflow: String? = nil) throws(JournalError) -> [String] {
        Array(try runs(filter: RunFilter(workflow: workflow, isResumable: true, limit: .max)).map(\.id).reversed())
    }
}
