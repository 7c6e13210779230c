import Dispatch
import Economics
import Foundation
import GRDB
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

@Suite struct JournalTests {
    @Test func keepsThePromisesOfAJournal() async throws {
        let folders = Mutex<[TemporaryLedger]>([])
        try await exerciseJournal {
            let temporary = try TemporaryLedger()
            folders.withLock { $0.append(temporary) }
            return try temporary.open()
        }
    }

    /// What the engine is tried with is told the same things.
    @Test func soDoesTheJournalInMemory() async throws { try await exerciseJournal { InMemoryJournal() } }

    @Test func commitsInGroups() async throws {
        let temporary = try TemporaryLedger()
        let commits = Mutex(0)
        let firstCommit = DispatchSemaphore(value: 0)
        let goOn = DispatchSemaphore(value: 0)
        let ledger = try temporary.open {
            $0.didCommit = {
                guard
                    commits.withLock({
                        $0 += 1; return $0 == 1
                    })
                else { return }
                firstCommit.signal()
                goOn.wait()
            }
        }
        let start = Task { try await ledger.begin(.sample("r")) }
        await blocking { firstCommit.wait() }
        // The writer is busy: all this comes together meanwhile.
        let writes = (0..<64).map { index in Task { try await ledger.write(.event("r", "write", "\(index)")) } }
        while ledger.backlog.entries < 64 { await Task.yield() }
        for index in 0..<64 { ledger.post(.event("r", "post", "\(index)")) }
        #expect(ledger.backlog.entries == 128)
        goOn.signal()
        try await start.value
        for write in writes { #expect(try await write.value == .written) }
        #expect(commits.withLock { $0 } == 2)
        #expect(try ledger.events(run: "r", after: 1).count == 128)
        #expect(ledger.backlog.entries == 0)
    }

    /// They are inserted four at a time, and the rest one by one.
    @Test(arguments: 1...9) func entriesOfAnyLengthKeepTheirOrder(count: Int) async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        let entry = JournalEntry(run: RunID("r"))
        entry.facts = (0..<count).map { .sample("kind-\($0)", "{\"n\":\($0)}") }
        #expect(try await ledger.write(entry) == .written)
        let read = try ledger.events(run: "r", after: 1)
        #expect(read.map(\.kind) == entry.facts.map(\.kind))
        #expect(read.map(\.payload) == (0..<count).map { ["n": .int(Int64($0))] })
        #expect(read.map(\.sequence) == (0..<count).map { $0 + 2 })
        #expect(try ledger.verifyChain(run: "r") == .intact(events: count + 1, head: read.last!.hash))
    }

