import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Who has a run or a batch, and for how long.
@Suite struct OwnershipTests {
    private let temporary: TemporaryLedger
    private let machine = Machine()

    init() throws { temporary = try TemporaryLedger() }

    private func open(_ vantage: Vantage) throws -> Ledger { try temporary.open { $0.vantage = vantage } }

    private func refusal(_ work: () async throws -> Void) async -> JournalError? {
        do {
            try await work()
            return nil
        } catch { return error as? JournalError }
    }

    // MARK: Runs

    /// Case A3.
    @Test func aRunIsNotTakenIntoAContainerWhileItsProcessIsHeardOf() async throws {
        let ledger = try open(machine.vantage(4711))
        try await ledger.begin(.sample("r"))
        machine.setClock(by: .seconds(3600))
        let container = try open(machine.vantage(1, namespace: 2))
        let refused = try #require(await refusal { _ = try await container.takeOver(RunID("r")) })
        #expect(refused.code == .owned)
        #expect(refused.description.contains("run r is driven by process 4711 on build-3, in another container, heard of 0ms ago"), "\(refused)")
        #expect(refused.description.contains("it is free in 1m 00s: wait for it, or stop the run with: agentctl cancel r"), "\(refused)")
        #expect(try container.run("r")?.isAbandoned == false && container.resumableRuns().isEmpty)
        machine.pass(.seconds(61))
        #expect(try container.resumableRuns() == ["r"])
        #expect(try await container.takeOver(RunID("r")).resumed.epoch == 2)
        // It wakes up, and finds that it has lost its run.
        let lost = await refusal { _ = try await ledger.write(.event("r", "stale")) }
        #expect(lost?.code == .lostOwnership)
    }

    @Test func aRunOfAProcessThatIsGoneIsTakenAtOnce() async throws {
        let ledger = try open(machine.vantage(4711))
        try await ledger.begin(.sample("r"))
        let other = try open(machine.vantage(4712))
        #expect(await refusal { _ = try await other.takeOver(RunID("r")) }?.code == .owned)
        machine.kill(4711)
        #expect(try other.run("r")?.isAbandoned == true)
        #expect(try await other.takeOver(RunID("r")).resumed.epoch == 2)
    }

    @Test func aBeatTouchesOneProcessAndNoRun() async throws {
        let ledger = try temporary.open { $0.lease = .milliseconds(30) }
        try await ledger.begin(.sample("r1"))
        try await ledger.begin(.sample("r2"))
        try temporary.execute("CREATE TRIGGER quiet BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'touched'); END")
        // Both of one moment: a beat may come between two looks.
        func beats() throws -> [Int64] {
            try #require(try temporary.value("SELECT beat || ' ' || beat_uptime FROM process", of: String.self)).split(separator: " ").compactMap { Int64($0) }
        }
        let first = try beats()
        let never = DispatchSemaphore(value: 0)
        while try beats() == first { _ = await blocking { never.wait(timeout: .now() + .milliseconds(5)) } }
        #expect(try beats()[1] > first[1])
        #expect(try temporary.value("SELECT count(*) FROM process") == 1)
        #expect(try temporary.value("SELECT count(DISTINCT owner) FROM run JOIN process ON process.id = owner") == 1)
    }

    /// A process that only reads and answers leaves no row.
    @Test func whoDrivesNothingIsNoProcess() async throws {
        let ledger = try temporary.open()
        _ = try await ledger.recordOutcome("good", of: "nothing")
        #expect(await refusal { _ = try await ledger.takeOver(RunID("none")) }?.code == .unknownRun)
        #expect(try await ledger.requests().isEmpty)
        ledger.close()
        // One that tried has one: it was made before it was known that there is no such run.
        #expect(try temporary.value("SELECT count(*) FROM process WHERE id NOT IN (SELECT owner FROM run)", of: Int.self)! <= 1)
    }

    @Test func aRowThatIsRolledBackIsMadeAgain() async throws {
        let ledger = try temporary.open { $0.busyTimeout = .milliseconds(20) }
        let other = try temporary.connect()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        #expect(await refusal { try await ledger.begin(.sample("r")) }?.code == .busy)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await ledger.begin(.sample("r"))
        try await ledger.begin(.sample("s"))
        #expect(try temporary.value("SELECT count(*) FROM run JOIN process ON process.id = owner") == 2)
        #expect(try temporary.value("SELECT count(*) FROM process") == 1)
        try other.close()
    }

    // MARK: Batches

