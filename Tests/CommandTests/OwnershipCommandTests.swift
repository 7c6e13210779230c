import Foundation
import TestSupport
import Testing
import Values

/// Several processes on one ledger, as users meet them.
@Suite struct OwnershipCommandTests {
    /// A step that waits as long as it must.
    private static let patient = ", timeout: 10m"

    /// Whether this user may make a namespace of process numbers: root, and a system that allows it.
    private static let canUnshare: Bool = {
        (try? Background(in: "/", "/usr/bin/env", ["unshare", "--pid", "--fork", "--mount-proc", "true"]).end()) == 0
    }()

    /// A script of the shell in the project's folder, which finds the program as `$A`.
    private func shell(_ script: String, _ sandbox: Sandbox) async throws -> Sandbox.Finished {
        try await Sandbox.run("/bin/bash", ["-c", script], in: sandbox.folder, environment: ["A": Sandbox.program])
    }

    // MARK: Runs

    /// Case A3: what a container has in place of the process number says nothing.
    @Test(.enabled(if: canUnshare, "a namespace of process numbers may not be made here")) func aContainerLeavesARunAlone() async throws {
        let gate = Gate(before: 2)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 2, step: Self.patient)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(2)
        for options in ["--mount-proc", ""] {
            let container = try await shell("unshare --pid --fork \(options) $A resume last", sandbox)
            #expect(container.code == 48, "\(container.err)")
            #expect(container.err.contains("is driven by process \(first.id) on "), "\(container.err)")
            #expect(container.err.contains(", in another container, heard of ") && container.err.contains("without another sign of life it is free in "), "\(container.err)")
        }
        #expect(try await shell("unshare --pid --fork --mount-proc $A runs --resumable --json", sandbox).json?["runs"]?.arrayValue?.isEmpty == true)
        first.end(by: SIGKILL)
        // Here it is known at once that it is gone, there it is not.
        #expect(try await shell("unshare --pid --fork --mount-proc $A resume last", sandbox).code == 48)
        gate.open()
        #expect(try await sandbox.agentctl("resume", "last").code == 0)
        #expect(sandbox.server.requestCount == 3)
    }

    /// Case A4.
    @Test func aRunWhoseLedgerIsRemovedAsksNothingMore() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            models: { m: { use: stub/echo } }
            defaults: { model: m }
            steps:
              - { id: a, prompt: one }
              - { id: cut, shell: true, needs: [a], run: "rm -r .agentctl" }
              - { id: b, prompt: two, needs: [cut] }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 47 && run.err.contains("/.agentctl/ledger.db was removed while it was written to: nothing more can be recorded"), "\(run.err)")
        #expect(sandbox.server.requestCount == 1)
    }

    /// Case A10.
    @Test func eightFirstStartsMakeOneLedger() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", "version: 1\nname: w\nsteps:\n  - { id: a, value: \"'x'\" }\n")
        let result = try await shell(
            """
            for round in 1 2 3 4 5; do
              rm -rf .agentctl
              for i in 1 2 3 4 5 6 7 8; do $A run w.yaml -q || echo "exit $?" & done
              wait
              $A runs --json | grep -c '"succeeded"'
            done
            """, sandbox)
        #expect(result.err.isEmpty && result.lines == Array(repeating: "8", count: 5), "\(result.out)\(result.err)")
    }

    /// A line for each run, and the exit code of the worst.
    @Test func resumeAllGoesThroughAll() async throws {
        let sandbox = try Sandbox()
        func workflow(_ name: String, _ after: String) throws {
            try sandbox.write("\(name).yaml", "version: 1\nname: \(name)\nsteps:\n  - { id: ask, approve: { message: go? } }\n  - { id: then, needs: [ask], \(after) }\n")
        }
        try workflow("good", "value: \"'x'\"")
        try workflow("bad", "run: [\"false\"]")
        try workflow("again", "approve: { message: really? }")
        func ids(_ names: [String]) async throws -> [String] {
            var ids: [String] = []
            for name in names {
                let run = try await sandbox.agentctl("run", "\(name).yaml", "--json")
                ids.append(try #require(run.json?["run"]?.stringValue))
                #expect(try await sandbox.agentctl("approve", "last", "--yes", "-q").code == 0)
            }
            return ids
        }
        for (names, code) in [(["good", "good", "good"], 0), (["good", "again", "good"], 4), (["good", "bad", "again", "good"], 19)] {
            let runs = try await ids(names)
            let all = try await sandbox.agentctl("resume", "--all", "--max-parallel", "1")
            #expect(all.code == code, "\(names): \(all.err)")
            for (run, name) in zip(runs, names) {
                let end = ["good": "succeeded", "bad": "failed", "again": "waiting"][name]!
                #expect(all.err.contains("\(run) \(end), 0 calls, $0.00"), "\(all.err)")
            }
            for run in try await sandbox.agentctl("approvals", "--json").json?.arrayValue ?? [] {
                _ = try await sandbox.agentctl("cancel", try #require(run["run"]?.stringValue))
            }
        }
        // One that cannot go on stops no other.
        let runs = try await ids(["good", "again"])
        try FileManager.default.removeItem(atPath: sandbox.path("good.yaml"))
        let all = try await sandbox.agentctl("resume", "--all")
        #expect(all.code == 19 && all.err.contains("\(runs[0]) cannot go on: error: the workflow of run") && all.err.contains("\(runs[1]) waiting, "), "\(all.err)")
    }

    // MARK: Batches

    private func batch(_ sandbox: Sandbox) async throws -> String {
        let runs = try await sandbox.agentctl("runs", "--json")
        return try #require(runs.json?["runs"]?.arrayValue?.compactMap { $0["batch"]?.stringValue }.first)
    }

    private func writeLines(_ count: Int, _ sandbox: Sandbox) throws {
        try sandbox.write("lines.jsonl", (0..<count).map { "{\"topic\": \"t\($0)\"}\n" }.joined())
    }

    /// Case A9.
    @Test func twoThatGoOnWithABatchRunNoLineTwice() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 1, step: Self.patient)
        try writeLines(8, sandbox)
        let arguments = ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "2"]
        let first = try Background(sandbox, arguments)
        await sandbox.server.waitForRequests(4)
        first.end(by: SIGKILL)
        let name = try await batch(sandbox)
        let second = try Background(sandbox, arguments + ["--resume", name])
        await sandbox.server.waitForRequests(6)
        let third = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name)
        #expect(third.code == 48 && third.out.isEmpty, "\(third.err)")
        #expect(third.err.contains("batch \(name) is driven by process \(second.id) on ") && third.err.contains("then go on with --resume \(name)"), "\(third.err)")
        second.end(by: SIGKILL)
        gate.open()
        let rest = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name)
        #expect(rest.code == 0 && rest.lines.count == 8, "\(rest.err)")
        // Two were under way at each of the two deaths.
        #expect(sandbox.server.requestCount == 8 + 4)
        #expect(try await sandbox.agentctl("runs", "--json", "--batch", name).json?["runs"]?.arrayValue?.count == 8)
    }

    /// Case R2: the workflow or the lines were edited.
    @Test func anEditedFileUnderABatchIsRefusedAsAWhole() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 1, step: Self.patient)
        try writeLines(4, sandbox)
        let first = try Background(sandbox, ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "2", "--budget", "0.5"])
        await sandbox.server.waitForRequests(4)
        first.end(by: SIGKILL)
        gate.open()
        let name = try await batch(sandbox)
        func goOn(_ more: String...) async throws -> Sandbox.Finished {
            try await Sandbox.run(Sandbox.program, ["run", "chain.yaml", "--batch", "lines.jsonl", "--resume", name] + more, in: sandbox.folder)
        }
        let text = try String(contentsOfFile: sandbox.path("chain.yaml"), encoding: .utf8)
        try sandbox.write("chain.yaml", text.replacingOccurrences(of: "about ", with: "of "))
        let edited = try await goOn("--budget", "0.5")
        #expect(edited.code == 10 && edited.out.isEmpty, "\(edited.err)")
        #expect(edited.err.contains("+  - { id: s1, prompt: \"of ${{ inputs.topic }}\"\(Self.patient) }"), "\(edited.err)")
        #expect(edited.err.contains("the workflow of batch \(name) is not what it was when the batch began: nothing was run"), "\(edited.err)")
        #expect(edited.err.contains("back to go on; to run what is left with what the files say now, give its lines to a batch of its own"), "\(edited.err)")
        try sandbox.write("chain.yaml", text)
        let otherFlags = try await goOn()
        #expect(otherFlags.code == 10 && otherFlags.err.contains("it began with --budget 0.5, now there is no --budget or --model"), "\(otherFlags.err)")
        let lines = try String(contentsOfFile: sandbox.path("lines.jsonl"), encoding: .utf8)
        try sandbox.write("lines.jsonl", lines.replacingOccurrences(of: "\"t1\"", with: "\"u1\""))
        let otherLines = try await goOn("--budget", "0.5")
        #expect(otherLines.code == 2 && otherLines.err.contains("- {\"topic\":\"t1\"}\n+ {\"topic\":\"u1\"}\n"), "\(otherLines.err)")
        #expect(otherLines.err.contains("has a line with other inputs than batch \(name) began with: nothing was run"), "\(otherLines.err)")
        #expect(sandbox.server.requestCount == 4, "nothing was asked for any of these")
        // A comment means nothing, and neither does a space in a line.
        try sandbox.write("lines.jsonl", lines.replacingOccurrences(of: ": \"t1\"", with: ":\"t1\""))
        try sandbox.write("chain.yaml", "# for the archive\n" + text)
        let commented = try await goOn("--budget", "0.5")
        #expect(commented.code == 0 && commented.lines.count == 4, "\(commented.err)")
        let states = try await sandbox.agentctl("runs", "--json")
        #expect(states.json?["runs"]?.arrayValue?.allSatisfy { $0["status"] == "succeeded" } == true)
    }

    /// Case R3: a kill loses no line that could be told.
    @Test(.timeLimit(.minutes(2)), arguments: [false, true]) func resultsAreWrittenWhenTheyAreThere(isUnordered: Bool) async throws {
        // The third line is slow.
        let gate = Gate { !String(decoding: $0.body, as: UTF8.self).contains("about t2\"") }
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 1, step: Self.patient)
        try writeLines(6, sandbox)
        let results = sandbox.path("results.jsonl")
        let batch = try Background(
            sandbox, ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "3"] + (isUnordered ? ["--unordered"] : []), output: results)
        func told() throws -> [Int64] {
            try String(contentsOfFile: results, encoding: .utf8).split(separator: "\n").compactMap { try JSONParser.parse(String($0))["line"]?.intValue }
        }
        try await until { try told().count == (isUnordered ? 5 : 2) }
        try await until { sandbox.server.requestCount >= 6 }
        batch.end(by: SIGKILL)
        #expect(try isUnordered ? told().sorted() == [1, 2, 4, 5, 6] : told() == [1, 2])
        gate.open()
        let rest = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", self.batch(sandbox))
        #expect(rest.code == 0 && rest.lines.count == 6, "\(rest.err)")
        // What was told is not asked again; of what was answered and not told yet, the kill may have come before the record.
        #expect((7...(isUnordered ? 7 : 10)).contains(sandbox.server.requestCount))
    }

    /// Case A8: fewer files than runs in flight.
    @Test func aLowLimitOnOpenFilesSlowsAndDoesNotFail() async throws {
        let sandbox = try Sandbox(StubOptions(latencyMilliseconds: 20))
        try sandbox.writeChain(steps: 1, step: ", retry: { max_attempts: 1 }, timeout: 10m")
        try writeLines(300, sandbox)
        let asked = try await shell("ulimit -n 96; exec $A run chain.yaml --batch lines.jsonl --max-parallel 5000 -q", sandbox)
        #expect(asked.code == 0 && asked.lines.count == 300, "\(asked.code) \(asked.err)")
        #expect(sandbox.server.requestCount == 300)
        try sandbox.write("run.yaml", "version: 1\nname: run\ninputs: { topic: { type: string } }\nsteps:\n  - { id: a, run: [\"true\"] }\n")
        let programs = try await shell("ulimit -n 96; head -n 60 lines.jsonl > few.jsonl; exec $A run run.yaml --batch few.jsonl --max-parallel 5000 -q", sandbox)
        #expect(programs.code == 0 && programs.lines.count == 60, "\(programs.code) \(programs.err)")
        // With next to none it says so, whatever it needs first.
        for limit in [4, 5, 6, 8, 10, 20, 31, 32, 63] {
            let none = try await shell("ulimit -n \(limit); exec $A run run.yaml --input topic=x", sandbox)
            #expect(none.code == 30 && none.err.contains("raise the limit (ulimit -n)"), "\(limit): \(none.code) \(none.err)")
        }
    }

    // MARK: Workflows that moved

    private let asks = """
        version: 1
        name: asks
        models: { m: { use: stub/echo } }
        defaults: { model: m }
        steps:
          - { id: draft, prompt: "hello" }
          - { id: review, approve: { message: "Send?" } }
          - { id: send, needs: [review], prompt_file: send.md, with: { text: "${{ steps.draft.output }}" } }
        outputs: { sent: "${{ steps.send.output }}" }
        """

    private func waiting(_ sandbox: Sandbox) async throws {
        try sandbox.write("project/agentctl.yaml", String(contentsOfFile: sandbox.path("agentctl.yaml"), encoding: .utf8))
        try sandbox.write("project/flows/asks.yaml", asks)
        try sandbox.write("project/flows/send.md", "sent ${{ with.text }}")
        let run = try await Sandbox.run(Sandbox.program, ["run", "flows/asks.yaml"], in: sandbox.path("project"))
        #expect(run.code == 4, "\(run.err)")
    }

    /// Case R7.
    @Test func aProjectThatWasMovedIsFound() async throws {
        let sandbox = try Sandbox()
        try await waiting(sandbox)
        try FileManager.default.moveItem(atPath: sandbox.path("project"), toPath: sandbox.path("moved"))
        let moved = sandbox.path("moved")
        #expect(try await Sandbox.run(Sandbox.program, ["approve", "last", "--yes", "-q"], in: moved).code == 0)
        let all = try await Sandbox.run(Sandbox.program, ["resume", "last"], in: moved)
        #expect(all.code == 0 && all.out == "sent hello\n", "\(all.err)")
        #expect(sandbox.server.requestCount == 2)
    }

    /// Case R7: renamed, and with another comment.
    @Test func aWorkflowThatWasMovedIsNamed() async throws {
        let sandbox = try Sandbox()
        try await waiting(sandbox)
        let project = sandbox.path("project")
        try FileManager.default.removeItem(atPath: project + "/flows/asks.yaml")
        let lost = try await Sandbox.run(Sandbox.program, ["approve", "last", "--yes", "--resume"], in: project)
        #expect(lost.code == 10 && lost.err.contains("is not at \(project)/flows/asks.yaml any more") && lost.err.contains(" --file asks.yaml"), "\(lost.err)")
        try sandbox.write("project/flows/questions.yaml", "# moved\n" + asks.replacingOccurrences(of: "steps:\n", with: "steps:  # three\n\n"))
        let other = try await Sandbox.run(Sandbox.program, ["resume", "last", "--file", "flows/questions.yaml"], in: project)
        #expect(other.code == 0 && other.out == "sent hello\n", "\(other.err)")
    }

    /// Settled 7: comments and layout mean nothing; anything else does, also in a file that is no document, and the run goes on as it began.
    @Test func whatChangedIsSaidAndLeft() async throws {
        let sandbox = try Sandbox()
        let project = sandbox.path("project")
        for (file, text, isTold) in [
            ("send.md", "# sent\nsent ${{ with.text }}", true), ("asks.yaml", asks.replacingOccurrences(of: "\"hello\"", with: "\"hello \""), true),
            ("asks.yaml", asks.replacingOccurrences(of: "prompt: \"hello\"", with: "prompt: \"hello\"  ") + "\n# the end\n", false),
        ] {
            try await waiting(sandbox)
            #expect(try await Sandbox.run(Sandbox.program, ["approve", "last", "--yes", "-q"], in: project).code == 0)
            try sandbox.write("project/flows/" + file, text)
            let resumed = try await Sandbox.run(Sandbox.program, ["resume", "last"], in: project)
            #expect(resumed.code == 0 && resumed.out == "sent hello\n", "\(resumed.err)")
            #expect(resumed.err.contains("goes on with the files that it began with, as they are others now") == isTold, "\(resumed.err)")
        }
    }
}
