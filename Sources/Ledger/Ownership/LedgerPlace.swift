import Glibc
import GRDBSQLite
import WorkflowModel

/// Whether the files that a connection has open are still those at its path. A file that was removed or replaced is written to without
/// an error, and nobody finds again what was.
///
/// Confined to the writer's thread.
final class LedgerPlace {
    private let path: String
    private let connection: OpaquePointer
    private var main: File?
    /// The log and its index: SQLite makes them when they are first needed, and they stay for as long as a connection is open.
    private var beside: [(path: String, file: File?)]
    private var isLost = false

    private struct File: Equatable {
        let device: UInt64
        let number: UInt64
        let size: Int64

        init?(_ path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            device = UInt64(info.st_dev)
            number = UInt64(info.st_ino)
            size = Int64(info.st_size)
        }

        func isSame(as other: File) -> Bool { device == other.device && number == other.number }
    }

    init(path: String, connection: OpaquePointer) {
        self.path = path
        self.connection = connection
        main = File(path)
        beside = ["-wal", "-shm"].map { (path + $0, nil) }
    }

    /// - Parameter shrinks: whether a smaller file is another one too, as one that was copied over it: nobody vacuums while runs are driven.
    /// - Throws: `JournalError` of code `replaced`.
    func check(shrinks isFaulty: Bool) throws(JournalError) {
        var hasMoved: Int32 = 0
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
        guard let now = File(path) else { throw lost("was removed") }
        guard hasMoved == 0, main.map(now.isSame) ?? true else { throw lost("was replaced by another file") }
        if isFaulty, let main, now.size < main.size { throw lost("was overwritten") }
        main = now
        for index in beside.indices {
            let file = File(beside[index].path)
            if let known = beside[index].file {
                guard let file else { throw lost("lost its log, \(beside[index].path),") }
                guard file.isSame(as: known) else { throw lost("got another log, \(beside[index].path),") }
            } else {
                beside[index].file = file
            }
        }
    }

    private func lost(_ what: String) -> JournalError {
        keepWhatIsThere()
        return JournalError(
            .replaced, """
                the ledger \(path) \(what) while it was written to: nothing more can be recorded, and so nothing more is done; put the file back \
                to go on with its runs, or begin on a new one; calls that were under way may have been billed
                """)
    }

    /// SQLite removes the log when the last connection closes, by its name. Of another ledger at this path it is the only record.
    private func keepWhatIsThere() {
        if isLost { return }
        isLost = true
        let log = beside[0]
        if let known = log.file, let there = File(log.path), there.isSame(as: known) { return }
        var persists: Int32 = 1
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persists)
    }
}
