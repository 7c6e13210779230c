/// What was planned of prompt caches, call by call, and runs that were asked without them for comparison.
enum M020Caches: Migration {
    static let version = 20

    static let sql = """
        -- The plan as JSON: the ends of its prefixes with their names, the marks that were set, what was expected to be found.
        ALTER TABLE model_call ADD COLUMN cache TEXT;
        -- What was expected to be read from the cache; null: nothing was planned.
        ALTER TABLE model_call ADD COLUMN cache_predicted_tokens INTEGER;
        -- Why less was read than that: expired, moved, below_minimum, raced, not_reported, evicted.
        ALTER TABLE model_call ADD COLUMN cache_miss TEXT;
        -- Whether the run was asked without marks and warm-up, by which draw (0 up to 2^53) and at which share of a million.
        ALTER TABLE run ADD COLUMN held_out INTEGER;
        ALTER TABLE run ADD COLUMN holdout_draw INTEGER;
        ALTER TABLE run ADD COLUMN holdout_millionths INTEGER;
        CREATE INDEX model_call_cache ON model_call(provider, model_asked, started_at) WHERE cache IS NOT NULL;
        """
}
