import Foundation
import TestSupport
import Testing
import Values

/// Runs that go on in another process, as a user sees it.
@Suite struct ResumeCommandTests {
    /// A step that waits as long as it must.
    private static let patient = ", timeout: 10m"
    /// A step whose call is tried again and again until it is answered, whatever else the machine does.
    private static let insistent = ", timeout: 2s, retry: { max_attempts: 100, on: [timeout] }"

    private let approval = """
        version: 1
        name: asks
        models: { m: { use: stub/echo } }
        defaults: { model: m }
        steps:
          - { id: draft, prompt: "hello" }
          - { id: review, approve: { message: "Send ${{ steps.draft.output }}?\\nReally?", timeout: 24h } }
          - { id: send, when: steps.review.output.approved, prompt: "sent by ${{ steps.review.output.by }}" }
        outputs: { sent: "${{ has(steps.send.output) ? steps.send.output : 'nothing' }}" }
        """

    /// R1, A2: each has its line, also those beyond what goes on at once, and a failed one shows in the exit code.
    @Test(arguments: [1, 3, 16]) func allRunsOfProcessesThatAreGoneGoOn(atOnce: Int) async throws {
        let (count, gate) = (7, Gate(before: 1))
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 3, step: Self.patient)
        try sandbox.write(
            "strict.yaml",
            """
            version: 1
            name: strict
            models: { m: { use: stub/echo } }
            defaults: { model: m, timeout: 10m, limits: { max_output_tokens: 64 } }
            steps: [{ id: a, prompt: "hello" }, { id: b, needs: [a], run: ["false"] }]
            """)
        let processes = try (0..<count).map { try Background(sandbox, $0 < count - 1 ? ["run", "chain.yaml"] : ["run", "strict.yaml"]) }
        await sandbox.server.waitForRequests(count)
        for process in processes { #expect(process.end(by: SIGKILL) == -SIGKILL) }
        gate.open()
        let resumed = try await sandbox.agentctl("resume", "--all", "--max-parallel", "\(atOnce)")
        let list = try await sandbox.agentctl("runs", "--json")
        let runs = list.json?["runs"]?.arrayValue ?? []
        #expect(runs.count == count)
        for run in runs {
            let status = run["workflow"] == "strict" ? "failed" : "succeeded"
            #expect(run["status"]?.stringValue == status)
            #expect(resumed.err.contains("\(run["id"]?.stringValue ?? "?") \(status)"), "\(resumed.err)")
        }
        #expect(resumed.code != 0)
    }

