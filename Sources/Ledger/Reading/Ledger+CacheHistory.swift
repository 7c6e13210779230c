import GRDB
import PromptCaching
import Values
import WorkflowModel

extension Ledger {
    /// The latest calls of a model of which a cache was planned, the oldest first.
    ///
    /// - Parameters:
    ///   - since: older ones are of no use.
    ///   - most: how many at the most.
    public func plannedCaches(of model: ModelReference, since: Timestamp, most: Int) throws(JournalError) -> [PlannedCacheRow] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT run, cache, started_at, ended_at, input_tokens, cache_read_tokens, cache_write_tokens, response_hash IS NOT NULL OR ttft_ms IS NOT NULL
                    FROM model_call WHERE cache IS NOT NULL AND provider = ? AND model_asked = ? AND started_at >= ? ORDER BY started_at DESC LIMIT ?
                    """, arguments: [model.provider, model.model, since.microseconds, most])
            var found: [PlannedCacheRow] = []
            while let row = try rows.next() {
                let text: String = row[1]
                // A plan of a later program may be of another form.
                guard let json = try? JSONParser.parse(Array(text.utf8)), let plan = CachePlan(json: json) else { continue }
                let ended: Int64? = row[3]
                found.append(
                    PlannedCacheRow(
                        run: row[0], plan: plan, startedAt: Timestamp(microseconds: row[2]), endedAt: ended.map { Timestamp(microseconds: $0) }, input: row[4], read: row[5], written: row[6],
                        hasBegun: row[7]))
            }
            return found.reversed()
        }
    }
}
