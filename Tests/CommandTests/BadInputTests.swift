import Foundation
import TestSupport
import Testing
import Values

/// Every bad input ends in a clear message, the right exit code, and a ledger in which every started call is accounted for.
@Suite struct BadInputTests {
    /// What the server does, the exit code, a word of the message, and the state of the call in the ledger.
    @Test(arguments: [
        ("stub-401", 31, "401", "void"),
        ("stub-quota", 32, "quota", "void"),
        ("stub-html", 37, "web page", "estimated"),
        ("stub-malformed", 37, "not JSON", "estimated"),
        ("stub-error-200", 36, "error", "estimated"),
        ("stub-truncated", 35, "truncated", "estimated"),
        ("stub-close", 35, "connection lost", "estimated"),
    ])
    func aServerThatMisbehaves(_ model: String, code: Int, word: String, state: String) async throws {
        let sandbox = try Sandbox(project: "  - { model: \"stub/\(model)\", input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }")
        try sandbox.writeChain(steps: 1, model: "stub/\(model)")
        let run = try await sandbox.agentctl("run", "chain.yaml", "--json")
        #expect(run.code == code, "\(run.err)")
        #expect(run.err.contains(word), "\(run.err)")
        let show = try await sandbox.agentctl("show", "last", "--json")
        let calls = try #require(show.json?["calls"]?.arrayValue ?? show.json?["run"]?["calls"]?.arrayValue)
        #expect(calls.count == sandbox.server.requestCount)
        #expect(calls.allSatisfy { $0["state"]?.stringValue == state }, "\(show.out)")
    }

    @Test func anUnreachableServerOwesNothing() async throws {
        let sandbox = try Sandbox()
        sandbox.server.stop()
        try sandbox.writeChain(steps: 1)
        let run = try await sandbox.agentctl("run", "chain.yaml")
        #expect(run.code == 35, "\(run.err)")
        let show = try await sandbox.agentctl("show", "last", "--json")
        #expect(show.out.contains("\"void\"") && !show.out.contains("\"estimated\""))
    }

    @Test(arguments: [
        ("", "AW104"), ("version: 1\nname: x\nsteps: []\n", "at least one step"), ("a: [", "AW010"), ("\u{0}\u{1}", "binary"),
        ("version: 1\nname: x\nstep: []\n", "did you mean 'steps'?"),
    ])
    func aFileThatIsNoWorkflow(_ text: String, word: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", text)
        let result = try await sandbox.agentctl("validate", "w.yaml")
        #expect(result.code == 10 && result.err.contains(word), "\(result.err)")
    }

    @Test func filesThatCannotBeRead() async throws {
        let sandbox = try Sandbox()
        let missing = try await sandbox.agentctl("run", "nowhere.yaml")
        #expect(missing.code == 10 && missing.err.contains("nowhere.yaml"))
        let folder = try await sandbox.agentctl("run", ".")
        #expect(folder.code == 10 && folder.err.contains("folder"))
        let noLedger = try await sandbox.agentctl("audit")
        #expect(noLedger.code == 47, "\(noLedger.err)")
    }

    @Test func aLedgerFromTheFutureIsRefused() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try await sandbox.agentctl("run", "chain.yaml", "--quiet")
        let bump = try await Sandbox.run(
            "/usr/bin/env",
            ["python3", "-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('pragma user_version=9999'); d.execute(\"update meta set value='9999' where key like '%version%'\"); d.commit()", ".agentctl/ledger.db"],
            in: sandbox.folder)
        try #require(bump.code == 0, "\(bump.err)")
        let run = try await sandbox.agentctl("run", "chain.yaml")
        #expect(run.code == 45, "\(run.err)")
        #expect(sandbox.server.requestCount == 1)
    }

    @Test func wrongFlagsAreUsageErrors() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        for arguments in [["run"], ["run", "chain.yaml", "--budget", "lots"], ["run", "chain.yaml", "--model", "big=stub/echo"], ["audit", "--by", "wrkflow"], ["nonsense"]] {
            let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
            #expect(result.code == 2, "\(arguments): \(result.err)")
            #expect(!result.err.isEmpty)
        }
    }
}
