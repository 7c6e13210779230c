/// What was chosen of a question, where that is more than yes or no: of a gate's answers that of a tier, or one that a person gave; and why it
/// was asked. Of a tier whose answer is taken, who said so.
enum M016Choices: Migration {
    static let version = 16

    static let sql = """
        ALTER TABLE approval ADD COLUMN picked_tier TEXT;
        ALTER TABLE approval ADD COLUMN value_hash BLOB;
        -- A stable word, and the same in a sentence.
        ALTER TABLE approval ADD COLUMN cause TEXT;
        ALTER TABLE approval ADD COLUMN reason TEXT;
        ALTER TABLE gate_tier ADD COLUMN taken_by TEXT;
        DROP VIEW v_gate_tier;
        CREATE VIEW v_gate_tier AS SELECT (SELECT run_id FROM run WHERE run.id = gate_tier.run) AS run_id, node_path, step_id, tier,
            lower(hex(gate_hash)) AS gate_hash, verdict, failure_kind, decided_by, not_run, lower(hex(output_hash)) AS output_hash,
            \(M001Initial.time("decided_at")), taken, taken_by, cause, reason FROM gate_tier;
        """
}
