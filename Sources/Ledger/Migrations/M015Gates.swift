/// What checks of gates found, and what was decided of each tier that was asked.
enum M015Gates: Migration {
    static let version = 15

    static let sql = """
        CREATE TABLE gate_check(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            -- The tier whose answer it is.
            tier TEXT NOT NULL,
            name TEXT NOT NULL,
            step_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            result TEXT NOT NULL,
            -- The shortest decimals that read back as the same numbers.
            score TEXT,
            threshold TEXT,
            output_hash BLOB,
            reason TEXT,
            cost_pico INTEGER CHECK (cost_pico >= 0),
            total_ms INTEGER NOT NULL,
            ended_at INTEGER NOT NULL,
            PRIMARY KEY (run, node_path, tier, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE gate_tier(
            run INTEGER NOT NULL REFERENCES run(id),
            node_path TEXT NOT NULL,
            tier TEXT NOT NULL,
            step_id TEXT NOT NULL,
            -- Of the gate's text.
            gate_hash BLOB NOT NULL,
            verdict TEXT NOT NULL,
            failure_kind TEXT,
            decided_by TEXT,
            not_run TEXT,
            output_hash BLOB,
            decided_at INTEGER NOT NULL,
            -- Whether its answer is the step's, and why it is without being accepted.
            taken INTEGER,
            cause TEXT,
            reason TEXT,
            PRIMARY KEY (run, node_path, tier)
        ) STRICT, WITHOUT ROWID;
        -- Rates of acceptance go by what the gate said then.
        CREATE INDEX gate_tier_rates ON gate_tier(gate_hash, step_id, tier, decided_at);
        CREATE VIEW v_gate_check AS SELECT (SELECT run_id FROM run WHERE run.id = gate_check.run) AS run_id, node_path, step_id, tier, name, kind,
            result, CAST(score AS REAL) AS score, CAST(threshold AS REAL) AS threshold, lower(hex(output_hash)) AS output_hash, reason,
            \(M001Initial.dollars("cost")), total_ms, \(M001Initial.time("ended_at")) FROM gate_check;
        CREATE VIEW v_gate_tier AS SELECT (SELECT run_id FROM run WHERE run.id = gate_tier.run) AS run_id, node_path, step_id, tier,
            lower(hex(gate_hash)) AS gate_hash, verdict, failure_kind, decided_by, not_run, lower(hex(output_hash)) AS output_hash,
            \(M001Initial.time("decided_at")), taken, cause, reason FROM gate_tier;
        """
}
