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
    private var machines: MachineUses?
    private var escalations: EscalationCounts?

    private let caps: CapCounters
    private let rows: RowWriter
    /// One event at a time, and as many as the entry of a step in a chain has.
    private let insertEvent, insertEvents: PreparedStatement
    private static let eventsAtOnce = 4
    private static let eventColumns = 6
    private let selectSubject: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena, own: OwnProcess) throws(SQLiteFailure) {
        self.connection = connection
        self.own = own
        handover = RunHandover(connection: connection, texts: texts, own: own)
        batches = try BatchOwnership(connection: connection, texts: texts, own: own)
        self.texts = texts
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        rows = RowWriter(connection: connection, texts: texts)
        func insert(events count: Int) -> String {
            let rows = (0..<count).map { row in "(" + (1...Self.eventColumns).map { "?\(row * Self.eventColumns + $0)" }.joined(separator: ", ") + ")" }
            return "INSERT INTO event(run, seq, kind, payload, at, hash) VALUES " + rows.joined(separator: ", ")
        }
        insertEvent = try prepare(insert(events: 1))
        insertEvents = try prepare(insert(events: Self.eventsAtOnce))
        blobs = try BlobStore(connection: connection, texts: texts)
        caps = try CapCounters(connection: connection, texts: texts)
        selectSubject = try prepare(
            """
            SELECT id, run_id FROM run WHERE run_id = ?1 UNION SELECT id, run_id FROM run WHERE decision_id = ?1 AND kind <> 'imported'
            """)
    }

    /// After a rollback: what was remembered as written may not be.
    func forgetRecent() {
        blobs.forget()
        rows.forgetRecent()
    }

    /// The first thing in a group's transaction.
    func beginGroup() throws(SQLiteFailure) { try blobs.beginGroup() }

    /// The last thing in a group's transaction.
    func finishGroup() throws { try blobs.indexIfDue() }

    static func lostOwnership(of run: OwnedRun) -> JournalError {
        JournalError(.lostOwnership, "another process took over run \(run.id)")
    }

    // MARK: Runs

    /// Writes a run's row and its first facts.
    func begin(_ start: RunStart, with entry: JournalEntry) throws -> OwnedRun {
        guard let first = entry.facts.first, case .runStarted(let started) = first.event else {
            throw JournalError(.other, "run \(start.id) does not begin with the fact that it was started")
        }
        if let batch = started.batch { try batches.assertOwned(batch) }
        let origin = EventChain.origin(of: start.id.text)
        var projection = Projection(run: start.id)
        rows.beginning = (own.id, origin, start.location)
        do {
            try projection.rows(of: first.event, at: first.at, into: rows)
        } catch let error as SQLiteFailure {
            guard error.isDuplicate else { throw error }
            if let batch = started.batch, let index = started.batchIndex, let refusal = try batches.refusal(batch, index) { throw refusal }
            throw JournalError(.other, "a run named \(start.id) exists already")
        }
        hasWritten = true
        let run = OwnedRun(row: rows.run, epoch: 1, sequence: 0, head: origin, projection: projection)
        _ = try write(entry, of: run)
        return run
    }

    // MARK: Entries

    /// - Parameter facts: come before the entry and are written even when its reservation does not fit.
    func write(_ entry: JournalEntry, after facts: JournalEntry?, of run: OwnedRun) throws -> JournalReply {
        if let check = entry.rate { return try write(entry, counting: check, after: facts, of: run) }
        guard let facts else { return try write(entry, of: run) }
        let reply = try write(facts.followed(by: entry), of: run)
        if reply == .written { return reply }
        // Nothing is written yet. Asked again behind the facts, it is answered by the counters that they leave.
        _ = try write(facts, of: run)
        return try write(entry, of: run)
    }

    /// Counts behind the facts, which decide of the tier before, and writes the entry with what was counted, unless that is too much.
    private func write(_ entry: JournalEntry, counting check: RateCheck, after facts: JournalEntry?, of run: OwnedRun) throws -> JournalReply {
        if let facts { _ = try write(facts, of: run) }
        guard let at = entry.facts.first?.at else { return .written }
        let counts = try escalations ?? EscalationCounts(connection: connection, texts: texts)
        escalations = counts
        let counted = try counts.count(check, at: at)
        if counted.isTripped { return .tripped(counted) }
        let reply = try write(entry.counting(counted, at: at), of: run)
        return reply == .written ? .counted(counted) : reply
    }

    private func write(_ entry: JournalEntry, of run: OwnedRun) throws -> JournalReply {
        let movement = try CapMovement(entry.facts, after: run.projection)
        let windows = movement.touchesWindows ? try caps.windows(movement, of: run) : []
        chainEvents(of: entry, of: run)
        if windows.contains(where: { $0.verdict != .written }) { return try caps.reply(movement, windows, of: run) }
        let move = try caps.move(movement, events: hashes.count, head: hashes.last ?? run.head, of: run)
        if case .turnedAway = move { return try caps.reply(movement, windows, of: run) }
        hasWritten = true

        for window in windows { try caps.write(window, of: run) }
        for blob in entry.blobs { try blobs.write(blob) }
        try writeEvents(entry.facts, of: run)
        rows.run = run.row
        for (index, fact) in entry.facts.enumerated() {
            // The row of a new run is there: it has the number that the others need.
            if case .runStarted = fact.event, run.sequence == 0, index == 0 { continue }
            try writeRows(of: fact, run)
        }
        if case .full = move { try caps.recount(run) }
        for window in windows where window.isFull { try caps.recount(window, of: run) }
        if movement.losesCalls { try caps.loseCalls(of: run) }
        if let cap = movement.cap { try handover.raise(cap, of: run) }
        run.sequence += Int64(entry.facts.count)
        if let head = hashes.last { run.head = head }
        return .written
    }

    private func writeRows(of fact: JournaledEvent, _ run: OwnedRun) throws {
        do {
            try run.projection.rows(of: fact.event, at: fact.at, into: rows)
        } catch let error as SQLiteFailure {
            guard error.isDuplicate, case .callStarted(let call) = fact.event else { throw error }
            throw JournalError(
                .other, "call \(call.id) of \(call.path) (\(call.tier), \(call.part.isEmpty ? call.purpose.rawValue : call.part), \(call.ordinal)) is recorded already")
        } catch let error as IllegalFact {
            throw JournalError(.other, error.description)
        }
    }

    private func chainEvents(of entry: JournalEntry, of run: OwnedRun) {
        hashes.removeAll(keepingCapacity: true)
        var head = run.head
        for (index, event) in entry.facts.enumerated() {
            head = event.payload.withUnsafeBytes {
                chain.link(
                    after: head, sequence: run.sequence + Int64(index) + 1, at: event.at.microseconds, kind: event.kind,
                    payload: $0)
            }
            hashes.append(head)
        }
    }

    private func writeEvents(_ facts: [JournaledEvent], of run: OwnedRun) throws {
        var next = 0
        while next < facts.count {
            let count = facts.count - next >= Self.eventsAtOnce ? Self.eventsAtOnce : 1
            try bind(facts, from: next, row: 0, of: count, to: count == 1 ? insertEvent : insertEvents, run)
            next += count
        }
    }

    /// Binds one row and those behind it, then runs the statement: payloads are not copied, and hold still that long.
    private func bind(
        _ facts: [JournaledEvent], from first: Int, row: Int, of count: Int, to statement: PreparedStatement, _ run: OwnedRun
    ) throws {
        guard row < count else { return try statement.run() }
        let fact = facts[first + row]
        let before = Int32(row * Self.eventColumns)
        statement.bind(before + 1, run.row)
        statement.bind(before + 2, run.sequence + Int64(first + row) + 1)
        statement.bind(before + 3, fact.kind)
        statement.bind(before + 5, fact.at.microseconds)
        statement.bind(before + 6, hashes[first + row])
        try fact.payload.withUnsafeBytes { payload in
            statement.bind(before + 4, uncopiedText: payload)
            try bind(facts, from: first, row: row + 1, of: count, to: statement, run)
        }
    }

    /// Leaves a person's answer for a run, with the value that they gave.
    ///
    /// - Returns: whether a process drives the run and will hear of it.
    func decide(_ run: RunID, path: String, _ decision: ApprovalDecision, document: Blob?) throws -> Bool {
        hasWritten = true
        let isDriven = try handover.decide(run, path: path, decision)
        if let document { try blobs.write(document) }
        return isDriven
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

    /// The run, or every run of the decision, named `subject`.
    func runs(of subject: String) throws(SQLiteFailure) -> [RunID] {
        selectSubject.bind(1, subject)
        return try selectSubject.all { RunID($0.text(1)) }
    }

    /// What became of a run whose facts are gone, or which another process drives: its row alone.
    func writeRow(of outcome: OutcomeRecorded, at: Timestamp, run: Int64) throws {
        var projection = Projection(run: RunID(""))
        rows.run = run
        hasWritten = true
        try projection.rows(of: .outcomeRecorded(outcome), at: at, into: rows)
    }

    func machineBegan(_ use: MachineUse) throws {
        hasWritten = true
        try record(priceRows: [(use.priceRow, use.priceText)], at: use.began)
        try machineUses().began(use)
    }

    func machineEnded(_ use: MachineUse, at: Timestamp) throws(SQLiteFailure) {
        hasWritten = true
        try machineUses().ended(use, at: at)
    }

    private func machineUses() throws(SQLiteFailure) -> MachineUses {
        if let machines { return machines }
        let made = try MachineUses(connection: connection, texts: texts, own: own)
        machines = made
        return made
    }

    func record(priceRows known: [(id: String, json: String)], at: Timestamp) throws {
        for row in known {
            hasWritten = true
            try Projection.put(priceRow: row.id, row.json, at, rows)
        }
    }
}
