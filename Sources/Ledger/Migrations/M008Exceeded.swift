/// Caps that a bill brought above their bound: no call that draws on one starts until it is raised.
enum M008Exceeded: Migration {
    static let version = 8

    static let sql = """
        -- The most that has counted against the cap, once that was more than the cap; the largest amount there is: the counters
        -- are full. Null otherwise.
        ALTER TABLE run ADD COLUMN exceeded_pico INTEGER;
        ALTER TABLE budget_window ADD COLUMN exceeded_pico INTEGER;
        UPDATE run SET exceeded_pico = held_pico WHERE held_pico > max_cost_pico;
        UPDATE budget_window SET exceeded_pico = held_pico WHERE held_pico > cap_pico;
        """
}
