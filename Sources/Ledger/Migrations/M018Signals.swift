/// What is known of the answers of gates beside what they say, the values of checks by their gate, and tiers that are asked for comparison.
enum M018Signals: Migration {
    static let version = 18

    static let sql = """
        -- The gate's last tier, and the signals of the answer. Figures are the shortest decimals that read back as the same numbers.
        ALTER TABLE gate_tier ADD COLUMN last_tier TEXT;
        ALTER TABLE gate_tier ADD COLUMN answer_bytes INTEGER;
        ALTER TABLE gate_tier ADD COLUMN finish_reason TEXT;
        ALTER TABLE gate_tier ADD COLUMN schema_passed INTEGER;
        ALTER TABLE gate_tier ADD COLUMN logprob_sum TEXT;
        ALTER TABLE gate_tier ADD COLUMN logprob_min TEXT;
        ALTER TABLE gate_tier ADD COLUMN logprob_mean TEXT;
        ALTER TABLE gate_tier ADD COLUMN logprob_p10 TEXT;
        ALTER TABLE gate_tier ADD COLUMN logprob_margin TEXT;
        ALTER TABLE gate_tier ADD COLUMN logprob_tokens INTEGER;
        ALTER TABLE gate_tier ADD COLUMN logprob_parts TEXT;
        -- What is held against the threshold, where that is not the score.
        ALTER TABLE gate_check ADD COLUMN value TEXT;
        ALTER TABLE gate_check ADD COLUMN gate_hash BLOB;
        -- Whether an execution was drawn for comparison: a number from 0 up to 2^53 of each, and what is asked at a rate.
        CREATE TABLE gate_draw(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            step_id TEXT NOT NULL,
            gate_hash BLOB NOT NULL,
            draw INTEGER NOT NULL,
            rate_millionths INTEGER NOT NULL,
            chosen INTEGER NOT NULL,
            input_bytes INTEGER NOT NULL,
            drawn_at INTEGER NOT NULL,
            PRIMARY KEY (run, node_path)
        ) STRICT, WITHOUT ROWID;
        -- What further tiers said that were asked for comparison; their calls have the purpose shadow.
        CREATE TABLE gate_shadow(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            tier TEXT NOT NULL,
            step_id TEXT NOT NULL,
            result TEXT NOT NULL,
            failure_kind TEXT,
            reason TEXT,
            output_hash BLOB,
            ended_at INTEGER NOT NULL,
            answer_bytes INTEGER,
            finish_reason TEXT,
            schema_passed INTEGER,
            logprob_sum TEXT,
            logprob_min TEXT,
            logprob_mean TEXT,
            logprob_p10 TEXT,
            logprob_margin TEXT,
            logprob_tokens INTEGER,
            logprob_parts TEXT,
            PRIMARY KEY (run, node_path, tier)
        ) STRICT, WITHOUT ROWID;
        -- What comparison cost is told apart from what decisions did.
        CREATE INDEX model_call_shadow ON model_call(run) WHERE purpose = 'shadow';
        -- The last values of a check of a gate.
        CREATE INDEX gate_check_values ON gate_check(gate_hash, step_id, tier, name, ended_at);

        DROP VIEW v_gate_check;
        CREATE VIEW v_gate_check AS SELECT (SELECT run_id FROM run WHERE run.id = gate_check.run) AS run_id, node_path, step_id, tier, name, kind,
            result, CAST(score AS REAL) AS score, CAST(value AS REAL) AS value, CAST(threshold AS REAL) AS threshold, lower(hex(output_hash)) AS output_hash,
            reason, \(M001Initial.dollars("cost")), total_ms, \(M001Initial.time("ended_at")), lower(hex(gate_hash)) AS gate_hash FROM gate_check;
        DROP VIEW v_gate_tier;
        CREATE VIEW v_gate_tier AS SELECT (SELECT run_id FROM run WHERE run.id = gate_tier.run) AS run_id, node_path, step_id, tier,
            lower(hex(gate_hash)) AS gate_hash, verdict, failure_kind, decided_by, not_run, lower(hex(output_hash)) AS output_hash,
            \(M001Initial.time("decided_at")), taken, cause, reason, last_tier, answer_bytes, finish_reason, schema_passed, CAST(logprob_sum AS REAL) AS logprob_sum,
            CAST(logprob_min AS REAL) AS logprob_min, CAST(logprob_mean AS REAL) AS logprob_mean, CAST(logprob_p10 AS REAL) AS logprob_p10,
            CAST(logprob_margin AS REAL) AS logprob_margin, logprob_tokens, logprob_parts FROM gate_tier;
        CREATE VIEW v_gate_draw AS SELECT (SELECT run_id FROM run WHERE run.id = gate_draw.run) AS run_id, node_path, step_id,
            lower(hex(gate_hash)) AS gate_hash, draw, rate_millionths, chosen, input_bytes, \(M001Initial.time("drawn_at")) FROM gate_draw;
        CREATE VIEW v_gate_shadow AS SELECT (SELECT run_id FROM run WHERE run.id = gate_shadow.run) AS run_id, node_path, step_id, tier, result,
            failure_kind, reason, lower(hex(output_hash)) AS output_hash, \(M001Initial.time("ended_at")), answer_bytes, finish_reason, schema_passed,
            CAST(logprob_sum AS REAL) AS logprob_sum, CAST(logprob_min AS REAL) AS logprob_min, CAST(logprob_mean AS REAL) AS logprob_mean,
            CAST(logprob_p10 AS REAL) AS logprob_p10, CAST(logprob_margin AS REAL) AS logprob_margin, logprob_tokens, logprob_parts FROM gate_shadow;
        """
}
