import Foundation
import GRDB
import Values
import WorkflowModel

extension LedgerUpkeep {
    private static let eventsAtOnce = 20_000

    /// Takes documents out of the ledger, and says so behind the end of the run, and of every other one that names them: in one transaction
    /// for all. What remains of them are their hashes.
    ///
    /// The places in the file where they stood are overwritten, and the log beside it is emptied where no other process reads from it.
    ///
    /// - Throws: `JournalError` of code `unknownRun`, of code `hasEnded` for a run that has not ended or whose facts are gone, of code `other` where other
    ///   runs name a document and the request does not say everywhere.
    public func redact(_ request: RedactionRequest, isDry: Bool) throws(JournalError) -> Redaction {
        var naming = NamingRuns(request.documents)
        while try read({ try naming.read($0, limit: Self.eventsAtOnce) }) {}
        if isDry { return try read { try Redactor(database: $0, request: request).plan(naming).redaction } }
        do {
            // What is freed is overwritten, not only forgotten.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        } catch {
            throw JournalError(error, path: path)
        }
        var redaction = try transaction { database in
            while try naming.read(database, limit: Self.eventsAtOnce) {}
            let redactor = Redactor(database: database, request: request)
            let plan = try redactor.plan(naming)
            if let first = plan.redaction.shared.first, !request.everywhere {
                throw JournalError(
                    .other,
                    "\(plan.redaction.shared.count == 1 ? "a document" : "\(plan.redaction.shared.count) documents") of run \(request.run) \(plan.redaction.shared.count == 1 ? "belongs" : "belong") to other runs too, as \(first.document.hex) to \(first.runs[0]): "
                        + "with --everywhere it is taken out of all, and each says so")
            }
            return try redactor.perform(plan)
        }
        // Pages as they were stand in the log until it is begun anew.
        let emptied = queue.writeWithoutTransaction { database in (try? database.checkpoint(.truncate)) != nil }
        redaction.isInLog = !emptied
        return redaction
    }
}

private struct Redactor {
    let database: Database
    let request: RedactionRequest

    struct Plan {
        var redaction = Redaction()
        /// Runs by number, with what each has of it.
        var parts: [(run: Int64, id: String, documents: [ContentHash])] = []
        var rows: [(id: Int64, hash: ContentHash)] = []
    }

    func plan(_ naming: NamingRuns) throws -> Plan {
        guard let own = try Int64.fetchOne(database, sql: "SELECT id FROM run WHERE run_id = ?", arguments: [request.run]) else {
            throw JournalError(.unknownRun, "there is no run \(request.run)")
        }
        var plan = Plan()
        var said: [Int64: Set<ContentHash>] = [:]
        var documents: [Int64: [ContentHash]] = [own: request.documents]
        for hash in request.documents {
            var others: [Int64] = []
            for run in (naming.runs[hash] ?? []).sorted() where run != own {
                if said[run] == nil { said[run] = try RedactedDocuments.of(run, database) }
                if said[run]!.contains(hash) { continue }
                others.append(run)
                documents[run, default: []].append(hash)
            }
            if !others.isEmpty { plan.redaction.shared.append(Redaction.Shared(document: hash, runs: try others.map(id(of:)))) }
            for row in try rows(of: hash) {
                plan.rows.append((row.id, hash))
                plan.redaction.bytes += row.bytes
            }
        }
        plan.redaction.documents = Set(plan.rows.map(\.hash)).count
        for run in [own] + documents.keys.filter({ $0 != own }).sorted() {
            try requireEnded(run)
            let id = try id(of: run)
            plan.parts.append((run, id, documents[run]!))
            plan.redaction.runs.append(id)
        }
        return plan
    }

    private func id(of run: Int64) throws -> String { try String.fetchOne(database, sql: "SELECT run_id FROM run WHERE id = ?", arguments: [run]) ?? "\(run)" }

    private func requireEnded(_ run: Int64) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT run_id, status, pruned_at, kind FROM run WHERE id = ?", arguments: [run]) else { return }
        let id: String = row[0]
        if row[2] as Int64? != nil { throw JournalError(.hasEnded, "gc removed the facts and documents of run \(id): there is nothing of it to redact") }
        // Nobody goes on with one that was taken in.
        if row[3] == RunKind.imported.rawValue { return }
        guard let status = RunStatus(rawValue: row[1]), [.succeeded, .failed, .cancelled].contains(status) else {
            throw JournalError(.hasEnded, "run \(id) has not ended, and would need its documents to go on: wait for its end, or stop it for good with: agentctl cancel \(id)")
        }
    }

    /// A document may stand twice.
    private func rows(of hash: ContentHash) throws -> [(id: Int64, bytes: Int64)] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT id, length(bytes) + coalesce((SELECT sum(length(piece.bytes)) FROM blob_piece AS piece WHERE piece.id = blob.id), 0) FROM blob WHERE sha256 = ?2 AND (
                    id IN (SELECT id FROM blob_key WHERE key = ?1) OR id > (SELECT indexed_to FROM blob_mark))
                """, arguments: [hash.indexKey, hash.data]
        ).map { ($0[0], $0[1]) }
    }

    func perform(_ plan: Plan) throws -> Redaction {
        for part in plan.parts { try say(part.run, part.documents) }
        // The newest number stays taken: numbers are given by the greatest there is, and none may be given twice.
        let newest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM blob") ?? 0
        if plan.rows.contains(where: { $0.id == newest }) {
            try database.execute(sql: "INSERT INTO blob(sha256, bytes) VALUES (?, ?)", arguments: [ContentHash(of: []).data, Data()])
        }
        for row in plan.rows {
            try database.execute(sql: "DELETE FROM blob WHERE id = ?", arguments: [row.id])
            try database.execute(sql: "DELETE FROM blob_key WHERE key = ? AND id = ?", arguments: [row.hash.indexKey, row.id])
        }
        // What is remembered of it could not be told any more.
        for hash in request.documents { try database.execute(sql: "DELETE FROM memo WHERE output_hash = ?", arguments: [hash.data]) }
        return plan.redaction
    }

    /// The fact, behind the last one of a run.
    private func say(_ run: Int64, _ documents: [ContentHash]) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT last_seq, last_hash FROM run WHERE id = ?", arguments: [run]), let head = hash(row, 1) else { return }
        let fact = RunEvent.documentsRedacted(
            DocumentsRedacted(documents: documents.sorted { $0.hex < $1.hex }, fields: request.fields, by: request.by, reason: request.reason))
        let (sequence, payload) = ((row[0] as Int64) + 1, fact.payload)
        var chain = EventChain()
        let link = payload.withUnsafeBytes { chain.link(after: head, sequence: sequence, at: request.at.microseconds, kind: fact.kind, payload: $0) }
        try database.execute(
            sql: "INSERT INTO event(run, seq, kind, payload, at, hash) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [run, sequence, fact.kind, String(decoding: payload, as: UTF8.self), request.at.microseconds, link.data])
        try database.execute(sql: "UPDATE run SET last_seq = ?, last_hash = ? WHERE id = ?", arguments: [sequence, link.data, run])
    }
}
