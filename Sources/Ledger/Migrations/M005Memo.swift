/// Answers that steps with `memo` take again, and where they did.
enum M005Memo: Migration {
    static let version = 5

    static let sql = """
        CREATE TABLE memo(
            question BLOB NOT NULL PRIMARY KEY,
            -- The call that gave the answer.
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            -- The output, a row of blob.
            blob INTEGER NOT NULL,
            cost_pico INTEGER CHECK (cost_pico >= 0),
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Columns as those of model_call, in whose place it stands.
        CREATE TABLE memo_hit(
            run INTEGER NOT NULL,
            node_path TEXT NOT NULL,
            run_id TEXT NOT NULL,
            step_id TEXT NOT NULL,
            tier TEXT NOT NULL,
            provider TEXT NOT NULL,
            model_asked TEXT NOT NULL,
            call_id TEXT NOT NULL,
            saved_pico INTEGER CHECK (saved_pico >= 0),
            tags TEXT,
            started_at INTEGER NOT NULL,
            PRIMARY KEY (run, node_path)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW v_memo_hit AS SELECT run_id, node_path, step_id, tier, provider, model_asked, call_id, \(M001Initial.dollars("saved")),
            tags, \(M001Initial.time("started_at")) FROM memo_hit;
        """
}
