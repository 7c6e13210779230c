import Testing
import Values
import WorkflowModel

@testable import Ledger

/// A11: documents beyond what one value of SQLite holds are stored in pieces, and read as they were.
@Suite struct LargeDocumentTests {
    private static func document(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 12) } }

    @Test func piecesArePutTogether() async throws {
        let size = DocumentPieces.size
        let documents = [size - 1, size, size + 1, 2 * size, 2 * size + 17].map { Blob(Self.document($0)) }
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        let entry = JournalEntry("r", .nodeSucceeded("a", OutputReference(hash: documents[4].hash)))
        entry.blobs = documents
        #expect(try await ledger.write(entry) == .written)
        _ = try await ledger.write(.finish("r"))
        let found = try ledger.blobs(documents.map(\.hash))
        for document in documents { #expect(found[document.hash] == document.bytes, "\(document.bytes.count)") }
        #expect(try temporary.value("SELECT count(*) FROM blob_piece", of: Int.self) == 4)
        #expect(try ledger.verify(run: "r")?.faults == [])
        let checkup = try ledger.checkup()
        #expect(checkup.faults.filter { $0.place == "documents" } == [])
        #expect(checkup.bytes >= documents.reduce(0) { $0 + Int64($1.bytes.count) })
        // A piece that is lost is missed, and where a document goes its pieces go.
        ledger.close()
        try temporary.execute("DELETE FROM blob_piece WHERE id = 7 AND part = 2")
        let damaged = try Ledger.openReadOnly(path: temporary.path)
        defer { damaged.close() }
        #expect(try damaged.checkup().faults.contains { $0.place == "documents" && $0.message.contains(documents[4].hash.hex) })
        try temporary.execute("DELETE FROM blob WHERE id = 7")
        #expect(try temporary.value("SELECT count(*) FROM blob_piece WHERE id = 7", of: Int.self) == 0)
    }
}
