/// The tables whose rows belong to runs.
enum RunTables {
    struct Table {
        let name: String
        /// The columns that tell the rows of one run apart.
        let key: String
        /// Whether it stays where `gc` keeps the costs of a run: what it cost and what became of it, not what was said.
        let tellsCosts: Bool
    }

    /// Of a row of `run`: `gc` has removed a part of its facts, and was stopped before it wrote the last link. Earlier versions wrote none.
    static let isHalfPruned = """
        pruned_at IS NOT NULL AND EXISTS (SELECT 1 FROM event WHERE event.run = run.id)
            AND NOT EXISTS (SELECT 1 FROM event WHERE event.run = run.id AND kind = 'run_pruned')
        """

    /// Events behind all that always goes: a run that has some is gone on with when `gc` was stopped halfway.
    static let all = [
        Table(name: "budget_window", key: "scope", tellsCosts: false),
        Table(name: "approval", key: "node_path", tellsCosts: false),
        Table(name: "outcome_request", key: "number", tellsCosts: false),
        // An answer that is remembered is the run's own.
        Table(name: "imported", key: "run", tellsCosts: false),
        Table(name: "memo", key: "question", tellsCosts: false),
        Table(name: "event", key: "seq", tellsCosts: false),
        Table(name: "memo_hit", key: "node_path", tellsCosts: true),
        Table(name: "step_attempt", key: "node_path", tellsCosts: true),
        Table(name: "model_call", key: "node_path, tier, part, ordinal", tellsCosts: true),
        Table(name: "outcome", key: "number", tellsCosts: true),
        Table(name: "gate_check", key: "node_path, tier, name", tellsCosts: true),
        Table(name: "gate_tier", key: "node_path, tier", tellsCosts: true),
        Table(name: "gate_draw", key: "node_path", tellsCosts: true),
        Table(name: "gate_shadow", key: "node_path, tier", tellsCosts: true),
    ]
}
