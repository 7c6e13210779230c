import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

extension LedgerUpkeep {
    /// Takes in a run of another ledger: its facts, its documents, its price rows and one row in `run`, in one transaction. No other table
    /// gets a row, so that nothing which sums up what was spent here finds any of it.
    ///
    /// - Throws: `JournalError` of code `corrupt` where it is not what was proved, of code `other` where another run has its id.
    public func take(_ imported: any ImportedRun, at: Timestamp) throws(JournalError) -> ImportVerdict {
        do {
            return try queue.writeWithoutTransaction { database in
                var verdict = ImportVerdict.known
                try database.inTransaction(.immediate) {
                    if try Self.has(imported, database) { return .rollback }
                    try RunTaker(database).take(imported, at: at)
                    verdict = .imported
                    return .commit
                }
                return verdict
            }
        } catch let failure as SQLiteFailure {
            throw JournalError(sqlite: failure.code, failure.message, path: path)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// Whether the ledger has the run, made here or taken in before.
    private static func has(_ imported: any ImportedRun, _ database: Database) throws -> Bool {
        let id = imported.run.text
        guard let number = try Int64.fetchOne(database, sql: "SELECT id FROM run WHERE run_id = ?", arguments: [id]) else { return false }
        // Facts may have come since, behind the end.
        let link = try Row.fetchOne(database, sql: "SELECT hash FROM event WHERE run = ? AND seq = ?", arguments: [number, imported.facts])
        if link.flatMap({ hash($0, 0) }) == imported.head { return true }
        throw JournalError(.other, "the ledger has a run \(id) already, and its record is another one: nothing was changed")
    }
}

/// Writes one run's facts, documents and price rows within a transaction.
private final class RunTaker {
    private let database: Database
    private let texts = BindingArena()
    private let blobs: BlobStore
    private let insert: Statement
    private var chain = EventChain()

    init(_ database: Database) throws {
        self.database = database
        guard let connection = database.sqliteConnection else { throw JournalError(.other, "the ledger is closed") }
        blobs = try BlobStore(connection: connection, texts: texts)
        insert = try database.makeStatement(sql: "INSERT INTO event(run, seq, kind, payload, at, hash) VALUES (?, ?, ?, ?, ?, ?)")
    }

    func take(_ imported: any ImportedRun, at: Timestamp) throws {
        let run = imported.run.text
        let number = try Int64.fetchOne(database, sql: "SELECT coalesce(max(id), 0) + 1 FROM run")!
        var replay = RunReplay(run: imported.run, keeping: "run")
        var (head, count) = (EventChain.origin(of: run), 0)
        var moment = at
        func changed(_ what: String) -> JournalError { JournalError(.corrupt, "\(imported.origin.file) was changed while it was read: \(what)") }
        try blobs.beginGroup()
        try imported.forEachPart { part in
            switch part {
            case .document(let blob):
                guard ContentHash(of: blob.bytes) == blob.hash else { throw changed("document \(blob.hash.hex)") }
                try blobs.write(blob)
                try blobs.indexIfDue()
            case .priceRow(let id, let json): try take(priceRow: id, json, moment, changed)
            case .fact(let fact):
                count += 1
                (head, moment) = (try take(fact, count, after: head, number, changed), fact.at)
                replay.take(count, kind: fact.kind, payload: (try? JSONParser.parse(fact.payload)) ?? .null, at: fact.at)
            }
        }
        guard head == imported.head, count == imported.facts else { throw changed("its last fact") }
        try write(try ImportedRows.run(replay, facts: count, head: head), number, run)
        let leftOut = imported.leftOut
        try database.execute(
            sql: "INSERT INTO imported(run, file, bundle, at, left_out) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                number, imported.origin.file, imported.origin.hash.data, at.microseconds,
                leftOut.isEmpty ? nil : JSONEncoding.wire.string(.array(leftOut.map { .string($0.hex) })),
            ])
    }

    private func take(_ fact: RecordedFact, _ count: Int, after head: ContentHash, _ number: Int64, _ changed: (String) -> JournalError) throws -> ContentHash {
        let link = fact.payload.withUnsafeBytes { chain.link(after: head, sequence: Int64(count), at: fact.at.microseconds, kind: fact.kind, payload: $0) }
        guard link == fact.hash, fact.sequence == count, let payload = String(validating: fact.payload, as: UTF8.self) else { throw changed("fact \(count)") }
        try insert.execute(arguments: [number, count, fact.kind, payload, fact.at.microseconds, link.data])
        return link
    }

    private func take(priceRow id: String, _ json: String, _ at: Timestamp, _ changed: (String) -> JournalError) throws {
        guard PriceRow.isTold(id: id, by: json) else { throw changed("price row \(id)") }
        if let known = try String.fetchOne(database, sql: "SELECT json FROM price_row WHERE id = ?", arguments: [id]) {
            // Of rows of before, whose ids have no digits of their hashes, there may be two of one name.
            if known.hasSameBytes(as: json) { return }
            throw JournalError(.other, "the ledger has a price row \(id) that says something else: the run's costs could not be told by it; take it into a ledger of its own")
        }
        try database.execute(sql: "INSERT INTO price_row(id, json, first_used_at) VALUES (?, ?, ?)", arguments: [id, json, at.microseconds])
    }

    private func write(_ row: RowTables.Row, _ number: Int64, _ run: String) throws {
        let columns = row.keys.sorted()
        let values: [(any DatabaseValueConvertible)?] = columns.map { column in
            switch row[column]! {
            case .null: nil
            case .int(let value): value
            case .text(let text): text
            case .hash(let hash): hash.data
            }
        }
        try database.execute(
            sql: "INSERT INTO run(id, \(columns.joined(separator: ", "))) VALUES (?, \(columns.map { _ in "?" }.joined(separator: ", ")))",
            arguments: StatementArguments([number] + values))
    }
}

/// What a ledger's tables hold of a run that was taken in.
enum ImportedRows {
    /// Of its row: what its facts say, but that it is of this kind and belongs to no batch and no decision of this ledger.
    static func run(_ replay: RunReplay, facts: Int, head: ContentHash) throws -> RowTables.Row {
        guard let row = replay.tables.rows("run").values.first else { throw JournalError(.corrupt, "no fact tells how the run began") }
        return changed(RowComparison.run(row, replay.counters, events: facts, head: head))
    }

    static func changed(_ row: RowTables.Row) -> RowTables.Row {
        var row = row
        row["kind"] = .text(RunKind.imported.rawValue)
        row["purpose"] = .text(RunPurpose.import.rawValue)
        for column in ["batch", "batch_index", "decision_id"] { row[column] = .null }
        return row
    }
}
