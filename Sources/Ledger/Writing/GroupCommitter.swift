import GRDB
import GRDBSQLite
import Values
import WorkflowModel

/// The writer's loop: takes what is queued, writes it in one transaction, and answers when that is on disk.
///
/// Runs are independent: an entry that cannot be written ends its own run and no other. That is done without a savepoint per
/// entry, which would copy every page it touches: an entry is checked before it writes, so failing after is rare; then the
/// transaction is rolled back and the group written again, this time with savepoints. A failure of the disk or the file
/// fails the whole group, as does a failed `COMMIT`.
///
/// Confined to the writer's thread.
final class GroupCommitter {
    private let queue: WriteQueue
    private let options: LedgerOptions
    private let path: String
    private let connection: OpaquePointer
    private let writer: EntryWriter
    private let own: OwnProcess
    private let texts: BindingArena
    private let place: LedgerPlace
    private let begin, commit, rollback, savepoint, release, rollbackToSavepoint: PreparedStatement

    private var runs: [RunID: OwnedRun] = [:]
    private var touched: [OwnedRun] = []
    private var begun: [OwnedRun] = []
    private var ended: [OwnedRun] = []
    private var batches: TextSet = []
    private var nextBeat: MonotonicCondition.Deadline
    /// Pages in the write-ahead log after the last commit.
    private let logPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