    @Test func dividesWhatIsTooMuchForOneGroup() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.groupLimit = 7 }
        try await ledger.begin(.sample("r"))
        for index in 0..<100 { ledger.post(.event("r", "post", "\(index)")) }
        #expect(try await ledger.write(.event("r", "write")) == .written)
        #expect(try ledger.events(run: "r", after: 1).count == 101)
    }

    @Test func keepsTheOrderOfARun() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in 0..<16 {
                group.addTask {
                    try await ledger.begin(.sample("r\(run)"))
                    for index in 0..<50 {
                        let entry = JournalEntry.event("r\(run)", "n", "\(index)")
                        if index % 5 == 4 { _ = try await ledger.write(entry) } else { ledger.post(entry) }
                    }
                }
            }
            try await group.waitForAll()
        }
        for run in 0..<16 {
            let events = try ledger.events(run: "r\(run)", after: 1)
            #expect(events.map(\.sequence) == Array(2...51))
            #expect(events.map(\.payload) == (0..<50).map { .int($0) })
            #expect(try ledger.verifyChain(run: "r\(run)") == .intact(events: 51, head: events[49].hash))
        }
    }

    @Test func postsWithoutAWaiterBecomeDurable() async throws {
        let temporary = try TemporaryLedger()
        let committed = DispatchSemaphore(value: 0)
        let ledger = try temporary.open { $0.didCommit = { committed.signal() } }
        try await ledger.begin(.sample("r"))
        await blocking { committed.wait() }
        ledger.post(.event("r", "a"))
        await blocking { committed.wait() }
        #expect(try ledger.events(run: "r", after: 1).count == 1)
    }

    @Test func closingWritesWhatIsQueued() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.postDelay = .seconds(60) }
        try await ledger.begin(.sample("r"))
        for index in 0..<10 { ledger.post(.event("r", "n", "\(index)")) }
        ledger.close()
        ledger.close()
        await #expect(throws: JournalError.self) { try await ledger.write(.event("r", "late")) }
        let reader = try Ledger.openReadOnly(path: temporary.path)
        #expect(try reader.events(run: "r", after: 1).count == 10)
        let log = try? FileManager.default.attributesOfItem(atPath: temporary.path + "-wal")[.size] as? Int
        #expect((log ?? 0) == 0)
    }

    // MARK: Ownership

    @Test func anotherOwnerStopsARun() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        try await ledger.begin(.sample("other"))
        _ = try await ledger.write(.event("r", "mine"))
        try temporary.execute("UPDATE run SET epoch = epoch + 1, owner = 99 WHERE run_id = 'r'")
        for entry in [JournalEntry.event("r", "stale"), .start("r", 1, held: dollars("1")), .event("r", "stale")] {
            let error = await #expect(throws: JournalError.self) { try await ledger.write(entry) }
            #expect(error?.code == .lostOwnership)
        }
        #expect(try ledger.events(run: "r", after: 1).map(\.kind) == ["mine"])
        #expect(try ledger.trace(run: "r")?.calls.isEmpty == true)
        #expect(try await ledger.write(.event("other", "mine")) == .written)
    }

    @Test func twoLedgersShareAFile() async throws {
        let temporary = try TemporaryLedger()
        let ledgers = [try temporary.open(), try temporary.open()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    let ledger = ledgers[lane % 2]
                    try await ledger.begin(.sample("r\(lane)"))
                    for index in 0..<20 { _ = try await ledger.write(.start("r\(lane)", index, held: dollars("1"))) }
                }
            }
            try await group.waitForAll()
        }
        // Each drives its own runs only.
        let error = await #expect(throws: JournalError.self) { try await ledgers[1].write(.event("r0", "foreign")) }
        #expect(error?.code == .lostOwnership)
        #expect(try ledgers[0].audit(by: []).first?.spending.calls == 160)
        for lane in 0..<8 { #expect(try ledgers[lane % 2].trace(run: "r\(lane)")?.run.spending.held == MoneySum(dollars("20"))) }
    }

    // MARK: The disk

    @Test func aFullDiskFailsTheGroupAndLosesNothing() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.maximumPages = 60 }
        try await ledger.begin(.sample("r"))
        var written = 0
        var failure: JournalError?
        while failure == nil, written < 1000 {
            let entry = JournalEntry.event("r", "n", "\(written)")
            entry.blobs = [Blob(Array("\(written)".utf8) + [UInt8](repeating: 1, count: 8000))]
            do {
                _ = try await ledger.write(entry)
                written += 1
            } catch { failure = error }
        }
        #expect(failure?.code == .diskFull)
        #expect(written > 5 && written < 60)
        #expect(try ledger.events(run: "r", after: 1).count == written)
        #expect(try ledger.blob(ContentHash(of: Array("\(written)".utf8) + [UInt8](repeating: 1, count: 8000))) == nil)
        guard case .intact(written + 1, _) = try ledger.verifyChain(run: "r") else { Issue.record("the chain broke"); return }
        // A small entry would still fit: the run's record must not go on behind what is missing.
        await #expect(throws: try #require(failure)) { try await ledger.write(.event("r", "small")) }
        ledger.post(.event("r", "small"))
        try await ledger.begin(.sample("r1"))
        #expect(try ledger.events(run: "r", after: 1).count == written)
        // Whoever waits is told; whoever posted learns it at the next write.
        let large = JournalEntry.event("r1", "large")
        large.blobs = [Blob([UInt8](repeating: 2, count: 400_000))]
        ledger.post(large)
        await #expect(throws: JournalError.self) { try await ledger.write(.event("r1", "after")) }
        ledger.close()
        // With room again, the ledger is as good as before.
        let again = try temporary.open()
        try await again.begin(.sample("r2"))
        #expect(try await again.write(.event("r2", "n")) == .written)
    }

    @Test func anotherProcessThatHoldsTheLockIsWaitedForOnlySoLong() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.busyTimeout = .milliseconds(20) }
        try await ledger.begin(.sample("r"))
        let other = try temporary.connect()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: JournalError.self) { try await ledger.write(.event("r", "a")) }
        #expect(error?.code == .busy)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        // What follows in that run would follow what is not there; other runs go on.
        await #expect(throws: try #require(error)) { try await ledger.write(.event("r", "b")) }
        try await ledger.begin(.sample("r2"))
        #expect(try await ledger.write(.event("r2", "b")) == .written)
        #expect(try ledger.events(run: "r", after: 1).isEmpty)
        try other.close()
    }

    @Test func itIsBehindWhileTheDiskDoesNotKeepUp() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.backlogBytes = 20_000 }
        try await ledger.begin(.sample("r"))
        let other = try temporary.connect()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        var posted = 0
        // One group is in the writer's hands, the rest waits.
        while !ledger.isBehind {
            ledger.post(.event("r", "n", String(repeating: "x", count: 1000)))
            posted += 1
        }
        #expect(posted >= 15 && ledger.backlog.bytes >= 20_000)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await ledger.write(.event("r", "last")) == .written)
        #expect(!ledger.isBehind)
        #expect(try ledger.events(run: "r", after: 1).count == posted + 1, "nothing is dropped")
        try other.close()
    }

    // MARK: Amounts

    @Test func anEntryThatFailsHalfwayLeavesNothing() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open { $0.postDelay = .seconds(60) }
        try await ledger.begin(.sample("good"))
        try await ledger.begin(.sample("bad"))
        _ = try await ledger.write(.start("bad", 1, held: dollars("1")))
        // One group: the one in the middle fails after its counters moved.
        ledger.post(.event("good", "before"))
        ledger.post(.event("bad", "before"))
        let twin = JournalEntry.start("bad", 2, held: dollars("5"), path: "draft[1]")
        twin.blobs = [Blob(Array("twin".utf8))]
        ledger.post(twin)
        ledger.post(.event("good", "between"))
        await #expect(throws: JournalError.self, "of a post's failure its run learns at once") {
            try await ledger.write(.event("bad", "after"))
        }
        #expect(try await ledger.write(.event("good", "after")) == .written)
        #expect(try ledger.events(run: "good", after: 1).map(\.kind) == ["before", "between", "after"])
        #expect(try ledger.trace(run: "bad")?.run.spending.held == MoneySum(dollars("1")))
        #expect(try ledger.trace(run: "bad")?.run.spending.calls == 1)
        #expect(try ledger.events(run: "bad", after: 1).map(\.kind) == ["call_started", "before"])
        #expect(try ledger.verifyChain(run: "good") == .intact(events: 4, head: ledger.events(run: "good")[3].hash))
        #expect(try ledger.blob(ContentHash(of: "twin")) == nil)
    }

    /// A18: what 64 bits hold is a cap of every run. Bills beyond it fill the counters, and the rows still tell what each call cost.
    @Test func amountsBeyondARunsRangeAreBounded() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        let caps = [(scope: "draft", cap: dollars("9200000"))]
        try await ledger.begin(.sample("r"))
        func start(_ number: Int, _ held: String) async throws -> JournalReply { try await ledger.write(.start("r", number, held: dollars(held), caps: caps, path: "draft[\(number)]")) }
        func end(_ number: Int, _ state: CallState, _ released: String, _ cost: Money) async throws {
            _ = try await ledger.write(.end("r", number, state, held: cost, cost: cost))
        }
        #expect(try await start(1, "4000000") == .written)
        #expect(try await start(2, "4000000") == .written)
        #expect(try await start(3, "4000000") == .postponed)
        try await end(1, .overrun, "4000000", .max)
        #expect(try temporary.value("SELECT held_pico FROM run", of: Int64.self) == .max)
        #expect(try ledger.trace(run: "r")?.run.held == MoneySum(.max) + MoneySum(dollars("4000000")))
        // Nothing more starts, and what is under way ends: one dearer than it was held, the counters stay full.
        guard case .refused(let refusal) = try await start(4, "0.01") else {
            Issue.record("it is not refused")
            return
        }
        #expect(refusal.money?.exceeded == .max)
        try await end(2, .overrun, "4000000", dollars("5000000"))
        let run = try #require(try ledger.trace(run: "r")?.run)
        // The counters stand at what they can hold, the sums of the rows go on.
        #expect(try temporary.value("SELECT min(held_pico, cost_pico) FROM run", of: Int64.self) == .max)
        #expect(run.held == MoneySum(.max) + MoneySum(dollars("5000000")) && run.cost == run.held && run.calls == 2)
        _ = try await ledger.write(.event("r", "after"))
        #expect(try temporary.value("SELECT held_pico FROM budget_window", of: Int64.self) == .max)
        #expect(try ledger.verify(run: "r")?.faults.filter { $0.contains("counts") || $0.contains("says") } == [])
        // Released twice: less than nothing would be held.
        try await ledger.begin(.sample("s"))
        _ = try await ledger.write(.start("s", 1, held: dollars("9000000")))
        _ = try await ledger.write(.end("s", 1, .void, held: .zero, cost: .zero))
        await #expect(throws: JournalError.self) {
            try await ledger.write(.end("s", 1, .void, held: .zero, cost: .zero))
        }
        #expect(try ledger.trace(run: "s")?.run.spending.held == .zero)
    }
}

/// Waits on a thread that may be blocked.
func blocking<T: Sendable>(_ wait: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: wait()) }
    }
}
