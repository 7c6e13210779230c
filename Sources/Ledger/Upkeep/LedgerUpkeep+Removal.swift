import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

extension LedgerUpkeep {
    /// Rows that one transaction deletes at most, and documents: a writer waits for some ten milliseconds.
    private static let rowsAtOnce = 5_000
    private static let documentsAtOnce = 500
    private static let eventsAtOnce = 20_000

    /// Removes runs that ended, with what belongs to them, and the documents that no other run names.
    ///
    /// Runs that begin meanwhile are safe. A document goes only in a transaction that has read every event up to it and found the
    /// document in none; it raises `blob_mark.removals`, and a process whose next transaction names that document finds that
    /// and writes it again. When this is stopped halfway, the next one goes on.
    ///
    /// - Parameter isDry: nothing is removed; what would be is told.
    public func remove(_ filter: RemovalFilter, isDry: Bool = false) throws(JournalError) -> Removal {
        let runs = try read { try Self.runs($0, filter) }
        var removal = Removal()
        if isDry {
            try read { database in
                for run in runs where try Self.mayGo(database, run, filter, &removal) { try Self.tally(database, run, filter, &removal) }
            }
            try removeDocuments(without: Set(runs), isDry: true, &removal)
            return removal
        }
        var rest = runs[...]
        var tallied: Int64?
        while !rest.isEmpty {
            // An interrupted run may have been taken over since.
            let done = try transaction { database in
                var room = Self.rowsAtOnce
                var done = 0
                for run in rest where room > 0 {
                    if try !Self.runs(database, filter, only: run).isEmpty, try tallied == run || Self.mayGo(database, run, filter, &removal) {
                        if tallied != run { try Self.tally(database, run, filter, &removal) }
                        tallied = run
                        guard try Self.remove(database, run, filter, &room, by: options.program) else { break }
                    }
                    done += 1
                }
                return done
            }
            rest = rest.dropFirst(done)
        }
        try removeDocuments(without: [], isDry: false, &removal)
        try removeProcesses()
        return removal
    }

    // MARK: Runs

    private static func runs(_ database: Database, _ filter: RemovalFilter, only run: Int64? = nil) throws -> [Int64] {
        var conditions = SQLConditions()
        conditions.add("coalesce(ended_at, started_at) < ?", filter.before.microseconds)
        conditions.add("workflow = ?", filter.workflow)
        conditions.add("id = ?", run)
        conditions.add("status IN (SELECT value FROM json_each(?))", [JSONValue.array(filter.statuses.map { .string($0.rawValue) }).jsonText])
        // What was stopped halfway is gone on with.
        let left = filter.keepsCosts ? "AND (pruned_at IS NULL OR \(RunTables.isHalfPruned))" : ""
        return try Int64.fetchAll(database, sql: "SELECT id FROM run \(conditions.whereClause) \(left) ORDER BY id", arguments: conditions.arguments)
    }

    /// Whether the facts of a run can be replaced by a link that proves its rows: those are what the facts say.
    private static func mayGo(_ database: Database, _ run: Int64, _ filter: RemovalFilter, _ removal: inout Removal) throws -> Bool {
        guard filter.keepsCosts, let id = try String.fetchOne(database, sql: "SELECT run_id FROM run WHERE id = ? AND pruned_at IS NULL", arguments: [run]) else { return true }
        // Documents are removed anyway.
        if try RunVerifier(database, looksAtDocuments: false).verify(id)?.isSound == true { return true }
        if !removal.unsound.contains(where: { $0.hasSameBytes(as: id) }) { removal.unsound.append(id) }
        return false
    }

    /// What is there of a run, before the first of it goes.
    private static func tally(_ database: Database, _ run: Int64, _ filter: RemovalFilter, _ removal: inout Removal) throws {
        removal.runs += 1
        // A hash, a kind and numbers stand beside the payload.
        let events = try Row.fetchOne(database, sql: "SELECT count(*), coalesce(sum(length(payload) + 80), 0) FROM event WHERE run = ?", arguments: [run])!
        removal.events += events[0]
        removal.bytes += events[1]
        if filter.keepsCosts { return }
        let calls = try Row.fetchOne(database, sql: "SELECT \(SpendingColumns.list) FROM model_call c WHERE run = ?", arguments: [run])!
        removal.spending = removal.spending + SpendingColumns.spending(calls, 0)
    }