    init(database: Database, queue: WriteQueue, options: LedgerOptions, path: String, own: OwnProcess) throws(SQLiteFailure) {
        self.queue = queue
        self.options = options
        self.path = path
        let connection = database.sqliteConnection!
        self.connection = connection
        self.own = own
        let texts = BindingArena()
        self.texts = texts
        place = LedgerPlace(path: path, connection: connection)
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        begin = try prepare("BEGIN IMMEDIATE")
        commit = try prepare("COMMIT")
        rollback = try prepare("ROLLBACK")
        savepoint = try prepare("SAVEPOINT entry")
        release = try prepare("RELEASE entry")
        rollbackToSavepoint = try prepare("ROLLBACK TO entry")
        writer = try EntryWriter(connection: connection, texts: texts, own: own)
        nextBeat = .after(options.beatInterval)
        logPages.initialize(to: 0)
        // In place of SQLite's own checkpoints, which would come before the answers.
        sqlite3_wal_hook(
            connection,
            { context, _, _, pages in
                context!.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, logPages)
    }

    deinit {
        sqlite3_wal_hook(connection, nil, nil)
        logPages.deallocate()
    }

    /// Until the queue is closed and empty.
    func run() {
        expireApprovals()
        var group: [WriteRequest] = []
        while let next = queue.take(until: nextBeat, done: group) {
            group = next
            if !group.isEmpty { write(group) }
            if logPages.pointee >= options.checkpointPages {
                // What it cannot copy now, as a reader still needs it, it copies after a later commit.
                sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
                logPages.pointee = 0
            }
            if .now >= nextBeat { beat() }
        }
    }

    // MARK: One group

    private func write(_ group: [WriteRequest]) {
        var replies: [Result<WriteRequest.Reply, JournalError>] = []
        replies.reserveCapacity(group.count)
        do {
            try open(group)
            if try !apply(group, guarded: false, &replies) {
                try rollback.run()
                forgetGroup()
                replies.removeAll(keepingCapacity: true)
                try open(group)
                _ = try apply(group, guarded: true, &replies)
            }
            try writer.finishGroup()
            try commit.run()
            own.didCommit()
            options.didCommit?()
        } catch {
            if sqlite3_get_autocommit(connection) == 0 { try? rollback.run() }
            forgetGroup()
            let error = journalError(error)
            replies = Array(repeating: .failure(error), count: group.count)
        }
        for run in touched { run.commit() }
        touched.removeAll(keepingCapacity: true)
        begun.removeAll(keepingCapacity: true)
        for run in ended { runs[run.id] = nil }
        ended.removeAll(keepingCapacity: true)
        answer(group, replies)
    }

    private func open(_ group: [WriteRequest]) throws {
        try begin.run()
        // With the lock, so that what is found stays so until the commit.
        try place.check(shrinks: !runs.isEmpty)
        try writer.beginGroup()
        if own.id == nil, group.contains(where: \.takesOwnership) { try own.register(on: connection, texts) }
    }

    /// Writes the entries; `false` when one failed halfway and there was no savepoint to go back to.
    ///
    /// - Throws: what the whole group fails with.
    private func apply(
        _ group: [WriteRequest], guarded: Bool, _ replies: inout [Result<WriteRequest.Reply, JournalError>]
    ) throws -> Bool {
        for request in group {
            do {
                if guarded { try savepoint.run() }
                writer.hasWritten = false
                let reply = try apply(request.operation)
                if request.waiter == nil, case .journal(let reply) = reply, reply != .written {
                    throw JournalError(.other, "a call's reservation was posted and does not fit: it has to be waited for")
                }
                replies.append(.success(reply))
            } catch {
                if let failure = error as? SQLiteFailure, !failure.isOfOneEntry { throw failure }
                if writer.hasWritten {
                    guard guarded else { return false }
                    try rollbackToSavepoint.run()
                    writer.forgetRecent()
                }
                let failure = journalError(error)
                fail(request, failure)
                replies.append(.failure(failure))
            }
            if guarded { try release.run() }
        }
        return true
    }

    private func apply(_ operation: WriteRequest.Operation) throws -> WriteRequest.Reply {
        switch operation {
        case .entry(let entry):
            guard let run = runs[entry.content.run] else {
                throw JournalError(.lostOwnership, "run \(entry.content.run) is not driven by this process")
            }
            if let failure = run.failure { throw failure }
            if run.hasEnded { throw JournalError(.lostOwnership, "run \(run.id) has ended: nothing more is written for it") }
            let before = (run.sequence, run.head)
            if run.touch() { touched.append(run) }
            do {
                let reply = try writer.write(entry.content, after: entry.facts, of: run)
                if case .runEnded? = entry.content.facts.last?.event, reply == .written {
                    // What others said of it meanwhile stands behind its end.
                    try takeOutcomes(of: run)
                    run.hasEnded = true
                    ended.append(run)
                }
                return .journal(reply)
            } catch {
                (run.sequence, run.head) = before
                if let error = error as? JournalError, error.code == .lostOwnership { run.failure = error }
                throw error
            }
        case .begin(let start, let facts):
            adopt(try writer.begin(start, with: facts.content))
            return .journal(.written)
        case .recall(let question, let since):
            return .answer(try writer.recall(question, since: since))
        case .takeOver(let id, let program, let at):
            guard runs[id] == nil else { throw JournalError(.owned, "run \(id) is driven by this process") }
            writer.hasWritten = true
            let (run, resumed) = try takeOver(id, by: program, at: at)
            adopt(run)
            return .takenOver(resumed)
        case .cancel(let id, let person, let at):
            writer.hasWritten = true
            let standing = try writer.handover.standing(of: id)
            if standing.isDriven {
                try writer.handover.requestCancel(standing, by: person)
                return .leftWord(true)
            }
            let (run, _) = try takeOver(id, by: options.program, at: at)
            try append([.cancelRequested(by: person), .runEnded(RunEnded(.cancelled))], at: at, to: run)
            return .leftWord(false)
        case .claim(let batch, let at):
            writer.hasWritten = true
            try writer.batches.claim(batch, at: at)
            batches.insert(batch)
            return .journal(.written)
        case .release(let batch):
            writer.hasWritten = true
            try writer.batches.release(batch)
            batches.remove(batch)
            return .journal(.written)
        case .decide(let id, let path, let decision, let document):
            return .leftWord(try writer.decide(id, path: path, decision, document: document))
        case .outcome(let subject, let value, let source, let at):
            let named = try writer.runs(of: subject)
            for run in named { try record(OutcomeRecorded(value: value, source: source), of: run, at: at) }
            return .runs(named.map(\.text))
        case .takeOutcomes:
            for run in runs.values where run.failure == nil { try takeOutcomes(of: run) }
            return .journal(.written)
        case .priceRows(let rows, let at):
            try writer.record(priceRows: rows, at: at)
            return .journal(.written)
        }
    }

    /// Takes a run over, which is its next fact.
    private func takeOver(_ id: RunID, by program: String, at: Timestamp) throws -> (OwnedRun, RunResumed) {
        let run = try writer.handover.takeOver(id)
        let resumed = RunResumed(program: program, epoch: run.epoch, lost: run.projection.openCalls.keys.sorted())
        try append([.runResumed(resumed)], at: at, to: run)
        try takeOutcomes(of: run)
        return (run, resumed)
    }

    private func append(_ facts: [RunEvent], at: Timestamp, to run: OwnedRun) throws {
        let entry = JournalEntry(run: run.id)
        entry.facts = facts.map { JournaledEvent($0, at: at) }
        _ = try writer.write(entry, after: nil, of: run)
    }

    /// A fact of the run; also behind its end.
    private func record(_ outcome: OutcomeRecorded, of id: RunID, at: Timestamp) throws {
        writer.hasWritten = true
        if let run = runs[id] {
            if let failure = run.failure { throw failure }
            if run.touch() { touched.append(run) }
            return try append([.outcomeRecorded(outcome)], at: at, to: run)
        }
        let standing = try writer.handover.standing(of: id)
        if standing.isDriven { return try writer.handover.leave(outcome, at: at, run: standing.row) }
        // Where an earlier version removed the facts there is no link to put one behind.
        if standing.isPruned, !standing.hasLink { return try writer.writeRow(of: outcome, at: at, run: standing.row) }
        try append([.outcomeRecorded(outcome)], at: at, to: writer.handover.owned(id, standing, epoch: standing.epoch))
    }

    private func takeOutcomes(of run: OwnedRun) throws {
        let left = try writer.handover.outcomes(leftFor: run)
        if left.isEmpty { return }
        writer.hasWritten = true
        if run.touch() { touched.append(run) }
        for (outcome, at) in left { try append([.outcomeRecorded(outcome)], at: at, to: run) }
        try writer.handover.forgetOutcomes(leftFor: run)
    }

    private func adopt(_ run: OwnedRun) {
        runs[run.id] = run
        begun.append(run)
    }

    /// Goes back to what was known before the group.
    private func forgetGroup() {
        for run in touched { run.rollBack() }
        touched.removeAll(keepingCapacity: true)
        for run in begun { runs[run.id] = nil }
        begun.removeAll(keepingCapacity: true)
        ended.removeAll(keepingCapacity: true)
        writer.forgetRecent()
        own.didRollBack()
    }

    private func answer(_ group: [WriteRequest], _ replies: [Result<WriteRequest.Reply, JournalError>]) {
        for (request, reply) in zip(group, replies) {
            if case .failure(let error) = reply { fail(request, error) }
            request.reply = reply
            request.waiter?.resume()
        }
    }

    /// After an entry that is not there, none of its run may be: it would tell what followed from facts that nobody finds.
    /// Room for a smaller one may be left, and the run's other steps write before they hear of it.
    private func fail(_ request: WriteRequest, _ error: JournalError) {
        if case .entry(let entry) = request.operation, let run = runs[entry.content.run], run.failure == nil { run.failure = error }
    }

    /// Whoever opens the ledger looks at the clock for those that wait.
    private func expireApprovals() {
        do {
            guard try writer.handover.hasExpiredApprovals() else { return }
            try begin.run()
            try writer.handover.expireApprovals()
            try commit.run()
        } catch {
            // The next one that opens it looks again.
            if sqlite3_get_autocommit(connection) == 0 { try? rollback.run() }
        }
    }

    // MARK: Beats

    /// Says that the process lives, for all runs and batches that it holds at once; also for runs that wait for long calls and write
    /// nothing. Whether it still holds them shows at their next entries.
    private func beat() {
        nextBeat = .after(options.beatInterval)
        guard !runs.isEmpty || !batches.isEmpty else { return }
        do {
            try begin.run()
            try place.check(shrinks: !runs.isEmpty)
            try own.beat(on: connection, texts)
            try commit.run()
        } catch {
            if sqlite3_get_autocommit(connection) == 0 { try? rollback.run() }
            // Of a ledger that is another one now, runs need not wait for their next entries to hear. A disk's failure shows there.
            if let error = error as? JournalError { for run in runs.values where run.failure == nil { run.failure = error } }
        }
    }

    private func journalError(_ error: any Error) -> JournalError {
        if error is OverwrittenLedger { return place.overwritten() }
        if let failure = error as? SQLiteFailure { return JournalError(sqlite: failure.code, failure.message, path: path) }
        return JournalError(error, path: path)
    }
}

extension SQLiteFailure {
    /// Whether the values of one entry are at fault, not the disk or the file.
    fileprivate var isOfOneEntry: Bool {
        [SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_ERROR].contains(code & 0xFF)
    }
}
