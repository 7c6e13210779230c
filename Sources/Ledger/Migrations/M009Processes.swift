import GRDB
import Values
import WorkflowModel

/// Processes are rows of their own, named by the runs and batches that they drive: a beat touches one row, however many runs.
enum M009Processes: Migration {
    static let version = 9

    static let sql = """
        CREATE TABLE process(
            id INTEGER PRIMARY KEY,
            host TEXT NOT NULL,
            boot TEXT,
            -- Inodes of the namespaces in which its number and its clocks hold.
            pid_namespace INTEGER,
            time_namespace INTEGER,
            pid INTEGER NOT NULL,
            start INTEGER,
            program TEXT NOT NULL,
            began_at INTEGER NOT NULL,
            -- When it was last heard of: by the wall clock, and by the clock since its boot.
            beat INTEGER NOT NULL,
            beat_uptime INTEGER,
            lease_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE batch(
            name TEXT NOT NULL PRIMARY KEY,
            began_at INTEGER NOT NULL,
            -- The process that goes through its lines.
            owner INTEGER,
            -- Runs of its lines that `gc` removed: who went on with it would run those again.
            removed_runs INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;

        -- Until now a run named its process by a text, `host:pid:start`, and had a lease of its own. None is in force, see `check`: they count as heard of before that.
        CREATE TABLE former_owner(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, began_at INTEGER, beat INTEGER) STRICT;
        INSERT INTO former_owner(name, began_at, beat)
            SELECT owner, min(started_at), max(coalesce(lease_until, ended_at, started_at)) FROM run GROUP BY owner ORDER BY min(id);
        INSERT INTO process(id, host, pid, start, program, began_at, beat, lease_ms)
            WITH unstarted AS (SELECT *, rtrim(name, '0123456789') AS rest FROM former_owner),
                numbered AS (SELECT *, substr(rest, 1, length(rest) - 1) AS short, substr(name, length(rest) + 1) AS start FROM unstarted),
                parted AS (SELECT *, rtrim(short, '0123456789') AS head FROM numbered)
            SELECT id, CASE WHEN head LIKE '_%:' THEN substr(head, 1, length(head) - 1) ELSE name END,
                CASE WHEN head LIKE '_%:' THEN CAST(substr(short, length(head) + 1) AS INTEGER) ELSE 0 END,
                CASE WHEN head LIKE '_%:' THEN CAST(start AS INTEGER) END, 'agentctl', began_at, beat - 120000000, 60000 FROM parted;
        DROP VIEW v_run;
        DROP INDEX run_cancel;
        ALTER TABLE run RENAME COLUMN owner TO former;
        ALTER TABLE run ADD COLUMN owner INTEGER;
        UPDATE run SET owner = (SELECT id FROM former_owner WHERE name = former);
        ALTER TABLE run DROP COLUMN former;
        ALTER TABLE run DROP COLUMN lease_until;
        DROP TABLE former_owner;
        CREATE INDEX run_cancel ON run(owner) WHERE cancel_requested_at IS NOT NULL;

        -- A line of a batch is one run. Where a line was run twice before, the last one counts, as it was read all along.
        UPDATE run SET batch_index = NULL WHERE batch IS NOT NULL AND batch_index IS NOT NULL AND id NOT IN (
            SELECT max(id) FROM run WHERE batch IS NOT NULL AND batch_index IS NOT NULL GROUP BY batch, batch_index);
        CREATE UNIQUE INDEX run_batch ON run(batch, batch_index) WHERE batch IS NOT NULL AND batch_index IS NOT NULL;
        INSERT INTO batch(name, began_at) SELECT batch, min(started_at) FROM run WHERE batch IS NOT NULL GROUP BY batch;

        CREATE VIEW v_run AS SELECT run_id, workflow, status, \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")),
            \(M001Initial.dollars("cost")), \(M001Initial.dollars("held")), \(M001Initial.dollars("max_cost")), calls, unpriced_calls,
            input_tokens, output_tokens, outcome, decision_id, batch, batch_index, tags, owners, owner, epoch, file,
            lower(hex(graph_hash)) AS graph_hash, lower(hex(inputs_hash)) AS inputs_hash, lower(hex(outputs_hash)) AS outputs_hash, last_seq,
            lower(hex(last_hash)) AS last_hash, error FROM run;
        CREATE VIEW v_process AS SELECT id, host, boot, pid_namespace, pid, program, \(M001Initial.time("began_at")), \(M001Initial.time("beat"))
            FROM process;
        """

    /// A program that knows of no processes could not say any more that it lives: its runs would be taken from it.
    static func check(_ database: Database, path: String) throws {
        let driven = try Row.fetchOne(
            database, sql: "SELECT run_id, owner, lease_until FROM run WHERE status = 'running' AND lease_until > ? ORDER BY lease_until DESC LIMIT 1",
            arguments: [Timestamp.now().microseconds])
        guard let driven else { return }
        let parts = (driven[1] as String).split(separator: ":", omittingEmptySubsequences: false)
        let holder = parts.count < 3 ? driven[1] : "process \(parts[parts.count - 2]) on \(parts.dropLast(2).joined(separator: ":"))"
        throw JournalError(
            .busy,
            """
            run \(driven[0] as String) is driven by \(holder), an older agentctl: the ledger \(path) can be brought up to date when that has \
            ended, or without a sign of life in \(Timestamp(microseconds: driven[2]).since(.now()))
            """)
    }
}
