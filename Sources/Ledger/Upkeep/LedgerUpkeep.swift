import Foundation
import GRDB
import Values
import WorkflowModel

/// Work on a whole ledger that changes it: `gc` and `db vacuum`. On a connection of its own, beside processes that write.
public final class LedgerUpkeep: LedgerUpkeeper {
    let path: String
    let options: LedgerOptions
    let queue: DatabaseQueue
    private let removals = Removals()
    private let isClosed = Mutex(false)

    /// - Throws: `JournalError`, also when there is no ledger: upkeep makes none.
    public init(path: String, options: LedgerOptions = LedgerOptions()) throws(JournalError) {
        try LedgerFile(path: path, options: options).requireThere()
        self.path = path
        self.options = options
        queue = try LedgerFile(path: path, options: options).openForWriting()
    }

    /// Merges the log into the file. Once is enough.
    public func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if wasClosed { return }
        queue.writeWithoutTransaction { _ = try? $0.checkpoint(.passive) }
        try? queue.close()
    }

    deinit { close() }

    // MARK: Transactions

    /// What `blob_mark.removals` said after the last transaction here. Confined to the queue.
    private final class Removals: @unchecked Sendable {
        var seen: Int64?
    }

    /// A transaction that removes or moves rows: raises `blob_mark.removals`, so that other processes forget what they remember.
    ///
    /// - Throws: `JournalError` of code `busy` when another process does such work in between.
    func transaction<Answer>(_ body: (Database) throws -> Answer) throws(JournalError) -> Answer {
        do {
            return try queue.writeWithoutTransaction { database in
                var answer: Answer?
                try database.inTransaction(.immediate) {
                    let found = try Int64.fetchOne(database, sql: "SELECT removals FROM blob_mark")!
                    if let seen = removals.seen, seen != found {
                        throw JournalError(.busy, "another gc or vacuum works on the ledger \(path): run this again when it is done")
                    }
                    answer = try body(database)
                    try database.execute(sql: "UPDATE blob_mark SET removals = ?", arguments: [found + 1])
                    removals.seen = found + 1
                    return .commit
                }
                return answer!
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    func read<Answer>(_ body: (Database) throws -> Answer) throws(JournalError) -> Answer {
        do { return try queue.read(body) } catch { throw JournalError(error, path: path) }
    }
}
