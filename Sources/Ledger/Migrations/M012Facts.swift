/// Facts prove the rows: what follows from them is found by keys that they tell, and has the columns that they fill. Those of calls have
/// a place in their step, ``part``: a check's, a sample's, a turn's; the step's own question has none.
enum M012Facts: Migration {
    static let version = 12

    static let sql = """
        -- All files by hash with what flags changed; what they mean; the Git commit and the name that they were started under.
        ALTER TABLE run ADD COLUMN version BLOB;
        ALTER TABLE run ADD COLUMN meaning BLOB;
        ALTER TABLE run ADD COLUMN git_commit TEXT;
        ALTER TABLE run ADD COLUMN release TEXT;
        CREATE INDEX run_version ON run(version) WHERE version IS NOT NULL;

        ALTER TABLE model_call ADD COLUMN part TEXT NOT NULL DEFAULT '';
        ALTER TABLE model_call ADD COLUMN asked_tier TEXT;
        -- Of the body as it was sent.
        ALTER TABLE model_call ADD COLUMN wire_hash BLOB;
        UPDATE model_call SET part = purpose WHERE EXISTS (
            SELECT 1 FROM model_call AS other WHERE other.run = model_call.run AND other.node_path = model_call.node_path AND other.tier = model_call.tier
                AND other.ordinal = model_call.ordinal AND other.purpose < model_call.purpose);
        DROP INDEX model_call_key;
        CREATE UNIQUE INDEX model_call_key ON model_call(run, node_path, tier, part, ordinal);

        CREATE TABLE said(
            run INTEGER NOT NULL REFERENCES run(id),
            -- Counts those of the run, from 1.
            number INTEGER NOT NULL,
            value TEXT NOT NULL,
            at INTEGER NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO said(run, number, value, at, source)
            SELECT run, row_number() OVER (PARTITION BY run ORDER BY rowid), value, at, source FROM outcome;
        DROP TABLE outcome;
        ALTER TABLE said RENAME TO outcome;

        -- What became of runs that another process drives, until that one makes facts of it.
        CREATE TABLE outcome_request(
            run INTEGER NOT NULL REFERENCES run(id),
            number INTEGER NOT NULL,
            value TEXT NOT NULL,
            at INTEGER NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE kept(
            question BLOB NOT NULL PRIMARY KEY,
            -- The call that gave the answer.
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            output_hash BLOB NOT NULL,
            cost_pico INTEGER CHECK (cost_pico >= 0),
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO kept(question, run, number, output_hash, cost_pico, at)
            SELECT question, run, number, (SELECT sha256 FROM blob WHERE blob.id = memo.blob), cost_pico, at FROM memo
            WHERE EXISTS (SELECT 1 FROM blob WHERE blob.id = memo.blob);
        DROP TABLE memo;
        ALTER TABLE kept RENAME TO memo;
        CREATE INDEX memo_run ON memo(run);
        """
}
