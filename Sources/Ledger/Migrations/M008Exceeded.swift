/// Caps that a bill brought above their bound: no call that draws on one starts until it is raised. And documents of more than one
/// piece.
enum M008Exceeded: Migration {
    static let version = 8

    static let sql = """
        -- The most that has counted against the cap, once that was more than the cap; the largest amount there is: the counters
        -- are full. Null otherwise.
        ALTER TABLE run ADD COLUMN exceeded_pico INTEGER;
        ALTER TABLE budget_window ADD COLUMN exceeded_pico INTEGER;
        UPDATE run SET exceeded_pico = held_pico WHERE held_pico > max_cost_pico;
        -- What does not fit the row in `blob`, from part 1.
        CREATE TABLE blob_piece(
            id INTEGER NOT NULL,
            part INTEGER NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX blob_piece_key ON blob_piece(id, part);
        CREATE TRIGGER blob_piece_removed AFTER DELETE ON blob BEGIN DELETE FROM blob_piece WHERE id = old.id; END;
        UPDATE budget_window SET exceeded_pico = held_pico WHERE held_pico > cap_pico;
        """
}
