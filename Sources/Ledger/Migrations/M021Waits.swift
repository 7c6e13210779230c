/// Calls that waited for another which was about to write the beginning of their prompts to a cache.
enum M021Waits: Migration {
    static let version = 21

    static let sql = """
        -- The call that it waited for last, of whatever run, and how long it waited in all; null: it did not.
        ALTER TABLE model_call ADD COLUMN waited_for TEXT;
        ALTER TABLE model_call ADD COLUMN waited_ms INTEGER;
        """
}
