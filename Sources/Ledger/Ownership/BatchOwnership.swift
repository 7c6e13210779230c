import GRDBSQLite
import Values
import WorkflowModel

/// Who goes through the lines of a batch. Inside the transaction that is open, on the writer's thread.
///
/// Two guards: a batch has one owner at a time, and a line has one run for good, by a unique key. A process that stood still until its
/// batch was another's finds that at the next line that it begins.
struct BatchOwnership {
    let connection: OpaquePointer
    let texts: BindingArena
    let own: OwnProcess
    /// Asked for each line, and so prepared once.
    private let selectOwner: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena, own: OwnProcess) throws(SQLiteFailure) {
        self.connection = connection
        self.texts = texts
        self.own = own
        selectOwner = try PreparedStatement("SELECT owner FROM batch WHERE name = ?1", on: connection, texts: texts)
    }

    private func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement { try PreparedStatement(sql, on: connection, texts: texts) }

    /// Makes this process the batch's owner.
    ///
    /// - Throws: `JournalError` of code `owned` when another one goes through it.
    func claim(_ batch: String, at: Timestamp) throws {
        if let holder = try owner(of: batch), holder.id != own.id {
            let verdict = own.vantage.verdict(on: holder)
            if verdict.isAlive {
                throw JournalError(
                    .owned, "batch \(batch) is driven by \(own.vantage.name(of: holder)), \(verdict.text): wait for it, or end that process; then go on with --resume \(batch)")
            }
        }
        let claim = try prepare("INSERT INTO batch(name, began_at, owner) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner")
        claim.bind(1, batch)
        claim.bind(2, at.microseconds)
        claim.bind(3, own.id)
        try claim.run()
    }

    func release(_ batch: String) throws {
        let release = try prepare("UPDATE batch SET owner = NULL WHERE name = ?1 AND owner = ?2")
        release.bind(1, batch)
        release.bind(2, own.id)
        try release.run()
    }

    /// Makes sure that no other process has the batch; one that nobody claimed is anybody's.
    func assertOwned(_ batch: String) throws {
        selectOwner.bind(1, batch)
        guard let owner = try selectOwner.first({ $0.optionalInt(0) }) ?? nil, owner != own.id else { return }
        throw JournalError(.lostOwnership, "another process took over batch \(batch)")
    }

    /// Why a line cannot begin: it has a run already.
    func refusal(_ batch: String, _ index: Int) throws -> JournalError? {
        let select = try prepare("SELECT run_id FROM run WHERE batch = ?1 AND batch_index = ?2")
        select.bind(1, batch)
        select.bind(2, index)
        return try select.first { $0.text(0) }.map { JournalError(.owned, "entry \(index + 1) of batch \(batch) has a run already: \($0)") }
    }

    private func owner(of batch: String) throws -> ProcessRecord? {
        let select = try prepare("SELECT \(ProcessRecord.sql(of: "batch.owner")) FROM batch WHERE name = ?1")
        select.bind(1, batch)
        return ProcessRecord(text: try select.first { $0.optionalText(0) } ?? nil)
    }
}
