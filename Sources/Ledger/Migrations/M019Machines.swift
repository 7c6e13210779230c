/// Who had a machine on that is paid by the hour, and from when to when: what no call kept busy of it was idle.
enum M019Machines: Migration {
    static let version = 19

    static let sql = """
        CREATE TABLE machine_use(
            id INTEGER PRIMARY KEY,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            -- The one that had it on: without an end it did so until it was last heard of.
            process INTEGER NOT NULL,
            began_at INTEGER NOT NULL,
            ended_at INTEGER,
            hour_pico INTEGER NOT NULL CHECK (hour_pico >= 0),
            price_row TEXT NOT NULL
        ) STRICT;
        CREATE INDEX machine_use_open ON machine_use(process) WHERE ended_at IS NULL;
        CREATE VIEW v_machine_use AS SELECT id, provider, model, process, \(M001Initial.time("began_at")), \(M001Initial.time("ended_at")),
            \(M001Initial.dollars("hour")), price_row FROM machine_use;
        """
}
