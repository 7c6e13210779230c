import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Of a row of `gate_tier`: its answer did not do. That a server was away says nothing of it.
    static let isRefused = "(verdict = 'rejected' OR failure_kind IN ('output_invalid', 'truncated', 'empty_answer', 'refusal'))"

    /// Of a call of a gate, the row `c`: it is missing in what that cost. Of a count of tokens nothing is owed.
    static let isWithoutCost = "c.cost_pico IS NULL AND c.state <> 'void' AND c.purpose NOT IN ('shadow', '\(CallPurpose.count.rawValue)')"

    /// A row for each tier of each gate, by when it was decided; of a gate the tiers that are asked most first. What another tier answered in place of one
    /// has a row of its own.
    public func gates(filter: AuditFilter = AuditFilter()) throws(JournalError) -> [GateRow] {
        var conditions = Self.conditions(onRunsOf: filter)
        conditions.add("g.decided_at >= ?", filter.since?.microseconds)
        conditions.add("g.decided_at < ?", filter.until?.microseconds)
        func cost(_ condition: String) -> String {
            sumColumns("(SELECT coalesce(sum(cost_pico), 0) FROM model_call c WHERE c.run = g.run AND c.node_path = g.node_path AND c.tier = g.tier AND c.purpose <> 'shadow' AND \(condition))")
        }
        let unknown = "(SELECT count(*) FROM model_call c WHERE c.run = g.run AND c.node_path = g.node_path AND c.tier = g.tier AND \(Self.isWithoutCost))"
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT run.workflow, g.step_id, g.tier, count(*), count(*) FILTER (WHERE g.verdict = 'accepted'),
                        count(*) FILTER (WHERE \(Self.isRefused)), count(*) FILTER (WHERE g.taken), \(cost("c.part = ''")), \(cost("c.part <> ''")),
                        sum(\(unknown)), \(GateColumns.askedTier(of: "g")) AS replaced_by
                    FROM gate_tier g JOIN run ON run.id = g.run \(conditions.whereClause) GROUP BY 1, 2, 3, replaced_by
                    ORDER BY 1, 2, count(*) DESC, 3, replaced_by
                    """, arguments: conditions.arguments
            ).map { row in
                var gate = GateRow(
                    workflow: row[0], step: row[1], tier: row[2], asked: row[3], accepted: row[4], refused: row[5], taken: row[6], cost: moneySum(row, 7),
                    checkCost: moneySum(row, 9))
                gate.callsWithoutCost = row[11]
                gate.askedTier = row[12]
                return gate
            }
        }
    }
}
