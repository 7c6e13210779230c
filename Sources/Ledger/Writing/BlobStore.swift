import GRDBSQLite
import Values
import WorkflowModel

/// Keeps documents once under their hash.
///
/// Hashes are random: an index kept entry by entry would dirty a page per document, which cost more than the documents
/// themselves (about half of all that was written). So documents are appended, and indexed some thousand at a time in the
/// order of their hashes. What is not indexed yet, the tail, is found by looking through it.
///
/// `gc` may remove documents at any moment. Each removal raises a number in its transaction; a group that finds another one than
/// the group before forgets what is remembered as written, so a document is there when the transaction that names it is. That
/// holds as long as documents come in the entry whose event names them.
///
/// Two processes may both append a document that is in neither's memory nor in the index yet: it then stands twice,
/// which wastes its bytes and nothing else. Confined to the writer's thread.
final class BlobStore {
    /// Documents in the tail before they are indexed. Looking through that many takes a reader a millisecond or two.
    static let tailLimit = 4096

    private let connection: OpaquePointer
    private let insert, insertPiece, find, selectTail, insertKey, selectMark, updateMark: PreparedStatement
    private var recent = RecentBlobs()
    /// Documents in the tail; `nil`: not known.
    private var tailCount: Int?
    /// Of the last group; see `blob_mark.removals`.
    private var removals: Int64?

    init(connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        self.connection = connection
        insert = try prepare("INSERT INTO blob(sha256, bytes) VALUES (?1, ?2)")
        insertPiece = try prepare("INSERT INTO blob_piece(id, part, bytes) VALUES (?1, ?2, ?3)")
        find = try prepare("SELECT 1 FROM blob_key JOIN blob USING (id) WHERE key = ?1 AND sha256 = ?2")
        selectTail = try prepare("SELECT id, sha256 FROM blob WHERE id > ?1")
        insertKey = try prepare("INSERT INTO blob_key(key, id) VALUES (?1, ?2)")
        selectMark = try prepare("SELECT indexed_to, removals FROM blob_mark")
        updateMark = try prepare("UPDATE blob_mark SET indexed_to = ?1")
    }

    /// The first thing in a group's transaction.
    func beginGroup() throws(SQLiteFailure) {
        let found = try selectMark.first { $0.int(1) }
        if found == removals { return }
        removals = found
        forget()
    }

    /// Writes a document unless it is there.
    func write(_ blob: Blob) throws {
        let count = try tailCount ?? readTail()
        guard recent.insert(blob.hash) else { return }
        find.bind(1, blob.hash.indexKey)
        find.bind(2, blob.hash)
        if try find.first({ _ in true }) != nil { return }
        try blob.bytes.withUnsafeBytes { bytes in
            insert.bind(1, blob.hash)
            insert.bind(2, uncopiedBlob: UnsafeRawBufferPointer(rebasing: bytes.prefix(DocumentPieces.size)))
            try insert.run()
            guard bytes.count > DocumentPieces.size else { return }
            let id = sqlite3_last_insert_rowid(connection)
            for (part, start) in stride(from: DocumentPieces.size, to: bytes.count, by: DocumentPieces.size).enumerated() {
                insertPiece.bind(1, id)
                insertPiece.bind(2, part + 1)
                insertPiece.bind(3, uncopiedBlob: UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + DocumentPieces.size, bytes.count)]))
                try insertPiece.run()
            }
        }
        tailCount = count + 1
    }

    /// At the end of a group: indexes the tail when it is long.
    func indexIfDue() throws(SQLiteFailure) {
        guard let tailCount, tailCount >= Self.tailLimit else { return }
        // Also what other processes appended; and none of what they have indexed meanwhile.
        let tail = try unindexed().map { (key: $0.hash.indexKey, id: $0.id) }.sorted { $0.key < $1.key }
        for row in tail {
            insertKey.bind(1, row.key)
            insertKey.bind(2, row.id)
            try insertKey.run()
        }
        if let last = tail.map(\.id).max() {
            updateMark.bind(1, last)
            try updateMark.run()
        }
        self.tailCount = 0
    }

    /// After a rollback: what was remembered as written may not be.
    func forget() {
        recent.forgetAll()
        tailCount = nil
    }

    private func readTail() throws(SQLiteFailure) -> Int {
        let tail = try unindexed()
        for row in tail { _ = recent.insert(row.hash) }
        tailCount = tail.count
        return tail.count
    }

    private func unindexed() throws(SQLiteFailure) -> [(id: Int64, hash: ContentHash)] {
        selectTail.bind(1, try selectMark.first { $0.int(0) } ?? 0)
        return try selectTail.all { (id: $0.int(0), hash: $0.hash(1)) }
    }
}

extension ContentHash {
    /// The first eight bytes: enough to find a document by, and a quarter of the hash in the index.
    var indexKey: Int64 { withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) } }
}
