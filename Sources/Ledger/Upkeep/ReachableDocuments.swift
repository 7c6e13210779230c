import GRDB
import Values
import WorkflowModel

/// The documents that events name, and those that these name in turn; read by and by, in the order in which events were appended.
///
/// Whatever stands between quotes and looks like a hash is taken for one, so that a document is never missed for the key under
/// which an event names it. Of each hash eight bytes are kept: two that share them keep each other, which keeps too much at worst.
struct ReachableDocuments {
    private var keys: Set<Int64> = []
    private var openedLists: Set<Int64> = []
    /// Up to where events were read.
    private var lastRow: Int64 = 0

    func contains(_ hash: ContentHash) -> Bool { keys.contains(hash.indexKey) }

    /// Reads events that came since.
    ///
    /// - Parameter excluded: runs whose events do not count.
    /// - Returns: whether there may be more.
    mutating func read(_ database: Database, limit: Int, without excluded: Set<Int64> = []) throws -> Bool {
        let finder = try DocumentFinder(database)
        let rows = try Row.fetchCursor(
            database, sql: "SELECT rowid, run, CAST(payload AS BLOB) FROM event WHERE rowid > ? AND kind <> ? ORDER BY rowid LIMIT ?",
            arguments: [lastRow, RunEvent.Kind.documentsRedacted.rawValue, limit])
        var count = 0
        var lists: [ContentHash] = []
        while let row = try rows.next() {
            count += 1
            lastRow = row[0]
            if !excluded.isEmpty, excluded.contains(row[1]) { continue }
            try row.withUnsafeData(atIndex: 2) { payload in
                payload?.withUnsafeBytes { bytes in
                    Self.scan(bytes) { hash, start in
                        keys.insert(hash.indexKey)
                        if Self.namesList(bytes, before: start), openedLists.insert(hash.indexKey).inserted { lists.append(hash) }
                    }
                }
            }
        }
        // An answer that no run has taken yet is named by no event.
        let given = try Row.fetchCursor(database, sql: "SELECT value_hash FROM approval WHERE decided_at IS NOT NULL AND taken = 0 AND value_hash IS NOT NULL")
        while let row = try given.next() {
            if let hash = hash(row, 0) { keys.insert(hash.indexKey) }
        }
        for list in lists {
            guard let bytes = try finder.bytes(list) else { continue }
            bytes.withUnsafeBytes { bytes in Self.scan(bytes) { hash, _ in keys.insert(hash.indexKey) } }
        }
        return count == limit
    }

    private static let quote = UInt8(ascii: "\"")
    private static let listKeys = RunEvent.listKeys.map { Array("\"\($0)\":".utf8) }

    static func scan(_ bytes: UnsafeRawBufferPointer, _ found: (_ hash: ContentHash, _ start: Int) -> Void) {
        var index = 0
        while index + 65 < bytes.count {
            if bytes[index] == quote, bytes[index + 65] == quote,
                let hash = ContentHash(hex: String(decoding: UnsafeRawBufferPointer(rebasing: bytes[index + 1..<index + 65]), as: UTF8.self))
            {
                found(hash, index)
                index += 65
            }
            index += 1
        }
    }

    static func namesList(_ bytes: UnsafeRawBufferPointer, before start: Int) -> Bool {
        listKeys.contains { key in start >= key.count && bytes[(start - key.count)..<start].elementsEqual(key) }
    }
}
