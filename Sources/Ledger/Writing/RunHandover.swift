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
    /// Asked at the end of each run.
    private let selectOutcomes = Prepared()

    init(connection: OpaquePointer, texts: BindingArena, own: OwnProcess) {
        self.connection = connection
        self.texts = texts
        self.own = own
    }

    /// A statement that is made when it is first needed.
    private final class Prepared {
        private var statement: PreparedStatement?

        func get(_ make: () throws(SQLiteFailure) -> PreparedStatement) throws(SQLiteFailure) -> PreparedStatement {
            if let statement { return statement }
            let made = try make()
            statement = made
            return made
        }
    }

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
        /// Whether that is a link of its chain, behind which others may stand.
        let hasLink: Bool

        /// Whether a process drives it.
        var isDriven: Bool { status == .running && verdict.isAlive }
    }

    func standing(of run: RunID) throws -> Standing {
        let select = try prepare(
            """
            SELECT id, status, \(ProcessRecord.sql(of: "run.owner")), epoch, last_seq, last_hash, pruned_at,
                EXISTS (SELECT 1 FROM event WHERE event.run = run.id AND kind = 'run_pruned' AND pruned_at IS NOT NULL), kind = '\(RunKind.imported.rawValue)'
            FROM run WHERE run_id = ?1
            """)
        select.bind(1, run.text)
        var isImported = false
        let found = try select.first { row in
            let holder = ProcessRecord(text: row.optionalText(2))
            isImported = row.int(8) != 0
            return Standing(
                row: row.int(0), status: RunStatus(rawValue: row.text(1)) ?? .failed, holder: holder,
                verdict: holder.map(own.vantage.verdict) ?? .gone, epoch: row.int(3), sequence: row.int(4), head: row.hash(5),
                isPruned: row.optionalInt(6) != nil, hasLink: row.int(7) != 0)
        }
        guard let found else { throw JournalError(.unknownRun, "there is no run \(run)") }
        if isImported { throw JournalError(.hasEnded, "run \(run) was imported: it can be looked at and replayed, and nothing more is recorded of it here") }
        return found
    }

    private func hasEnded(_ run: RunID, _ standing: Standing) -> JournalError {
        JournalError(.hasEnded, "run \(run) has \(standing.status == .cancelled ? "been cancelled" : standing.status.rawValue)")
    }

    /// Makes this process the run's owner. That it went on, and what became of calls without an end, is a fact that follows.
    ///
    /// - Returns: the run, with the calls that have no end.
    func takeOver(_ run: RunID) throws -> OwnedRun {
        let standing = try standing(of: run)
        switch standing.status {
        case .succeeded, .failed, .cancelled: throw hasEnded(run, standing)
        case .running, .interrupted, .waiting: break
        }
        if standing.isPruned { throw JournalError(.hasEnded, "gc removed the events of run \(run)") }
        if standing.isDriven { throw owned(run, standing) }
        let update = try prepare("UPDATE run SET owner = ?1, epoch = epoch + 1 WHERE id = ?2 AND epoch = ?3")
        update.bind(1, own.id)
        update.bind(2, standing.row)
        update.bind(3, standing.epoch)
        try update.run()
        return owned(run, standing, epoch: standing.epoch + 1, openCalls: try openCalls(of: standing.row))
    }

    /// A run at its last fact, to write what follows.
    func owned(_ run: RunID, _ standing: Standing, epoch: Int64, openCalls: [Int: Projection.OpenCall] = [:]) -> OwnedRun {
        OwnedRun(
            row: standing.row, epoch: epoch, sequence: standing.sequence, head: standing.head, projection: Projection(run: run, openCalls: openCalls))
    }

    private func openCalls(of row: Int64) throws -> [Int: Projection.OpenCall] {
        let select = try prepare("SELECT number, node_path, tier, part, ordinal, held_pico FROM model_call WHERE run = ?1 AND state = 'held'")
        select.bind(1, row)
        let calls = try select.all { row in
            (
                Int(row.int(0)),
                Projection.OpenCall(
                    path: row.text(1), tier: row.text(2), part: row.text(3), ordinal: Int(row.int(4)), held: row.optionalInt(5).map(Money.init(picoDollars:)))
            )
        }
        return Dictionary(uniqueKeysWithValues: calls)
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

    // MARK: Outcomes

    /// Leaves what became of a run for the process that drives it.
    func leave(_ outcome: OutcomeRecorded, at: Timestamp, run: Int64) throws(SQLiteFailure) {
        let insert = try prepare(
            """
            INSERT INTO outcome_request(run, number, value, at, source)
            VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM outcome_request WHERE run = ?1), ?2, ?3, ?4)
            """)
        insert.bind(1, run)
        insert.bind(2, outcome.value)
        insert.bind(3, at.microseconds)
        insert.bind(4, outcome.source)
        try insert.run()
    }

    func outcomes(leftFor run: OwnedRun) throws(SQLiteFailure) -> [(OutcomeRecorded, at: Timestamp)] {
        let select = try selectOutcomes.get { () throws(SQLiteFailure) in try prepare("SELECT value, source, at FROM outcome_request WHERE run = ?1 ORDER BY number") }
        select.bind(1, run.row)
        return try select.all { (OutcomeRecorded(value: $0.text(0), source: $0.text(1)), Timestamp(microseconds: $0.int(2))) }
    }

    func forgetOutcomes(leftFor run: OwnedRun) throws(SQLiteFailure) {
        let delete = try prepare("DELETE FROM outcome_request WHERE run = ?1")
        delete.bind(1, run.row)
        try delete.run()
    }

    // MARK: Approvals

    /// Raises the run's cap; it never falls.
    func raise(_ cap: Money, of run: OwnedRun) throws {
        // What is exceeded is not any more where all that counts fits the new cap; counters that are full stay so.
        let update = try prepare(
            """
            UPDATE run SET exceeded_pico = CASE WHEN max_cost_pico < ?2 AND held_pico <= ?2 AND exceeded_pico < \(Int64.max) THEN NULL ELSE exceeded_pico END,
                max_cost_pico = max(max_cost_pico, ?2) WHERE id = ?1 AND epoch = ?3
            """)
        update.bind(1, run.row)
        update.bind(2, cap.picoDollars)
        update.bind(3, run.epoch)
        guard try update.runCountingChanges() == 1 else { throw EntryWriter.lostOwnership(of: run) }
    }

    /// Leaves an answer for the run to take, which makes it a fact. The first one counts.
    private func write(_ decision: ApprovalDecision, run: Int64, path: String, number: Int) throws {
        let update = try prepare(
            """
            UPDATE approval SET decided_at = ?3, approved = ?4, decided_by = ?5, note = ?6, granted_pico = ?8, timed_out = ?7, choice = ?10, picked_tier = ?14, value_hash = ?15, decided_as = ?11,
                spent_pico = coalesce(?12, (SELECT cost_pico FROM run WHERE id = ?1)), held_pico = coalesce(?13, (SELECT held_pico FROM run WHERE id = ?1))
            WHERE run = ?1 AND node_path = ?2 AND number = ?9
            """)
        update.bind(1, run)
        update.bind(2, path)
        update.bind(3, decision.at.microseconds)
        update.bind(4, decision.isApproved ? 1 : 0)
        update.bind(5, decision.by)
        update.bind(6, decision.note)
        update.bind(7, decision.isTimeout ? 1 : 0)
        update.bind(8, decision.cap?.picoDollars)
        update.bind(9, number)
        update.bind(10, decision.choice.word)
        update.bind(11, decision.system.map { JSONEncoding.canonical.string($0.json) })
        update.bind(12, decision.spent?.picoDollars)
        update.bind(13, decision.held?.picoDollars)
        update.bind(14, decision.choice.tier)
        update.bind(15, decision.choice.value)
        try update.run()
    }

    /// Records an answer. The first one counts.
    ///
    /// - Returns: whether a process drives the run and will hear of it.
    func decide(_ run: RunID, path: String, _ decision: ApprovalDecision) throws -> Bool {
        let standing = try standing(of: run)
        let select = try prepare("SELECT number, kind, cause, \(Self.answer) FROM approval WHERE run = ?1 AND node_path = ?2 ORDER BY number DESC LIMIT 1")
        select.bind(1, standing.row)
        select.bind(2, path)
        let found = try select.first { (number: Int($0.int(0)), kind: QuestionKind(rawValue: $0.text(1)) ?? .step, cause: $0.optionalText(2), answer: Self.answer($0, 3)) }
        guard let found else { throw JournalError(.unknownRun, "run \(run) asks nothing at '\(path)'") }
        // Of what was asked before somebody else answered, an answer says nothing of what is asked now.
        if let seen = decision.question?.number, seen < found.number {
            throw JournalError(.hasEnded, "'\(path)' of run \(run) was answered already, and asks something else now")
        }
        if let answer = found.answer { throw JournalError(.hasEnded, "'\(path)' of run \(run) \(answer.objection)") }
        if found.kind == .band, let (answer, place) = try self.answer(toBand: found.cause, run: standing.row) {
            throw JournalError(.hasEnded, "what '\(path)' of run \(run) asks \(answer.objection), at '\(place)': one answer is for the whole band")
        }
        guard decision.choice.answers(found.kind) else {
            throw JournalError(.other, "'\(path)' of run \(run) asks a question of kind \(found.kind.rawValue), which '\(decision.choice.word)' does not answer")
        }
        switch standing.status {
        case .succeeded, .failed, .cancelled: throw hasEnded(run, standing)
        case .running, .interrupted, .waiting: break
        }
        try write(decision, run: standing.row, path: path, number: found.number)
        return standing.isDriven
    }

    /// What of an answer is told to whoever comes after it.
    private static let answer = "decided_at, choice, picked_tier, approved, decided_by, timed_out"

    private static func answer(_ row: PreparedStatement, _ first: Int32) -> ApprovalDecision? {
        guard let at = row.optionalInt(first), let isApproved = row.optionalInt(first + 3) else { return nil }
        // Of a value its words tell nothing.
        let choice = row.optionalText(first + 1).flatMap { ApprovalChoice(word: $0, tier: row.optionalText(first + 2), value: ContentHash(of: [])) }
        return ApprovalDecision(
            choice ?? (isApproved == 1 ? .approve : .reject), by: row.optionalText(first + 4) ?? "", note: nil, at: Timestamp(microseconds: at),
            isTimeout: row.optionalInt(first + 5) == 1)
    }

    /// What was said first of a band of a run's budget, and where, also where the run has not taken it yet.
    private func answer(toBand cause: String?, run: Int64) throws -> (ApprovalDecision, path: String)? {
        let select = try prepare(
            "SELECT node_path, \(Self.answer) FROM approval WHERE run = ?1 AND kind = 'band' AND cause IS ?2 AND decided_at IS NOT NULL ORDER BY decided_at, node_path LIMIT 1")
        select.bind(1, run)
        select.bind(2, cause)
        let found = try select.first { (answer: Self.answer($0, 1), path: $0.text(0)) }
        return found.flatMap { found in found.answer.map { ($0, found.path) } }
    }

    /// Questions whose time is over, of runs that are not.
    private static let isExpired = """
        decided_at IS NULL AND until <= ?1 AND run IN (SELECT id FROM run WHERE \(RunColumns.isOpen))
        """

    /// Whether there is a question that nobody answered in time.
    func hasExpiredApprovals() throws -> Bool {
        let select = try prepare("SELECT 1 FROM approval WHERE \(Self.isExpired) LIMIT 1")
        select.bind(1, Timestamp.now().microseconds)
        return try select.first { _ in true } != nil
    }

    /// Lets the clock answer what nobody answered in time.
    func expireApprovals() throws {
        let update = try prepare(
            """
            UPDATE approval SET decided_at = ?1, approved = on_timeout IN ('approve', 'best'), decided_by = 'timeout', timed_out = 1,
                choice = CASE WHEN on_timeout IN ('approve', 'best') THEN on_timeout ELSE 'reject' END,
                spent_pico = (SELECT cost_pico FROM run WHERE id = approval.run), held_pico = (SELECT held_pico FROM run WHERE id = approval.run)
            WHERE \(Self.isExpired)
            """)
        update.bind(1, Timestamp.now().microseconds)
        try update.run()
    }
}
