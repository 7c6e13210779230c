import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Of the last 200 runs that ended, those that succeeded: prompts and models change, and a plan should not wait for a large ledger.
    public func history(workflow: String) throws(JournalError) -> WorkflowHistory {
        try read { database in
            // Through the index on the workflow and its time.
            let recent = try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM (SELECT id, status FROM run WHERE workflow = ? AND status NOT IN ('running', 'waiting', 'interrupted')
                        ORDER BY started_at DESC LIMIT 200) WHERE status = 'succeeded'
                    """, arguments: [workflow])
            guard !recent.isEmpty else { return WorkflowHistory() }
            let known = "(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)"
            func sum(_ column: String) -> String { "coalesce(sum(c.\(column)) FILTER (WHERE \(known)), 0)" }
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT step_id, provider, model_asked, count(*) FILTER (WHERE \(known)), \(sum("input_tokens")), \(sum("cache_read_tokens")),
                        \(sum("cache_write_tokens")), \(sum("output_tokens")), \(sum("reasoning_tokens")), \(sum("total_ms")),
                        count(*) FILTER (WHERE NOT \(known)),
                        \(sumColumns("CASE WHEN NOT \(known) THEN coalesce(c.cost_pico, c.held_pico) END"))
                    FROM model_call c WHERE run IN (SELECT value FROM json_each(?)) AND state <> 'void' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                    """, arguments: [JSONEncoding.wire.string(.array(recent.map(JSONValue.int)))])
            var history = WorkflowHistory(runs: recent.count)
            while let row = try rows.next() {
                let (input, read, write, output, reasoning): (Int, Int, Int, Int, Int) = (row[4], row[5], row[6], row[7], row[8])
                let usage = TokenUsage(
                    plainInput: max(0, input - read - write), cacheRead: read, cacheWrite: write, plainOutput: max(0, output - reasoning), reasoning: reasoning)
                let unknown = moneySum(row, 11)
                history.steps[row[0], default: []].append(
                    CallStatistics(
                        provider: row[1], model: row[2], calls: row[3], usage: usage, milliseconds: row[9], callsWithoutUsage: row[10],
                        costWithoutUsage: Money(saturating: unknown)))
            }
            return history
        }
    }
}
