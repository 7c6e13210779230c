import CSQLite
import Foundation
import GRDB
import Values
import WorkflowModel

extension LedgerUpkeep {
    /// Writes the whole file anew without the room that removed rows left.
    ///
    /// It holds the write lock all along: a run that another process drives would wait in vain for it, so there must be none.
    /// Rows are addressed by `INTEGER PRIMARY KEY`s, which stay, but for calls that a process has open: of those there is none
    /// either, and a process that resumes one finds it by its number.
    ///
    /// - Returns: the bytes of the file before and after.
    /// - Throws: `JournalError` of code `busy` when another process drives a run or writes.
    public func vacuum() throws(JournalError) -> (before: Int64, after: Int64) {
        // The copy is made beside the ledger, where there is room for it, not in memory or a small /tmp.
        let folder = (path as NSString).deletingLastPathComponent
        csqlite_keep_temporary_files_in(folder.isEmpty ? "." : folder)
        do {
            // Also a passive checkpoint moves what it can.
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA temp_store = FILE")
                _ = try database.checkpoint(.passive)
            }
        } catch {
            throw JournalError(error, path: path)
        }
        let before = size
        // In the transaction: nobody begins a run between the question and its answer.
        try transaction { database in
            let vantage = options.vantage
            let driven = try Row.fetchAll(
                database,
                sql: """
                    SELECT 'run ' || run_id, \(ProcessRecord.sql(of: "run.owner")), 'agentctl cancel ' || run_id FROM run WHERE status = 'running'
                    UNION ALL
                    SELECT 'batch ' || name, \(ProcessRecord.sql(of: "batch.owner")), NULL FROM batch WHERE owner IS NOT NULL
                    """)
            for row in driven {
                guard let holder = ProcessRecord(text: row[1]), vantage.verdict(on: holder).isAlive else { continue }
                let stop = (row[2] as String?).map { ", or `\($0)`" } ?? ""
                throw JournalError(.busy, "\(vantage.name(of: holder)) drives \(row[0] as String), and could not write meanwhile: wait for it\(stop)")
            }
        }
        do {
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM")
                _ = try database.checkpoint(.truncate)
            }
        } catch {
            throw JournalError(error, path: path)
        }
        return (before, size)
    }

    /// Of the file and its log.
    private var size: Int64 {
        ["", "-wal"].reduce(0) { sum, suffix in
            sum + (((try? FileManager.default.attributesOfItem(atPath: path + suffix))?[.size] as? Int64) ?? 0)
        }
    }
}
