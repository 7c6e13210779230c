import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

@Suite struct OpeningTests {
    @Test func createsFolderFileAndSchema() async throws {
        let temporary = try TemporaryLedger(subfolder: "/deep/er")
        let ledger = try temporary.open { $0.program = "agentctl 9.9" }
        try await ledger.begin(.sample("r"))
        ledger.close()
        #expect(try temporary.value("PRAGMA journal_mode") == "wal")
        #expect(try temporary.value("PRAGMA user_version") == Migrations.current)
        #expect(try temporary.value("SELECT value FROM meta WHERE key = 'created_by'") == "agentctl 9.9")
        #expect(try temporary.value("SELECT value FROM meta WHERE key = 'schema_version'") == "\(Migrations.current)")
        #expect(try temporary.value("PRAGMA integrity_check") == "ok")
        // Prompts are private.
        #expect(try FileManager.default.attributesOfItem(atPath: temporary.path)[.posixPermissions] as? Int == 0o600)
    }

    @Test func writesDurably() throws {
        let temporary = try TemporaryLedger()
        let queue = try LedgerFile(path: temporary.path, options: LedgerOptions()).openForWriting()
        let settings = try queue.read { database in
            try ["synchronous", "foreign_keys", "mmap_size"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        try queue.close()
        #expect(settings == [2, 1, 0])
    }

    @Test func opensAgainWithoutChangingAnything() async throws {
        let temporary = try TemporaryLedger()
        for run in ["r1", "r2", "r3"] {
            let ledger = try temporary.open()
            try await ledger.begin(.sample(run))
            _ = try await ledger.write(.event(run, "a"))
            ledger.close()
        }
        #expect(try Ledger.openReadOnly(path: temporary.path).runs().count == 3)
    }

    /// The kernel drops all locks that a process has on a file when it closes any descriptor of it.
    @Test func openingKeepsTheLocksOfOtherConnections() async throws {
        let temporary = try TemporaryLedger()
        try temporary.open().close()
        let reader = try Ledger.openReadOnly(path: temporary.path)
        _ = try reader.runs()
        var status = stat()
        stat(temporary.path, &status)
        // The kernel hands the list out by the page, and a read of the file as a whole may end with the first.
        func locks() -> String {
            guard let file = fopen("/proc/locks", "r") else { return "" }
            defer { fclose(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
            return String(decoding: bytes, as: UTF8.self)
        }
        let holds = { locks().split(separator: "\n").contains { $0.contains(" READ ") && $0.contains(":\(status.st_ino) 1073741826 ") } }
        #expect(holds())
        let ledger = try temporary.open()
        #expect(holds(), "another process could take itself for the last one and remove the log")
        ledger.close()
        reader.close()
        #expect(!holds())
    }

    /// Not every number is a migration's.
    @Test(arguments: Migrations.all.map { $0.version }.dropLast()) func anOlderLedgerIsBroughtUp(from version: Int) async throws {
        let temporary = try TemporaryLedger()
        let old = try temporary.connect()
        try await old.write { database in
            for migration in Migrations.all where migration.version <= version { try database.execute(sql: migration.sql) }
            try database.execute(
                sql: """
                    CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    PRAGMA application_id = \(Migrations.applicationID);
                    PRAGMA user_version = \(version);
                    INSERT INTO run(run_id, workflow, file, status, started_at, owner, epoch, last_hash, graph_hash, inputs_hash, tags, owners, calls)
                        VALUES ('old', 'w', 'w.yaml', 'succeeded', 1000000, \(version < M009Processes.version ? "'o'" : "NULL"), 1, x'00', x'00', x'00', '{}', '{}', 1);
                    INSERT INTO model_call(run, number, run_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked, state, request_hash, started_at)
                        VALUES (1, 1, 'old', 'a', 'a', 't', 'try', 0, 'p', 'm', 'settled', x'00', 1000000);
                    """)
        }
        try old.close()
        let ledger = try temporary.open()
        #expect(try temporary.value("PRAGMA user_version") == Migrations.current)
        #expect(try temporary.value("PRAGMA integrity_check") == "ok")
        try await ledger.begin(.sample("new"))
        #expect(try await ledger.recall(ContentHash(of: "question"), since: Timestamp(microseconds: 0)) == nil)
        let trace = try #require(try ledger.trace(run: "old"))
        #expect(trace.calls.map(\.tags) == [[:]] && trace.calls.map(\.trimmed) == [nil] && trace.memoHits.isEmpty)
        #expect(try ledger.runs().map(\.id).sorted() == ["new", "old"])
        #expect(try temporary.value("SELECT count(*) FROM v_model_call WHERE tags IS NULL") == 1)
    }

    @Test func manyOpenANewLedgerAtOnce() async throws {
        let temporary = try TemporaryLedger()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<6 {
                group.addTask {
                    let ledger = try await blocking { Result { try temporary.open() } }.get()
                    try await ledger.begin(.sample("r\(index)"))
                    await blocking { ledger.close() }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Ledger.openReadOnly(path: temporary.path).runs().count == 6)
    }

    // MARK: What is refused

    private func refusal(_ open: () throws -> Ledger) -> JournalError? {
        do {
            _ = try open()
            return nil
        } catch {
            return error as? JournalError
        }
    }

    @Test func saysThatThereIsNoLedgerYet() throws {
        let temporary = try TemporaryLedger()
        let error = try #require(refusal { try Ledger.openReadOnly(path: temporary.path) })
        #expect(error.code == .cannotOpen)
        #expect(error.description.contains("no ledger at \(temporary.path) yet"))
        #expect(!FileManager.default.fileExists(atPath: temporary.path))
        _ = FileManager.default.createFile(atPath: temporary.path, contents: nil)
        #expect(refusal { try Ledger.openReadOnly(path: temporary.path) }?.description.contains("is empty") == true)
    }

    @Test func refusesAFolder() throws {
        let temporary = try TemporaryLedger()
        for open in [{ try Ledger.open(path: temporary.folder) }, { try Ledger.openReadOnly(path: temporary.folder) }] {
            let error = try #require(refusal(open))
            #expect(error.code == .cannotOpen)
            #expect(error.description.contains("is a folder"))
        }
    }

    @Test func refusesWhatIsNotADatabase() throws {
        let temporary = try TemporaryLedger()
        try Data(repeating: 0x41, count: 5000).write(to: URL(fileURLWithPath: temporary.path))
        for open in [{ try temporary.open() }, { try Ledger.openReadOnly(path: temporary.path) }] {
            let error = try #require(refusal(open))
            #expect(error.code == .corrupt)
            #expect(error.description.contains("not an SQLite database"))
        }
        // And leaves it alone.
        #expect(try Data(contentsOf: URL(fileURLWithPath: temporary.path)) == Data(repeating: 0x41, count: 5000))
    }

    @Test func refusesAnotherProgramsDatabase() throws {
        let temporary = try TemporaryLedger()
        try temporary.execute("CREATE TABLE bookmarks(url TEXT)")
        #expect(refusal { try temporary.open() }?.description.contains("another program") == true)
        #expect(refusal { try Ledger.openReadOnly(path: temporary.path) }?.code == .cannotOpen)
    }

    @Test func refusesALedgerFromTheFuture() throws {
        let temporary = try TemporaryLedger()
        try temporary.open().close()
        try temporary.execute("PRAGMA user_version = 99")
        for open in [{ try temporary.open() }, { try Ledger.openReadOnly(path: temporary.path) }] {
            let error = try #require(refusal(open))
            #expect(error.code == .tooNew)
            #expect(error.description.contains("schema 99"))
            #expect(error.description.contains("up to \(Migrations.current): update agentctl"))
        }
    }

    @Test func refusesAFileOrAFolderThatCannotBeWritten() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        ledger.close()
        chmod(temporary.path, 0o444)
        #expect(try await asOrdinaryUser { refusal { try temporary.open() }?.code } == .readOnly)
        chmod(temporary.path, 0o666)
        chmod(temporary.folder, 0o555)
        #expect(try await asOrdinaryUser { refusal { try temporary.open() }?.code } == .readOnly)
        #expect(try await asOrdinaryUser { refusal { try Ledger.open(path: temporary.folder + "/new/ledger.db") }?.code } == .cannotOpen)
        // A ledger at rest in a read-only folder can still be read.
        #expect(try await asOrdinaryUser { try? Ledger.openReadOnly(path: temporary.path).runs().count } == 1)
        chmod(temporary.folder, 0o755)
    }

    /// Runs `body` on a thread without the rights of root, if the tests have them.
    private func asOrdinaryUser<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws -> T {
        typealias SetUser = @convention(c) (UInt32) -> Int32
        // Of the thread alone, unlike setuid; not in Swift's Glibc module.
        let setUser = unsafeBitCast(try #require(dlsym(nil, "setfsuid")), to: SetUser.self)
        return await withCheckedContinuation { continuation in
            Thread {
                if geteuid() == 0 { _ = setUser(65_534) }
                continuation.resume(returning: body())
            }.start()
        }
    }

    @Test func aReadOnlyLedgerRefusesToWrite() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        let reader = try Ledger.openReadOnly(path: temporary.path)
        let error = await #expect(throws: JournalError.self) { try await reader.write(.event("r", "a")) }
        #expect(error?.code == .readOnly)
        reader.post(.event("r", "a"))
        reader.close()
        #expect(try ledger.events(run: "r", after: 1).isEmpty)
    }

    @Test(arguments: [
        ("/home/me/ledger", nil as String?),
        ("/mnt/nas", "nfs4"), ("/mnt/nas/deep/er", "nfs4"), ("/mnt/nasty", nil),
        ("/mnt/with space/x", "cifs"), ("/mnt/ssh", "sshfs"), ("/mnt/usb", nil), ("/mnt/nas/local", nil),
    ])
    func recognisesNetworkFileSystems(path: String, expected: String?) {
        let mounts = """
            /dev/sda1 / ext4 rw 0 0
            nas:/x /mnt/nas nfs4 rw 0 0
            //server/x /mnt/with\\040space cifs rw 0 0
            me@host:/ /mnt/ssh fuse.sshfs rw 0 0
            /dev/sdb1 /mnt/usb fuseblk rw 0 0
            tmpfs /mnt/nas/local tmpfs rw 0 0
            """
        #expect(NetworkFileSystem.name(of: path, mounts: mounts) == expected)
    }
}
