import GRDB
import Values
import WorkflowModel

/// One step of the schema, forward only. A released migration is never edited: the next change is the next file.
protocol Migration {
    /// The schema that the ledger has after it.
    static var version: Int { get }
    static var sql: String { get }
    /// Whether it may be done now, asked in its transaction.
    static func check(_ database: Database, path: String) throws
}

extension Migration {
    static func check(_ database: Database, path: String) throws {}
}

/// Brings a ledger's schema up to date.
enum Migrations {
    static var all: [any Migration.Type] {
        [
            M001Initial.self, M002CallsByRow.self, M003Handover.self, M004CallNotes.self, M005Memo.self, M006Removal.self, M007CallRemarks.self,
            M008Exceeded.self, M009Processes.self, M011Questions.self, M012Facts.self, M013OpenRuns.self, M014CostFigures.self,
            M015Gates.self, M016Choices.self, M017Tokens.self, M018Signals.self, M019Machines.self, M020Caches.self, M021Waits.self, M023Imports.self, M024Forks.self,
        ]
    }

    /// The schema that this program writes and reads.
    static var current: Int { all.last!.version }

    /// Marks the file as ours, so that another program's database is not taken for an empty ledger: `agct`.
    static let applicationID: Int32 = 0x6167_6374

    /// Runs what is missing in one transaction under the write lock, so that of two processes that open a ledger at once
    /// one migrates and the other finds it done.
    static func run(on database: Database, createdBy program: String, path: String) throws {
        // Without the write lock first: the usual ledger is up to date, and opening it must not wait for a writer. Of one moment, as
        // another process may be making it: a ledger that is seen half before and half after that is nobody's.
        var isCurrent = false
        try database.inTransaction(.deferred) {
            isCurrent = try check(database, path: path) == current
            return .commit
        }
        if isCurrent { return }
        try database.inTransaction(.immediate) {
            let found = try check(database, path: path)
            for migration in all where migration.version > found {
                if found > 0 { try migration.check(database, path: path) }
                try database.execute(sql: migration.sql)
            }
            if found == 0 {
                try database.execute(
                    sql: "CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(
                    sql: "INSERT INTO meta VALUES ('created_by', ?), ('created_at', ?)",
                    arguments: [program, Timestamp.now().rfc3339])
            }
            try database.execute(sql: "INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)", arguments: [String(current)])
            try database.execute(sql: "PRAGMA user_version = \(current)")
            return .commit
        }
    }

    /// The ledger's schema; 0 for a file without tables. In a transaction, so that its questions are answered for one moment.
    static func check(_ database: Database, path: String) throws -> Int {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try !Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema)")!
        guard application == applicationID || (isEmpty && version == 0 && application == 0) else {
            throw JournalError(.cannotOpen, "\(path) is an SQLite database of another program, not a ledger")
        }
        guard version <= current else {
            throw JournalError(
                .tooNew, "the ledger \(path) has schema \(version), this agentctl knows schemas up to \(current): update agentctl")
        }
        return version
    }
}
