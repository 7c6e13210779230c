import GRDBSQLite
import Values

/// What an SQLite call answered when it did not succeed.
struct SQLiteFailure: Error {
    let code: Int32
    let message: String

    init(_ connection: OpaquePointer?) {
        code = sqlite3_extended_errcode(connection)
        message = String(cString: sqlite3_errmsg(connection))
    }

    /// A value that the schema does not admit, or one that is there already.
    var isConstraint: Bool { code & 0xFF == SQLITE_CONSTRAINT }

    /// A row that is there already: SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY, macros that Swift does not see.
    var isDuplicate: Bool { code == SQLITE_CONSTRAINT | 8 << 8 || code == SQLITE_CONSTRAINT | 6 << 8 }
}

/// A statement compiled once and run many times, with values bound by position from 1.
///
/// Statements of the write path run some hundred thousand times a second: this is the C API without a layer between.
/// Every parameter is bound anew before each run, as bindings are kept. Confined to the thread of its connection.
final class PreparedStatement {
    private let connection: OpaquePointer
    private let handle: OpaquePointer
    private let texts: BindingArena

    /// - Parameter texts: shared by the statements of a connection; only one of them is being bound at a time.
    init(_ sql: String, on connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw SQLiteFailure(connection) }
        self.connection = connection
        self.handle = handle
        self.texts = texts
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Binding

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
    func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(handle, index, Int64(value)) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { sqlite3_bind_int64(handle, index, value) } else { sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ value: Int?) { bind(index, value.map(Int64.init)) }

    func bind(_ index: Int32, _ text: String) {
        text.withBytes { bytes in
            let kept = texts.keep(UnsafeRawBufferPointer(bytes))
            sqlite3_bind_text(
                handle, index, (kept ?? UnsafeRawPointer(bytes.baseAddress))?.assumingMemoryBound(to: CChar.self) ?? Self.empty,
                Int32(bytes.count), kept == nil ? Self.transient : nil)
        }
    }

    func bind(_ index: Int32, _ text: String?) {
        if let text { bind(index, text) } else { sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ hash: ContentHash) {
        hash.withUnsafeBytes { bytes in
            let kept = texts.keep(bytes)
            sqlite3_bind_blob(handle, index, kept ?? bytes.baseAddress, 32, kept == nil ? Self.transient : nil)
        }
    }

    func bind(_ index: Int32, _ hash: ContentHash?) {
        if let hash { bind(index, hash) } else { sqlite3_bind_null(handle, index) }
    }

    /// Without a copy: `bytes` must stay valid until the run.
    func bind(_ index: Int32, uncopiedBlob bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_blob64(handle, index, bytes.baseAddress ?? UnsafeRawPointer(Self.empty), UInt64(bytes.count), nil)
    }

    /// UTF-8 without a copy: `bytes` must stay valid until the run.
    func bind(_ index: Int32, uncopiedText bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_text64(
            handle, index, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.empty, UInt64(bytes.count), nil,
            UInt8(SQLITE_UTF8))
    }

    // MARK: Running

    /// Runs a statement that returns no rows.
    func run() throws(SQLiteFailure) {
        let code = sqlite3_step(handle)
        defer { finish() }
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw SQLiteFailure(connection) }
    }

    /// Runs a statement that changes rows and says how many it changed.
    func runCountingChanges() throws(SQLiteFailure) -> Int32 {
        try run()
        return sqlite3_changes(connection)
    }

    /// Runs a query and hands its first row to `read`; `nil` without rows. Columns count from 0.
    func first<T>(_ read: (PreparedStatement) -> T) throws(SQLiteFailure) -> T? {
        let code = sqlite3_step(handle)
        defer { finish() }
        switch code {
        case SQLITE_ROW: return read(self)
        case SQLITE_DONE: return nil
        default: throw SQLiteFailure(connection)
        }
    }

    /// Runs a query and hands each row to `read`.
    func all<T>(_ read: (PreparedStatement) -> T) throws(SQLiteFailure) -> [T] {
        defer { finish() }
        var rows: [T] = []
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: rows.append(read(self))
            case SQLITE_DONE: return rows
            default: throw SQLiteFailure(connection)
            }
        }
    }

    /// A column that holds 32 bytes.
    func hash(_ column: Int32) -> ContentHash {
        let count = Int(sqlite3_column_bytes(handle, column))
        return ContentHash(bytes: UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: count))
            ?? ContentHash(of: [])
    }

    func bytes(_ column: Int32) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: Int(sqlite3_column_bytes(handle, column))))
    }

    func text(_ column: Int32) -> String { String(cString: sqlite3_column_text(handle, column)) }
    func optionalText(_ column: Int32) -> String? { sqlite3_column_text(handle, column).map { String(cString: $0) } }
    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func optionalInt(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
    }

    private func finish() {
        sqlite3_reset(handle)
        texts.reset()
    }

    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    // An empty value is not NULL, which a null pointer would mean.
    nonisolated(unsafe) private static let empty: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()
}

/// Memory that bound values are copied into, so that SQLite need not allocate a copy of each.
final class BindingArena {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var used = 0

    deinit { memory.deallocate() }

    /// A copy that lives until `reset`, or `nil` when it does not fit.
    func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        guard let source = bytes.baseAddress, bytes.count <= memory.count - used else { return nil }
        let copy = memory.baseAddress! + used
        copy.copyMemory(from: source, byteCount: bytes.count)
        used += bytes.count
        return UnsafeRawPointer(copy)
    }

    func reset() { used = 0 }
}
