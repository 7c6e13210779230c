import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Documents go, their hashes and the proof of the rest stay.
@Suite struct RedactionTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger
    private static let later = Timestamp(rfc3339: "2027-01-01T00:00:00Z")!
    private static let shared = Blob(Array("the policy that all prompts begin with".utf8))

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private static func own(_ run: String) -> Blob { Blob(Array("the secret of \(run), 4711".utf8)) }

    private func record(_ run: String, _ status: RunStatus? = .succeeded) async throws {
        let segments = [Self.shared, Self.own(run)]
        let request = Blob(Array(#"{"segments":[\#(segments.map { #"{"hash":"\#($0.hash.hex)"}"# }.joined(separator: ","))]}"#.utf8))
        try await ledger.begin(.sample(run))
        let entry = JournalEntry.start(run, 1, held: dollars("0.1"), request: request)
        entry.blobs = segments + [request]
        _ = try await ledger.write(entry)
        _ = try await ledger.write(.end(run, 1, .settled, held: dollars("0.02"), cost: dollars("0.02")))
        _ = try await ledger.write(.node(run, "draft", .succeeded, second: 1))
        if let status { _ = try await ledger.write(.finish(run, status)) }
    }

    private func redact(_ run: String, _ documents: [ContentHash], everywhere: Bool = false, isDry: Bool = false) throws -> Redaction {
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        return try upkeep.redact(
            RedactionRequest(run: run, documents: documents, fields: ["prompts"], by: "ann", reason: "asked", everywhere: everywhere, at: Self.later), isDry: isDry)
    }

    private func contains(_ text: String) throws -> Bool {
        for suffix in ["", "-wal"] {
            guard let data = FileManager.default.contents(atPath: temporary.path + suffix) else { continue }
            if data.range(of: Data(text.utf8)) != nil { return true }
        }
        return false
    }

    @Test func aDocumentGoesAndTheChainSaysSo() async throws {
        try await record("a")
        let own = Self.own("a")
        let before = try #require(try ledger.verify(run: "a"))
        #expect(try contains("the secret of a"))
        let dry = try redact("a", [own.hash], isDry: true)
        #expect(dry.documents == 1 && dry.bytes == Int64(own.bytes.count) && dry.runs == ["a"] && dry.shared == [])
        #expect(try ledger.blob(own.hash) != nil && ledger.verify(run: "a")?.head == before.head, "nothing was changed")
        let done = try redact("a", [own.hash])
        #expect(done.documents == 1 && done.runs == ["a"])
        #expect(try ledger.blob(own.hash) == nil && ledger.blob(Self.shared.hash) != nil)
        let found = try #require(try ledger.verify(run: "a", head: before.head))
        #expect(found.isSound && found.redacted == 1 && found.provesRows, "\(found)")
        #expect(found.keptHead == .isOfEvent(5), "a head that was kept before is one of its facts")
        let last = try #require(try ledger.events(run: "a").last)
        #expect(last.kind == "documents_redacted" && last.payload["by"] == "ann" && last.payload["reason"] == "asked" && last.payload["fields"] == ["prompts"])
        #expect(DocumentsRedacted.documents(in: last.payload) == [own.hash])
        #expect(try ledger.checkup().faults == [])
        #expect(try ledger.redacted(run: "a") == [own.hash])
        #expect(try ledger.trace(run: "a")?.redacted == [own.hash])
        // Not only freed: the bytes are in no page and no log.
        #expect(try !contains("the secret of a"))
        // A document that is missing without a word is a fault as before.
        try temporary.execute("DELETE FROM blob WHERE sha256 = x'\(Self.shared.hash.hex)'")
        #expect(try ledger.verify(run: "a")?.isSound == false)
    }

    @Test func whatOthersHaveIsRefusedOrGoesEverywhere() async throws {
        try await record("a")
        try await record("b")
        let dry = try redact("a", [Self.shared.hash, Self.own("a").hash], isDry: true)
        #expect(dry.shared == [Redaction.Shared(document: Self.shared.hash, runs: ["b"])] && dry.runs == ["a", "b"])
        let error = #expect(throws: JournalError.self) { _ = try redact("a", [Self.shared.hash, Self.own("a").hash]) }
        #expect(error?.description.contains("to b: with --everywhere") == true, "\(String(describing: error))")
        #expect(try ledger.blob(Self.own("a").hash) != nil, "nothing was changed")
        let done = try redact("a", [Self.shared.hash, Self.own("a").hash], everywhere: true)
        #expect(done.runs == ["a", "b"] && done.documents == 2)
        #expect(try ledger.redacted(run: "b") == [Self.shared.hash])
        for run in ["a", "b"] { #expect(try ledger.verify(run: run)?.isSound == true) }
        #expect(try ledger.blob(Self.own("b").hash) != nil)
        // A later run that writes it again keeps it for itself, and is asked again where that is to go.
        try await record("c")
        #expect(try ledger.blob(Self.shared.hash) != nil)
        let transcript = ledger.archive.transcript(of: try #require(try ledger.run("a")))
        #expect(try await transcript.documents([Self.shared.hash]).isEmpty)
        #expect(try await ledger.archive.transcript(of: try #require(try ledger.run("c"))).documents([Self.shared.hash]).count == 1)
        #expect(try redact("c", [Self.shared.hash]).runs == ["c"], "those that said so before need not say it again")
        #expect(try ledger.checkup().faults == [])
    }

    @Test func aRunThatMayGoOnIsRefused() async throws {
        for (run, status) in [("running", nil), ("interrupted", .interrupted), ("waiting", .waiting)] as [(String, RunStatus?)] {
            try await record(run, status)
            let error = #expect(throws: JournalError.self) { _ = try redact(run, [Self.own(run).hash]) }
            #expect(error?.code == .hasEnded)
        }
        #expect(throws: JournalError.self) { _ = try redact("nobody", []) }
        try await record("a")
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        // That others have it and have not ended.
        #expect(throws: JournalError.self) { _ = try redact("a", [Self.shared.hash], everywhere: true) }
        #expect(try upkeep.remove(RemovalFilter(before: Self.later, keepsCosts: true)).runs == 1)
        #expect(throws: JournalError.self) { _ = try redact("a", [Self.own("a").hash]) }
    }

    @Test func whatIsRememberedOfItIsForgotten() async throws {
        try await record("a", nil)
        let answer = Blob(Array("\"the answer 4711\"".utf8))
        let kept = JournalEntry("a", .memoKept(MemoKept(path: "draft", question: ContentHash(of: "q"), call: CallID(run: RunID("a"), number: 1), output: answer.hash, cost: nil)))
        kept.blobs = [answer]
        _ = try await ledger.write(kept)
        _ = try await ledger.write(.finish("a"))
        #expect(try await ledger.recall(ContentHash(of: "q"), since: Timestamp(microseconds: 0)) != nil)
        _ = try redact("a", [answer.hash])
        #expect(try await ledger.recall(ContentHash(of: "q"), since: Timestamp(microseconds: 0)) == nil)
        #expect(try ledger.verify(run: "a")?.isSound == true && ledger.checkup().faults.isEmpty)
    }

    /// The newest document's number is never given again, and a large one goes with all its pieces.
    @Test func theNewestAndTheLargestGo() async throws {
        try await record("a", nil)
        let large = Blob([UInt8](repeating: 0x2A, count: DocumentPieces.size + 7))
        let entry = JournalEntry("a", .nodeSucceeded("big", OutputReference(hash: large.hash)))
        entry.blobs = [large]
        _ = try await ledger.write(JournalEntry("a", .nodeStarted("big")))
        _ = try await ledger.write(entry)
        _ = try await ledger.write(.finish("a"))
        let newest = try #require(try temporary.value("SELECT max(id) FROM blob", of: Int64.self))
        #expect(try redact("a", [large.hash]).bytes == Int64(large.bytes.count))
        #expect(try temporary.value("SELECT count(*) FROM blob_piece") == 0)
        try await record("b")
        #expect(try #require(try temporary.value("SELECT max(id) FROM blob", of: Int64.self)) > newest)
        #expect(try ledger.checkup().faults == [])
    }
}
