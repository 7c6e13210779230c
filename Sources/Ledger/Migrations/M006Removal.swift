/// What `gc` leaves behind for others to know.
enum M006Removal: Migration {
    static let version = 6

    static let sql = """
        -- Raised whenever documents or the rows of runs are removed: what a process remembers of them is then void.
        ALTER TABLE blob_mark ADD COLUMN removals INTEGER NOT NULL DEFAULT 0;
        -- Since when a run has no events and documents any more.
        ALTER TABLE run ADD COLUMN pruned_at INTEGER;
        """
}
