import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Executions of a gate that have come to their end, those of earlier runs first; see ``SpendingArchive``.
    public func gateExecutions(
        workflow: String, step: String, since: Timestamp? = nil, after: GateExecution.Position? = nil, limit: Int
    ) throws(JournalError) -> [GateExecution] {
        try read { database in
            // Along the key of `gate_tier`, so that pages behind each other read each row once.
            let found = try Row.fetchAll(
                database,
                sql: """
                    SELECT g.run, g.node_path FROM gate_tier g CROSS JOIN run ON run.id = g.run
                        CROSS JOIN step_attempt s ON s.run = g.run AND s.node_path = g.node_path
                    WHERE (g.run, g.node_path) > (?1, ?2) AND g.step_id = ?3 AND run.workflow = ?4 AND g.decided_at >= ?5 AND s.status IN ('succeeded', 'failed')
                    GROUP BY g.run, g.node_path ORDER BY g.run, g.node_path LIMIT ?6
                    """, arguments: [after?.run ?? -1, after?.path ?? "", step, workflow, since?.microseconds ?? Int64.min, limit])
            let reader = try ExecutionReader(database, step: step)
            return try found.map { try reader.execution(GateExecution.Position(run: $0[0], path: $0[1])) }
        }
    }
}

private final class ExecutionReader {
    private let database: Database
    private let step: String
    private let tiers, checks, calls, draws, shadows, cause: Statement
    /// Many executions are of one run.
    private var last: (number: Int64, run: Run)?

    private struct Run {
        let id: String
        let inputs: ContentHash?
        let outcome: String?
        let counts: [String]?
        let siblings: Int
    }

    init(_ database: Database, step: String) throws {
        self.database = database
        self.step = step
        tiers = try database.makeStatement(sql: "SELECT \(GateColumns.tiers) FROM gate_tier WHERE run = ? AND node_path = ? ORDER BY decided_at")
        checks = try database.makeStatement(sql: "SELECT \(GateColumns.checks) FROM gate_check WHERE run = ? AND node_path = ? ORDER BY ended_at, name")
        draws = try database.makeStatement(sql: "SELECT \(GateColumns.draws) FROM gate_draw WHERE run = ? AND node_path = ?")
        shadows = try database.makeStatement(sql: "SELECT \(GateColumns.shadows) FROM gate_shadow WHERE run = ? AND node_path = ? ORDER BY tier")
        cause = try database.makeStatement(
            sql: """
                SELECT coalesce((SELECT cause FROM approval a WHERE a.run = s.run AND a.node_path = s.node_path),
                    CASE WHEN json_extract(s.error, '$.kind') = 'budget' THEN 'budget' END)
                FROM step_attempt s WHERE s.run = ? AND s.node_path = ?
                """)
        calls = try database.makeStatement(sql: "SELECT \(CallColumns.list) FROM model_call WHERE run = ? AND node_path = ? ORDER BY number")
    }

    func execution(_ position: GateExecution.Position) throws -> GateExecution {
        let run = try run(position.run)
        let arguments: StatementArguments = [position.run, position.path]
        var execution = GateExecution(
            position: position, run: run.id, inputs: run.inputs, outcome: run.outcome, counts: run.counts, siblings: run.siblings,
            tiers: try Row.fetchAll(tiers, arguments: arguments).map(GateColumns.tier), checks: try Row.fetchAll(checks, arguments: arguments).map(GateColumns.check),
            calls: try Row.fetchAll(calls, arguments: arguments).map(CallColumns.record), draw: try Row.fetchOne(draws, arguments: arguments).map(GateColumns.draw),
            shadows: try Row.fetchAll(shadows, arguments: arguments).map(GateColumns.shadow))
        if !execution.tiers.contains(where: \.isTaken) { execution.cause = try String.fetchOne(cause, arguments: arguments) }
        return execution
    }

    private func run(_ number: Int64) throws -> Run {
        if let last, last.number == number { return last.run }
        // Runs that share a decision's id are one decision.
        let row = try Row.fetchOne(
            database,
            sql: """
                WITH member AS (
                    SELECT id FROM run WHERE id = ?1
                    UNION SELECT other.id FROM run own JOIN run other ON other.decision_id = own.decision_id AND other.workflow = own.workflow WHERE own.id = ?1
                )
                SELECT run_id, inputs_hash, decision_counts,
                    (SELECT value FROM outcome WHERE run IN (SELECT id FROM member) ORDER BY at DESC, number DESC LIMIT 1),
                    (SELECT count(*) FROM (SELECT DISTINCT run, node_path FROM gate_tier WHERE run IN (SELECT id FROM member) AND step_id = ?2))
                FROM run WHERE id = ?1
                """, arguments: [number, step])
        guard let row else { throw JournalError(.corrupt, "the run of a gate is not there") }
        let run = Run(
            id: row[0], inputs: hash(row, 1), outcome: row[3], counts: json(row, 2)?.arrayValue?.compactMap(\.stringValue), siblings: row[4])
        last = (number, run)
        return run
    }
}
