/// Caps on tokens: their counters stand beside those of the caps on cost, under a key that says so. And the bands of budgets.
enum M017Tokens: Migration {
    static let version = 17

    static let sql = """
        -- The run's own cap on tokens.
        ALTER TABLE run ADD COLUMN max_tokens INTEGER;
        -- The last band of its budget that it came to.
        ALTER TABLE run ADD COLUMN band TEXT;
        -- What a call counts against caps on tokens; null: there were none.
        ALTER TABLE model_call ADD COLUMN held_tokens INTEGER;
        -- In which unit a cap and its counters are: `usd`, in pico-dollars, or `tokens`.
        ALTER TABLE budget_window ADD COLUMN unit TEXT NOT NULL DEFAULT 'usd';
        """
}