    /// Case A9.
    @Test func aBatchHasOneOwner() async throws {
        let first = try open(machine.vantage(1))
        let second = try open(machine.vantage(2, namespace: 2))
        #expect(try !first.hasBatch("b"))
        try await first.claim(batch: "b")
        try await first.claim(batch: "b")
        let refused = try #require(await refusal { try await second.claim(batch: "b") })
        #expect(refused.code == .owned && refused.description.contains("batch b is driven by process 1 on build-3, in another container, heard of 0ms ago"), "\(refused)")
        try await second.claim(batch: "c")
        try await first.release(batch: "b")
        try await second.claim(batch: "b")
        #expect(try first.hasBatch("b"))
        // What is released late takes nothing from the next one.
        try await first.release(batch: "b")
        #expect(await refusal { try await first.claim(batch: "b") }?.code == .owned)
    }

    /// Case A9.
    @Test func aLineHasOneRun() async throws {
        let first = try open(machine.vantage(1, namespace: 9))
        let second = try open(machine.vantage(2))
        try await first.claim(batch: "b")
        try await first.begin(.line(0, of: "b", "r0"))
        machine.pass(.seconds(61))
        try await second.claim(batch: "b")
        let twice = try #require(await refusal { try await second.begin(.line(0, of: "b", "r0again")) })
        #expect(twice.code == .owned && twice.description == "entry 1 of batch b has a run already: r0")
        try await second.begin(.line(1, of: "b", "r1"))
        // The first one wakes up and would go on with the next line.
        let woken = try #require(await refusal { try await first.begin(.line(2, of: "b", "r2")) })
        #expect(woken.code == .lostOwnership && woken.description == "another process took over batch b")
        try await second.begin(.line(2, of: "b", "r2"))
        #expect(try second.runs(ofBatch: "b").mapValues(\.id) == [0: "r0", 1: "r1", 2: "r2"])
    }

    // MARK: Its place

    /// Case A4.
    @Test(arguments: ["removed", "moved", "replaced", "overwritten", "overwritten by a larger one", "without its log", "with an empty log"]) func aLedgerThatIsAnotherNowIsNoticed(how: String) async throws {
        let copy = temporary.folder + "/copy.db"
        let early = try temporary.open()
        try await early.begin(.sample("early"))
        early.close()
        try FileManager.default.copyItem(atPath: temporary.path, toPath: copy)
        let ledger = try temporary.open { $0.checkpointPages = 1 }
        try await ledger.begin(.sample("r"))
        let large = JournalEntry.event("r", "n")
        large.blobs = [Blob([UInt8](repeating: 7, count: 100_000))]
        _ = try await ledger.write(large)
        _ = try await ledger.write(.event("r", "n"))
        // What is overwritten before a checkpoint has written there is overwritten with what it is, or by the checkpoint in turn.
        try await temporary.copyLog()
        switch how {
        case "removed": unlink(temporary.path)
        case "moved": rename(temporary.path, temporary.folder + "/elsewhere.db")
        case "replaced": rename(copy, temporary.path)
        case "overwritten":
            let descriptor = Glibc.open(temporary.path, O_WRONLY | O_TRUNC)
            _ = try Data(contentsOf: URL(fileURLWithPath: copy)).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            Glibc.close(descriptor)
        case "overwritten by a larger one":
            let descriptor = Glibc.open(temporary.path, O_WRONLY | O_APPEND)
            _ = [UInt8](repeating: 0, count: 200_000).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            Glibc.close(descriptor)
        case "with an empty log": truncate(temporary.path + "-wal", 0)
        default: unlink(temporary.path + "-wal")
        }
        for entry in [JournalEntry.start("r", 1, held: dollars("1")), .event("r", "n")] {
            let refused = await refusal { _ = try await ledger.write(entry) }
            #expect(refused?.code == .replaced && refused?.description.contains(temporary.path) == true, "\(String(describing: refused))")
        }
        #expect(await refusal { try await ledger.begin(.sample("s")) }?.code == .replaced)
    }

