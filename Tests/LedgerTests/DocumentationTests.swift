import Foundation
import GRDB
import Testing

@testable import Ledger

/// `Docs/Ledger.md` names every table, view and column there is.
@Suite struct DocumentationTests {
    @Test func everyTableAndColumnIsDocumented() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: folder.appendingPathComponent("Docs/Ledger.md"), encoding: .utf8)
        let path = NSTemporaryDirectory() + "agentctl-doc-\(UUID().uuidString).db"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try Ledger.open(path: path).close()
        let names: [(String, [String])] = try DatabaseQueue(path: path).read { database in
            try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'").map { table in
                (table, try String.fetchAll(database, sql: "SELECT name FROM pragma_table_xinfo(?)", arguments: [table]))
            }
        }
        #expect(names.count > 8)
        for (table, columns) in names {
            #expect(text.contains("`\(table)`") || text.contains("### \(table)\n"), "\(table) is not in Docs/Ledger.md")
            // Views repeat the columns of their tables in readable form.
            for column in columns where !table.hasPrefix("v_") {
                #expect(text.contains("`\(column)`") || text.contains(column), "\(table).\(column) is not in Docs/Ledger.md")
            }
        }
    }
}
