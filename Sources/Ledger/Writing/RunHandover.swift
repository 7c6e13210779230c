import Economics
import GRDBSQLite
import Values
import WorkflowModel

/// What one process does with runs of another: taking over, stopping, answering. Inside the transaction that is open.
///
/// Confined to the writer's thread. Its statements are rare, and compiled when they are needed.
struct RunHandover {
    let connection: OpaquePointer
    let texts: BindingArena
    let own: OwnProcess

    private func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement { try PreparedStatement(sql, on: connection, texts: texts) }

    /// How a run stands that somebody wants to do something with.
    struct Standing {
        let row: Int64
        let status: RunStatus
        /// The process that drives it, or drove it last.
        let holder: ProcessRecord?
        /// What is known of that one.
        let verdict: ProcessVerdict
        let epoch: Int64
        let sequence: Int64
        let head: ContentHash
        /// Whether `gc` removed its events.
        let isPruned: Bool

        /// Whether a process drives it.
        var isDriven: Bool { status == .running && verdict.isAlive }
    }

    func standing(of run: RunID) throws -> Standing {
        let select = try prepare("""
            SELECT id, status, \(ProcessRecord.sql(of: "run.owner")), epoch, last_seq, last_hash, pruned_at FROM run WHERE run_id = ?1
            """)
        select.bind(1, run.text)
        let found = try select.first { row in
            let holder = ProcessRecord(text: row.optionalText(2))
            return Standing(
                row: row.int(0), status: RunStatus(rawValue: row.text(1)) ?? .failed, holder: holder,
                verdict: holder.map(own.vantage.verdict) ?? .gone, epoch: row.int(3), sequence: row.int(4), head: row.hash(5),
                isPruned: row.optionalInt(6) != nil)
        }
        guard let found else { throw JournalError(.unknownRun, "there is no run \(run)") }
        return found
    }

    private func hasEnded(_ run: RunID, _ standing: Standing) -> JournalError {
        JournalError(.hasEnded, "run \(run) has \(standing.status == .cancelled ? "been cancelled" : standing.status.rawValue)")
    }

    /// Makes this process the run's owner.
    ///
    /// - Returns: the run, and how many calls have no end.
    func takeOver(_ run: RunID) throws -> (run: OwnedRun, lostCalls: Int) {
        let standing = try standing(of: run)
        switch standing.status {
        case .succeeded, .failed, .cancelled: throw hasEnded(run, standing)
        case .running, .interrupted, .waiting: break
        }
        if standing.isPruned { throw JournalError(.hasEnded, "gc removed the events of run \(run)") }
        if standing.isDriven { throw owned(run, standing) }
        let update = try prepare("""
            UPDATE run SET owner = ?1, epoch = epoch + 1, status = 'running', ended_at = NULL, error = NULL, open_pico = 0
            WHERE id = ?2 AND epoch = ?3
            """)
        update.bind(1, own.id)
        update.bind(2, standing.row)
        update.bind(3, standing.epoch)
        try update.run()
        // What calls without an end hold counts as spent from now on: nobody knows better.
        let windows = try prepare("UPDATE budget_window SET open_pico = 0 WHERE run = ?1")
        windows.bind(1, standing.row)
        try windows.run()
        let calls = try prepare("UPDATE model_call SET state = 'unknown' WHERE run = ?1 AND state = 'held'")
        calls.bind(1, standing.row)
        let lost = try calls.runCountingChanges()
        let owned = OwnedRun(id: run, row: standing.row, epoch: standing.epoch + 1, sequence: standing.sequence, head: standing.head)
        return (owned, Int(lost))
    }

    private func owned(_ run: RunID, _ standing: Standing) -> JournalError {
        let holder = standing.holder.map(own.vantage.name) ?? "another process"
        return JournalError(.owned, "run \(run) is driven by \(holder), \(standing.verdict.text): wait for it, or stop the run with: agentctl cancel \(run)")
    }

    /// Leaves word for the process that drives a run.
    func requestCancel(_ standing: Standing, by person: String) throws {
        let update = try prepare("UPDATE run SET cancel_requested_at = ?1, cancel_by = ?2 WHERE id = ?3")
        update.bind(1, Timestamp.now().microseconds)
        update.bind(2, person)
        update.bind(3, standing.row)
        try update.run()
    }

    // MARK: Approvals

    /// Raises the run's cap; it never falls.
    func raise(_ cap: Money, of run: OwnedRun) throws {
        // What is exceeded is not any more where all that counts fits the new cap; counters that are full stay so.
        let update = try prepare("""
            UPDATE run SET exceeded_pico = CASE WHEN max_cost_pico < ?2 AND held_pico <= ?2 AND exceeded_pico < \(Int64.max) THEN NULL ELSE exceeded_pico END,
                max_cost_pico = max(max_cost_pico, ?2) WHERE id = ?1 AND epoch = ?3
            """)
        update.bind(1, run.row)
        update.bind(2, cap.picoDollars)
        update.bind(3, run.epoch)
        guard try update.runCountingChanges() == 1 else { throw EntryWriter.lostOwnership(of: run) }
    }

