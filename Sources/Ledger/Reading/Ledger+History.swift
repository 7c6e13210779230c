import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Of the last 200 runs that ended, those that succeeded: forks, of which a part alone is paid, are not among them; prompts and models change, and a plan should not wait for a large ledger.
    public func history(workflow: String) throws(JournalError) -> WorkflowHistory {
        try read { database in
            // Through the index on the workflow and its time.
            let recent = try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM (SELECT id, status FROM run WHERE workflow = ? AND status NOT IN ('running', 'waiting', 'interrupted') AND kind = 'workflow'
                        ORDER BY started_at DESC LIMIT 200) WHERE status = 'succeeded'
                    """, arguments: [workflow])
            var known = WorkflowHistory(gates: try gateRates(database, workflow))
            if !known.gates.isEmpty {
                known.gateOutcomes = try gateOutcomes(database, workflow)
                known.hopeless = try HopelessChecks.found(
                    database, "WHERE g.run IN (SELECT id FROM run WHERE workflow = ? AND \(RunColumns.isOwn) ORDER BY started_at DESC LIMIT 200)", [workflow], byGate: true)
            }
            guard !recent.isEmpty else { return known }
            let isKnown = "(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)"
            let isPredicted = "c.cache_predicted_tokens > 0 AND c.cache_read_tokens IS NOT NULL"
            func sum(_ column: String) -> String { "coalesce(sum(c.\(column)) FILTER (WHERE \(isKnown)), 0)" }
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT step_id, provider, model_asked, count(*) FILTER (WHERE \(isKnown)), \(sum("input_tokens")), \(sum("cache_read_tokens")),
                        \(sum("cache_write_tokens")), \(sum("output_tokens")), \(sum("reasoning_tokens")), \(sum("total_ms")),
                        count(*) FILTER (WHERE NOT \(isKnown)),
                        \(sumColumns("CASE WHEN NOT \(isKnown) THEN coalesce(c.cost_pico, c.held_pico) END")),
                        count(*) FILTER (WHERE \(isPredicted)), coalesce(sum(c.cache_predicted_tokens) FILTER (WHERE \(isPredicted)), 0),
                        coalesce(sum(min(c.cache_read_tokens, c.cache_predicted_tokens)) FILTER (WHERE \(isPredicted)), 0)
                    FROM model_call c WHERE run IN (SELECT value FROM json_each(?)) AND state <> 'void' AND purpose <> 'shadow' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                    """, arguments: [JSONEncoding.wire.string(.array(recent.map(JSONValue.int)))])
            var history = known
            history.runs = recent.count
            while let row = try rows.next() {
                let (input, read, write, output, reasoning): (Int, Int, Int, Int, Int) = (row[4], row[5], row[6], row[7], row[8])
                let usage = TokenUsage(
                    plainInput: max(0, input - read - write), cacheRead: read, cacheWrite: write, plainOutput: max(0, output - reasoning), reasoning: reasoning)
                let unknown = moneySum(row, 11)
                var statistics = CallStatistics(
                    provider: row[1], model: row[2], calls: row[3], usage: usage, milliseconds: row[9], callsWithoutUsage: row[10], costWithoutUsage: Money(saturating: unknown))
                (statistics.predictedCalls, statistics.predictedTokens, statistics.foundTokens) = (row[13], row[14], row[15])
                history.steps[row[0], default: []].append(statistics)
            }
            return history
        }
    }

    /// Of the last 200 runs of a workflow, however they ended: a tier that was decided was decided. An answer that another tier gave in its place is none.
    private func gateRates(_ database: Database, _ workflow: String) throws -> [GateRate] {
        func cost(_ condition: String) -> String {
            sumColumns("(SELECT coalesce(sum(cost_pico), 0) FROM model_call c WHERE c.run = g.run AND c.node_path = g.node_path AND c.tier = g.tier AND c.purpose <> 'shadow' AND \(condition) AND g.is_own)")
        }
        func tokens(_ column: String) -> String {
            """
            sum((SELECT coalesce(sum(\(column)), 0) FROM model_call c
                WHERE c.run = g.run AND c.node_path = g.node_path AND c.tier = g.tier AND c.purpose <> 'shadow' AND c.part = '' AND c.input_tokens IS NOT NULL AND g.is_own))
            """
        }
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH g AS MATERIALIZED (
                    SELECT run, node_path, step_id, gate_hash, tier, verdict, failure_kind, \(GateColumns.askedTier(of: "gate_tier")) IS NULL AS is_own
                    FROM gate_tier WHERE run IN (SELECT id FROM run WHERE workflow = ? AND \(RunColumns.isOwn) ORDER BY started_at DESC LIMIT 200)
                )
                SELECT step_id, gate_hash, tier, count(*) FILTER (WHERE is_own AND verdict = 'accepted'),
                    count(*) FILTER (WHERE is_own AND (verdict = 'accepted' OR \(Self.isRefused))), count(*) FILTER (WHERE is_own), \(cost("c.part = ''")), \(cost("c.part <> ''")),
                    \(tokens("input_tokens")), \(tokens("cache_read_tokens")), \(tokens("output_tokens")),
                    count(*) FILTER (WHERE NOT is_own)
                FROM g GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """, arguments: [workflow])
        let both = try Row.fetchAll(
            database,
            sql: """
                SELECT g.step_id, g.gate_hash, g.tier, other.tier, count(*) FROM gate_tier g
                    JOIN gate_tier other ON other.run = g.run AND other.node_path = g.node_path AND other.tier <> g.tier
                WHERE g.run IN (SELECT id FROM run WHERE workflow = ? AND \(RunColumns.isOwn) ORDER BY started_at DESC LIMIT 200)
                GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
                """, arguments: [workflow])
        return rows.compactMap { row in
            hash(row, 1).map { gate in
                var rate = GateRate(
                    step: row[0], gate: gate, tier: row[2], accepted: row[3], decided: row[4], asked: row[5], answerCost: Money(saturating: moneySum(row, 6)),
                    checkCost: Money(saturating: moneySum(row, 8)))
                for pair in both where hash(pair, 1) == gate && (pair[0] as String).hasSameBytes(as: rate.step) && (pair[2] as String).hasSameBytes(as: rate.tier) {
                    rate.alsoAsked[pair[3]] = pair[4]
                }
                rate.inputTokens = quantity(row, 10) ?? 0
                rate.cachedTokens = quantity(row, 11) ?? 0
                rate.outputTokens = quantity(row, 12) ?? 0
                rate.replaced = row[13]
                return rate
            }
        }
    }

    /// Of runs in which a gate decided once, and which are a decision by themselves, what became of them as their workflow counts it.
    private func gateOutcomes(_ database: Database, _ workflow: String) throws -> [GateOutcomes] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH once AS (
                    SELECT g.run, g.step_id, g.gate_hash FROM gate_tier g
                    WHERE g.run IN (SELECT id FROM run WHERE workflow = ? AND \(RunColumns.isOwn) ORDER BY started_at DESC LIMIT 200)
                    GROUP BY g.run, g.step_id HAVING count(DISTINCT g.node_path) = 1 AND max(\(GateColumns.askedTier(of: "g"))) IS NULL
                ), told AS (
                    SELECT once.step_id, once.gate_hash, run.decision_counts,
                        (SELECT value FROM outcome WHERE outcome.run = run.id ORDER BY at DESC, number DESC LIMIT 1) AS value
                    FROM once JOIN run ON run.id = once.run
                    WHERE run.decision_counts IS NOT NULL AND (run.decision_id IS NULL OR NOT EXISTS (
                        SELECT 1 FROM run other WHERE other.decision_id = run.decision_id AND other.workflow = run.workflow AND other.id <> run.id))
                )
                SELECT step_id, gate_hash, count(*), count(*) FILTER (WHERE value IN (SELECT counted.value FROM json_each(decision_counts) AS counted))
                FROM told WHERE value IS NOT NULL GROUP BY 1, 2
                """, arguments: [workflow])
        return rows.compactMap { row in hash(row, 1).map { GateOutcomes(step: row[0], gate: $0, judged: row[2], correct: row[3]) } }
    }
}
