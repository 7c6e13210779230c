import Foundation
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Holds the whole ledger against itself: SQLite's own checks, the schema, every run's chain, counters and documents, and rows
    /// that belong to nothing. What it sees is of one moment.
    ///
    /// - Parameter quick: documents are sampled, and SQLite's check leaves the indexes out.
    public func checkup(quick: Bool = false) throws(JournalError) -> LedgerCheckup {
        var checkup: LedgerCheckup = try read { database in
            var check = LedgerChecker(database, quick: quick)
            func attempt(_ part: (inout LedgerChecker) throws -> Void) throws {
                // A damaged file may stop any of them.
                do { try part(&check) } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                    check.fault("file", error.message ?? "damaged")
                }
            }
            try attempt { try $0.checkFile() }
            try attempt { try $0.checkSchema() }
            try attempt { try $0.checkDocuments() }
            try attempt { try $0.checkRuns() }
            try attempt { try $0.checkRows() }
            return check.found
        }
        checkup.resumable = (try? resumableRuns()) ?? []
        return checkup
    }
}

private struct LedgerChecker {
    let database: Database
    let isQuick: Bool
    var found = LedgerCheckup()
    private var whole: Set<ContentHash> = []
    private var told: Set<LedgerCheckup.Fault> = []

    /// Documents that a quick check looks at.
    private static let sample = 1000

    init(_ database: Database, quick: Bool) {
        self.database = database
        isQuick = quick
    }

    mutating func fault(_ place: String, _ message: String) {
        let fault = LedgerCheckup.Fault(place, message)
        if told.insert(fault).inserted { found.faults.append(fault) }
    }

    private func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }

    mutating func checkFile() throws {
        let lines = try String.fetchAll(database, sql: isQuick ? "PRAGMA quick_check(20)" : "PRAGMA integrity_check(20)")
        if lines != ["ok"] { for line in lines { fault("file", line) } }
        let strangers = try Row.fetchAll(database, sql: "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2")
        for row in strangers { fault("rows", "\(row[2] as Int) of \(row[0] as String) refer to no row of \(row[1] as String)") }
    }

    /// As a new ledger has it.
    mutating func checkSchema() throws {
        found.schema = try count("PRAGMA user_version")
        let query = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> 'meta' ORDER BY 1"
        func objects(_ database: Database) throws -> [String: String] {
            Dictionary(uniqueKeysWithValues: try Row.fetchAll(database, sql: query).map { ($0[0], $0[1]) })
        }
        let expected = try DatabaseQueue().writeWithoutTransaction { fresh in
            for migration in Migrations.all { try fresh.execute(sql: migration.sql) }
            return try objects(fresh)
        }
        let actual = try objects(database)
        for name in Set(expected.keys).union(actual.keys).sorted() where expected[name] != actual[name] {
            fault("schema", actual[name] == nil ? "\(name) is missing" : expected[name] == nil ? "\(name) is not agentctl's" : "\(name) was changed")
        }
    }

    mutating func checkDocuments() throws {
        found.documents = try count("SELECT count(*) FROM blob")
        found.bytes = try Int64.fetchOne(database, sql: "SELECT coalesce(sum(length(bytes)), 0) + (SELECT coalesce(sum(length(bytes)), 0) FROM blob_piece) FROM blob") ?? 0
        let stride = isQuick ? max(1, found.documents / Self.sample) : 1
        let indexedTo = try count("SELECT indexed_to FROM blob_mark")
        let index = try database.makeStatement(sql: "SELECT EXISTS (SELECT 1 FROM blob_key WHERE key = ? AND id = ?)")
        var unindexed = 0
        let rows = try Row.fetchCursor(database, sql: "SELECT sha256, bytes, id FROM blob WHERE id % ? = 0 ORDER BY id", arguments: [stride])
        while let row = try rows.next() {
            found.checkedDocuments += 1
            let name = hash(row, 0)
            let size = try row.withUnsafeData(atIndex: 1) { $0?.count ?? 0 }
            let actual =
                size == DocumentPieces.size
                ? ContentHash(of: try DocumentPieces.whole(row, bytes: 1, id: 2, database))
                : try row.withUnsafeData(atIndex: 1) { ($0 ?? Data()).withUnsafeBytes { ContentHash(of: $0) } }
            guard let name, name == actual else {
                fault("documents", "\(name?.hex ?? "row \(row[2] as Int64)") is not what it was")
                continue
            }
            if !isQuick { whole.insert(name) }
            let id: Int64 = row[2]
            if id <= indexedTo, try !Bool.fetchOne(index, arguments: [name.indexKey, id])! { unindexed += 1 }
        }
        let unnamed = try count("SELECT count(*) FROM blob_key WHERE NOT EXISTS (SELECT 1 FROM blob WHERE blob.id = blob_key.id)")
        if unnamed > 0 { fault("documents", "\(unnamed) entries of the index point to no document") }
        if unindexed > 0 { fault("documents", "\(unindexed) are not in the index and cannot be found") }
    }

    mutating func checkRuns() throws {
        let verifier = try RunVerifier(database, looksAtDocuments: !isQuick, whole: whole)
        found.events = try count("SELECT count(*) FROM event")
        found.calls = try count("SELECT count(*) FROM model_call")
        for run in try String.fetchAll(database, sql: "SELECT run_id FROM run ORDER BY id") {
            found.runs += 1
            guard let verification = try verifier.verify(run) else { continue }
            if case .broken(let sequence)? = verification.chain { fault(run, "the chain breaks at event \(sequence)") }
            for message in verification.faults { fault(run, message) }
        }
    }

    mutating func checkRows() throws {
        for table in RunTables.all {
            let orphans = try count("SELECT count(*) FROM \(table.name) WHERE run NOT IN (SELECT id FROM run)")
            if orphans > 0 { fault("rows", "\(orphans) of \(table.name) belong to no run") }
        }
        let pieces = try count("SELECT count(*) FROM blob_piece WHERE NOT EXISTS (SELECT 1 FROM blob WHERE blob.id = blob_piece.id)")
        if pieces > 0 { fault("documents", "\(pieces) pieces belong to no document") }
        let left = try count("SELECT count(*) FROM run WHERE \(RunTables.isHalfPruned)")
        if left > 0 { fault("rows", "\(left) runs still have events of which gc removed a part: run gc again") }
    }
}
