import Foundation
import GRDB

/// Documents that are too large for one value of SQLite, which ends at 10⁹ bytes: the first piece stands in `blob`, where all others
/// are whole, and the rest in `blob_piece`. The hash is that of the whole.
enum DocumentPieces {
    /// Bytes of a piece. A document of fewer has one.
    static let size = 16 << 20

    /// A document by its row in `blob`.
    ///
    /// - Parameters:
    ///   - bytes: the column of its bytes.
    ///   - id: that of its number.
    static func whole(_ row: Row, bytes: Int = 0, id: Int = 1, _ database: Database) throws -> [UInt8] {
        var document = self.bytes(row, bytes)
        guard document.count == size else { return document }
        let pieces = try Row.fetchCursor(database, sql: "SELECT bytes FROM blob_piece WHERE id = ? ORDER BY part", arguments: [row[id] as Int64])
        while let piece = try pieces.next() { document += self.bytes(piece, 0) }
        return document
    }

    private static func bytes(_ row: Row, _ index: Int) -> [UInt8] {
        (try? row.withUnsafeData(atIndex: index) { $0.map(Array.init) ?? [] }) ?? []
    }
}
