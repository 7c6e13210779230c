import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// `gc` takes what is over and nothing else, whoever writes meanwhile.
@Suite struct RemovalTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger
    private let later = Timestamp(rfc3339: "2027-01-01T00:00:00Z")!

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private static let shared = Blob(Array("the prefix of all".utf8))

    private static func entry(_ run: String, _ blobs: [Blob]) -> JournalEntry {
        let request = Blob(Array(#"{"segments":[\#(blobs.map { #"{"hash":"\#($0.hash.hex)"}"# }.joined(separator: ","))]}"#.utf8))
        let entry = JournalEntry.start(run, 1, held: dollars("0.1"), request: request)
        entry.blobs = blobs + [request]
        return entry
    }

    /// A run with a document of its own and one that it shares.
    private func record(_ run: String, workflow: String = "triage", _ status: RunStatus? = .succeeded, in ledger: Ledger? = nil) async throws {
        let ledger = ledger ?? self.ledger
        try await ledger.begin(.sample(run, workflow: workflow))
        let entry = Self.entry(run, [Self.shared, Blob(Array("own of \(run)".utf8))])
        _ = try await ledger.write(entry)
        _ = try await ledger.write(.end(run, 1, .settled, held: dollars("0.02"), cost: dollars("0.02")))
        _ = try await ledger.write(.node(run, "draft", .succeeded, second: 1))
        if let status { _ = try await ledger.write(.finish(run, status, outcome: "resolved")) }
    }

    private func remove(_ filter: RemovalFilter, isDry: Bool = false) throws -> Removal {
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        return try upkeep.remove(filter, isDry: isDry)
    }

    private func hasDocument(_ text: String) throws -> Bool { try ledger.blob(ContentHash(of: text)) != nil }

    @Test func removesWhatIsOverAndNamedByNothingElse() async throws {
        try await record("old")
        try await record("failed", .failed)
        try await record("interrupted", .interrupted)
        try await record("waiting", .waiting)
        try await record("running", nil)
        let dry = try remove(RemovalFilter(before: later), isDry: true)
        #expect(try ledger.runs().count == 5)
        let removal = try remove(RemovalFilter(before: later))
        #expect(removal.runs == 2 && removal.spending.calls == 2 && removal.spending.cost == MoneySum(dollars("0.04")))
        // Each its own text and its own request.
        #expect(removal.documents == 4 && removal.events == 10 && removal.bytes > 0)
        #expect(dry == removal)
        #expect(try ledger.runs().map(\.id).sorted() == ["interrupted", "running", "waiting"])
        #expect(try !hasDocument("own of old") && hasDocument("own of waiting") && hasDocument("the prefix of all"))
        #expect(try temporary.value("SELECT count(*) FROM event") == 14)
        #expect(try temporary.value("SELECT count(*) FROM step_attempt") == 3)
        #expect(try ledger.checkup().faults.isEmpty)
        #expect(try remove(RemovalFilter(before: later)) == Removal())
    }

    @Test func takesTheFilterAtItsWord() async throws {
        try await record("a", workflow: "one")
        try await record("b", workflow: "two")
        try await record("c", workflow: "two", .interrupted)
        #expect(try remove(RemovalFilter(before: Timestamp(rfc3339: "2026-11-21T10:00:00Z")!)).runs == 0, "it ended later")
        #expect(try remove(RemovalFilter(before: later, workflow: "one")).runs == 1)
        #expect(try remove(RemovalFilter(before: later, statuses: [.failed])).runs == 0)
        #expect(try remove(RemovalFilter(before: later, statuses: [.interrupted, .running, .waiting])).runs == 1)
        #expect(try ledger.runs().map(\.id) == ["b"])
    }

    @Test func costsCanBeKept() async throws {
        try await record("a")
        try await record("b", .interrupted)
        let before = try ledger.audit(by: [.step])[0]
        let filter = RemovalFilter(before: later, statuses: [.succeeded, .interrupted], keepsCosts: true)
        let removal = try remove(filter)
        #expect(removal.runs == 2 && removal.spending.calls == 0 && removal.events == 10)
        let after = try ledger.audit(by: [.step])[0]
        #expect(after.spending == before.spending && after.spending.calls == 2 && after.keys == before.keys)
        #expect(try ledger.decisions()[0].counted == 2)
        #expect(try ledger.trace(run: "a")?.nodes.count == 1)
        #expect(try !hasDocument("own of a"))
        let found = try #require(try ledger.verify(run: "a"))
        // Five facts, and the link behind them.
        #expect(found.chain == .intact(events: 6, head: found.head) && found.prunedAt != nil && found.isSound)
        #expect(try ledger.checkup().faults.isEmpty)
        // Without its events it cannot go on.
        #expect(try ledger.resumableRuns().isEmpty)
        await #expect(throws: JournalError.self) { _ = try await ledger.takeOver(RunID("b")) }
        #expect(try remove(filter).runs == 0, "once is enough")
        #expect(try remove(RemovalFilter(before: later, statuses: [.succeeded, .interrupted])).spending.calls == 2, "and later they go for good")
        #expect(try ledger.runs().isEmpty)
    }

    /// What is kept is proved by the last link, column by column; what is said of the run later stands behind it.
    @Test func whatIsKeptIsProved() async throws {
        try await record("a")
        let end = try #require(try ledger.verify(run: "a")).head
        #expect(try remove(RemovalFilter(before: later, keepsCosts: true)).runs == 1)
        #expect(try await ledger.recordOutcome("good", of: "a", at: later) == ["a"])
        let found = try #require(try ledger.verify(run: "a", head: end))
        #expect(found.isSound && found.keptHead == .isOfEvent(5) && found.chain == .intact(events: 7, head: found.head), "\(found)")
        #expect(try temporary.value("SELECT outcome FROM run") == "good")
        #expect(try ledger.checkup().faults.isEmpty)

        let link = String(repeating: "0", count: 64)
        let changes: [(sql: String, says: String)] = [
            ("UPDATE run SET workflow = 'other'", "run: the rows"), ("UPDATE run SET ended_at = NULL", "run: the rows"),
            ("UPDATE run SET outcome = 'bad'", "run.outcome"), ("UPDATE model_call SET cost_pico = 1; UPDATE run SET cost_pico = 1", "model_call: the rows"),
            ("UPDATE model_call SET tier = 'frontier'", "model_call: the rows"), ("DELETE FROM step_attempt", "step_attempt: the rows"),
            ("UPDATE outcome SET value = 'bad'", "outcome: the rows"), ("DELETE FROM outcome", "outcome: the rows"),
            ("UPDATE outcome SET at = at + 1", "outcome: the rows"), ("UPDATE outcome SET source = 'x'", "outcome: the rows"), ("UPDATE outcome SET number = number + 5", "outcome: the rows"),
            ("DELETE FROM event", "its last link is missing"), ("DELETE FROM event; UPDATE model_call SET cost_pico = 0; UPDATE run SET cost_pico = 0", "its last link is missing"),
            ("UPDATE event SET payload = replace(payload, 'previous', 'previoux') WHERE kind = 'run_pruned'", ""),
            ("UPDATE event SET payload = json_set(payload, '$.previous', '\(link)') WHERE kind = 'run_pruned'", ""), ("DELETE FROM event WHERE kind = 'outcome_recorded'", ""),
        ]
        for (index, (sql, says)) in changes.enumerated() {
            let path = temporary.folder + "/changed-\(index).db"
            try await temporary.connect().writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO '\(path)'") }
            let copy = try DatabaseQueue(path: path)
            try await copy.write { try $0.execute(sql: sql) }
            try copy.close()
            let changed = try #require(try Ledger.openReadOnly(path: path).verify(run: "a"))
            #expect(!changed.isSound, "\(sql)")
            if !says.isEmpty { #expect(changed.faults.contains { $0.hasPrefix(says) }, "\(sql): \(changed.faults)") }
        }
    }

    /// What was changed is not laundered: rows that are not what their facts say keep their facts, and the others go.
    @Test func whatDoesNotFitStays() async throws {
        try await record("a")
        try await record("b")
        try temporary.execute("UPDATE model_call SET output_tokens = 0; UPDATE run SET output_tokens = 0")
        try await record("c")
        let filter = RemovalFilter(before: later, keepsCosts: true)
        for isDry in [true, false] {
            let removal = try remove(filter, isDry: isDry)
            #expect(removal.runs == 1 && removal.unsound == ["a", "b"], "\(removal)")
        }
        #expect(try ledger.verify(run: "a")?.isSound == false && ledger.verify(run: "c")?.isSound == true)
        #expect(try ledger.verify(run: "c")?.prunedAt != nil)
    }

    /// Without an event nothing proves what a row says, and least of all the head that it has.
    @Test func aRunWithoutEventsIsProvedByNoHead() async throws {
        try await record("a")
        let head = try #require(try ledger.verify(run: "a")).head
        try temporary.execute(
            """
            DELETE FROM event; DELETE FROM budget_window; DELETE FROM memo; UPDATE run SET pruned_at = ended_at + 1, cost_pico = 0, held_pico = 0;
            UPDATE model_call SET cost_pico = 0, held_pico = 0
            """)
        for kept in [nil, head] {
            let found = try #require(try ledger.verify(run: "a", head: kept))
            #expect(!found.isSound && found.keptHead == nil, "\(found)")
        }
        // Of the version before there are such runs: they are no fault, and no head proves them.
        try temporary.execute("UPDATE run SET unlinked = 1")
        #expect(try ledger.verify(run: "a")?.isSound == true)
        #expect(try ledger.verify(run: "a", head: head)?.isSound == false)
    }

    /// A process remembers what it wrote lately, and does not write it again: unless it was removed.
    @Test func aProcessThatRemembersADocumentWritesItAgain() async throws {
        let other = try temporary.open()
        defer { other.close() }
        try await record("old", in: other)
        try await ledger.begin(.sample("new"))
        _ = try await ledger.write(Self.entry("new", [Blob(Array("something".utf8))]))
        try await other.begin(.sample("next"))
        #expect(try remove(RemovalFilter(before: later)).runs == 1)
        #expect(try !hasDocument("the prefix of all"))
        _ = try await other.write(Self.entry("next", [Self.shared]))
        #expect(try hasDocument("the prefix of all"))
        #expect(try ledger.checkup().faults.isEmpty)
    }

    /// A run that began after the events were read, and before the documents go.
    @Test func whatIsNamedMeanwhileStays() async throws {
        try await record("old")
        try await record("newest", nil)
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        try upkeep.transaction { try $0.execute(sql: "DELETE FROM event WHERE run = 1; DELETE FROM model_call WHERE run = 1; DELETE FROM step_attempt WHERE run = 1; DELETE FROM outcome; DELETE FROM run WHERE id = 1") }
        var reachable = ReachableDocuments()
        #expect(try !upkeep.read { try reachable.read($0, limit: 1000) })
        let own = Blob(Array("own of old".utf8))
        #expect(!reachable.contains(own.hash))
        try await ledger.begin(.sample("new"))
        _ = try await ledger.write(Self.entry("new", [own]))
        _ = try upkeep.transaction { try reachable.read($0, limit: 1000) }
        #expect(reachable.contains(own.hash))
    }

    @Test func twoAtOnceDoNotWorkAgainstEachOther() async throws {
        let first = try LedgerUpkeep(path: temporary.path)
        let second = try LedgerUpkeep(path: temporary.path)
        defer { first.close(); second.close() }
        try first.transaction { _ in }
        try second.transaction { _ in }
        #expect(throws: JournalError.self) { try first.transaction { _ in } }
    }

    /// In transactions of some thousand rows; one that is stopped halfway is gone on with.
    @Test func aLongRunGoesInPieces() async throws {
        try await ledger.begin(.sample("long"))
        for _ in 0..<12 {
            let entry = JournalEntry(run: RunID("long"))
            entry.facts = (0..<1000).map { .sample("kind", "{\"n\":\($0)}") }
            _ = try await ledger.write(entry)
        }
        _ = try await ledger.write(.finish("long"))
        try temporary.execute("UPDATE run SET pruned_at = 1; DELETE FROM event WHERE seq < 1000")
        let before: Int64 = try #require(try temporary.value("SELECT removals FROM blob_mark"))
        let removal = try remove(RemovalFilter(before: later))
        #expect(removal.runs == 1 && removal.events == 11_003)
        #expect(try #require(try temporary.value("SELECT removals FROM blob_mark", of: Int64.self)) >= before + 3)
        #expect(try temporary.value("SELECT count(*) FROM event") == 0)
        #expect(try ledger.runs().isEmpty)
    }

    /// Another number would be given twice, and what points to it would then point to another document.
    @Test func theNewestDocumentStays() async throws {
        try await record("a")
        let newest: Int64 = try #require(try temporary.value("SELECT max(id) FROM blob"))
        _ = try remove(RemovalFilter(before: later))
        #expect(try temporary.value("SELECT max(id) FROM blob") == newest)
        #expect(try temporary.value("SELECT count(*) FROM blob") == 1)
    }

    /// A table that belongs to runs and is not known to `gc` would be left behind.
    @Test func everyTableOfRunsIsKnown() throws {
        let tables = try temporary.connect().read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND c.name = 'run' ORDER BY 1
                    """)
        }
        #expect(tables == RunTables.all.map(\.name).sorted())
    }

    /// An answer goes with what it is from, also where the costs of that stay; who took it still tells what it saved.
    @Test(arguments: [false, true]) func answersGoWithTheirRuns(keepsCosts: Bool) async throws {
        try await record("a")
        try await record("b", .interrupted)
        let question = ContentHash(of: "question")
        let document = Blob(Array("\"said\"".utf8))
        try await ledger.begin(.sample("c"))
        let kept = JournalEntry(
            "c", .nodeSucceeded("x", OutputReference(hash: document.hash)),
            .memoKept(MemoKept(path: "x", question: question, call: CallID(run: RunID("c"), number: 1), output: document.hash, cost: dollars("0.02"))),
            .memoHit(
                MemoHit(
                    path: "x", call: "a.1", output: document.hash, tier: "t", model: ModelReference(provider: "p", model: "m"), saved: dollars("0.02"), tags: nil)),
            at: later)
        kept.blobs = [document]
        _ = try await ledger.write(kept)
        #expect(try await ledger.recall(question, since: later)?.document == document.bytes)
        _ = try remove(RemovalFilter(before: later))
        #expect(try await ledger.recall(question, since: later)?.document == document.bytes, "its run is under way")
        _ = try await ledger.write(.finish("c"))
        // The newest document would stay.
        try await record("d", .waiting)
        _ = try remove(RemovalFilter(before: later, keepsCosts: keepsCosts))
        #expect(try await ledger.recall(question, since: later) == nil)
        #expect(try !hasDocument("\"said\""))
        #expect(try temporary.value("SELECT count(*) FROM memo") == 0)
        #expect(try temporary.value("SELECT count(*) FROM memo_hit") == (keepsCosts ? 1 : 0))
        #expect(try ledger.checkup().faults.isEmpty)
    }

    // MARK: Vacuum

    @Test func aVacuumMakesTheFileSmaller() async throws {
        for index in 0..<40 {
            try await ledger.begin(.sample("r\(index)"))
            _ = try await ledger.write(Self.entry("r\(index)", [Blob([UInt8](repeating: UInt8(index), count: 50_000))]))
            _ = try await ledger.write(.finish("r\(index)"))
        }
        try await record("kept", .interrupted)
        _ = try remove(RemovalFilter(before: later))
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        let (before, after) = try upkeep.vacuum()
        #expect(before > 2_000_000 && after < before / 2)
        #expect(try ledger.checkup().faults.isEmpty)
        // The process that wrote before goes on.
        try await record("next")
        #expect(try ledger.checkup().faults.isEmpty)
    }

    @Test func noVacuumUnderALivingRun() async throws {
        try await record("r", nil)
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        let error = #expect(throws: JournalError.self) { try upkeep.vacuum() }
        #expect(error?.code == .busy && error?.description.contains("drives run r") == true)
        _ = try await ledger.write(.finish("r"))
        _ = try upkeep.vacuum()
    }

    @Test func upkeepMakesNoLedger() throws {
        let absent = temporary.folder + "/absent.db"
        #expect(throws: JournalError.self) { try LedgerUpkeep(path: absent) }
        #expect(!FileManager.default.fileExists(atPath: absent))
    }
}
