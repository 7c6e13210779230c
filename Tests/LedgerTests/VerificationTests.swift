import Economics
import Foundation
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Records are held against themselves; every kind of damage shows, and what is whole shows none.
@Suite struct VerificationTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    /// A run with documents that name others, two calls, and a cap below the run's.
    private func record(_ run: String, status: RunStatus = .succeeded) async throws {
        try await ledger.begin(.sample(run, cap: dollars("1")))
        let segment = Blob(Array("Be short.".utf8))
        let request = Blob(Array(#"{"model":"local/small","segments":[{"hash":"\#(segment.hash.hex)","role":"system"}]}"#.utf8))
        let answer = Blob(Array("\"\(run)\"".utf8))
        let caps = [(scope: "draft", cap: dollars("0.5"))]
        for number in 1...2 {
            let start = JournalEntry.start(run, number, held: dollars("0.1"), caps: caps, path: "draft[\(number)]", request: request)
            start.blobs = [segment, request]
            #expect(try await ledger.write(start) == .written)
        }
        _ = try await ledger.write(.end(run, 1, .settled, held: dollars("0.02"), cost: dollars("0.02"), response: answer))
        _ = try await ledger.write(.end(run, 2, .unknown, held: dollars("0.1"), cost: nil))
        _ = try await ledger.write(.finish(run, status))
    }

    @Test func whatIsAsItWasIsSound() async throws {
        try await record("a")
        try await record("b")
        let head = try #require(try ledger.events(run: "a").last?.hash)
        let found = try #require(try ledger.verify(run: "a"))
        #expect(found.chain == .intact(events: 6, head: head) && found.head == head)
        #expect(found.documents == 7 && found.faults.isEmpty && found.keptHead == nil && found.isSound)
        let checkup = try ledger.checkup()
        #expect(checkup.faults.isEmpty && checkup.resumable.isEmpty, "\(checkup.faults)")
        #expect(checkup.runs == 2 && checkup.calls == 4 && checkup.events == 12 && checkup.documents == 8 && checkup.checkedDocuments == 8)
        #expect(checkup.schema == LedgerInspection.currentSchema)
        #expect(try ledger.checkup(quick: true).faults.isEmpty)
        #expect(try ledger.verify(run: "nobody") == nil)
        var all: [String] = []
        try ledger.verifyAll { all.append($0.run) }
        #expect(all == ["a", "b"])
    }

    @Test(arguments: [
        ("UPDATE run SET cost_pico = cost_pico + 1", "cost_pico"), ("UPDATE run SET calls = 3", "run.calls of the run says 3"),
        ("UPDATE run SET held_pico = 0", "held_pico"), ("UPDATE run SET open_pico = 5", "open_pico"),
        ("UPDATE run SET output_tokens = 1", "output_tokens"), ("UPDATE run SET unpriced_calls = 1", "unpriced_calls"),
        ("UPDATE model_call SET cost_pico = 7 WHERE number = 1", "cost_pico"), ("DELETE FROM model_call WHERE number = 2", "model_call: 'draft[2]' 'small' 0 is missing"),
        ("UPDATE budget_window SET held_pico = 1", "budget_window.held_pico of 'draft' says 1"),
        ("UPDATE blob SET bytes = CAST('Be long.' AS BLOB) WHERE id = 1", "is not what it was"),
        ("DELETE FROM blob WHERE id = 1", "is not in the ledger"), ("DELETE FROM blob WHERE id = 3", "is not in the ledger"),
    ])
    func everyDamageShows(sql: String, word: String) async throws {
        try await record("a")
        ledger.close()
        try temporary.execute(sql)
        let reader = try Ledger.openReadOnly(path: temporary.path)
        defer { reader.close() }
        let found = try #require(try reader.verify(run: "a"))
        #expect(found.faults.contains { $0.contains(word) } && !found.isSound, "\(found.faults)")
        #expect(try reader.checkup().faults.contains { $0.message.contains(word) })
    }

    @Test(arguments: [
        ("UPDATE event SET payload = '{}' WHERE seq = 2", "a", "the chain breaks at event 2"),
        ("DELETE FROM run", "rows", "6 of event belong to no run"),
        ("INSERT INTO outcome VALUES (99, 1, 'x', 0, 'y')", "rows", "1 of outcome"),
        ("DROP INDEX run_started", "schema", "index run_started is missing"),
        ("CREATE TABLE mine(x)", "schema", "table mine is not agentctl's"),
        ("INSERT INTO blob_key VALUES (1, 99)", "documents", "1 entries of the index"),
        ("UPDATE blob_mark SET indexed_to = 2", "documents", "2 are not in the index"),
        ("UPDATE run SET pruned_at = 1", "rows", "1 runs still have events"),
    ])
    func aCheckSeesTheWholeFile(sql: String, place: String, word: String) async throws {
        try await record("a")
        ledger.close()
        let connection = try temporary.connect()
        try await connection.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF; \(sql)") }
        try connection.close()
        let reader = try Ledger.openReadOnly(path: temporary.path)
        defer { reader.close() }
        let faults = try reader.checkup().faults
        #expect(faults.contains { $0.place == place && $0.message.contains(word) }, "\(faults)")
    }

    @Test func aHeadKeptElsewhereProvesWhatItCan() async throws {
        try await ledger.begin(.sample("r"))
        for index in 1...3 { _ = try await ledger.write(.event("r", "kind", "{\"n\":\(index)}")) }
        let early = try ledger.events(run: "r")[2].hash
        let last = try ledger.events(run: "r")[3].hash
        #expect(try ledger.verify(run: "r", head: last)?.keptHead == .matches)
        #expect(try ledger.verify(run: "r", head: early)?.keptHead == .isOfEvent(3))
        #expect(try ledger.verify(run: "r", head: early)?.isSound == true)
        #expect(try ledger.verify(run: "r", head: ContentHash(of: "another"))?.keptHead == .differs)
        #expect(try ledger.verify(run: "r", head: ContentHash(of: "another"))?.isSound == false)
    }

    /// Someone who writes a whole new chain is caught by the head alone.
    @Test func aNewChainDoesNotFitTheKeptHead() async throws {
        try await ledger.begin(.sample("r"))
        _ = try await ledger.write(.event("r", "kind", "{\"n\":1}"))
        let events = try ledger.events(run: "r")
        let kept = try #require(events.last?.hash)
        ledger.close()
        var chain = EventChain()
        let payload = Array("{\"n\":2}".utf8)
        let at = Timestamp(rfc3339: "2026-11-21T10:00:01Z")!.microseconds
        let forged = payload.withUnsafeBytes { chain.link(after: events[0].hash, sequence: 2, at: at, kind: "kind", payload: $0) }
        try temporary.execute(
            """
            UPDATE event SET payload = '{"n":2}', hash = x'\(forged.hex)' WHERE seq = 2; UPDATE run SET last_hash = x'\(forged.hex)'
            """)
        let reader = try Ledger.openReadOnly(path: temporary.path)
        defer { reader.close() }
        #expect(try reader.verify(run: "r")?.isSound == true)
        #expect(try reader.verify(run: "r", head: kept)?.keptHead == .differs)
    }

    /// What stands behind an end was not written by a run.
    @Test func nothingComesBehindAnEnd() async throws {
        try await record("a")
        let end = try #require(try ledger.events(run: "a").last?.hash)
        ledger.close()
        var chain = EventChain()
        let forged = Array("{}".utf8).withUnsafeBytes { chain.link(after: end, sequence: 7, at: 1, kind: "more", payload: $0) }
        try temporary.execute(
            """
            INSERT INTO event SELECT id, 7, 'more', '{}', 1, x'\(forged.hex)' FROM run; UPDATE run SET last_seq = 7, last_hash = x'\(forged.hex)'
            """)
        let reader = try Ledger.openReadOnly(path: temporary.path)
        defer { reader.close() }
        #expect(try reader.verify(run: "a")?.isSound == true)
        #expect(try reader.verify(run: "a", head: end)?.keptHead == .differs)
    }

    @Test func runsWithoutAProcessAreNoFault() async throws {
        try await ledger.begin(.sample("r"))
        try await record("suspended", status: .interrupted)
        #expect(try ledger.checkup().resumable == ["suspended"])
        try temporary.execute("UPDATE process SET boot = 'another', beat = 1")
        let checkup = try ledger.checkup()
        #expect(checkup.resumable == ["r", "suspended"] && checkup.faults.isEmpty, "\(checkup.faults)")
        #expect(try ledger.run("r")?.isAbandoned == true)
        #expect(try ledger.runs(filter: RunFilter(isResumable: true, limit: 1)).map(\.id).count == 1)
    }
}
