import Foundation
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// A document by its hash.
    public func blob(_ hash: ContentHash) throws(JournalError) -> [UInt8]? {
        try blobs([hash])[hash]
    }

    /// Documents by their hashes; those that the ledger does not have are left out.
    public func blobs(_ hashes: some Sequence<ContentHash>) throws(JournalError) -> [ContentHash: [UInt8]] {
        try read { database in
            var found: [ContentHash: [UInt8]] = [:]
            var missing: Set<ContentHash> = []
            let indexed = try database.makeStatement(
                sql: "SELECT bytes, id FROM blob_key JOIN blob USING (id) WHERE key = ? AND sha256 = ?")
            for key in hashes where found[key] == nil {
                if let row = try Row.fetchOne(indexed, arguments: [key.indexKey, Data(key.bytes)]) {
                    found[key] = try DocumentPieces.whole(row, database)
                } else {
                    missing.insert(key)
                }
            }
            if missing.isEmpty { return found }
            // The tail that is not indexed yet; once for all.
            let tail = try Row.fetchCursor(
                database, sql: "SELECT sha256, id FROM blob WHERE id > (SELECT indexed_to FROM blob_mark)")
            var ids: [(ContentHash, Int64)] = []
            while let row = try tail.next() {
                if let key = hash(row, 0), missing.remove(key) != nil { ids.append((key, row[1])) }
            }
            for (key, id) in ids {
                if let row = try Row.fetchOne(database, sql: "SELECT bytes, id FROM blob WHERE id = ?", arguments: [id]) {
                    found[key] = try DocumentPieces.whole(row, database)
                }
            }
            return found
        }
    }
}
