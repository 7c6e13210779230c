/// The index of runs that may go on, asked in fewer steps; and which runs an earlier version pruned, which left no link that proves them.
enum M013OpenRuns: Migration {
    static let version = 13

    static let sql = """
        -- Asked at each change of a run: a list of more than two words would be a table of its own each time.
        DROP INDEX run_open;
        CREATE INDEX run_open ON run(status) WHERE status <> 'succeeded' AND status <> 'failed' AND status <> 'cancelled';
        ALTER TABLE run ADD COLUMN unlinked INTEGER;
        UPDATE run SET unlinked = 1 WHERE pruned_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM event WHERE event.run = run.id);
        """
}
