import Foundation
import TestSupport
import Testing
import Values

/// What is around runs and batches goes wrong: other processes, full disks, keys that are not there, files that are gone. Nothing is
/// paid twice for it, and no run fails for good.
@Suite struct SurroundingsTests {
    private func shell(_ script: String, _ sandbox: Sandbox) async throws -> Sandbox.Finished {
        try await Sandbox.run("/bin/bash", ["-c", script], in: sandbox.folder, environment: ["A": Sandbox.program])
    }

    private func writeLines(_ count: Int, _ sandbox: Sandbox) throws {
        try sandbox.write("lines.jsonl", (0..<count).map { "{\"topic\": \"t\($0)\"}\n" }.joined())
    }

    private func runs(_ sandbox: Sandbox) async throws -> [JSONValue] { try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue ?? [] }

    private func batch(_ sandbox: Sandbox) async throws -> String { try #require(try await runs(sandbox).compactMap { $0["batch"]?.stringValue }.first) }

    // MARK: Batches

    /// Case A9: it is no failure of the line, and to run it again would be to pay it twice.
    @Test func aLineThatAnotherProcessDrivesIsNotToBeRunAgain() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 1, step: ", timeout: 10m")
        try writeLines(3, sandbox)
        let first = try Background(sandbox, ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "1"])
        await sandbox.server.waitForRequests(3)
        first.end(by: SIGKILL)
        let name = try await batch(sandbox)
        let other = try Background(sandbox, ["resume", "last"])
        await sandbox.server.waitForRequests(4)
        let resume = ["run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name, "--failures", "failed.jsonl"]
        let beside = try await Sandbox.run(Sandbox.program, resume, in: sandbox.folder)
        #expect(beside.code == 48, "\(beside.code) \(beside.err)")
        #expect(beside.err.contains("1 of 3 lines are driven by another process, as line 3: run "), "\(beside.err)")
        #expect(beside.err.contains("is driven by process \(other.id)") && beside.err.contains("when that has ended, go on with --resume \(name)"), "\(beside.err)")
        #expect(beside.err.contains("1 driven by another process"), "\(beside.err)")
        let told = try beside.lines.map { try JSONParser.parse($0) }
        #expect(told.map { $0["status"]?.stringValue } == ["succeeded", "succeeded", "running"] && told.last?["run"]?.stringValue?.isEmpty == false, "\(beside.out)")
        #expect(try String(contentsOfFile: sandbox.path("failed.jsonl"), encoding: .utf8).isEmpty)
        other.end(by: SIGKILL)
        gate.open()
        let rest = try await Sandbox.run(Sandbox.program, resume, in: sandbox.folder)
        #expect(rest.code == 0 && rest.lines.count == 3, "\(rest.err)")
        // One was under way at each of the two deaths.
        #expect(sandbox.server.requestCount == 3 + 2)
    }

    @Test func aFullDiskUnderTheResultsEndsABatchBetweenItsRuns() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        try writeLines(6, sandbox)
        let full = try await shell("$A run chain.yaml --batch lines.jsonl --max-parallel 2 > /dev/full", sandbox)
        let name = try await batch(sandbox)
        #expect(full.code == 2 && full.err.contains("error: cannot write to stdout: No space left on device"), "\(full.code) \(full.err)")
        #expect(full.err.contains("4 of 6 lines were not run") && full.err.contains("go on with --resume \(name)"), "\(full.err)")
        #expect(sandbox.server.requestCount == 4, "what was under way came to its end, and nothing else began")
        #expect(try await runs(sandbox).allSatisfy { $0["status"] == "succeeded" })
        let rest = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name)
        #expect(rest.code == 0 && rest.lines.count == 6 && sandbox.server.requestCount == 12, "\(rest.err)")
    }

    @Test(arguments: ["--events", "--json", ""]) func aFullDiskUnderARunLosesNoCall(flag: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        let full = try await shell("$A run chain.yaml \(flag) > /dev/full", sandbox)
        #expect(full.code == 2 && full.err.contains("error: cannot write to stdout: No space left on device"), "\(full.code) \(full.err)")
        let run = try #require(try await runs(sandbox).first)
        #expect(run["status"] == "succeeded" && sandbox.server.requestCount == 3)
        #expect(full.err.contains("agentctl show \(try #require(run["id"]?.stringValue))"), "\(full.err)")
    }

    @Test func aFullDiskUnderTheFailuresIsSaid() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try sandbox.write("lines.jsonl", "{\"topic\": 5}\n{\"topic\": \"x\"}\n")
        let full = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--failures", "/dev/full")
        #expect(full.code == 2 && full.err.contains("cannot write all of /dev/full: No space left on device") && full.lines.count == 2, "\(full.code) \(full.err)")
    }

    /// A disk that is not mounted, say: every command says the same of it, and nothing is made behind the link.
    @Test(arguments: [".agentctl", ".agentctl/ledger.db"]) func aLedgerThatIsALinkToNowhere(name: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        if name != ".agentctl" { try FileManager.default.createDirectory(atPath: sandbox.path(".agentctl"), withIntermediateDirectories: true) }
        #expect(symlink("/nowhere/agentctl", sandbox.path(name)) == 0)
        for command in [["run", "chain.yaml", "--input", "topic=x"], ["runs"], ["verify", "--all"], ["db", "check"], ["gc", "--older-than", "1d"]] {
            let refused = try await Sandbox.run(Sandbox.program, command, in: sandbox.folder)
            #expect(refused.code != 0 && (refused.err + refused.out).contains("is a link to /nowhere/agentctl, which is not there"), "\(command): \(refused.err) \(refused.out)")
        }
        #expect(sandbox.server.requestCount == 0)
        #expect(try await sandbox.agentctl("doctor").out.contains("is a link to /nowhere/agentctl, which is not there"))
    }

    @Test func failuresDoNotEmptyTheBatch() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try writeLines(2, sandbox)
        #expect(symlink("lines.jsonl", sandbox.path("same.jsonl")) == 0 && link(sandbox.path("lines.jsonl"), sandbox.path("linked.jsonl")) == 0)
        for name in ["lines.jsonl", "./same.jsonl", "linked.jsonl"] {
            let refused = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--failures", name)
            #expect(refused.code == 2 && refused.err.contains("--failures would empty \(name), which is the file of --batch: nothing was run"), "\(refused.err)")
        }
        #expect(try await shell("$A run chain.yaml --batch - --failures lines.jsonl < lines.jsonl", sandbox).code == 2)
        #expect(try String(contentsOfFile: sandbox.path("lines.jsonl"), encoding: .utf8) == "{\"topic\": \"t0\"}\n{\"topic\": \"t1\"}\n")
        #expect(sandbox.server.requestCount == 0)
    }

    @Test func failuresDoNotEmptyWhatIsNoBatch() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try writeLines(2, sandbox)
        #expect(try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=x").code == 0)
        for name in ["chain.yaml", "agentctl.yaml", ".agentctl/ledger.db"] {
            let before = try Data(contentsOf: URL(fileURLWithPath: sandbox.path(name)))
            let refused = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--failures", name)
            let why = name.hasSuffix(".db") ? "which is the ledger" : "which holds something else than lines of a batch"
            #expect(refused.code == 2 && refused.err.contains("--failures would empty \(name), \(why): nothing was run"), "\(refused.err)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: sandbox.path(name))) == before)
        }
        #expect(sandbox.server.requestCount == 1)
        // A ledger that is not there yet is made before the file of failures is.
        let both = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--failures", "new.db", "--ledger", "new.db")
        #expect(both.code == 2 && both.err.contains("--failures would empty new.db, which is the ledger: nothing was run"), "\(both.code) \(both.err)")
        #expect(sandbox.server.requestCount == 1)
        // What it wrote before may be written anew.
        try sandbox.write("failed.jsonl", "not a line\n{\"topic\": \"t9\"}\n")
        #expect(try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--failures", "failed.jsonl").code == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: sandbox.path("failed.jsonl"))).isEmpty)
    }

    /// What nobody reads is not paid for.
    @Test func aBatchWhoseReaderWentAwayStops() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try writeLines(60, sandbox)
        let left = try await shell("set -o pipefail; $A run chain.yaml --batch lines.jsonl --max-parallel 2 -q | (read line; exit 0)", sandbox)
        #expect(left.code == 2 && left.err.contains("error: whoever read the results went away"), "\(left.code) \(left.err)")
        #expect(left.err.contains("go on with --resume"), "\(left.err)")
        let asked = sandbox.server.requestCount
        #expect(asked < 60)
        let rest = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", try await batch(sandbox), "-q")
        #expect(rest.code == 0 && rest.lines.count == 60 && sandbox.server.requestCount == 60, "\(rest.code) \(rest.err)")
    }

    /// Two such names would be one.
    @Test func namesThatAreNotTextAreRefused() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        let refused = try await shell("$A run chain.yaml --input topic=x --ledger $'d\\xff/l.db'", sandbox)
        #expect(refused.code == 2 && refused.err.hasPrefix("error: argument 6 is not UTF-8 text: d\u{FFFD}/l.db"), "\(refused.code) \(refused.err)")
        #expect(sandbox.server.requestCount == 0)
    }

    @Test(.enabled(if: getuid() != 0, "root may look everywhere")) func aLedgerThatMayNotBeLookedAtIsNotAbsent() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("other/l.db", "")
        chmod(sandbox.path("other"), 0)
        defer { chmod(sandbox.path("other"), 0o700) }
        for command in [["runs"], ["show", "last"], ["gc"]] {
            let refused = try await Sandbox.run(Sandbox.program, command + ["--ledger", "other/l.db"], in: sandbox.folder)
            #expect(refused.code == 42 && refused.err.contains("cannot be looked at: Permission denied"), "\(refused.code) \(refused.err)")
        }
    }

    @Test(arguments: [[], ["--keep-costs"]]) func whatGcRemovedIsNotRunAgain(flags: [String]) async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 1, step: ", timeout: 10m")
        try writeLines(4, sandbox)
        let first = try Background(sandbox, ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "1"])
        await sandbox.server.waitForRequests(3)
        first.end(by: SIGKILL)
        gate.open()
        let name = try await batch(sandbox)
        for _ in 1...2 { #expect(try await Sandbox.run(Sandbox.program, ["gc", "--older-than", "0s"] + flags, in: sandbox.folder).code == 0) }
        let resumed = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name)
        #expect(resumed.code == 2 && resumed.out.isEmpty, "\(resumed.out)\(resumed.err)")
        #expect(resumed.err.contains("gc removed 2 runs of batch \(name): gone on with, their lines would be run again, and paid again"), "\(resumed.err)")
        #expect(sandbox.server.requestCount == 3)
    }

    // MARK: Runs

    private func waiting(_ sandbox: Sandbox) async throws -> String {
        try sandbox.write(
            "asks.yaml",
            """
            version: 1
            name: asks
            models: { m: { use: keyed/echo } }
            budget: { max_cost_usd: 1 }
            defaults: { model: m, limits: { max_output_tokens: 64 } }
            steps:
              - { id: ask, approve: { message: go? } }
              - { id: then, needs: [ask], prompt: hello }
            """)
        let run = try await sandbox.agentctl("run", "asks.yaml", "--json", environment: ["KEYED_KEY": "a-key-of-some-length"])
        #expect(run.code == 4, "\(run.err)")
        let id = try #require(run.json?["run"]?.stringValue)
        #expect(try await sandbox.agentctl("approve", id, "--yes", "-q").code == 0)
        return id
    }

    private func project(_ sandbox: Sandbox, provider: String = "keyed", price: String = "keyed/echo") -> String {
        """
        version: 1
        providers:
          \(provider): { api: openai-chat, base_url: "\(sandbox.server.baseURL)", api_key: { env: KEYED_KEY } }
        prices:
          - { model: \(price), input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
        """
    }

    @Test func aRunIsLeftAsItIsWhereItsModelsCannotBeAsked() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("agentctl.yaml", project(sandbox))
        let id = try await waiting(sandbox)
        let key = ["KEYED_KEY": "a-key-of-some-length"]
        let cases: [(project: String, environment: [String: String], code: Int, says: String)] = [
            (project(sandbox), ["KEYED_KEY": ""], 30, "KEYED_KEY"),
            (project(sandbox, provider: "other"), key, 30, "there is no provider 'keyed'"),
            (project(sandbox, price: "keyed/else"), key, 21, "keyed/echo"),
        ]
        for (project, environment, code, says) in cases {
            try sandbox.write("agentctl.yaml", project)
            let one = try await sandbox.agentctl("resume", id, environment: environment)
            #expect(one.code == code && one.err.contains("\(id) cannot go on: ") && one.err.contains(says), "\(one.code) \(one.err)")
            let all = try await sandbox.agentctl("resume", "--all", environment: environment)
            #expect(all.code == 19 && all.err.contains("\(id) cannot go on: ") && all.err.contains(says), "\(all.code) \(all.err)")
            #expect(try await runs(sandbox).first?["status"] == "waiting")
        }
        try sandbox.write("agentctl.yaml", project(sandbox))
        // Nothing can be started with so few files: a project that cannot be connected is told run by run.
        let few = try await Sandbox.run("/bin/bash", ["-c", "ulimit -n 40; exec $A resume --all"], in: sandbox.folder, environment: ["A": Sandbox.program].merging(key) { $1 })
        #expect(few.code == 19 && few.err.contains("\(id) cannot go on: error: this process may have 40 files open"), "\(few.code) \(few.err)")
        let resumed = try await sandbox.agentctl("resume", "--all", environment: key)
        #expect(resumed.code == 0 && sandbox.server.requestCount == 1, "\(resumed.err)")
    }

    @Test(arguments: ["removed", "edited"]) func aRunIsFollowedWhateverBecameOfItsFile(how: String) async throws {
        let gate = Gate(before: 2)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 2, step: ", timeout: 10m")
        let run = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(2)
        if how == "edited" { try sandbox.writeChain(steps: 4) } else { unlink(sandbox.path("chain.yaml")) }
        run.end(by: SIGKILL)
        let followed = try await sandbox.agentctl("follow", "last", "--events")
        #expect(followed.code == 130 && followed.err.contains("nobody drives run"), "\(followed.code) \(followed.err)")
        #expect(followed.lines.first?.contains("\"run_started\"") == true && followed.out.contains("\"s2\""), "\(followed.out)")
    }

    @Test func whoWasCancelledIsNotAnswered() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", "version: 1\nname: asks\nsteps:\n  - { id: ask, approve: { message: go? } }\n")
        #expect(try await sandbox.agentctl("run", "asks.yaml", "-q").code == 4)
        #expect(try await sandbox.agentctl("cancel", "last").code == 0)
        let answered = try await sandbox.agentctl("approve", "last", "ask", "--yes")
        #expect(answered.code == 49 && answered.err.contains("has been cancelled"), "\(answered.code) \(answered.err)")
    }
}
