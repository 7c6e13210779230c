import Foundation
import GRDB
import Values
import WorkflowModel

/// The rows of a run that stay where `gc` removes its facts, each table as one hash: what proves them from then on.
struct KeptRows {
    /// The run's number.
    let number: Int64

    static let tables = ["run"] + RunTables.all.filter(\.tellsCosts).map(\.name).sorted()
    /// What of the run's row no fact tells, and what the link and those behind it change.
    private static let without: [String: Set<String>] = [
        "run": RowComparison.ofRun.union(["last_seq", "last_hash", "outcome"]),
        // Made of others in the row.
        "model_call": ["run", "call_id"],
    ]

    /// The hash of each table's rows, in the order of their keys: of all columns that hold something, so that a column which a later
    /// version adds changes nothing.
    ///
    /// - Parameter outcomes: how many of them, the first ones; `nil`: all.
    func digests(_ database: Database, outcomes: Int? = nil) throws -> [(table: String, digest: ContentHash)] {
        try Self.tables.map { table in
            let isRun = table == "run"
            let key = isRun ? "id" : RunTables.all.first { $0.name == table }!.key
            let limit = table == "outcome" ? outcomes ?? -1 : -1
            let rows = try Row.fetchCursor(
                database, sql: "SELECT * FROM \(table) WHERE \(isRun ? "id" : "run") = ? ORDER BY \(key) LIMIT ?", arguments: [number, limit])
            var digest = ContentHash(of: table)
            let without = Self.without[table] ?? ["run"]
            while let row = try rows.next() { digest = ContentHash(chaining: digest, Self.bytes(row, without: without)) }
            return (table, digest)
        }
    }

    private static func bytes(_ row: Row, without: Set<String>) -> [UInt8] {
        var columns = JSONObject()
        for (name, value) in row.sorted(by: { $0.0 < $1.0 }) where !without.contains(name) {
            switch value.storage {
            case .null: break
            case .int64(let number): columns[name] = .int(number)
            case .double(let number): columns[name] = .double(number)
            case .string(let text): columns[name] = .string(text)
            case .blob(let data): columns[name] = ["bytes": .string(data.base64EncodedString())]
            }
        }
        return JSONEncoding.canonical.bytes(.object(columns))
    }
}
