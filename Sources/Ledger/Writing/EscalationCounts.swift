import GRDBSQLite
import Values
import WorkflowModel

/// How many executions of a gate there were of late, and how many went on to a further tier: of all runs of all processes, inside the
/// transaction of the one that would go on now.
///
/// Confined to the writer's thread.
struct EscalationCounts {
    /// One range of the index `gate_tier_window`, which has all that is read.
    static let sql = "SELECT count(*), coalesce(sum(went_on), 0) FROM gate_tier WHERE window_key = ?1 AND decided_at >= ?2"

    private let select: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        select = try PreparedStatement(Self.sql, on: connection, texts: texts)
    }

    func count(_ check: RateCheck, at moment: Timestamp) throws(SQLiteFailure) -> RateCounted {
        select.bind(1, check.key)
        select.bind(2, check.since(moment).microseconds)
        let (answered, escalated) = try select.first { (Int($0.int(0)), Int($0.int(1))) } ?? (0, 0)
        return check.counted(answered: answered, escalated: escalated)
    }
}
