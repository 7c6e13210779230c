import Values
import WorkflowModel

/// This process's row: made when it first takes a run or a batch, and touched while it holds some.
///
/// Its statements are confined to the writer's thread and its transactions; the row's number is read from everywhere.
final class OwnProcess: Sendable {
    let vantage: Vantage
    let lease: TimeSpan
    private let program: String
    private let row = Mutex<Row?>(nil)

    private struct Row {
        var id: Int64
        /// Whether the transaction that made it is on disk.
        var isCommitted: Bool
    }

    init(options: LedgerOptions) {
        vantage = options.vantage
        lease = options.lease
        program = options.program
    }

    /// `nil` before it has driven anything.
    var id: Int64? { row.withLock { $0?.id } }

    /// Makes the row, in a transaction in which this process takes its first run or batch.
    func register(on connection: OpaquePointer, _ texts: BindingArena) throws(SQLiteFailure) {
        if id != nil { return }
        let id = try write(nil, connection, texts)
        row.withLock { $0 = Row(id: id, isCommitted: false) }
    }

    /// Says that it lives. A row that `gc` took for one of long ago, as this process stood still for so long, is made again.
    func beat(on connection: OpaquePointer, _ texts: BindingArena) throws(SQLiteFailure) {
        guard let id else { return }
        _ = try write(id, connection, texts)
    }

    func didCommit() { row.withLock { $0?.isCommitted = true } }

    /// After a rollback: what was made in the transaction is not there.
    func didRollBack() { row.withLock { if $0?.isCommitted == false { $0 = nil } } }

    private func write(_ id: Int64?, _ connection: OpaquePointer, _ texts: BindingArena) throws(SQLiteFailure) -> Int64 {
        let statement = try PreparedStatement(
            """
            INSERT INTO process(id, host, boot, pid_namespace, time_namespace, pid, start, program, began_at, beat, beat_uptime, lease_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)
            ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, beat_uptime = excluded.beat_uptime RETURNING id
            """, on: connection, texts: texts)
        let identity = vantage.identity
        statement.bind(1, id)
        statement.bind(2, identity.host)
        statement.bind(3, identity.boot)
        statement.bind(4, identity.pidNamespace)
        statement.bind(5, identity.timeNamespace)
        statement.bind(6, identity.pid)
        statement.bind(7, identity.start)
        statement.bind(8, program)
        statement.bind(9, vantage.now().microseconds)
        statement.bind(10, vantage.uptime())
        statement.bind(11, lease.milliseconds)
        return try statement.first { $0.int(0) } ?? 0
    }
}
