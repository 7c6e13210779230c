/// Facts prove the rows: what follows from them is found by keys that they tell, and has the columns that they fill. Those of calls have
/// a place in their step, ``part``: a check's, a sample's, a turn's; the step's own question has none.
enum M012Facts: Migration {
    static let version = 12

    static let sql = """
        -- Runs have a kind too.
        DROP VIEW v_event;
        CREATE VIEW v_event AS SELECT run.run_id, seq, event.kind, payload, \(M001Initial.time("at", of: "event")), lower(hex(hash)) AS hash
            FROM event JOIN run ON run.id = event.run;
        -- All files by hash with what flags changed; what they mean; the Git commit and the name that they were started under.
        ALTER TABLE run ADD COLUMN version BLOB;
        ALTER TABLE run ADD COLUMN meaning BLOB;
        ALTER TABLE run ADD COLUMN git_commit TEXT;
        ALTER TABLE run ADD COLUMN release TEXT;
        CREATE INDEX run_version ON run(version) WHERE version IS NOT NULL;
        -- What it is made of, what it is for, and the run that it was made from.
        ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'workflow';
        ALTER TABLE run ADD COLUMN purpose TEXT NOT NULL DEFAULT 'production';
        ALTER TABLE run ADD COLUMN parent TEXT;

        ALTER TABLE model_call ADD COLUMN part TEXT NOT NULL DEFAULT '';
        ALTER TABLE model_call ADD COLUMN asked_tier TEXT;
        -- Of the body as it was sent.
        ALTER TABLE model_call ADD COLUMN wire_hash BLOB;
        -- Reserved: the part of the cache's writes that lives longer, a gateway's own figure for the cost, and whose figure the cost is.
        ALTER TABLE model_call ADD COLUMN cache_write_long_tokens INTEGER;
        ALTER TABLE model_call ADD COLUMN reported_pico INTEGER;
        ALTER TABLE model_call ADD COLUMN cost_basis TEXT;
        -- From where the answer was taken.
        ALTER TABLE memo_hit ADD COLUMN how TEXT NOT NULL DEFAULT 'memo';
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

        DROP VIEW v_run;
        CREATE VIEW v_run AS SELECT run_id, workflow, status, \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")),
            \(M001Initial.dollars("cost")), \(M001Initial.dollars("held")), \(M001Initial.dollars("max_cost")), calls, unpriced_calls,
            input_tokens, output_tokens, outcome, decision_id, batch, batch_index, tags, owners, owner, epoch, file, kind, purpose, parent,
            lower(hex(version)) AS version, git_commit, release,
            lower(hex(graph_hash)) AS graph_hash, lower(hex(inputs_hash)) AS inputs_hash, lower(hex(outputs_hash)) AS outputs_hash, last_seq,
            lower(hex(last_hash)) AS last_hash, error FROM run;
        DROP VIEW v_model_call;
        CREATE VIEW v_model_call AS SELECT call_id, run_id, node_path, step_id, tier, part, asked_tier, purpose, ordinal, provider, model_asked,
            model_served, state, \(M001Initial.dollars("held")), \(M001Initial.dollars("cost")), input_tokens, cache_read_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows, lower(hex(request_hash)) AS request_hash,
            lower(hex(wire_hash)) AS wire_hash, lower(hex(response_hash)) AS response_hash, http_status, finish_reason, ttft_ms, total_ms, retry_of,
            deduped_of, \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")), error, tags, trimmed, notes FROM model_call;
        """
}
