import GRDB
import GRDBSQLite
import Glibc
import WorkflowModel

extension JournalError {
    /// What an SQLite result means for the journal.
    ///
    /// - Parameter code: a primary or an extended result code.
    init(sqlite code: Int32, _ message: String, path: String) {
        let extended = code
        switch code & 0xFF {
        // "I/O error ... while trying to enlarge the shm segment", which is a file of a page or a few:
        // https://www.sqlite.org/rescode.html#ioerr_shmsize
        case SQLITE_FULL,
            SQLITE_IOERR where extended == ResultCode.SQLITE_IOERR_SHMSIZE.rawValue:
            self.init(.diskFull, "no space is left for the ledger \(path): make room and try again")
        case SQLITE_READONLY: self.init(.readOnly, "the ledger \(path) is read-only")
        // PROTOCOL: a lock of the log's index was not to be had in many tries, as when a process stands still with it in its hands:
        // https://www.sqlite.org/rescode.html#protocol
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
            self.init(.busy, "another process kept the ledger \(path) locked for too long: try again, or end that process")
        case SQLITE_NOTADB: self.init(.corrupt, "\(path) is not a ledger: it is not an SQLite database")
        case SQLITE_CORRUPT: self.init(.corrupt, "the ledger \(path) is damaged: \(message)")
        case SQLITE_CANTOPEN where Self.lacksDescriptors:
            self.init(.cannotOpen, "cannot open the ledger \(path): this process or the machine has no file left to open: raise the limit (ulimit -n), or do less at once")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: self.init(.cannotOpen, "cannot open the ledger \(path): \(message)")
        default: self.init(.other, "the ledger \(path) failed: \(message) (SQLite \(extended))")
        }
    }

    /// SQLite does not say why it could not open a file, and has let go of the others by now: a ledger takes four.
    private static var lacksDescriptors: Bool {
        var spare: [Int32] = []
        defer { for descriptor in spare { close(descriptor) } }
        for _ in 0..<4 {
            let descriptor = dup(2)
            if descriptor < 0 { return errno == EMFILE || errno == ENFILE }
            spare.append(descriptor)
        }
        return false
    }

    init(_ error: any Error, path: String) {
        switch error {
        case let error as JournalError: self = error
        case let error as DatabaseError:
            self.init(sqlite: error.extendedResultCode.rawValue, error.message ?? "no further text", path: path)
        default: self.init(.other, "the ledger \(path) failed: \(error)")
        }
    }
}
