import Economics
import Testing
import Values
import WorkflowModel

@testable import Ledger

@Suite struct MemoTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger
    private let start = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    private let question = ContentHash(of: "question")

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private func kept(_ run: String, _ number: Int, _ text: String, second: Int64, cost: Money? = dollars("0.5")) -> JournalEntry {
        let blob = Blob(Array(text.utf8))
        let entry = JournalEntry(
            run, .memoKept(MemoKept(path: "draft", question: question, call: CallID(run: RunID(run), number: number), output: blob.hash, cost: cost)),
            at: start.adding(.seconds(second)))
        entry.blobs = [blob]
        return entry
    }

    private func taken(_ run: String, path: String, saved: Money?, tags: JSONObject? = nil) -> JournalEntry {
        JournalEntry(
            run,
            .memoHit(
                MemoHit(
                    path: path, call: "a.1", output: ContentHash(of: "output"), tier: "small", model: ModelReference(provider: "local", model: "small-model"),
                    saved: saved, tags: tags)), at: start)
    }

    @Test func theNewestAnswerIsFoundWhileItIsYoung() async throws {
        try await ledger.begin(.sample("a"))
        #expect(try await ledger.recall(question, since: start) == nil)
        // Posted, and not durable yet: the question comes behind it.
        ledger.post(kept("a", 1, "\"one\"", second: 10))
        let one = try #require(try await ledger.recall(question, since: start))
        #expect(one.call == "a.1" && one.document == Array("\"one\"".utf8) && one.output == ContentHash(of: "\"one\""))
        #expect(one.cost == dollars("0.5") && one.at == start.adding(.seconds(10)))
        #expect(try await ledger.recall(question, since: start.adding(.seconds(11))) == nil)
        #expect(try await ledger.recall(ContentHash(of: "another"), since: start) == nil)
        ledger.post(kept("a", 2, "\"two\"", second: 20, cost: nil))
        ledger.post(kept("a", 3, "\"late\"", second: 15))
        let two = try #require(try await ledger.recall(question, since: start))
        #expect(two.call == "a.2" && two.cost == nil)
    }

    @Test func anAnswerOutlivesItsProcess() async throws {
        try await ledger.begin(.sample("a"))
        // Its document is there already, and indexed or not makes no difference.
        _ = try await ledger.write(kept("a", 1, "\"one\"", second: 1))
        for index in 0..<(BlobStore.tailLimit + 10) {
            let entry = JournalEntry(run: RunID("a"))
            entry.blobs = [Blob(Array("\(index)".utf8))]
            ledger.post(entry)
        }
        _ = try await ledger.write(kept("a", 2, "\"one\"", second: 2))
        ledger.close()
        let again = try temporary.open()
        defer { again.close() }
        #expect(try await again.recall(question, since: start)?.call == "a.2")
    }

    @Test func whatWasTakenStandsBesideTheCallsAtNoCost() async throws {
        try await ledger.begin(.sample("a", tags: ["team": "support"]))
        try await ledger.begin(.sample("b", workflow: "digest"))
        for entry in [
            JournalEntry.start("a", 1, held: dollars("1")), .end("a", 1, .settled, held: dollars("0.5"), cost: dollars("0.5")),
            taken("a", path: "draft[1]", saved: dollars("0.5"), tags: ["team": "own"]), taken("a", path: "draft[2]", saved: nil), taken("b", path: "draft", saved: dollars("0.25")),
        ] { #expect(try await ledger.write(entry) == .written) }
        func rows(_ dimensions: [AuditDimension], _ filter: AuditFilter = AuditFilter()) throws -> [String] {
            try ledger.audit(by: dimensions, filter: filter).map {
                ($0.keys + ["\($0.runs)", "\($0.spending.calls)", "\($0.memoHits)", $0.spending.cost.decimalText, $0.saved.decimalText, "\($0.spending.unpriced)"]).joined(separator: " ")
            }
        }
        #expect(try rows([]) == ["2 1 3 0.5 0.75 0"])
        #expect(try rows([.workflow]) == ["triage 1 1 2 0.5 0.5 0", "digest 1 0 1 0 0.25 0"])
        #expect(try rows([.purpose]) == ["try 1 1 0 0.5 0 0", "memo 2 0 3 0 0.75 0"])
        #expect(
            try rows([.model, .step, .tier, .provider, .day]) == [
                "local/small-model triage:draft triage:small local 2026-11-21 1 1 2 0.5 0.5 0",
                "local/small-model digest:draft digest:small local 2026-11-21 1 0 1 0 0.25 0",
            ])
        #expect(try rows([.tag("team")]) == ["support 1 1 1 0.5 0 0", " 1 0 1 0 0.25 0", "own 1 0 1 0 0.5 0"])
        #expect(try rows([.run], AuditFilter(since: start.adding(.seconds(1)))) == ["a 1 1 0 0.5 0 0"])
        let hits = try #require(try ledger.trace(run: "a")).memoHits
        #expect(hits.map(\.path) == ["draft[1]", "draft[2]"])
        #expect(hits.map(\.saved) == [dollars("0.5"), nil])
    }
}
