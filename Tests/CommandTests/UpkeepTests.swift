import Foundation
import TestSupport
import Testing
import Values

/// `verify`, `db check`, `db vacuum`, `gc`, and what `runs` and `show` say of runs that are not over.
@Suite struct UpkeepTests {
    private func sandbox(runs: Int = 1) async throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        for index in 0..<runs {
            let run = try await sandbox.agentctl("run", "chain.yaml", "--quiet", "--input", "topic=rivers \(index)")
            #expect(run.code == 0, "\(run.err)")
        }
        return sandbox
    }

    private func sql(_ text: String, _ sandbox: Sandbox) async throws {
        let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()"
        let result = try await Sandbox.run("/usr/bin/env", ["python3", "-c", script, sandbox.path(".agentctl/ledger.db"), text], in: sandbox.folder)
        #expect(result.code == 0, "\(result.err)")
    }

    @Test func aRunIsVerified() async throws {
        let sandbox = try await sandbox(runs: 2)
        let found = try await sandbox.agentctl("verify", "last", "--json")
        #expect(found.code == 0 && found.json?["ok"] == true && found.json?["chain"] == "intact", "\(found.out)\(found.err)")
        let head = try #require(found.json?["head"]?.stringValue)
        #expect((found.json?["documents"]?.intValue ?? 0) >= 8)
        let kept = try await sandbox.agentctl("verify", "last", "--head", head)
        #expect(kept.code == 0 && kept.out.contains("intact") && kept.out.contains("the one that was kept"))
        let other = try await sandbox.agentctl("verify", "last", "--head", String(repeating: "0", count: 64))
        #expect(other.code == 44 && other.out.contains("another than"))
        #expect(try await sandbox.agentctl("verify", "last", "--head", "abc").code == 2)
        #expect(try await sandbox.agentctl("verify").code == 2)
        let all = try await sandbox.agentctl("verify", "--all")
        #expect(all.code == 0 && all.lines.count == 2 && all.err == "2 runs, all sound\n")

        try await sql("UPDATE event SET payload = replace(payload, 's1', 's9') WHERE run = 1 AND seq = 3", sandbox)
        let broken = try await sandbox.agentctl("verify", "--all", "--json")
        #expect(broken.code == 44)
        #expect(try broken.lines.map { try JSONParser.parse($0)["broken_at"] } == [3, .null])
        let check = try await sandbox.agentctl("db", "check")
        #expect(check.code == 44 && check.out.contains("the chain breaks at event 3") && check.out.hasSuffix("1 fault\n"), "\(check.out)")
    }

    /// A cost that is changed in a call and in its run fits both, and not the facts; which version ran is known.
    @Test func whatWasChangedIsNamed() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        let commit = String(repeating: "ab12", count: 10)
        for (path, text) in [(".git/HEAD", "ref: refs/heads/main\n"), (".git/refs/heads/main", commit + "\n")] { try sandbox.write(path, text) }
        #expect(try await sandbox.agentctl("run", "chain.yaml", "--quiet", "--release", "v1").code == 0)
        #expect(try await sandbox.agentctl("run", "chain.yaml", "--quiet").code == 0)
        let runs = try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue ?? []
        #expect(runs.map { $0["release"] } == [.null, "v1"] && runs.map { $0["commit"] } == [.string(commit), .string(commit)])
        let version = try #require(runs.first?["version"]?.stringValue)
        #expect(version.count == 64 && runs.last?["version"]?.stringValue == version)
        #expect(try await sandbox.agentctl("show", "last").out.contains("version \(version.prefix(12))"))
        let audit = try await sandbox.agentctl("audit", "--by", "version,release", "--csv")
        #expect(audit.lines.count == 3 && audit.out.contains("\(version.prefix(12)),v1,"), "\(audit.out)\(audit.err)")

        try await sql("UPDATE model_call SET cost_pico = 7; UPDATE run SET cost_pico = 14", sandbox)
        let changed = try await sandbox.agentctl("verify", "last")
        #expect(changed.code == 44 && changed.out.contains("run.cost_pico of the run says 14, its facts say"), "\(changed.out)")
        #expect(changed.out.contains("model_call.cost_pico of 's1'") && changed.out.contains("says 7, its facts"), "\(changed.out)")
        let json = try await sandbox.agentctl("verify", "last", "--json")
        #expect(json.json?["proves_rows"] == true && json.json?["unproved"]?.arrayValue?.count == 3)
        #expect(try await sandbox.agentctl("db", "check").out.contains("run.cost_pico of the run says 14"))
    }

    @Test func aLedgerIsCheckedAndVacuumed() async throws {
        let sandbox = try await sandbox(runs: 2)
        for flags in [[], ["--quick"]] {
            let check = try await Sandbox.run(Sandbox.program, ["db", "check"] + flags, in: sandbox.folder)
            #expect(check.code == 0 && check.out.hasSuffix("all is well\n"), "\(check.out)\(check.err)")
        }
        let json = try await sandbox.agentctl("db", "check", "--json")
        #expect(json.json?["ok"] == true && json.json?["runs"] == 2 && json.json?["calls"] == 4)
        // A page or two come and go with any rewriting; a document of 200 KB is more.
        try sandbox.write("big.yaml", "version: 1\nname: big\ninputs: { text: { type: string } }\nsteps:\n  - { id: a, value: size(inputs.text) }\n")
        try sandbox.write("big.txt", String(repeating: "x", count: 200_000))
        #expect(try await sandbox.agentctl("run", "big.yaml", "--input", "text=@big.txt", "--quiet").code == 0)
        let removed = try await sandbox.agentctl("gc", "--older-than", "0s", "--json")
        #expect(removed.json?["runs"] == 3 && removed.json?["calls"] == 4)
        let vacuum = try await sandbox.agentctl("db", "vacuum", "--json")
        #expect(vacuum.code == 0, "\(vacuum.err)")
        #expect(try #require(vacuum.json?["bytes_after"]?.intValue) < #require(vacuum.json?["bytes_before"]?.intValue) - 100_000)
        #expect(try await sandbox.agentctl("db", "vacuum").out.contains(" before, "))
        #expect(try await sandbox.agentctl("run", "chain.yaml", "--quiet").code == 0)
        #expect(try await sandbox.agentctl("db", "check").code == 0)
    }

    @Test func withoutALedgerNothingIsMade() async throws {
        let sandbox = try Sandbox()
        for command in [["verify", "--all"], ["db", "check"], ["db", "vacuum"], ["gc", "--older-than", "1d"]] {
            let result = try await Sandbox.run(Sandbox.program, command, in: sandbox.folder)
            #expect(result.code == 47 && result.err.contains("there is no ledger"), "\(command): \(result.err)")
        }
        #expect(!FileManager.default.fileExists(atPath: sandbox.path(".agentctl")))
    }

    @Test func whatIsOldGoes() async throws {
        let sandbox = try await sandbox(runs: 2)
        #expect(try await sandbox.agentctl("gc", "--older-than", "30d").out.hasPrefix("nothing to remove\nnothing matches --older-than 30d\n  the first run ended "))
        let dry = try await sandbox.agentctl("gc", "--older-than", "0s", "--dry-run")
        #expect(dry.out.contains("would remove 2 runs, 4 calls") && dry.out.contains("--keep-costs"), "\(dry.out)")
        let kept = try await sandbox.agentctl("gc", "--older-than", "0s", "--keep-costs")
        #expect(kept.out.contains("of 2 runs; their costs stay in audits"), "\(kept.out)")
        #expect(try await sandbox.agentctl("audit", "--csv", "--by", "workflow").lines.count == 2)
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.code == 0 && show.out.contains("gc removed its events") && show.out.contains("s2"), "\(show.out)")
        let verify = try await sandbox.agentctl("verify", "last")
        #expect(verify.code == 0 && verify.out.contains("gc removed its events"))
        #expect(try await sandbox.agentctl("gc", "--older-than", "0s").out.contains("removed 2 runs, 4 calls, 2 events"))
        #expect(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue?.isEmpty == true)
        #expect(try await sandbox.agentctl("gc", "--older-than", "0s", "--status", "running").code == 2)
        #expect(try await sandbox.agentctl("gc", "--older-than", "0s", "--status", "succeded").err.contains("did you mean 'succeeded'?"))
        #expect(try await sandbox.agentctl("gc", "--older-than", "soon").code == 2)
    }

    /// Runs that share documents begin and end in one process while another removes those that ended.
    @Test func whatIsRemovedBesideABatchHarmsNoRun() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        try sandbox.write("batch.jsonl", (0..<120).map { "{\"topic\": \"\($0 % 7)\"}\n" }.joined())
        var removed: Int64 = 0
        let (isDone, folder) = (Flag(), sandbox.folder)
        let batch = Task {
            defer { isDone.set() }
            return try await Sandbox.run(
                Sandbox.program, ["run", "chain.yaml", "--batch", "batch.jsonl", "--max-parallel", "4", "--quiet"], in: folder)
        }
        while !isDone.isSet {
            let gc = try await sandbox.agentctl("gc", "--older-than", "0s", "--json")
            if gc.code == 47 { continue }
            #expect(gc.code == 0, "\(gc.err)")
            removed += gc.json?["runs"]?.intValue ?? 0
            let check = try await sandbox.agentctl("db", "check", "--json")
            #expect(check.json?["ok"] == true, "\(check.out)\(check.err)")
        }
        let finished = try await batch.value
        #expect(finished.code == 0 && finished.lines.count == 120, "\(finished.err)")
        removed += try await sandbox.agentctl("gc", "--older-than", "0s", "--json").json?["runs"]?.intValue ?? 0
        #expect(removed == 120)
        #expect(try await sandbox.agentctl("db", "check").code == 0)
    }

    @Test func runsThatAreNotOverSayHowTheyGoOn() async throws {
        let sandbox = try await sandbox()
        try sandbox.write(
            "ask.yaml",
            """
            version: 1
            name: ask
            steps:
              - { id: sign, approve: { message: "May this go out?" } }
              - { id: send, value: "'sent'", needs: [sign] }
            """)
        let run = try await sandbox.agentctl("run", "ask.yaml")
        #expect(run.code == 4, "\(run.err)")
        let waiting = try await sandbox.agentctl("show", "last")
        #expect(waiting.out.contains("'sign' waits for a person since ") && waiting.out.contains("sign --yes|--no"), "\(waiting.out)")
        #expect(!waiting.out.contains("go on with"))
        #expect(try await sandbox.agentctl("runs", "--resumable", "--json").json?["runs"]?.arrayValue?.isEmpty == true)
        _ = try await sandbox.agentctl("approve", "last", "--yes")
        #expect(try await sandbox.agentctl("runs", "--resumable", "--json").json?["runs"]?.arrayValue?.count == 1)
        #expect(try await sandbox.agentctl("show", "last").out.contains("go on with: agentctl resume "))

        try await sql("UPDATE run SET status = 'running', ended_at = NULL WHERE id = 1", sandbox)
        try await sql("UPDATE process SET host = 'elsewhere', pid = 1, boot = 'another', beat = 1 WHERE id = (SELECT owner FROM run WHERE id = 1)", sandbox)
        try await sql("UPDATE model_call SET state = 'unknown', held_pico = 1000000, cost_pico = NULL WHERE run = 1 AND number = 2", sandbox)
        let runs = try await sandbox.agentctl("runs")
        #expect(runs.out.contains("running, without a process"), "\(runs.out)")
        let gone = try await sandbox.agentctl("show", try #require(runs.lines.first { $0.contains("without a process") }?.split(separator: " ").first.map(String.init)))
        #expect(gone.out.contains("process 1 on elsewhere, which drove it, is gone") && gone.out.contains("go on with: agentctl resume "), "\(gone.out)")
        #expect(gone.out.contains("1 call of unknown end: $0.000001 stays held"), "\(gone.out)")
    }

    @Test func runsOfABatch() async throws {
        let sandbox = try await sandbox()
        try sandbox.write("lines.jsonl", "{\"topic\":\"a\"}\n{\"topic\":\"b\"}\n")
        _ = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--quiet")
        let all = try await sandbox.agentctl("runs", "--json")
        let name = try #require(all.json?["runs"]?.arrayValue?.compactMap { $0["batch"]?.stringValue }.first)
        let batch = try await sandbox.agentctl("runs", "--batch", name, "--json")
        #expect(batch.json?["runs"]?.arrayValue?.count == 2, "\(name)")
        #expect(try await sandbox.agentctl("runs", "--batch", "nothing", "--json").json?["runs"]?.arrayValue?.isEmpty == true)
    }
}

/// Set once, from another task.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
