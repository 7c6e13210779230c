import GRDB
import Values
import WorkflowModel

/// The rows of a run that was taken in: the ledger keeps none, so they are made again of its facts, in memory, whenever somebody looks.
enum ImportedTrace {
    /// Makes a database in memory that has the rows of one run, under the number 1.
    static func rows(of run: String, number: Int64, _ ledger: Database) throws -> DatabaseQueue {
        let memory = try DatabaseQueue()
        try memory.writeWithoutTransaction { database in
            try database.inTransaction {
                for migration in Migrations.all { try database.execute(sql: migration.sql) }
                guard let connection = database.sqliteConnection else { return .rollback }
                let texts = BindingArena()
                let writer = RowWriter(connection: connection, texts: texts)
                writer.beginning = (nil, EventChain.origin(of: run), "")
                var projection = Projection(run: RunID(run))
                let facts = try Row.fetchCursor(ledger, sql: "SELECT kind, payload, at FROM event WHERE run = ? ORDER BY seq", arguments: [number])
                while let row = try facts.next() {
                    let kind: String = row[0]
                    // What a later program recorded and this one does not know has no rows here.
                    guard RunEvent.Kind(rawValue: kind) != nil, let payload = try? JSONParser.parse(row[1] as String) else { continue }
                    let fact = try RunEvent(kind: kind, payload: payload, run: RunID(run))
                    try projection.rows(of: fact, at: Timestamp(microseconds: row[2]), into: writer)
                    texts.reset()
                }
                let sums = try Row.fetchOne(ledger, sql: "SELECT cost_pico, held_pico FROM run WHERE id = ?", arguments: [number])!
                try database.execute(sql: "UPDATE run SET cost_pico = ?, held_pico = ?", arguments: [sums[0] as Int64, sums[1] as Int64])
                return .commit
            }
        }
        return memory
    }
}
