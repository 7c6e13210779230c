/// A node may ask more than once: each question has a number. Beside the answer stands who gave it by the word of the operating system, and
/// what the run had spent.
enum M011Questions: Migration {
    static let version = 11

    static let sql = """
        CREATE TABLE question(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            number INTEGER NOT NULL,
            kind TEXT NOT NULL,
            message_hash BLOB NOT NULL,
            requested_at INTEGER NOT NULL,
            until INTEGER,
            on_timeout TEXT NOT NULL,
            -- The run's cap: the one that is asked for, the one that was granted; what the call holds for which it is.
            cap_pico INTEGER,
            granted_pico INTEGER,
            asked_pico INTEGER,
            decided_at INTEGER,
            approved INTEGER,
            choice TEXT,
            decided_by TEXT,
            -- The user, the login and the host, a JSON object.
            decided_as TEXT,
            note TEXT,
            -- What the run's calls had cost by then, and what counted against its cap.
            spent_pico INTEGER,
            held_pico INTEGER,
            timed_out INTEGER NOT NULL DEFAULT 0,
            -- Whether the run has the answer among its events.
            taken INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, node_path, number)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO question(run, node_path, number, kind, message_hash, requested_at, until, on_timeout, cap_pico, granted_pico, decided_at, approved,
                choice, decided_by, note, timed_out, taken)
            SELECT run, node_path, 1, CASE WHEN cap_pico IS NULL THEN 'step' ELSE 'money' END, message_hash, requested_at, until, on_timeout, cap_pico,
                granted_pico, decided_at, approved, CASE approved WHEN 1 THEN 'approve' WHEN 0 THEN 'reject' END, decided_by, note, timed_out, taken
            FROM approval;
        DROP TABLE approval;
        ALTER TABLE question RENAME TO approval;
        CREATE INDEX approval_open ON approval(until) WHERE decided_at IS NULL;
        CREATE INDEX approval_decided ON approval(run) WHERE decided_at IS NOT NULL AND taken = 0;
        """
}
