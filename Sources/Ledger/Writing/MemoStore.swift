import Economics
import Values
import WorkflowModel

/// Keeps the answers that steps with `memo` take again. Made when the first of them comes. Confined to the writer's thread.
final class MemoStore {
    private let upsert, insertHit, find: PreparedStatement
    private let findBlob, findNewBlob, selectBlob, selectPieces: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        upsert = try prepare("""
            INSERT INTO memo(question, run, number, blob, cost_pico, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (question) DO UPDATE SET run = excluded.run, number = excluded.number, blob = excluded.blob,
                cost_pico = excluded.cost_pico, at = excluded.at WHERE excluded.at >= at
            """)
        insertHit = try prepare("""
            INSERT OR REPLACE INTO memo_hit(run, node_path, run_id, step_id, tier, provider, model_asked, call_id, saved_pico, tags, started_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
        find = try prepare("""
            SELECT run.run_id || '.' || memo.number, memo.blob, memo.cost_pico, memo.at FROM memo JOIN run ON run.id = memo.run
            WHERE memo.question = ?1 AND memo.at >= ?2
            """)
        findBlob = try prepare("SELECT id FROM blob_key JOIN blob USING (id) WHERE key = ?1 AND sha256 = ?2")
        // The newest first: mostly it was just written.
        findNewBlob = try prepare("SELECT id FROM blob WHERE id > (SELECT indexed_to FROM blob_mark) AND sha256 = ?1 ORDER BY id DESC LIMIT 1")
        selectBlob = try prepare("SELECT sha256, bytes FROM blob WHERE id = ?1")
        selectPieces = try prepare("SELECT bytes FROM blob_piece WHERE id = ?1 ORDER BY part")
    }

    /// After the documents of its entry.
    func write(_ update: MemoUpdate, of run: OwnedRun) throws {
        switch update {
        case .kept(let entry):
            guard let blob = try row(of: entry.output) else { return }
            upsert.bind(1, entry.question)
            upsert.bind(2, run.row)
            upsert.bind(3, entry.call.number)
            upsert.bind(4, blob)
            upsert.bind(5, entry.cost?.picoDollars)
            upsert.bind(6, entry.at.microseconds)
            try upsert.run()
        case .taken(let hit):
            insertHit.bind(1, run.row)
            insertHit.bind(2, hit.path)
            insertHit.bind(3, run.id.text)
            insertHit.bind(4, hit.step)
            insertHit.bind(5, hit.tier)
            insertHit.bind(6, hit.provider)
            insertHit.bind(7, hit.modelAsked)
            insertHit.bind(8, hit.call)
            insertHit.bind(9, hit.saved?.picoDollars)
            insertHit.bind(10, hit.tags.map { JSONEncoding.canonical.string(.object($0)) })
            insertHit.bind(11, hit.at.microseconds)
            try insertHit.run()
        }
    }

    func recall(_ question: ContentHash, since: Timestamp) throws(SQLiteFailure) -> RememberedAnswer? {
        find.bind(1, question)
        find.bind(2, since.microseconds)
        let found = try find.first { (call: $0.text(0), blob: $0.int(1), cost: $0.optionalInt(2), at: $0.int(3)) }
        guard let found else { return nil }
        selectBlob.bind(1, found.blob)
        guard var (hash, bytes) = try selectBlob.first({ ($0.hash(0), $0.bytes(1)) }) else { return nil }
        if bytes.count == DocumentPieces.size {
            selectPieces.bind(1, found.blob)
            for piece in try selectPieces.all({ $0.bytes(0) }) { bytes += piece }
        }
        return RememberedAnswer(
            call: found.call, output: hash, document: bytes, at: Timestamp(microseconds: found.at), cost: found.cost.map(Money.init(picoDollars:)))
    }

    /// Where a document is; `nil` when it is not there.
    private func row(of hash: ContentHash) throws(SQLiteFailure) -> Int64? {
        findBlob.bind(1, hash.indexKey)
        findBlob.bind(2, hash)
        if let row = try findBlob.first({ $0.int(0) }) { return row }
        findNewBlob.bind(1, hash)
        return try findNewBlob.first { $0.int(0) }
    }
}