    /// Case A4: all files of an older state, copied over those that are open, with the index of the log.
    @Test(arguments: ["before it began", "in its middle"]) func aBackupThatIsPutBackUnderARunIsNoticed(when: String) async throws {
        let folder = temporary.folder + "/backup"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let names = ["", "-wal", "-shm"]
        func copy(_ from: String, _ to: String) throws {
            for name in names {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: from + name))
                let descriptor = Glibc.open(to + name, O_WRONLY | O_TRUNC | O_CREAT, 0o600)
                _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                Glibc.close(descriptor)
            }
        }
        let ledger = try temporary.open()
        try await ledger.begin(.sample("early"))
        if when == "before it began" { try copy(temporary.path, folder + "/l.db") }
        try await ledger.begin(.sample("r"))
        _ = try await ledger.write(.event("r", "n"))
        if when == "in its middle" { try copy(temporary.path, folder + "/l.db") }
        _ = try await ledger.write(.event("r", "n"))
        try copy(folder + "/l.db", temporary.path)
        for entry in [JournalEntry.start("r", 1, held: dollars("1")), .event("r", "n")] {
            let refused = await refusal { _ = try await ledger.write(entry) }
            #expect(refused?.code == .replaced && refused?.description.contains("was overwritten") == true, "\(String(describing: refused))")
        }
    }

    /// Case A4: what connections do to the files of each other, checkpoints of every kind among it, is no reason to stop.
    @Test func theFilesMayGrowAndShrinkUnderOthers() async throws {
        let temporary = temporary
        let failures = await withTaskGroup(of: [String].self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var failures: [String] = []
                    for round in 0..<12 {
                        do {
                            let ledger = try temporary.open { $0.checkpointPages = [1, 7, 1_000_000][(worker + round) % 3] }
                            let id = "r\(worker)-\(round)"
                            try await ledger.begin(.sample(id))
                            for number in 0..<20 {
                                let entry = JournalEntry.event(id, "n")
                                entry.blobs = [Blob([UInt8](repeating: UInt8(number), count: 1 + 5_000 * ((worker + number) % 5)) + Array("\(id) \(number)".utf8))]
                                _ = try await ledger.write(entry)
                                if number == 10, worker == 0 { _ = try await temporary.connect().writeWithoutTransaction { try? $0.checkpoint(round % 2 == 0 ? .restart : .truncate) } }
                            }
                            ledger.close()
                        } catch {
                            failures.append("\(worker) \(round): \(error)")
                        }
                    }
                    return failures
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(failures.isEmpty, "\(failures)")
    }

    /// Case A4: another process has begun on a new file at the same path. SQLite would remove its log when the old one is closed.
    @Test func theLogOfTheNewLedgerStays() async throws {
        let old = try temporary.open()
        try await old.begin(.sample("old"))
        for suffix in ["", "-wal", "-shm"] { unlink(temporary.path + suffix) }
        let new = try temporary.open { $0.checkpointPages = 1_000_000 }
        try await new.begin(.sample("new"))
        #expect(await refusal { _ = try await old.write(.event("old", "n")) }?.code == .replaced)
        old.close()
        #expect(FileManager.default.fileExists(atPath: temporary.path + "-wal"))
        _ = try await new.write(.event("new", "n"))
        #expect(try Ledger.openReadOnly(path: temporary.path).events(run: "new", after: 1).map(\.kind) == ["n"])
    }

    // MARK: Older ledgers

    private func older(_ rows: String) async throws {
        let old = try temporary.connect()
        try await old.write { database in
            for migration in Migrations.all where migration.version <= 6 { try database.execute(sql: migration.sql) }
            try database.execute(
                sql: """
                    CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    PRAGMA application_id = \(Migrations.applicationID);
                    PRAGMA user_version = 6;
                    INSERT INTO run(run_id, workflow, file, status, started_at, owner, epoch, lease_until, last_hash, graph_hash, inputs_hash, tags, owners, batch, batch_index)
                        VALUES \(rows);
                    """)
        }
        try old.close()
    }

    private func row(_ id: String, _ status: String, owner: String, lease: String = "NULL", line: Int? = nil) -> String {
        "('\(id)', 'w', 'w.yaml', '\(status)', 1000000, '\(owner)', 1, \(lease), x'00', x'00', x'00', '{}', '{}', \(line == nil ? "NULL" : "'b'"), \(line.map(String.init) ?? "NULL"))"
    }

    @Test func ownersOfOlderLedgersBecomeProcesses() async throws {
        try await older(
            [
                row("a", "succeeded", owner: "build:3:4711:99"), row("b", "running", owner: "build:3:4711:99", lease: "2000000"), row("c", "interrupted", owner: "here:1:1"),
                row("d", "waiting", owner: "o"), row("l0", "succeeded", owner: "here:1:1", line: 0), row("l0again", "succeeded", owner: "here:1:1", line: 0),
                row("l1", "succeeded", owner: "here:1:1", line: 1),
            ].joined(separator: ","))
        // Whoever looks at it first brings it up to date.
        #expect(try Ledger.openReadOnly(path: temporary.path).runs().count == 7)
        let ledger = try temporary.open()
        #expect(try temporary.value("SELECT group_concat(host || '|' || pid || '|' || coalesce(start, '')) FROM (SELECT * FROM process ORDER BY id)") == "build:3|4711|99,here|1|1,o|0|")
        #expect(
            try temporary.value("SELECT group_concat(run_id || process.id) FROM (SELECT * FROM run ORDER BY id) AS run JOIN process ON process.id = owner")
                == "a1,b1,c2,d3,l02,l0again2,l12")
        #expect(try ledger.run("b")?.holder == "process 4711 on build:3" && ledger.run("b")?.isAbandoned == true)
        #expect(try ledger.resumableRuns() == ["b", "c"])
        #expect(try await ledger.takeOver(RunID("b")).resumed.epoch == 2)
        // A line that was run twice: the last one counts, as it always did, and the first one is still there.
        #expect(try ledger.runs(ofBatch: "b").mapValues(\.id) == [0: "l0again", 1: "l1"])
        #expect(try ledger.runs(filter: RunFilter(batch: "b")).count == 3)
        #expect(try ledger.hasBatch("b"))
        try await ledger.claim(batch: "b")
    }

    /// What somebody says of a run that another process drives becomes a fact of it there, with its end or before, or where it is taken over;
    /// behind an end any process writes it.
    @Test func whatBecameOfARunIsALinkOfItsChain() async throws {
        let ledger = try open(machine.vantage(1))
        let other = try open(machine.vantage(2))
        for run in ["polled", "ended", "taken"] { try await ledger.begin(.sample(run)) }
        for run in ["polled", "ended", "taken"] { #expect(try await other.recordOutcome("good", of: run) == [run]) }
        #expect(try ledger.events(run: "ended").count == 1 && ledger.run("ended")?.outcome == nil)
        _ = try await ledger.write(.finish("ended", outcome: "own"))
        #expect(try ledger.events(run: "ended").map(\.kind) == ["run_started", "run_ended", "outcome_recorded"] && ledger.run("ended")?.outcome == "good")
        #expect(try await ledger.requests().isEmpty)
        #expect(try ledger.events(run: "polled").map(\.kind) == ["run_started", "outcome_recorded"])
        // Its owner goes on behind it.
        _ = try await ledger.write(.event("polled", "more"))
        #expect(try await other.recordOutcome("better", of: "taken") == ["taken"])
        machine.kill(1)
        _ = try await other.takeOver(RunID("taken"))
        #expect(try other.events(run: "taken").map(\.kind) == ["run_started", "outcome_recorded", "run_resumed", "outcome_recorded"])
        let end = try #require(try other.events(run: "ended")[1].hash)
        #expect(try await other.recordOutcome("late", of: "ended") == ["ended"])
        #expect(try other.run("ended")?.outcome == "late" && temporary.value("SELECT count(*) FROM outcome_request") == 0)
        for run in ["polled", "ended", "taken"] {
            let found = try #require(try other.verify(run: run, head: run == "ended" ? end : nil))
            #expect(found.isSound, "\(run): \(found.faults)")
            if run == "ended" { #expect(found.keptHead == .isOfEvent(2)) }
        }
    }

    /// The older program goes on with its runs, and could not tell any more that it lives.
    @Test func anOlderLedgerWaitsForTheOlderProgram() async throws {
        try await older(row("a", "running", owner: "build:3:4711:99", lease: "\(Timestamp.now().adding(.seconds(3600)).microseconds)"))
        let refused = try #require(await refusal { _ = try temporary.open() })
        #expect(refused.code == .busy && refused.description.contains("run a is driven by process 4711 on build:3, an older agentctl"), "\(refused)")
        try temporary.execute("UPDATE run SET lease_until = 1")
        try temporary.open().close()
    }

    /// Case A10: what another process does between two questions must not be seen as neither before nor after.
    @Test func aLedgerThatIsBeingMadeIsNobodyElses() async throws {
        let watched = try temporary.connect()
        try await watched.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        let temporary = temporary
        try await watched.writeWithoutTransaction { database in
            nonisolated(unsafe) var isMade = false
            database.trace { event in
                guard !isMade, event.description.contains("application_id") else { return }
                isMade = true
                // Between the version and the application's number.
                DispatchQueue.global().sync { try! temporary.open { $0.busyTimeout = .milliseconds(20) }.close() }
            }
            try Migrations.run(on: database, createdBy: "tests", path: temporary.path)
            #expect(isMade)
        }
        try watched.close()
        #expect(try temporary.value("PRAGMA user_version") == Migrations.current)
    }
}

extension SampleStart {
    fileprivate static func line(_ index: Int, of batch: String, _ id: String) -> SampleStart { .sample(id, workflow: "w", batch: (batch, index)) }
}
