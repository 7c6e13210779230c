import GRDBSQLite
import Glibc
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
    /// What was found, once it was: what has been lost does not come back with the file.
    private var loss: JournalError?

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
        if let loss { throw loss }
        // Before the file's size: what a checkpoint has told of there, it has done.
        let log = logState()
        var hasMoved: Int32 = 0
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
        guard let now = File(path) else { throw lost("was removed") }
        guard hasMoved == 0, main.map(now.isSame) ?? true else { throw lost("was replaced by another file") }
        if isFaulty, let main {
            if now.size < main.size { throw lost("was overwritten") }
            if let log, log.databaseBytes > 0 {
                // A checkpoint that has copied all of the log leaves the file as long as the database is.
                if log.isCopied, now.size < log.databaseBytes { throw lost("was overwritten") }
                // Others write pages that the ledger has, and nothing beyond. It has fewer than before after a vacuum alone.
                if log.isCopied || now.size > main.size, now.size > log.databaseBytes { throw lost("was overwritten by a larger file") }
            }
        }
        main = now
        for index in beside.indices {
            let file = File(beside[index].path)
            if let known = beside[index].file {
                guard let file else { throw lost("lost its log, \(beside[index].path),") }
                guard file.isSame(as: known) else { throw lost("got another log, \(beside[index].path),") }
            } else {
                beside[index].file = file
            }
            if index == 0, let log, let file, file.size < log.bytes { throw lost("lost what its log, \(beside[index].path), held,") }
        }
    }

    /// What the log's index says of it. While the write lock is held nobody else changes either: a checkpoint that empties the log
    /// takes that lock too, and says so in the index first.
    ///
    /// Source: "The WAL-Index File Format", https://www.sqlite.org/walformat.html, sections 2.1 and 2.2.
    ///
    /// - Returns: the least that the log has to hold, nothing where all of it is in the database, the size of the database with it, 0
    ///   where it was not written to since the log was opened, and whether checkpoints have copied all of it.
    private func logState() -> (bytes: Int64, databaseBytes: Int64, isCopied: Bool)? {
        var opened: UnsafeMutablePointer<sqlite3_file>?
        guard sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &opened) == SQLITE_OK, let opened,
            let methods = opened.pointee.pMethods, methods.pointee.iVersion >= 2, let map = methods.pointee.xShmMap
        else { return nil }
        var region: UnsafeMutableRawPointer?
        // The connection has mapped it for its transaction: this makes nothing and only tells where it is.
        guard map(opened, 0, 32_768, 0, &region) == SQLITE_OK, let region else { return nil }
        let short = Int64(region.load(fromByteOffset: 14, as: UInt16.self))
        let pageSize = short == 1 ? 65_536 : short
        let frames = Int64(region.load(fromByteOffset: 16, as: UInt32.self))
        return (
            frames == 0 ? 0 : 32 + frames * (24 + pageSize), Int64(region.load(fromByteOffset: 20, as: UInt32.self)) * pageSize,
            Int64(region.load(fromByteOffset: 96, as: UInt32.self)) == frames
        )
    }

    /// Other contents stand where a run was written to.
    func overwritten() -> JournalError { lost("was overwritten") }

    private func lost(_ what: String) -> JournalError {
        if let loss { return loss }
        keepWhatIsThere()
        let error = JournalError(
            .replaced,
            """
            the ledger \(path) \(what) while it was written to: nothing more can be recorded, and so nothing more is done; put the file back \
            to go on with its runs, or begin on a new one; calls that were under way may have been billed
            """)
        loss = error
        return error
    }

    /// SQLite removes the log when the last connection closes, by its name. Of another ledger at this path it is the only record.
    private func keepWhatIsThere() {
        let log = beside[0]
        if let known = log.file, let there = File(log.path), there.isSame(as: known) { return }
        var persists: Int32 = 1
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persists)
    }
}
