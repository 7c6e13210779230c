import Foundation
import TestSupport
import Testing
import Values

@Suite struct RunTests {
    @Test func aChainRunsIsShownAndAudited() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        let run = try await sandbox.agentctl("run", "chain.yaml", "--json", "--input", "topic=lakes")
        #expect(run.code == 0, "\(run.err)")
        #expect(run.json?["status"] == "succeeded")
        #expect(run.json?["calls"] == 3)
        #expect(run.json?["outputs"]?["last"]?.stringValue?.contains("lakes") == true)
        #expect(sandbox.server.requestCount == 3)

        let show = try await sandbox.agentctl("show", "last", "--json")
        let calls = try #require(show.json?["calls"]?.arrayValue ?? show.json?["run"]?["calls"]?.arrayValue)
        #expect(calls.count == 3)
        #expect(calls.allSatisfy { $0["state"] == "settled" })
        let tree = try await sandbox.agentctl("show", "last", "--prompts")
        #expect(tree.out.contains("s3") && tree.out.contains("lakes"))

        let audit = try await sandbox.agentctl("audit", "--csv", "--by", "workflow,step")
        #expect(audit.lines.count == 4)
        #expect(!audit.out.contains("\u{1B}"))
        let total = try await sandbox.agentctl("audit", "--json", "--by", "workflow")
        #expect(total.out.contains(run.json?["cost_usd"]?.stringValue ?? "-"))
    }

    @Test func outputsGoToStdoutAndTheRestToStderr() async throws {
        let sandbox = try Sandbox(StubOptions(content: .text("forty-two")))
        try sandbox.writeChain(steps: 1)
        let run = try await sandbox.agentctl("run", "chain.yaml")
        #expect(run.out == "forty-two\n")
        #expect(run.err.contains("plan chain"))
        let quiet = try await sandbox.agentctl("run", "chain.yaml", "--quiet")
        #expect(quiet.err.isEmpty)
    }

    @Test func eventsAreJSONLinesWithIntentBeforeOutcome() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        let run = try await sandbox.agentctl("run", "chain.yaml", "--events")
        let kinds = try run.lines.map { try #require(try JSONParser.parse($0)["event"]?.stringValue) }
        #expect(kinds.first == "run_started" && kinds.last == "result")
        #expect(try #require(kinds.firstIndex(of: "call_started")) < #require(kinds.firstIndex(of: "call_ended")))
        #expect(kinds.filter { $0 == "call_ended" }.count == 2)
    }

    @Test func aReaderThatGoesAwayDoesNotEndTheRun() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        let run = try await Sandbox.run("/bin/sh", ["-c", "\"$0\" run chain.yaml --events --quiet | head -n 1", Sandbox.program], in: sandbox.folder)
        #expect(run.lines.count == 1)
        let runs = try await sandbox.agentctl("runs", "--json")
        #expect(runs.json?["runs"]?[0]?["status"] == "succeeded", "\(runs.out)")
        #expect(sandbox.server.requestCount == 3)
    }

    @Test func inputsComeFromFlagsFilesAndStdin() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try sandbox.write("topic.txt", "from a file")
        let file = try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=@topic.txt")
        #expect(file.out.contains("from a file"))
        let stdin = try await sandbox.agentctl("run", "chain.yaml", "--inputs", "-", stdin: "{\"topic\": \"from stdin\"}")
        #expect(stdin.out.contains("from stdin"))
        let unknown = try await sandbox.agentctl("run", "chain.yaml", "--input", "topc=x")
        #expect(unknown.code == 10 && unknown.err.contains("did you mean 'topic'?"))
        let missing = try await sandbox.agentctl("run", "chain.yaml", "--inputs", "nowhere.json")
        #expect(missing.code == 2 && missing.err.contains("nowhere.json"))
    }

    @Test func aBatchKeepsTheOrderOfItsInputAndItsFailuresApart() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        var lines = (1...40).map { "{\"topic\": \"t\($0)\"}" }
        lines[9] = "{\"topic\": 7}"
        lines[19] = "not json"
        try sandbox.write("batch.jsonl", lines.joined(separator: "\n") + "\n")
        let run = try await sandbox.agentctl("run", "chain.yaml", "--batch", "batch.jsonl", "--max-parallel", "8", "--failures", "failed.jsonl")
        #expect(run.code == 19, "\(run.err)")
        let results = try run.lines.map { try JSONParser.parse($0) }
        #expect(results.map { $0["line"]?.intValue } == (1...40).map { Int64($0) })
        #expect(results.filter { $0["status"] == "succeeded" }.count == 38)
        #expect(results[9]["error"]?["kind"] == "input")
        #expect(try String(contentsOfFile: sandbox.path("failed.jsonl"), encoding: .utf8).split(separator: "\n").count == 2)
        #expect(sandbox.server.requestCount == 76)
    }

    @Test func anOutcomeMakesADecision() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1, top: "decision: { id: \"T-${{ inputs.topic }}\", unit: ticket, counts: [resolved] }")
        try await sandbox.agentctl("run", "chain.yaml", "--quiet")
        let outcome = try await sandbox.agentctl("outcome", "T-rivers", "resolved")
        #expect(outcome.code == 0, "\(outcome.err)")
        let audit = try await sandbox.agentctl("audit", "--json")
        #expect(audit.json?["decisions"]?[0]?["counted"] == 1)
        let unknown = try await sandbox.agentctl("outcome", "T-nobody", "resolved")
        #expect(unknown.code == 2)
    }

    @Test func aCapThatDoesNotFitIsRefusedBeforeAnyCall() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        let refused = try await sandbox.agentctl("run", "chain.yaml", "--budget", "0.0000001")
        #expect(refused.code == 20, "\(refused.err)")
        #expect(sandbox.server.requestCount == 0)
        // The cheapest completion fits, the worst case of the second call does not.
        let tight = try await sandbox.agentctl("run", "chain.yaml", "--budget", "0.0000355")
        #expect(tight.code == 20, "\(tight.err)")
        #expect(sandbox.server.requestCount == 1)
    }

    @Test func aModelWithoutAPriceIsRefusedUnderACapAndSaidWithout() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1, model: "stub/unheard-of")
        let capped = try await sandbox.agentctl("run", "chain.yaml")
        #expect(capped.code == 21 && capped.err.contains("stub/unheard-of") && sandbox.server.requestCount == 0)
        try sandbox.writeChain(steps: 1, model: "stub/unheard-of", top: "")
        let free = try await sandbox.agentctl("run", "chain.yaml", "--json")
        #expect(free.code == 0 && free.json?["unpriced_calls"] == 1)
        let audit = try await sandbox.agentctl("audit")
        #expect(audit.out.contains("unpriced"))
    }
}
