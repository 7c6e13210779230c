/// What was chosen of a question, where that is more than yes or no: of a gate's answers that of a tier, or one that a person gave; and why it
/// was asked. Of a tier whose answer is taken, who said so. Of a gate with `max_rate`, whether it went on to a further tier.
enum M016Choices: Migration {
    static let version = 16

    static let sql = """
        ALTER TABLE approval ADD COLUMN picked_tier TEXT;
        ALTER TABLE approval ADD COLUMN value_hash BLOB;
        -- A stable word, and the same in a sentence.
        ALTER TABLE approval ADD COLUMN cause TEXT;
        ALTER TABLE approval ADD COLUMN reason TEXT;
        ALTER TABLE gate_tier ADD COLUMN taken_by TEXT;
        -- Of the first tier of an execution that counts: with which others, whether a second one was asked, and what was counted then.
        ALTER TABLE gate_tier ADD COLUMN window_key BLOB;
        ALTER TABLE gate_tier ADD COLUMN went_on INTEGER;
        ALTER TABLE gate_tier ADD COLUMN window_answered INTEGER;
        ALTER TABLE gate_tier ADD COLUMN window_escalated INTEGER;
        -- What a count reads is in the index, in one range.
        CREATE INDEX gate_tier_window ON gate_tier(window_key, decided_at, went_on) WHERE window_key IS NOT NULL;
        DROP VIEW v_gate_tier;
        CREATE VIEW v_gate_tier AS SELECT (SELECT run_id FROM run WHERE run.id = gate_tier.run) AS run_id, node_path, step_id, tier,
            lower(hex(gate_hash)) AS gate_hash, verdict, failure_kind, decided_by, not_run, lower(hex(output_hash)) AS output_hash,
            \(M001Initial.time("decided_at")), taken, taken_by, cause, reason,
            lower(hex(window_key)) AS window_key, went_on, window_answered, window_escalated FROM gate_tier;
        """
}
