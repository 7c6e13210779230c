import CSQLite
import Foundation
import GRDB
import GRDBSQLite
import Values
import WorkflowModel

/// The ledger's file: what may be opened, and with which settings.
struct LedgerFile: Sendable {
    let path: String
    let options: LedgerOptions

    private var folder: String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// Before the first connection of the process.
    private static let configured: Void = { _ = csqlite_without_memory_statistics() }()

    // MARK: Writing

    /// Opens the writer's connection; creates folder, file and schema where they are missing.
    func openForWriting() throws(JournalError) -> DatabaseQueue {
        do {
            try prepareFile()
            return try connectForWriting()
        } catch {
            throw JournalError(error, path: path)
        }
    }

    private func prepareFile() throws {
        try refuseOther()
        guard PrivateFolder.create(folder) == nil else {
            throw JournalError(.cannotOpen, "cannot create the folder of the ledger \(path): \(Self.lastError())")
        }
        try refuseNetwork()
        // Prompts and answers are private: where the ledger is created here, others cannot read it. SQLite gives its side
        // files the same mode. Created without opening it: closing a descriptor of the file would let go of the locks of every
        // connection that this process has to it, and another process would take itself for the last and remove the log.
        let isThere = mknod(path, S_IFREG | 0o600, 0) == 0 || (errno == EEXIST && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0)
        guard isThere else { throw refusal("cannot open the ledger \(path)") }
        // The write-ahead log is a file beside it.
        guard faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0 else { throw refusal("cannot write beside the ledger \(path)") }
    }

    private func connectForWriting() throws -> DatabaseQueue {
        Self.configured
        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(options.busyTimeout.milliseconds) / 1000)
        configuration.label = "ledger.writer"
        let options = options
        configuration.prepareDatabase { database in
            let deadline = ContinuousClock.now + options.busyTimeout.swiftDuration
            while true {
                do {
                    // No-ops on a ledger that has them. Changing the mode does not wait for other processes by itself.
                    // Pages of 8 KB: most is appended, and fewer, larger writes cost a tenth less.
                    try database.execute(sql: "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL")
                    break
                } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline {
                    usleep(2000)
                }
            }
            try database.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA cache_size = -32768;
                    PRAGMA mmap_size = 0;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA journal_size_limit = 67108864;
                    """)
            if let pages = options.maximumPages { try database.execute(sql: "PRAGMA max_page_count = \(pages)") }
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        do {
            try queue.writeWithoutTransaction { database in
                try Migrations.run(on: database, createdBy: options.program, path: path)
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    // MARK: Reading

    /// - Throws: `JournalError` of code `cannotOpen` when there is no ledger yet, of code `readOnly` where this user may not look.
    func requireThere() throws(JournalError) {
        var found = stat()
        if stat(path, &found) == 0 { return }
        let code = errno
        try refuseOther()
        switch code {
        case ENOENT, ENOTDIR: throw JournalError(.cannotOpen, "there is no ledger at \(path) yet: the first `agentctl run` creates it")
        case EACCES, EPERM: throw JournalError(.readOnly, "the ledger \(path) cannot be looked at: \(String(cString: strerror(code)))")
        default: throw JournalError(.cannotOpen, "the ledger \(path) cannot be looked at: \(String(cString: strerror(code)))")
        }
    }

    /// Opens a connection that cannot write. An older ledger is brought up to date first, where it can be written to.
    func openForReading() throws(JournalError) -> DatabaseQueue {
        do {
            try refuseOther()
            try requireThere()
            try refuseNetwork()
            var queue = try connectForReading()
            do {
                var version = try queue.read { try Migrations.check($0, path: path) }
                if version > 0, version < Migrations.current, faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0, faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0 {
                    try queue.close()
                    try openForWriting().close()
                    queue = try connectForReading()
                    version = try queue.read { try Migrations.check($0, path: path) }
                }
                guard version == Migrations.current else {
                    throw JournalError(
                        .cannotOpen,
                        version == 0
                            ? "the ledger \(path) is empty: the first `agentctl run` fills it"
                            : "the ledger \(path) has the older schema \(version): the next `agentctl run` updates it")
                }
            } catch {
                try? queue.close()
                throw error
            }
            return queue
        } catch {
            throw JournalError(error, path: path)
        }
    }

    func connectForReading() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(options.busyTimeout.milliseconds) / 1000)
        configuration.label = "ledger.reader"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -16384; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY")
        }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where isAtRest && [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
            // In a folder that cannot be written to, SQLite cannot create the log's index; without a log it needs none.
            var allowed = CharacterSet.urlPathAllowed
            allowed.remove(charactersIn: "?#%")
            let encoded = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
            return try DatabaseQueue(path: "file:\(encoded)?immutable=1", configuration: configuration)
        }
    }

    /// Whether nobody can be writing: the folder is read-only and there is no write-ahead log.
    private var isAtRest: Bool {
        let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) != 0 && (log ?? 0) == 0
    }

    // MARK: Refusals

    func refuseOther() throws(JournalError) {
        for name in [folder, path] { try refuseLink(name) }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG else { return }
        // A pipe would be waited for.
        throw JournalError(.cannotOpen, "\(path) is \(info.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file"), not a ledger file")
    }

    /// Nothing is made behind a link that points nowhere: what it points to may be a disk that is not mounted.
    private func refuseLink(_ name: String) throws(JournalError) {
        var info = stat()
        guard stat(name, &info) != 0, errno == ENOENT, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: name) else { return }
        throw JournalError(
            .cannotOpen, "the ledger \(path) cannot be opened: \(name) is a link to \(target), which is not there; bring that back, or remove the link to begin on a new ledger")
    }

    func refuseNetwork() throws(JournalError) {
        guard let kind = NetworkFileSystem.name(at: folder) else { return }
        throw JournalError(
            .cannotOpen,
            "the ledger \(path) is on a network file system (\(kind)), where SQLite's locks do not hold: choose a local folder")
    }

    private func refusal(_ what: String) -> JournalError {
        let code = errno
        let text = "\(what): \(Self.text(code))"
        switch code {
        case EROFS, EACCES, EPERM: return JournalError(.readOnly, text)
        case ENOSPC, EDQUOT: return JournalError(.diskFull, text)
        default: return JournalError(.cannotOpen, text)
        }
    }

    private static func lastError() -> String { text(errno) }
    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
