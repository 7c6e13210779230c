import Foundation
import GRDB
import TestSupport
import Testing

@testable import Ledger

/// `Docs/Ledger.md` has every table with its columns, no other, and every view.
@Suite struct DocumentationTests {
    private let page: DocumentationPage

    init() throws { page = try DocumentationPage("Docs/Ledger.md") }

    /// The names in the code of a table's cell.
    private static func names(_ cell: String) -> [String] { DocumentationPage.spans(in: cell).flatMap { DocumentationPage.words(of: $0) } }

    /// Tables of the page, each with the columns that it says: those with a section of their own, and a row for each of the others.
    private func documentedTables() throws -> [(name: String, columns: [String])] {
        let own = page.sections.filter { $0.level == 3 && $0.title.allSatisfy { $0.isLowercase || $0 == "_" } }
        let others = try #require(page.section("Others")).rows
        return own.map { section in (section.title, section.rows.flatMap { Self.names($0[0]) }) } + others.map { (Self.names($0[0]).joined(separator: " "), Self.names($0[1])) }
    }

    private static func schema(_ kind: String) throws -> [String: [String]] {
        let path = NSTemporaryDirectory() + "agentctl-doc-\(UUID().uuidString).db"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try Ledger.open(path: path).close()
        return try DatabaseQueue(path: path).read { database in
            let names = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", arguments: [kind])
            return Dictionary(uniqueKeysWithValues: try names.map { ($0, try String.fetchAll(database, sql: "SELECT name FROM pragma_table_xinfo(?)", arguments: [$0])) })
        }
    }

    @Test func everyTableAndColumnIsDocumented() throws {
        let (documented, actual) = (try documentedTables(), try Self.schema("table"))
        #expect(actual.count > 8)
        #expect(documented.map(\.name).sorted() == actual.keys.sorted(), "a section or a row for each table")
        for (table, columns) in documented {
            #expect(columns.sorted() == actual[table]?.sorted(), "the columns of \(table)")
        }
    }

    @Test func everyViewIsNamed() throws {
        let words = try #require(page.section("Views")).codeWords
        let actual = Set(try Self.schema("view").keys)
        #expect(words.filter { $0.hasPrefix("v_") } == actual)
    }

    @Test func theVersionOfTheSchemaIsTold() throws {
        let version = try #require(page.sections.first { $0.title == "The ledger" }).lines.joined(separator: " ").firstMatch(of: /The schema is version (\d+)/)
        #expect(version.map { Int($0.1) } == Migrations.current)
    }
}
