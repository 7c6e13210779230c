/// What one process leaves for another: questions to people with their answers, and the wish to stop a run.
enum M003Handover: Migration {
    static let version = 3

    static let sql = """
        -- The absolute path of the workflow's file.
        ALTER TABLE run ADD COLUMN location TEXT;
        ALTER TABLE run ADD COLUMN cancel_requested_at INTEGER;
        ALTER TABLE run ADD COLUMN cancel_by TEXT;
        CREATE INDEX run_cancel ON run(owner) WHERE cancel_requested_at IS NOT NULL;
        CREATE INDEX run_open ON run(status) WHERE status NOT IN ('succeeded', 'failed', 'cancelled');

        CREATE TABLE approval(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            message_hash BLOB NOT NULL,
            requested_at INTEGER NOT NULL,
            until INTEGER,
            on_timeout TEXT NOT NULL,
            -- The run's cap: the one that is asked for, the one that was granted.
            cap_pico INTEGER,
            granted_pico INTEGER,
            decided_at INTEGER,
            approved INTEGER,
            decided_by TEXT,
            note TEXT,
            timed_out INTEGER NOT NULL DEFAULT 0,
            -- Whether the run has the answer among its events.
            taken INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, node_path)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX approval_open ON approval(until) WHERE decided_at IS NULL;
        CREATE INDEX approval_decided ON approval(run) WHERE decided_at IS NOT NULL AND taken = 0;
        """
}
