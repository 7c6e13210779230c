import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// A ledger that the version before recorded, schema 11 and facts of form 2: a run that was killed, resumed and asked a person, one that
/// waits, one that failed, and a batch.
@Suite struct FormerLedgerTests {
    private let temporary: TemporaryLedger

    init() throws {
        temporary = try TemporaryLedger()
        let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/facts-2/ledger-11.sql")
        let queue = try temporary.connect()
        let text = try String(contentsOf: dump, encoding: .utf8)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF; " + text) }
        try queue.close()
    }

    @Test func itsRunsAreReadAndProvedAsFarAsTheyWere() async throws {
        let ledger = try temporary.open()
        defer { ledger.close() }
        let runs = try ledger.runs()
        #expect(runs.map(\.status) == [.succeeded, .succeeded, .failed, .waiting, .succeeded] && runs.allSatisfy { $0.version == nil })
        for run in runs {
            let found = try #require(try ledger.verify(run: run.id))
            #expect(found.isSound && !found.provesRows && found.documents > 0, "\(found.faults)")
        }
        #expect(try ledger.checkup().faults == [])
        let whole = try #require(try ledger.trace(run: "20261130-045024-ry8p7dkj"))
        #expect(whole.run.outcome == "reopened" && whole.run.spending.calls == 13 && whole.run.spending.unknown == 2)
        #expect(whole.approvals.map { $0.decision?.by } == ["ann"] && whole.memoHits.map(\.path) == ["again"])
        #expect(try temporary.value("SELECT count(*) FROM outcome") == 2)
        #expect(try temporary.value("SELECT count(*) FROM memo JOIN blob ON sha256 = output_hash") == 2)
        // What it said of a changed counter it says still.
        try temporary.execute("UPDATE run SET calls = 9 WHERE status = 'waiting'")
        #expect(try ledger.verify(run: "20261130-045026-1hv5mrxm")?.faults == ["calls says 9, its calls come to 8"])
    }

    /// A run keeps the form of its facts for life.
    @Test func itsRunsGoOn() async throws {
        let ledger = try temporary.open()
        defer { ledger.close() }
        let run = RunID("20261130-045026-1hv5mrxm")
        let taken = try await ledger.takeOver(run)
        #expect(taken.resumed.epoch == 2 && taken.events.count == 55)
        _ = try await ledger.write(.finish(run.text))
        #expect(try await ledger.recordOutcome("late", of: run.text) == [run.text])
        let found = try #require(try ledger.verify(run: run.text))
        guard case .intact(58, _)? = found.chain else { Issue.record("\(found)"); return }
        #expect(!found.provesRows && found.faults.allSatisfy { $0.contains("document") }, "\(found.faults)")
    }
}
