import Economics
import Values
import WorkflowModel

/// Finds the answers that steps with `memo` take again. Made when the first of them comes. Confined to the writer's thread.
final class MemoStore {
    private let find, findBlob, findNewBlob, selectBlob, selectPieces: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        find = try prepare(
            """
            SELECT run.run_id || '.' || memo.number, memo.output_hash, memo.cost_pico, memo.at FROM memo JOIN run ON run.id = memo.run
            WHERE memo.question = ?1 AND memo.at >= ?2
            """)
        findBlob = try prepare("SELECT id FROM blob_key JOIN blob USING (id) WHERE key = ?1 AND sha256 = ?2")
        // The newest first: mostly it was just written.
        findNewBlob = try prepare("SELECT id FROM blob WHERE id > (SELECT indexed_to FROM blob_mark) AND sha256 = ?1 ORDER BY id DESC LIMIT 1")
        selectBlob = try prepare("SELECT bytes FROM blob WHERE id = ?1")
        selectPieces = try prepare("SELECT bytes FROM blob_piece WHERE id = ?1 ORDER BY part")
    }

    func recall(_ question: ContentHash, since: Timestamp) throws(SQLiteFailure) -> RememberedAnswer? {
        find.bind(1, question)
        find.bind(2, since.microseconds)
        let found = try find.first { (call: $0.text(0), output: $0.hash(1), cost: $0.optionalInt(2), at: $0.int(3)) }
        guard let found, let row = try row(of: found.output) else { return nil }
        selectBlob.bind(1, row)
        guard var bytes = try selectBlob.first({ $0.bytes(0) }) else { return nil }
        if bytes.count == DocumentPieces.size {
            selectPieces.bind(1, row)
            for piece in try selectPieces.all({ $0.bytes(0) }) { bytes += piece }
        }
        return RememberedAnswer(
            call: found.call, output: found.output, document: bytes, at: Timestamp(microseconds: found.at), cost: found.cost.map(Money.init(picoDollars:)))
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
