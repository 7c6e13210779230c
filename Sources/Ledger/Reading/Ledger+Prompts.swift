import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// How many of the latest calls are looked through for those of one model: the ledger may have millions.
    private static let mostLookedAt = 2_000

    /// The latest calls of a model whose prompts were billed: what was asked, and how many tokens that had.
    public func billedPrompts(of model: ModelReference) throws(JournalError) -> [BilledPrompt] {
        try read { database in
            // Through the index on the moment of the call.
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT request_hash, input_tokens FROM (
                        SELECT request_hash, input_tokens, provider, model_asked, state, started_at, run, number FROM model_call
                        ORDER BY started_at DESC LIMIT ?)
                    WHERE provider = ? AND model_asked = ? AND state = 'settled' AND input_tokens > 0 AND request_hash IS NOT NULL
                    ORDER BY started_at DESC, run DESC, number DESC LIMIT ?
                    """, arguments: [Self.mostLookedAt, model.provider, model.model, TokenRatio.most])
            var found: [BilledPrompt] = []
            while let row = try rows.next() {
                guard let hash = hash(row, 0) else { continue }
                found.append(BilledPrompt(request: hash, tokens: row[1]))
            }
            return found
        }
    }
}
