import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// What decisions cost, a row per workflow. Runs that share a decision's id are one decision, dated by the first of
    /// them; its outcome is the last that was recorded for any of them. A decision counts when that is among the outcomes
    /// that its workflow counts (any, if it names none), and is pending without one. What was asked for comparison alone is told apart.
    public func decisions(filter: AuditFilter = AuditFilter()) throws(JournalError) -> [DecisionRow] {
        var runs = Self.conditions(onRunsOf: filter)
        runs.add(RunColumns.isOwn, [])
        var dates = SQLConditions()
        dates.add("first_at >= ?", filter.since?.microseconds)
        dates.add("first_at < ?", filter.until?.microseconds)
        let sql = """
            WITH member AS (
                SELECT workflow, coalesce(decision_id, run_id) AS decision, id, started_at, cost_pico
                FROM run \(runs.whereClause)
            ), latest AS (
                -- With one max(), SQLite takes the bare column from the row that has it.
                SELECT workflow, decision, value, max(printf('%020d.%010d', outcome.at, outcome.number))
                FROM outcome JOIN member ON member.id = outcome.run GROUP BY workflow, decision
            ), unknown AS (
                SELECT run, count(*) AS calls FROM model_call WHERE cost_pico IS NULL AND state <> 'void' AND purpose <> 'shadow' GROUP BY run
            ), shadow AS (
                SELECT run, sum(cost_pico) AS pico FROM model_call WHERE purpose = 'shadow' AND cost_pico IS NOT NULL GROUP BY run
            ), decided AS (
                SELECT workflow, decision, min(started_at) AS first_at, max(id) AS last_id,
                    sum((cost_pico - coalesce(shadow.pico, 0)) / 1000000000000) AS dollars, sum((cost_pico - coalesce(shadow.pico, 0)) % 1000000000000) AS picos,
                    coalesce(sum(unknown.calls), 0) AS unknown_calls,
                    coalesce(sum(shadow.pico / 1000000000000), 0) AS shadow_dollars, coalesce(sum(shadow.pico % 1000000000000), 0) AS shadow_picos
                FROM member LEFT JOIN unknown ON unknown.run = member.id LEFT JOIN shadow ON shadow.run = member.id GROUP BY workflow, decision
            )
            SELECT decided.workflow, max(coalesce(run.decision_unit, 'decision')), count(*),
                count(*) FILTER (WHERE latest.value IS NOT NULL AND (run.decision_counts IS NULL
                    OR latest.value IN (SELECT counted.value FROM json_each(run.decision_counts) AS counted))),
                count(*) FILTER (WHERE latest.value IS NULL), sum(dollars), sum(picos), sum(unknown_calls),
                sum(shadow_dollars), sum(shadow_picos)
            FROM decided JOIN run ON run.id = decided.last_id
                LEFT JOIN latest ON latest.workflow = decided.workflow AND latest.decision = decided.decision
            \(dates.whereClause) GROUP BY decided.workflow ORDER BY decided.workflow
            """
        let arguments = runs.arguments + dates.arguments
        return try read { database in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
                var decision = DecisionRow(
                    workflow: row[0], unit: row[1], decisions: row[2], counted: row[3], pending: row[4], cost: moneySum(row, 5),
                    callsWithoutCost: row[7])
                decision.shadowCost = moneySum(row, 8)
                return decision
            }
        }
    }
}
