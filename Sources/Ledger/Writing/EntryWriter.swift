import Economics
import GRDBSQLite
import Values
import WorkflowModel

/// Writes one entry inside the transaction that is open: reservation and ownership first, then facts and projections.
///
/// Confined to the writer's thread.
final class EntryWriter {
    /// Whether the entry changed anything; until then it can fail without a rollback.
    var hasWritten = false

    private let connection: OpaquePointer
    private let own: OwnProcess
    private var chain = EventChain()
    private var hashes: [ContentHash] = []
    private let blobs: BlobStore
    let handover: RunHandover
    let batches: BatchOwnership
    private let texts: BindingArena
    private var memos: MemoStore?
    private var recentPriceRows: Set<String> = []
    private var lastPriceRows: (rows: [String], text: String) = ([], "[]")

    private let caps: CapCounters
    private let insertRun, endRun: PreparedStatement
    private let insertCall, endCall, selectCall: PreparedStatement
    private let beginNode, endNode: PreparedStatement
    private let insertEvent: PreparedStatement
    private let selectSubject, insertOutcome, updateOutcome, insertPriceRow: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena, own: OwnProcess) throws(SQLiteFailure) {
        self.connection = connection
        self.own = own
        handover = RunHandover(connection: connection, texts: texts, own: own)
        batches = try BatchOwnership(connection: connection, texts: texts, own: own)
        self.texts = texts
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        insertRun = try prepare("""
            INSERT INTO run(run_id, workflow, file, status, started_at, owner, epoch, max_cost_pico, last_hash,
                graph_hash, inputs_hash, tags, owners, decision_id, decision_unit, decision_counts, batch, batch_index, location)
            VALUES (?1, ?2, ?3, 'running', ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            """)
        endRun = try prepare("""
            UPDATE run SET status = ?2, ended_at = ?3, outputs_hash = ?4, error = ?5, outcome = coalesce(?6, outcome) WHERE id = ?1
            """)
        insertCall = try prepare("""
            INSERT INTO model_call(run, number, run_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked, state,
                held_pico, request_hash, retry_of, started_at, tags, trimmed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'held', ?11, ?12, ?13, ?14, ?15, ?16)
            """)
        endCall = try prepare("""
            UPDATE model_call SET state = ?2, held_pico = ?3, cost_pico = ?4, input_tokens = ?5, cache_read_tokens = ?6,
                cache_write_tokens = ?7, output_tokens = ?8, reasoning_tokens = ?9, usage_raw = ?10, price_rows = ?11,
                model_served = ?12, response_hash = ?13, http_status = ?14, finish_reason = ?15, ttft_ms = ?16, total_ms = ?17,
                ended_at = ?18, error = ?19, notes = ?22
            WHERE rowid = ?1 AND run = ?20 AND number = ?21
            """)
        selectCall = try prepare("SELECT rowid FROM model_call WHERE run = ?1 AND number = ?2")
        beginNode = try prepare("""
            INSERT INTO step_attempt(run, node_path, step_id, item, status, started_at, ended_at, output_hash, error, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (run, node_path) DO UPDATE SET status = excluded.status,
                started_at = coalesce(started_at, excluded.started_at), ended_at = excluded.ended_at,
                output_hash = excluded.output_hash, error = excluded.error, reason = excluded.reason
            """)
        endNode = try prepare("""
            UPDATE step_attempt SET status = ?3, ended_at = ?4, output_hash = ?5, error = ?6,
                reason = coalesce(?7, reason)
            WHERE run = ?1 AND node_path = ?2
            """)
        insertEvent = try prepare("INSERT INTO event(run, seq, kind, payload, at, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        blobs = try BlobStore(connection: connection, texts: texts)
        caps = try CapCounters(connection: connection, texts: texts)
        selectSubject = try prepare("""
            SELECT id, run_id FROM run WHERE run_id = ?1 UNION SELECT id, run_id FROM run WHERE decision_id = ?1
            """)
        insertOutcome = try prepare("INSERT INTO outcome(run, value, at, source) VALUES (?1, ?2, ?3, ?4)")
        updateOutcome = try prepare("UPDATE run SET outcome = ?2 WHERE id = ?1")
        insertPriceRow = try prepare("INSERT INTO price_row(id, json, first_used_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
    }

    /// After a rollback: what was remembered as written may not be.
    func forgetRecent() {
        blobs.forget()
        recentPriceRows.removeAll()
    }

    /// The first thing in a group's transaction.
    func beginGroup() throws(SQLiteFailure) { try blobs.beginGroup() }

    /// The last thing in a group's transaction.
    func finishGroup() throws { try blobs.indexIfDue() }

    static func lostOwnership(of run: OwnedRun) -> JournalError {
        JournalError(.lostOwnership, "another process took over run \(run.id)")
    }

    // MARK: Runs

    func begin(_ start: RunStart) throws -> OwnedRun {
        if let batch = start.batch { try batches.assertOwned(batch) }
        let origin = EventChain.origin(of: start.id.text)
        insertRun.bind(1, start.id.text)
        insertRun.bind(2, start.workflow)
        insertRun.bind(3, start.file)
        insertRun.bind(4, start.at.microseconds)
        insertRun.bind(5, own.id)
        insertRun.bind(6, start.maxCost?.picoDollars)
        insertRun.bind(7, origin)
        insertRun.bind(8, start.graph)
        insertRun.bind(9, start.inputs)
        insertRun.bind(10, JSONEncoding.canonical.string(.object(start.tags)))
        insertRun.bind(11, JSONEncoding.canonical.string(.object(start.owner)))
        insertRun.bind(12, start.decisionID)
        insertRun.bind(13, start.decisionUnit)
        insertRun.bind(14, start.decisionCounts.isEmpty ? nil : JSONEncoding.wire.string(.array(start.decisionCounts.map(JSONValue.string))))
        insertRun.bind(15, start.batch)
        insertRun.bind(16, start.batchIndex)
        insertRun.bind(17, start.location)
        do {
            try insertRun.run()
        } catch {
            guard error.isDuplicate else { throw error }
            if let batch = start.batch, let index = start.batchIndex, let refusal = try batches.refusal(batch, index) { throw refusal }
            throw JournalError(.other, "a run named \(start.id) exists already")
        }
        hasWritten = true
        return OwnedRun(id: start.id, row: sqlite3_last_insert_rowid(connection), epoch: 1, sequence: 0, head: origin)
    }

    private func write(_ end: RunEnd, of run: OwnedRun) throws {
        endRun.bind(1, run.row)
        endRun.bind(2, end.status.rawValue)
        endRun.bind(3, end.at.microseconds)
        endRun.bind(4, end.outputs)
        endRun.bind(5, end.failure.map { JSONEncoding.canonical.string($0.json) })
        endRun.bind(6, end.outcome)
        try endRun.run()
        if let outcome = end.outcome { try insert(outcome: outcome, run: run.row, source: "workflow", at: end.at) }
    }

    // MARK: Entries

    /// - Parameter facts: come before the entry and are written even when its reservation does not fit.
    func write(_ entry: JournalEntry, after facts: JournalEntry?, of run: OwnedRun) throws -> JournalReply {
        guard let facts else { return try write(entry, of: run) }
        let reply = try write(facts.followed(by: entry), of: run)
        if reply == .written { return reply }
        // Nothing is written yet. Asked again behind the facts, it is answered by the counters that they leave.
        _ = try write(facts, of: run)
        return try write(entry, of: run)
    }

    private func write(_ entry: JournalEntry, of run: OwnedRun) throws -> JournalReply {
        let movement = try Movement(entry)
        let windows = movement.touchesWindows ? try caps.windows(entry, of: run) : []
        chainEvents(of: entry, of: run)
        if windows.contains(where: { $0.verdict != .written }) { return try caps.reply(movement, windows, of: run) }
        let move = try caps.move(movement, events: hashes.count, head: hashes.last ?? run.head, of: run)
        if case .turnedAway = move { return try caps.reply(movement, windows, of: run) }
        hasWritten = true

        for window in windows { try caps.write(window, of: run) }
        if let end = entry.callEnd { try write(end, of: run) }
        if let start = entry.callStart { try write(start, of: run) }
        if case .full = move { try caps.recount(run) }
        for window in windows where window.isFull { try caps.recount(window, of: run) }
        for node in entry.nodes { try write(node, of: run) }
        for approval in entry.approvals { try handover.write(approval, of: run) }
        if let cap = entry.cap { try handover.raise(cap, of: run) }
        for blob in entry.blobs { try blobs.write(blob) }
        for memo in entry.memos { try memoStore().write(memo, of: run) }
        for (index, event) in entry.events.enumerated() {
            try write(event, sequence: run.sequence + Int64(index) + 1, hash: hashes[index], of: run)
        }
        if let end = entry.runEnd { try write(end, of: run) }
        run.sequence += Int64(entry.events.count)
        if let head = hashes.last { run.head = head }
        return .written
    }

    private func chainEvents(of entry: JournalEntry, of run: OwnedRun) {
        hashes.removeAll(keepingCapacity: true)
        var head = run.head
        for (index, event) in entry.events.enumerated() {
            head = event.payload.withUnsafeBytes {
                chain.link(
                    after: head, sequence: run.sequence + Int64(index) + 1, at: event.at.microseconds, kind: event.kind,
                    payload: $0)
            }
            hashes.append(head)
        }
    }

    // MARK: Rows

    private func write(_ start: CallStart, of run: OwnedRun) throws {
        insertCall.bind(1, run.row)
        insertCall.bind(2, start.id.number)
        insertCall.bind(3, run.id.text)
        insertCall.bind(4, start.path)
        insertCall.bind(5, start.step)
        insertCall.bind(6, start.tier)
        insertCall.bind(7, start.purpose.rawValue)
        insertCall.bind(8, start.ordinal)
        insertCall.bind(9, start.provider)
        insertCall.bind(10, start.modelAsked)
        insertCall.bind(11, start.held?.picoDollars)
        insertCall.bind(12, start.request)
        insertCall.bind(13, start.retryOf)
        insertCall.bind(14, start.at.microseconds)
        insertCall.bind(15, start.tags.map { JSONEncoding.canonical.string(.object($0)) })
        insertCall.bind(16, start.trimmed.isEmpty ? nil : JSONEncoding.canonical.string(TrimmedValue.json(start.trimmed)))
        do {
            try insertCall.run()
        } catch {
            guard error.isDuplicate else { throw error }
            throw JournalError(
                .other,
                "call \(start.id) of \(start.path) (\(start.tier), \(start.purpose.rawValue), \(start.ordinal)) is recorded already")
        }
        run.openCalls[start.id.number] = sqlite3_last_insert_rowid(connection)
    }

    private func write(_ end: CallEnd, of run: OwnedRun) throws {
        // First, as a statement that runs takes the texts of those that are being bound.
        if !end.newPriceRows.isEmpty {
            try record(priceRows: end.newPriceRows.map { ($0.id, JSONEncoding.canonical.string($0.json)) }, at: end.at)
        }
        endCall.bind(20, run.row)
        endCall.bind(21, end.id.number)
        endCall.bind(2, end.state.rawValue)
        endCall.bind(3, end.held?.picoDollars)
        endCall.bind(4, end.cost?.picoDollars)
        endCall.bind(5, end.usage?.totalInput)
        endCall.bind(6, end.usage?.cacheRead)
        endCall.bind(7, end.usage?.cacheWrite)
        endCall.bind(8, end.usage?.totalOutput)
        endCall.bind(9, end.usage?.reasoning)
        endCall.bind(10, end.usageRaw)
        endCall.bind(11, text(ofPriceRows: end.priceRows))
        endCall.bind(12, end.modelServed)
        endCall.bind(13, end.response)
        endCall.bind(14, end.httpStatus)
        endCall.bind(15, end.finishReason)
        endCall.bind(16, end.timeToFirstToken?.milliseconds)
        endCall.bind(17, end.total.milliseconds)
        endCall.bind(18, end.at.microseconds)
        endCall.bind(19, end.failure.map { JSONEncoding.canonical.string($0.json) })
        endCall.bind(22, end.notes.isEmpty ? nil : JSONEncoding.canonical.string(CallNote.json(end.notes)))
        if let row = run.openCalls.removeValue(forKey: end.id.number) {
            endCall.bind(1, row)
            if try endCall.runCountingChanges() == 1 { return }
        }
        // Begun by another process, or its row was moved by a VACUUM.
        selectCall.bind(1, run.row)
        selectCall.bind(2, end.id.number)
        guard let row = try selectCall.first({ $0.int(0) }) else {
            throw JournalError(.other, "call \(end.id) ended but was never begun")
        }
        endCall.bind(1, row)
        try endCall.run()
    }

    /// Calls are charged by the same few rows again and again.
    private func text(ofPriceRows rows: [String]) -> String? {
        if rows.isEmpty { return nil }
        if rows != lastPriceRows.rows {
            lastPriceRows = (rows, JSONEncoding.canonical.string(.array(rows.map(JSONValue.string))))
        }
        return lastPriceRows.text
    }

    private func write(_ node: NodeUpdate, of run: OwnedRun) throws {
        let isOver: Bool
        switch node.status {
        case .succeeded, .failed, .cancelled: isOver = true
        case .pending, .running, .waiting, .skipped: isOver = false
        }
        if isOver {
            endNode.bind(1, run.row)
            endNode.bind(2, node.path)
            endNode.bind(3, node.status.rawValue)
            endNode.bind(4, node.at.microseconds)
            endNode.bind(5, node.output)
            endNode.bind(6, node.failure.map { JSONEncoding.canonical.string($0.json) })
            endNode.bind(7, node.reason)
            // One that ends without having begun gets its row now.
            if try endNode.runCountingChanges() == 1 { return }
        }
        beginNode.bind(1, run.row)
        beginNode.bind(2, node.path)
        beginNode.bind(3, node.step)
        beginNode.bind(4, node.item)
        beginNode.bind(5, node.status.rawValue)
        beginNode.bind(6, node.status == .running ? node.at.microseconds : nil)
        beginNode.bind(7, isOver || node.status == .skipped ? node.at.microseconds : nil)
        beginNode.bind(8, node.output)
        beginNode.bind(9, node.failure.map { JSONEncoding.canonical.string($0.json) })
        beginNode.bind(10, node.reason)
        try beginNode.run()
    }

    private func write(_ event: JournaledEvent, sequence: Int64, hash: ContentHash, of run: OwnedRun) throws {
        try event.payload.withUnsafeBytes { bytes in
            insertEvent.bind(1, run.row)
            insertEvent.bind(2, sequence)
            insertEvent.bind(3, event.kind)
            insertEvent.bind(4, uncopiedText: bytes)
            insertEvent.bind(5, event.at.microseconds)
            insertEvent.bind(6, hash)
            try insertEvent.run()
        }
    }

    func recall(_ question: ContentHash, since: Timestamp) throws(SQLiteFailure) -> RememberedAnswer? {
        try memoStore().recall(question, since: since)
    }

    private func memoStore() throws(SQLiteFailure) -> MemoStore {
        if let memos { return memos }
        let made = try MemoStore(connection: connection, texts: texts)
        memos = made
        return made
    }

    // MARK: Outcomes and prices

    /// Records an outcome for the run, or for every run of the decision, named `subject`; says for which.
    func recordOutcome(_ value: String, of subject: String, source: String, at: Timestamp) throws -> [String] {
        selectSubject.bind(1, subject)
        let runs = try selectSubject.all { (row: $0.int(0), id: $0.text(1)) }
        for run in runs {
            try insert(outcome: value, run: run.row, source: source, at: at)
            updateOutcome.bind(1, run.row)
            updateOutcome.bind(2, value)
            try updateOutcome.run()
        }
        return runs.map(\.id)
    }

    private func insert(outcome value: String, run: Int64, source: String, at: Timestamp) throws {
        insertOutcome.bind(1, run)
        insertOutcome.bind(2, value)
        insertOutcome.bind(3, at.microseconds)
        insertOutcome.bind(4, source)
        try insertOutcome.run()
        hasWritten = true
    }

    func record(priceRows rows: [(id: String, json: String)], at: Timestamp) throws {
        for row in rows where recentPriceRows.insert(row.id).inserted {
            insertPriceRow.bind(1, row.id)
            insertPriceRow.bind(2, row.json)
            insertPriceRow.bind(3, at.microseconds)
            try insertPriceRow.run()
            hasWritten = true
        }
    }
}