    /// - Returns: whether all of it is gone.
    private static func remove(_ database: Database, _ run: Int64, _ filter: RemovalFilter, _ room: inout Int, by program: String) throws -> Bool {
        try database.execute(
            sql: "UPDATE run SET pruned_at = ? WHERE id = ? AND pruned_at IS NULL", arguments: [Timestamp.now().microseconds, run])
        if database.changesCount > 0 {
            try database.execute(
                sql: "UPDATE batch SET removed_runs = removed_runs + 1 WHERE name = (SELECT batch FROM run WHERE id = ? AND batch_index IS NOT NULL)", arguments: [run])
        }
        for table in RunTables.all where !(filter.keepsCosts && table.tellsCosts) {
            try database.execute(
                sql: "DELETE FROM \(table.name) WHERE run = ?1 AND (\(table.key)) IN (SELECT \(table.key) FROM \(table.name) WHERE run = ?1 LIMIT ?2)",
                arguments: [run, room])
            room -= database.changesCount
            if room <= 0 { return false }
        }
        if filter.keepsCosts {
            try prove(database, run, by: program)
        } else {
            try database.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [run])
        }
        room -= 1
        return true
    }

    /// Writes the last link of a run whose facts are gone: what is kept of it can be held against that.
    private static func prove(_ database: Database, _ run: Int64, by program: String) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT last_seq, last_hash FROM run WHERE id = ?", arguments: [run]), let head = hash(row, 1) else { return }
        let facts: Int64 = row[0]
        let link = RunEvent.runPruned(RunPruned(facts: Int(facts), previous: head, rows: try KeptRows(number: run).digests(database), program: program))
        let (at, payload) = (Timestamp.now().microseconds, link.payload)
        var chain = EventChain()
        let new = payload.withUnsafeBytes { chain.link(after: head, sequence: facts + 1, at: at, kind: link.kind, payload: $0) }
        try database.execute(
            sql: "INSERT INTO event(run, seq, kind, payload, at, hash) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [run, facts + 1, link.kind, String(decoding: payload, as: UTF8.self), at, new.data])
        try database.execute(sql: "UPDATE run SET last_seq = ?, last_hash = ? WHERE id = ?", arguments: [facts + 1, new.data, run])
    }

    /// Batches without a run, and processes that none names and that have been silent for a day: one that stood still for so long
    /// and wakes up writes its row again.
    private func removeProcesses() throws(JournalError) {
        let longAgo = Timestamp.now().adding(.seconds(-86_400)).microseconds
        try transaction { database in
            try database.execute(
                sql: """
                    DELETE FROM batch WHERE began_at < ?1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.batch = batch.name AND batch_index IS NOT NULL)
                        AND coalesce((SELECT beat FROM process WHERE process.id = batch.owner), 0) < ?1;
                    """, arguments: [longAgo])
            // Without the process nobody would know when it was last heard of.
            try database.execute(
                sql: """
                    UPDATE machine_use AS u SET ended_at = \(MachineColumns.lastHeard)
                    WHERE ended_at IS NULL AND process IN (SELECT id FROM process WHERE beat < ?)
                    """, arguments: [longAgo])
            try database.execute(
                sql: "DELETE FROM process WHERE beat < ? AND id NOT IN (SELECT owner FROM run WHERE owner IS NOT NULL UNION SELECT owner FROM batch WHERE owner IS NOT NULL)",
                arguments: [longAgo])
        }
    }

    // MARK: Documents

    /// Of a document, in bytes.
    private static let size = "length(bytes) + coalesce((SELECT sum(length(piece.bytes)) FROM blob_piece AS piece WHERE piece.id = blob.id), 0)"

    private func removeDocuments(without excluded: Set<Int64>, isDry: Bool, _ removal: inout Removal) throws(JournalError) {
        var reachable = ReachableDocuments()
        while try read({ try reachable.read($0, limit: Self.eventsAtOnce, without: excluded) }) {}
        let unnamed: [(id: Int64, hash: ContentHash, bytes: Int64)] = try read { database in
            // The newest stays: numbers are given by the greatest there is, and none may be given twice.
            let rows = try Row.fetchCursor(
                database, sql: "SELECT id, sha256, \(Self.size) FROM blob WHERE id < (SELECT max(id) FROM blob) ORDER BY id")
            var found: [(Int64, ContentHash, Int64)] = []
            while let row = try rows.next() {
                guard let name = hash(row, 1), !reachable.contains(name) else { continue }
                found.append((row[0], name, row[2]))
            }
            return found
        }
        if isDry {
            removal.documents += unnamed.count
            removal.bytes += unnamed.reduce(0) { $0 + $1.bytes }
            return
        }
        var rest = unnamed[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.documentsAtOnce)
            let (documents, bytes): (Int, Int64) = try transaction { database in
                while try reachable.read(database, limit: Self.eventsAtOnce) {}
                var (documents, bytes): (Int, Int64) = (0, 0)
                for document in batch where !reachable.contains(document.hash) {
                    try database.execute(sql: "DELETE FROM blob WHERE id = ?", arguments: [document.id])
                    try database.execute(sql: "DELETE FROM blob_key WHERE key = ? AND id = ?", arguments: [document.hash.indexKey, document.id])
                    documents += 1
                    bytes += document.bytes
                }
                return (documents, bytes)
            }
            removal.documents += documents
            removal.bytes += bytes
            rest = rest.dropFirst(batch.count)
        }
    }
}