    @Test func aKilledRunGoesOn() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 4, step: Self.patient)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(3)
        #expect(first.end(by: SIGKILL) == -SIGKILL)
        gate.open()
        let list = try await sandbox.agentctl("runs", "--json")
        #expect(list.json?["runs"]?[0]?["status"] == "running")
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 0, "\(resumed.err)")
        #expect(resumed.json?["outputs"] == ["last": "then then then about rivers"])
        // Two had their answers; the third was under way, stays held, and is asked again.
        #expect(sandbox.server.requestCount == 5)
        #expect(resumed.json?["calls"] == 5)
        let show = try await sandbox.agentctl("show", "last", "--json")
        let states = show.json?["calls"]?.arrayValue?.compactMap { $0["state"]?.stringValue } ?? []
        #expect(states.sorted() == ["settled", "settled", "settled", "settled", "unknown"])
        let again = try await sandbox.agentctl("resume", "last")
        #expect(again.code == 49 && again.err.contains("has succeeded"), "\(again.err)")
    }

    /// A killed call is missing in what the run cost, and every place says so (M3).
    @Test func aLostCallIsToldAlikeEverywhere() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 4, step: Self.patient)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(3)
        #expect(first.end(by: SIGKILL) == -SIGKILL)
        gate.open()
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        let cost = try #require(resumed.json?["cost_usd"]?.stringValue)
        let shape = ["cost_usd", "cost_is_lower_bound", "known_usd", "estimated_usd", "held_usd", "held_open_usd", "calls", "unknown_calls", "unpriced_calls"]
        let run = try await sandbox.agentctl("show", "last", "--json").json?["run"]
        let listed = try await sandbox.agentctl("runs", "--json").json?["runs"]?[0]
        let total = try await sandbox.agentctl("audit", "--json").json?["total"]
        for key in shape {
            #expect(resumed.json?[key] != nil && run?[key] == resumed.json?[key] && listed?[key] == run?[key] && total?[key] == run?[key], "\(key)")
        }
        #expect(run?["cost_is_lower_bound"] == true && run?["unknown_calls"] == 1 && run?["known_usd"] == .string(cost) && run?["held_open_usd"] != "0")

        let text = "≥ $\(cost)"
        #expect(resumed.err.contains("5 calls, \(text) (1 call of unknown end), held $"), "\(resumed.err)")
        #expect(resumed.err.contains("chain  succeeded  \(text) (1 call of unknown end)"), "\(resumed.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("cost \(text) (1 call of unknown end)") && show.out.contains("≥ $"), "\(show.out)")
        #expect(try await sandbox.agentctl("runs").out.contains(text))
        #expect(try await sandbox.agentctl("audit", "--by", "run").out.contains(text))
        #expect(try await sandbox.agentctl("follow", "last").err.contains("5 calls, \(text) (1 call of unknown end)"))
        #expect(try await sandbox.agentctl("audit", "--by", "run", "--csv").out.contains("true"))
    }

    @Test func anInterruptedRunGoesOn() async throws {
        let gate = Gate(before: 3)
        let sandbox = try Sandbox(script: gate.response)
        // The call in flight ends within the grace, without an answer.
        try sandbox.writeChain(steps: 4, step: Self.insistent)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(3)
        #expect(first.end(by: SIGTERM) == 130)
        let before = sandbox.server.requestCount
        gate.open()
        let resumed = try await sandbox.agentctl("resume", "last")
        #expect(resumed.code == 0, "\(resumed.err)")
        #expect(resumed.out == "then then then about rivers\n")
        #expect(sandbox.server.requestCount == before + 2)
    }

    @Test func aRunThatIsDrivenIsLeftAlone() async throws {
        let gate = Gate(before: 2)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 6, step: Self.insistent)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(1)
        let second = try await sandbox.agentctl("resume", "last")
        #expect(second.code == 48)
        #expect(second.err.contains("is driven by process "), "\(second.err)")
        // The call that waits is tried again.
        gate.open()
        let followed = try await sandbox.agentctl("follow", "last")
        #expect(followed.code == 0)
        #expect(followed.err.contains("s6  succeeded"), "\(followed.err)")
        #expect(first.end() == 0)
    }

    @Test func aChangedWorkflowGoesOnAsItBegan() async throws {
        let gate = Gate(before: 2)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 3, step: Self.patient)
        let first = try Background(sandbox, ["run", "chain.yaml", "--budget", "0.5"])
        await sandbox.server.waitForRequests(2)
        _ = first.end(by: SIGKILL)
        gate.open()
        let text = try String(contentsOfFile: sandbox.path("chain.yaml"), encoding: .utf8)
        try sandbox.write("chain.yaml", text.replacingOccurrences(of: "about ", with: "of "))
        let refused = try await sandbox.agentctl("resume", "last", "--accept-changes")
        #expect(refused.code == 10 && refused.err.contains("step 's1' has ended, and is another now"), "\(refused.err)")
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 0, "\(resumed.err)")
        #expect(resumed.err.contains("goes on with the files that it began with"), "\(resumed.err)")
        #expect(resumed.json?["outputs"] == ["last": "then then about rivers"])
        let show = try await sandbox.agentctl("show", "last", "--json")
        #expect(show.json?["run"]?["max_cost_usd"] == "0.5" || show.json?["max_cost_usd"] == "0.5", "\(show.out.prefix(600))")
    }

    @Test func peopleAreAskedAndAnswer() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", approval)
        let none = try await sandbox.agentctl("approvals")
        #expect(none.code == 47)
        let run = try await sandbox.agentctl("run", "asks.yaml")
        #expect(run.code == 4 && run.out.isEmpty)
        #expect(run.err.contains("waits for a person: agentctl approve "), "\(run.err)")
        let asked = try await sandbox.agentctl("approvals")
        #expect(asked.lines.suffix(3) == ["  Send hello?", "  Really?", "  $0.000001 spent so far"])
        #expect(asked.out.contains("  review  asks  asked ") && asked.out.contains(", fails in 23h 59m"))
        let listed = try await sandbox.agentctl("approvals", "--json")
        #expect(listed.json?[0]?["step"] == "review" && listed.json?[0]?["message"] == "Send hello?\nReally?")
        let early = try await sandbox.agentctl("resume", "last")
        #expect(early.code == 4)
        let wrong = try await sandbox.agentctl("approve", "last", "reviw", "--yes")
        #expect(wrong.code == 2 && wrong.err.contains("did you mean 'review'?"), "\(wrong.err)")
        let neither = try await sandbox.agentctl("approve", "last")
        #expect(neither.code == 2 && neither.err.contains("say --yes or --no"))
        let approved = try await sandbox.agentctl("approve", "last", "--yes", "--by", "ann", "--note", "fine", "--resume")
        #expect(approved.code == 0 && approved.out == "sent by ann\n", "\(approved.err)")
        let late = try await sandbox.agentctl("approve", "last", "review", "--no")
        #expect(late.code == 49 && late.err.contains("was answered already by ann: yes"), "\(late.err)")
        let empty = try await sandbox.agentctl("approvals")
        #expect(empty.out == "nothing is asked\n  1 question was asked before: agentctl approvals --all\n")
        let events = try await sandbox.agentctl("follow", "last", "--events")
        #expect(events.code == 0)
        let decided = events.lines.compactMap { try? JSONParser.parse($0) }.first { $0["event"] == "approval_decided" }
        #expect(decided?["data"]?["by"] == "ann" && decided?["data"]?["note"] == "fine" && decided?["data"]?["approved"] == true)
    }

    @Test func aRejectionGoesOnWithoutTheStep() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", approval)
        #expect(try await sandbox.agentctl("run", "asks.yaml", "-q").code == 4)
        #expect(try await sandbox.agentctl("approve", "last", "--no", "-q").code == 0)
        let all = try await sandbox.agentctl("resume", "--all")
        #expect(all.code == 0 && all.err.contains(" succeeded, "), "\(all.err)")
        let nothing = try await sandbox.agentctl("resume", "--all")
        #expect(nothing.code == 0 && nothing.err == "no run to go on with\n")
        #expect(sandbox.server.requestCount == 1)
    }

    /// Whoever opens the ledger next looks at the clock.
    @Test(arguments: [("fail", 34), ("approve", 0), ("reject", 0)]) func timeAnswers(word: String, code: Int) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", approval.replacingOccurrences(of: "timeout: 24h", with: "timeout: 1ms, on_timeout: \(word)"))
        let run = try await sandbox.agentctl("run", "asks.yaml", "--json")
        // The time may be over before the run comes to rest.
        let end = run.code == 4 ? try await sandbox.agentctl("resume", "last", "--json") : run
        #expect(end.code == code, "\(end.err)")
        if word != "fail" { #expect(end.json?["outputs"] == ["sent": word == "approve" ? "sent by timeout" : "nothing"]) }
    }

    @Test func cancelStopsARunForGood() async throws {
        let gate = Gate(before: 2)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 4, step: Self.insistent)
        let first = try Background(sandbox, ["run", "chain.yaml"])
        await sandbox.server.waitForRequests(1)
        let asked = try await sandbox.agentctl("cancel", "last", "--by", "ann")
        #expect(asked.code == 0 && asked.out.contains(" is being stopped by process "), "\(asked.out)\(asked.err)")
        #expect(first.end() == 130)
        gate.open()
        #expect(try await sandbox.agentctl("runs", "--json").json?["runs"]?[0]?["status"] == "cancelled")
        #expect(try await sandbox.agentctl("resume", "last").code == 49)
        // One that nobody drives.
        try sandbox.write("asks.yaml", approval)
        _ = try await sandbox.agentctl("run", "asks.yaml", "-q")
        let gone = try await sandbox.agentctl("cancel", "last")
        #expect(gone.code == 0 && gone.out.hasSuffix(" cancelled\n"))
        #expect(try await sandbox.agentctl("approvals").out.hasPrefix("nothing is asked\n"))
        #expect(try await sandbox.agentctl("cancel", "last").code == 49)
    }

    @Test func aBatchGoesOn() async throws {
        let gate = Gate(before: 7)
        let sandbox = try Sandbox(script: gate.response)
        try sandbox.writeChain(steps: 3, step: Self.patient)
        let lines = (0..<6).map { #"{"topic": "t\#($0)"}"# }
        try sandbox.write("lines.jsonl", lines.joined(separator: "\n") + "\n")
        let first = try Background(sandbox, ["run", "chain.yaml", "--batch", "lines.jsonl", "--max-parallel", "2"])
        await sandbox.server.waitForRequests(8)
        _ = first.end(by: SIGKILL)
        gate.open()
        let runs = try #require(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue)
        let batch = try #require(runs.first?["batch"]?.stringValue)
        let done = runs.count { $0["status"] == "succeeded" }
        #expect(done >= 1 && runs.count < 6)
        let rest = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", batch)
        #expect(rest.code == 0, "\(rest.err)")
        #expect(rest.lines.map { (try? JSONParser.parse($0))?["outputs"]?["last"]?.stringValue } == (0..<6).map { "then then about t\($0)" })
        let after = try #require(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue)
        #expect(after.count == 6 && after.allSatisfy { $0["status"] == "succeeded" })
        // At most two calls were under way.
        #expect((18...20).contains(sandbox.server.requestCount))
        let other = try await sandbox.agentctl("run", "chain.yaml", "--batch", "lines.jsonl", "--resume", "batch-none")
        #expect(other.code == 2 && other.err.contains("there is no batch 'batch-none'"))
    }

    @Test func moneyIsAskedFor() async throws {
        let sandbox = try Sandbox()
        // The second call fits once its worst case does.
        try sandbox.write(
            "dear.yaml",
            """
            version: 1
            name: dear
            models: { m: { use: stub/echo } }
            budget: { max_cost_usd: 0.00004, on_exceeded: ask }
            steps:
              - { id: one, model: m, prompt: "hello", limits: { max_output_tokens: 10 } }
              - { id: two, model: m, prompt: "${{ steps.one.output }} again", limits: { max_output_tokens: 200 } }
            outputs: { said: "${{ steps.two.output }}" }
            """)
        let run = try await sandbox.agentctl("run", "dear.yaml")
        #expect(run.code == 4, "\(run.err)")
        let asked = try await sandbox.agentctl("approvals")
        #expect(asked.out.contains("does not fit the run's budget") && asked.out.contains("under a cap of $0.000"), "\(asked.out)")
        let less = try await sandbox.agentctl("approve", "last", "--yes", "--budget", "0.00001")
        #expect(less.code == 2 && less.err.contains("it never falls"), "\(less.err)")
        let granted = try await sandbox.agentctl("approve", "last", "--yes", "--budget", "0.01", "--resume", "--json")
        #expect(granted.code == 0 && granted.json?["outputs"] == ["said": "hello again"], "\(granted.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("budget $0.01:"), "\(show.out)")
    }
}
