/// Of a fork's steps and items, the run that ran them. Where it has no run, the step began here.
enum M024Forks: Migration {
    static let version = 24

    static let sql = """
        ALTER TABLE step_attempt ADD COLUMN inherited_from TEXT;
        -- The family of a run is found from its parent.
        CREATE INDEX run_parent ON run(parent) WHERE parent IS NOT NULL;
        DROP VIEW v_step_attempt;
        CREATE VIEW v_step_attempt AS SELECT run.run_id, node_path, step_id, item, step.status, \(M001Initial.time("started_at", of: "step")),
            \(M001Initial.time("ended_at", of: "step")), lower(hex(output_hash)) AS output_hash, step.error, reason, inherited_from
            FROM step_attempt AS step JOIN run ON run.id = step.run;
        """
}
