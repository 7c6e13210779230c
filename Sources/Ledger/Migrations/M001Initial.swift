/// The first schema.
///
/// Rows are appended, and found through narrow indexes that begin with the run's number, not its id: numbers are given in
/// order, so that a group of entries of many runs dirties a few neighbouring pages instead of one per run.
///
/// Times are microseconds since 1970, money is pico-dollars, hashes are 32 bytes; the views `v_run`, `v_step_attempt`,
/// `v_model_call` and `v_event` show them as people read them.
enum M001Initial: Migration {
    static let version = 1

    static let sql = """
        CREATE TABLE run(
            id INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE,
            workflow TEXT NOT NULL,
            file TEXT NOT NULL,
            status TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            -- Which process drives the run; each append asserts the epoch.
            owner TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            lease_until INTEGER,
            -- Counters, changed in the transaction of the entry that changes them.
            max_cost_pico INTEGER CHECK (max_cost_pico >= 0),
            held_pico INTEGER NOT NULL DEFAULT 0 CHECK (held_pico >= 0),
            open_pico INTEGER NOT NULL DEFAULT 0 CHECK (open_pico >= 0),
            cost_pico INTEGER NOT NULL DEFAULT 0 CHECK (cost_pico >= 0),
            calls INTEGER NOT NULL DEFAULT 0,
            input_tokens INTEGER NOT NULL DEFAULT 0,
            output_tokens INTEGER NOT NULL DEFAULT 0,
            unpriced_calls INTEGER NOT NULL DEFAULT 0,
            last_seq INTEGER NOT NULL DEFAULT 0,
            last_hash BLOB NOT NULL,
            graph_hash BLOB NOT NULL,
            inputs_hash BLOB NOT NULL,
            outputs_hash BLOB,
            tags TEXT NOT NULL,
            -- The people: business, engineering, finance.
            owners TEXT NOT NULL,
            decision_id TEXT,
            decision_unit TEXT,
            -- The outcomes that count, a JSON list.
            decision_counts TEXT,
            outcome TEXT,
            batch TEXT,
            batch_index INTEGER,
            error TEXT
        ) STRICT;
        CREATE INDEX run_started ON run(started_at);
        CREATE INDEX run_workflow ON run(workflow, started_at);
        CREATE INDEX run_decision ON run(decision_id) WHERE decision_id IS NOT NULL;

        CREATE TABLE event(
            run INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            at INTEGER NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX event_key ON event(run, seq);

        CREATE TABLE step_attempt(
            run INTEGER NOT NULL,
            node_path TEXT NOT NULL,
            step_id TEXT NOT NULL,
            item INTEGER,
            status TEXT NOT NULL,
            started_at INTEGER,
            ended_at INTEGER,
            output_hash BLOB,
            error TEXT,
            reason TEXT,
            PRIMARY KEY (run, node_path)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE model_call(
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            call_id TEXT AS (run_id || '.' || number),
            run_id TEXT NOT NULL,
            node_path TEXT NOT NULL,
            step_id TEXT NOT NULL,
            tier TEXT NOT NULL,
            purpose TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            provider TEXT NOT NULL,
            model_asked TEXT NOT NULL,
            model_served TEXT,
            state TEXT NOT NULL,
            held_pico INTEGER CHECK (held_pico >= 0),
            cost_pico INTEGER CHECK (cost_pico >= 0),
            input_tokens INTEGER,
            cache_read_tokens INTEGER,
            cache_write_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            usage_raw TEXT,
            price_rows TEXT,
            request_hash BLOB NOT NULL,
            response_hash BLOB,
            http_status INTEGER,
            finish_reason TEXT,
            ttft_ms INTEGER,
            total_ms INTEGER,
            retry_of TEXT,
            deduped_of TEXT,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            error TEXT
        ) STRICT;
        CREATE UNIQUE INDEX model_call_number ON model_call(run, number);
        CREATE UNIQUE INDEX model_call_key ON model_call(run, node_path, tier, purpose, ordinal);
        CREATE INDEX model_call_started ON model_call(started_at);

        -- Caps below the run's: one counter for each.
        CREATE TABLE budget_window(
            run INTEGER NOT NULL,
            scope TEXT NOT NULL,
            cap_pico INTEGER NOT NULL CHECK (cap_pico >= 0),
            held_pico INTEGER NOT NULL CHECK (held_pico >= 0),
            open_pico INTEGER NOT NULL CHECK (open_pico >= 0),
            PRIMARY KEY (run, scope)
        ) STRICT, WITHOUT ROWID;

        -- What became of runs: appended, the last word counts.
        CREATE TABLE outcome(
            run INTEGER NOT NULL REFERENCES run(id),
            value TEXT NOT NULL,
            at INTEGER NOT NULL,
            source TEXT NOT NULL
        ) STRICT;
        CREATE INDEX outcome_run ON outcome(run);

        CREATE TABLE price_row(
            id TEXT NOT NULL PRIMARY KEY,
            json TEXT NOT NULL,
            first_used_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE blob(
            id INTEGER PRIMARY KEY,
            sha256 BLOB NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;
        -- The index of the blobs up to blob_mark.indexed_to, by the first eight bytes of their hash; see BlobStore.
        CREATE TABLE blob_key(
            key INTEGER NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY (key, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE blob_mark(indexed_to INTEGER NOT NULL) STRICT;
        INSERT INTO blob_mark VALUES (0);

        CREATE VIEW v_run AS SELECT run_id, workflow, status, \(time("started_at")), \(time("ended_at")),
            \(dollars("cost")), \(dollars("held")), \(dollars("max_cost")), calls, unpriced_calls, input_tokens, output_tokens,
            outcome, decision_id, batch, batch_index, tags, owners, owner, epoch, \(time("lease_until")), file,
            lower(hex(graph_hash)) AS graph_hash, lower(hex(inputs_hash)) AS inputs_hash,
            lower(hex(outputs_hash)) AS outputs_hash, last_seq, lower(hex(last_hash)) AS last_hash, error FROM run;

        CREATE VIEW v_model_call AS SELECT call_id, run_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked,
            model_served, state, \(dollars("held")), \(dollars("cost")), input_tokens, cache_read_tokens, cache_write_tokens,
            output_tokens, reasoning_tokens, usage_raw, price_rows, lower(hex(request_hash)) AS request_hash,
            lower(hex(response_hash)) AS response_hash, http_status, finish_reason, ttft_ms, total_ms, retry_of, deduped_of,
            \(time("started_at")), \(time("ended_at")), error FROM model_call;

        CREATE VIEW v_step_attempt AS SELECT run.run_id, node_path, step_id, item, step.status, \(time("started_at", of: "step")),
            \(time("ended_at", of: "step")), lower(hex(output_hash)) AS output_hash, step.error, reason
            FROM step_attempt AS step JOIN run ON run.id = step.run;

        CREATE VIEW v_event AS SELECT run.run_id, seq, kind, payload, \(time("at", of: "event")), lower(hex(hash)) AS hash
            FROM event JOIN run ON run.id = event.run;
        """

    static func time(_ name: String, of table: String? = nil) -> String {
        let column = (table.map { "\($0)." } ?? "") + name
        return "strftime('%Y-%m-%dT%H:%M:%S', \(column) / 1000000, 'unixepoch') || printf('.%06dZ', \(column) % 1000000) AS \(name)"
    }

    static func dollars(_ name: String) -> String {
        // Without the CASE, printf would show an unknown amount as 0.
        """
        CASE WHEN \(name)_pico IS NOT NULL THEN
            printf('%d.%012d', \(name)_pico / 1000000000000, \(name)_pico % 1000000000000) END AS \(name)_usd
        """
    }
}
