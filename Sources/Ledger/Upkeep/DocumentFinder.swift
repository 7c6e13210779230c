import Foundation
import GRDB
import Values

/// Finds documents by their hashes within one transaction, many of them one after the other.
final class DocumentFinder {
    private let database: Database
    private let indexed: Statement
    private let byRow: Statement
    /// Rows of those that are not indexed yet.
    private lazy var tail: [ContentHash: Int64] = (try? readTail()) ?? [:]

    init(_ database: Database) throws {
        self.database = database
        indexed = try database.makeStatement(sql: "SELECT bytes, id FROM blob_key JOIN blob USING (id) WHERE key = ? AND sha256 = ?")
        byRow = try database.makeStatement(sql: "SELECT bytes, id FROM blob WHERE id = ?")
    }

    /// The bytes under a hash, whatever they are; `nil` when there are none.
    func bytes(_ hash: ContentHash) throws -> [UInt8]? {
        if let row = try Row.fetchOne(indexed, arguments: [hash.indexKey, Data(hash.bytes)]) {
            return try DocumentPieces.whole(row, database)
        }
        guard let id = tail[hash] else { return nil }
        return try Row.fetchOne(byRow, arguments: [id]).map { try DocumentPieces.whole($0, database) }
    }

    private func readTail() throws -> [ContentHash: Int64] {
        let rows = try Row.fetchCursor(database, sql: "SELECT sha256, id FROM blob WHERE id > (SELECT indexed_to FROM blob_mark)")
        var ids: [ContentHash: Int64] = [:]
        while let row = try rows.next() { if let key = hash(row, 0) { ids[key] = row[1] } }
        return ids
    }

    static func bytes(_ row: Row, _ index: Int = 0) -> [UInt8] {
        (try? row.withUnsafeData(atIndex: index) { $0.map(Array.init) ?? [] }) ?? []
    }
}