    func write(_ update: ApprovalUpdate, of run: OwnedRun) throws {
        if let decision = update.decision {
            try write(decision, run: run.row, path: update.path, number: update.request.number, isTaken: true)
            return
        }
        // One that was taken back before it was answered is asked again under its number.
        let insert = try prepare("""
            INSERT INTO approval(run, node_path, message_hash, requested_at, until, on_timeout, cap_pico, number, kind, asked_pico)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (run, node_path, number) DO UPDATE SET message_hash = excluded.message_hash, requested_at = excluded.requested_at,
                until = excluded.until, on_timeout = excluded.on_timeout, cap_pico = excluded.cap_pico, kind = excluded.kind, asked_pico = excluded.asked_pico,
                granted_pico = NULL, decided_at = NULL, approved = NULL, choice = NULL, decided_by = NULL, decided_as = NULL, note = NULL, spent_pico = NULL,
                held_pico = NULL, timed_out = 0, taken = 0
            """)
        insert.bind(1, run.row)
        insert.bind(2, update.path)
        insert.bind(3, update.request.message)
        insert.bind(4, update.at.microseconds)
        insert.bind(5, update.request.until?.microseconds)
        insert.bind(6, update.request.onTimeout.rawValue)
        insert.bind(7, update.request.cap?.picoDollars)
        insert.bind(8, update.request.number)
        insert.bind(9, update.request.kind.rawValue)
        insert.bind(10, update.request.asked?.picoDollars)
        try insert.run()
    }

    private func write(_ decision: ApprovalDecision, run: Int64, path: String, number: Int, isTaken: Bool) throws {
        let update = try prepare("""
            UPDATE approval SET decided_at = coalesce(decided_at, ?3), approved = coalesce(approved, ?4), decided_by = coalesce(decided_by, ?5),
                note = coalesce(note, ?6), granted_pico = coalesce(granted_pico, ?9), timed_out = CASE WHEN decided_at IS NULL THEN ?7 ELSE timed_out END, taken = ?8,
                choice = coalesce(choice, ?11), decided_as = coalesce(decided_as, ?12),
                spent_pico = coalesce(spent_pico, ?13, (SELECT cost_pico FROM run WHERE id = ?1)),
                held_pico = coalesce(held_pico, ?14, (SELECT held_pico FROM run WHERE id = ?1))
            WHERE run = ?1 AND node_path = ?2 AND number = ?10
            """)
        update.bind(1, run)
        update.bind(2, path)
        update.bind(3, decision.at.microseconds)
        update.bind(4, decision.isApproved ? 1 : 0)
        update.bind(5, decision.by)
        update.bind(6, decision.note)
        update.bind(7, decision.isTimeout ? 1 : 0)
        update.bind(8, isTaken ? 1 : 0)
        update.bind(9, decision.cap?.picoDollars)
        update.bind(10, number)
        update.bind(11, decision.choice)
        update.bind(12, decision.system.map { JSONEncoding.canonical.string($0.json) })
        update.bind(13, decision.spent?.picoDollars)
        update.bind(14, decision.held?.picoDollars)
        try update.run()
    }

    /// Records an answer. The first one counts.
    ///
    /// - Returns: whether a process drives the run and will hear of it.
    func decide(_ run: RunID, path: String, _ decision: ApprovalDecision) throws -> Bool {
        let standing = try standing(of: run)
        let select = try prepare("SELECT decided_by, approved, number FROM approval WHERE run = ?1 AND node_path = ?2 ORDER BY number DESC LIMIT 1")
        select.bind(1, standing.row)
        select.bind(2, path)
        let found = try select.first { (by: $0.optionalInt(1) == nil ? nil : $0.text(0), isApproved: $0.optionalInt(1) == 1, number: Int($0.int(2))) }
        guard let found else { throw JournalError(.unknownRun, "run \(run) asks nothing at '\(path)'") }
        if let by = found.by { throw JournalError(.hasEnded, "'\(path)' of run \(run) was \(found.isApproved ? "approved" : "rejected") by \(by) already") }
        switch standing.status {
        case .succeeded, .failed, .cancelled: throw hasEnded(run, standing)
        case .running, .interrupted, .waiting: break
        }
        try write(decision, run: standing.row, path: path, number: found.number, isTaken: false)
        return standing.isDriven
    }

    /// Questions whose time is over, of runs that are not.
    private static let isExpired = """
        decided_at IS NULL AND until <= ?1 AND run IN (SELECT id FROM run WHERE status NOT IN ('succeeded', 'failed', 'cancelled'))
        """

    /// Whether there is a question that nobody answered in time.
    func hasExpiredApprovals() throws -> Bool {
        let select = try prepare("SELECT 1 FROM approval WHERE \(Self.isExpired) LIMIT 1")
        select.bind(1, Timestamp.now().microseconds)
        return try select.first { _ in true } != nil
    }

    /// Lets the clock answer what nobody answered in time.
    func expireApprovals() throws {
        let update = try prepare("""
            UPDATE approval SET decided_at = ?1, approved = on_timeout = 'approve', decided_by = 'timeout', timed_out = 1,
                choice = CASE on_timeout WHEN 'approve' THEN 'approve' ELSE 'reject' END,
                spent_pico = (SELECT cost_pico FROM run WHERE id = approval.run), held_pico = (SELECT held_pico FROM run WHERE id = approval.run)
            WHERE \(Self.isExpired)
            """)
        update.bind(1, Timestamp.now().microseconds)
        try update.run()
    }
}
