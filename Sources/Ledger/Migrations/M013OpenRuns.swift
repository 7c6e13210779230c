/// The index of runs that may go on, asked in fewer steps.
enum M013OpenRuns: Migration {
    static let version = 13

    static let sql = """
        -- Asked at each change of a run: a list of more than two words would be a table of its own each time.
        DROP INDEX run_open;
        CREATE INDEX run_open ON run(status) WHERE status <> 'succeeded' AND status <> 'failed' AND status <> 'cancelled';
        """
}
