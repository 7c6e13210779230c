import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Over the last 200 runs that ended: prompts and models change, and a plan should not wait for a large ledger.
    public func statistics(workflow: String) throws(JournalError) -> [String: StepStatistics] {
        try read { database in
            let recent = "SELECT id FROM run WHERE workflow = ?1 AND status <> 'running' ORDER BY started_at DESC LIMIT 200"
            let runs = try Int.fetchOne(database, sql: "SELECT count(*) FROM (\(recent))", arguments: [workflow]) ?? 0
            let reached = try Row.fetchAll(
                database,
                sql: """
                    SELECT step_id, count(DISTINCT run) FROM step_attempt
                    WHERE run IN (\(recent)) AND status NOT IN ('pending', 'skipped') GROUP BY step_id
                    """, arguments: [workflow])
            let calls = try Row.fetchAll(
                database,
                sql: """
                    SELECT step_id, count(*), coalesce(avg(input_tokens), 0.0), coalesce(avg(output_tokens), 0.0),
                        coalesce(avg(total_ms), 0.0)
                    FROM model_call WHERE run IN (\(recent)) AND state = 'settled' GROUP BY step_id
                    """, arguments: [workflow])
            let callsByStep = Dictionary(uniqueKeysWithValues: calls.map { ($0[0] as String, $0) })
            var statistics: [String: StepStatistics] = [:]
            for row in reached {
                let step: String = row[0]
                let call = callsByStep[step]
                statistics[step] = StepStatistics(
                    calls: call?[1] ?? 0, runsWithCalls: row[1], runs: runs, averageInputTokens: call?[2] ?? 0,
                    averageOutputTokens: call?[3] ?? 0, averageMilliseconds: call?[4] ?? 0)
            }
            return statistics
        }
    }
}
