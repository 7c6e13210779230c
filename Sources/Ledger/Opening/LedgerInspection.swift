import Foundation
import GRDB
import GRDBSQLite
import WorkflowModel

/// How a ledger's file stands, without making or changing anything.
public struct LedgerInspection: Sendable {
    public enum State: Sendable {
        /// It is not there. Whether a run could make it.
        case absent(canBeMade: Bool)
        /// It was read. `schema` is 0 for an empty file; `faults` is what SQLite's quick check says, five lines at most.
        case open(schema: Int, isWritable: Bool, faults: [String])
        case unusable(JournalError)
    }

    public let state: State
    /// Of the file.
    public let bytes: Int64?
    /// Free for this user where the ledger is or would be.
    public let freeBytes: Int64?

    /// The newest schema that this program knows.
    public static var currentSchema: Int { Migrations.current }
    /// `3.45.1`
    public static var sqliteVersion: String { String(cString: sqlite3_libversion()) }

    /// Looks at a ledger; takes as long as reading the whole file once.
    public init(path: String, options: LedgerOptions = LedgerOptions()) {
        let file = LedgerFile(path: path, options: options)
        // The folder may be to be made as well: what is above it decides.
        var folder = (path as NSString).deletingLastPathComponent
        while !folder.isEmpty, folder != "/", !FileManager.default.fileExists(atPath: folder) { folder = (folder as NSString).deletingLastPathComponent }
        if folder.isEmpty { folder = "." }
        var space = statvfs()
        freeBytes = statvfs(folder, &space) == 0 ? Int64(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize)) : nil
        let isFolderWritable = faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0
        guard FileManager.default.fileExists(atPath: path) else {
            bytes = nil
            do {
                try file.refuseOther()
            } catch {
                state = .unusable(error)
                return
            }
            state = .absent(canBeMade: isFolderWritable)
            return
        }
        bytes = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int64
        let isWritable = isFolderWritable && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
        do {
            let (schema, answer) = try file.inspect()
            state = .open(schema: schema, isWritable: isWritable, faults: answer == ["ok"] ? [] : answer)
        } catch {
            state = .unusable(JournalError(error, path: path))
        }
    }
}

extension LedgerFile {
    /// The schema's version, and the lines of SQLite's quick check.
    fileprivate func inspect() throws -> (Int, [String]) {
        try refuseOther()
        try refuseNetwork()
        let queue = try connectForReading()
        defer { try? queue.close() }
        return try queue.read { database in
            (try Migrations.check(database, path: path), try String.fetchAll(database, sql: "PRAGMA quick_check(5)"))
        }
    }
}
