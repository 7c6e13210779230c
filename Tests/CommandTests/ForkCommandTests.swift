import Economics
import Foundation
import GRDB
import TestSupport
import Testing
import Values

/// Forks, other attempts, and deploys under runs that are not over, as a user sees them.
@Suite struct ForkCommandTests {
    private static let workflow = """
        version: 1
        name: family
        inputs: { words: { default: [ape, bee, cat] }, topic: { type: string, default: rivers } }
        models: { m: { use: stub/echo } }
        budget: { max_cost_usd: 0.25 }
        decision: { id: "d-${{ run.id }}", counts: [done] }
        defaults: { model: m, timeout: 10m, retry: { max_attempts: 1 }, limits: { max_input_tokens: 2000, max_output_tokens: 64 } }
        steps:
          - { id: first, prompt: "first about ${{ inputs.topic }}" }
          - { id: each, for_each: { items: inputs.words, as: word }, prompt: "${{ word }} of ${{ steps.first.output }}" }
          - { id: apart, prompt: "apart" }
          - id: polish
            loop:
              max: 3
              until: pass.index == 1
              steps: [{ id: draft, prompt: "draft ${{ string(pass.index) }} ${{ steps.first.output }}" }, { id: tidy, prompt: "tidy ${{ steps.draft.output }}" }]
          - { id: last, prompt: "${{ steps.each.output.join(' ') }} ${{ steps.polish.output.tidy }}" }
        outputs: { last: "${{ steps.last.output }}" }
        """

    /// What calls cost, in pico-dollars, by the step at the top.
    private func costs(_ show: JSONValue?) -> [String: Int64] {
        var costs: [String: Int64] = [:]
        for call in show?["calls"]?.arrayValue ?? [] {
            let step = (call["path"]?.stringValue ?? "").prefix { $0 != "[" && $0 != "/" }
            costs[String(step), default: 0] += Money(decimal: call["cost_usd"]?.stringValue ?? "0")?.picoDollars ?? 0
        }
        return costs
    }

    private func total(_ show: JSONValue?) -> Int64 { Money(decimal: show?["run"]?["cost_usd"]?.stringValue ?? "x")?.picoDollars ?? -1 }

    @Test func aForkFromEachStepCostsWhatIsBehindIt() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("family.yaml", Self.workflow)
        let run = try await sandbox.agentctl("run", "family.yaml", "--json")
        let id = try #require(run.json?["run"]?.stringValue)
        let recorded = costs(try await sandbox.agentctl("show", id, "--json").json)
        let behind = ["first": ["first", "each", "polish", "last"], "each": ["each", "last"], "apart": ["apart"], "polish": ["polish", "last"], "last": ["last"]]
        for (step, live) in behind.sorted(by: { $0.key < $1.key }) {
            let fork = try await sandbox.agentctl("replay", id, "--from", step, "--live", "--json")
            #expect(fork.code == 0 && fork.json?["outputs"] == run.json?["outputs"], "\(fork.err)")
            let show = try await sandbox.agentctl("show", "last", "--json").json
            #expect(total(show) == live.reduce(0) { $0 + (recorded[$1] ?? 0) }, "from \(step)")
            #expect(show?["run"]?["parent"] == .string(id) && show?["run"]?["kind"] == "fork" && show?["run"]?["purpose"] == "fork")
            for node in show?["nodes"]?.arrayValue ?? [] {
                let top = String((node["path"]?.stringValue ?? "").prefix { $0 != "[" && $0 != "/" })
                #expect(node["inherited_from"] == (live.contains(top) ? .null : .string(id)), "\(node)")
            }
        }
        // An item, a pass and a step inside of one.
        for (step, calls) in [("each[1]", 2), ("polish[1]", 3), ("polish/tidy", 4)] {
            let fork = try await sandbox.agentctl("replay", id, "--from", step, "--live", "--json")
            #expect(fork.json?["calls"] == .int(Int64(calls)) && fork.json?["outputs"] == run.json?["outputs"], "from \(step): \(fork.err)")
        }
        let family = try await sandbox.agentctl("show", id)
        #expect(family.out.contains("family") && family.out.components(separatedBy: "fork ").count == 9, "\(family.out)")
        #expect(try await sandbox.agentctl("runs", "--parent", id, "--json").json?["runs"]?.arrayValue?.count == 8)
        #expect(try await sandbox.agentctl("runs").out.contains("fork of \(id)"))
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
        #expect(try await sandbox.agentctl("verify", "--all").code == 0)
        let plain = try await sandbox.agentctl("show", "last")
        #expect(plain.out.contains("kept from run \(id)"), "\(plain.out)")
        let nothing = try await sandbox.agentctl("runs", "--parent", "last")
        #expect(nothing.out.contains("no run was made from"), "\(nothing.out)")
    }

    @Test func whatIsSaidBeforeAFork() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("family.yaml", Self.workflow)
        _ = try await sandbox.agentctl("run", "family.yaml", "-q")
        let asked = sandbox.server.requestCount
        let dead = try await sandbox.agentctl("replay", "last", "--from", "last")
        #expect(dead.code == 2 && dead.err.contains("Say --live for that"), "\(dead.err)")
        let alone = try await sandbox.agentctl("replay", "last", "--live")
        #expect(alone.code == 2 && alone.err.contains("go with --from"), "\(alone.err)")
        let wrong = try await sandbox.agentctl("replay", "last", "--from", "lats", "--live")
        #expect(wrong.code == 10 && wrong.err.contains("did you mean 'last'?"), "\(wrong.err)")
        for place in ["each[9]", "each[-1]", "first[0]"] {
            let beyond = try await sandbox.agentctl("replay", "last", "--from", place, "--dry-run")
            #expect(beyond.code == 10 && beyond.err.contains("has nothing at '\(place)'"), "\(place): \(beyond.out)\(beyond.err)")
        }
        let odd = try await sandbox.agentctl("replay", "last", "--from", "last", "--live", "--set", "steps.last.prompt=x")
        #expect(odd.code == 2 && odd.err.contains("models.TIER.use=PROVIDER/MODEL"), "\(odd.err)")
        let priced = try await sandbox.agentctl("replay", "last", "--from", "each[1]", "--dry-run")
        #expect(priced.code == 0 && priced.out.contains("kept as it was recorded"), "\(priced.out)\(priced.err)")
        let small = try await sandbox.agentctl("replay", "last", "--from", "last", "--live", "--budget", "0.0000001")
        #expect(small.code == 20, "\(small.err)")
        #expect(sandbox.server.requestCount == asked)
        #expect(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue?.count == 1)
        // What is live goes by the new values, what is kept stays, and that is said.
        let changed = try await sandbox.agentctl("replay", "last", "--from", "last", "--live", "--input", "topic=lakes", "--set", "models.m.use=stub/other")
        #expect(changed.code == 21, "\(changed.err)")
        #expect(changed.err.contains("4 of the kept steps would be asked otherwise now: apart, each, first, polish"), "\(changed.err)")
        try sandbox.write("other.yaml", Self.workflow.replacingOccurrences(of: "output.tidy }}\" }", with: "output.tidy }} at last\" }"))
        let other = try await sandbox.agentctl("replay", "last", "--from", "last", "--live", "--workflow", "other.yaml", "--json")
        #expect(other.code == 0 && other.json?["outputs"]?["last"]?.stringValue?.hasSuffix("at last") == true, "\(other.err)")
        #expect(sandbox.server.requestCount == asked + 1)
        // What a fork kept is no difference: where it goes another way is.
        let runs = try #require(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue).compactMap { $0["id"]?.stringValue }
        let difference = try await sandbox.agentctl("diff", try #require(runs.last), try #require(runs.first))
        #expect(difference.code == 1 && difference.out.contains("first cause: last: "), "\(difference.out)\(difference.err)")
    }

    /// `resume --failed`: what was paid is not paid again, and the decision's cost is that of all attempts.
    @Test func whatFailedIsTriedAgain() async throws {
        let isDown = Mutex(true)
        let sandbox = try Sandbox(script: { request in
            isDown.withLock { $0 } && String(decoding: request.body, as: UTF8.self).contains("bee of") ? .error(500, "it is down", type: "server_error") : nil
        })
        try sandbox.write("family.yaml", Self.workflow)
        let failed = try await sandbox.agentctl("run", "family.yaml", "--json")
        let id = try #require(failed.json?["run"]?.stringValue)
        #expect(failed.code == 36, "\(failed.err)")
        let asked = sandbox.server.requestCount
        isDown.withLock { $0 = false }
        let early = try await sandbox.agentctl("resume", id)
        #expect(early.code == 49)
        let priced = try await sandbox.agentctl("resume", id, "--failed", "--dry-run")
        #expect(priced.code == 0 && sandbox.server.requestCount == asked, "\(priced.err)")
        let retried = try await sandbox.agentctl("resume", id, "--failed", "--json")
        #expect(retried.code == 0 && retried.json?["calls"] == 2, "\(retried.err)\(retried.out)")
        #expect(retried.err.contains("keeps "), "\(retried.err)")
        #expect(sandbox.server.requestCount == asked + 2)
        let (first, second) = (try await sandbox.agentctl("show", id, "--json").json, try await sandbox.agentctl("show", "last", "--json").json)
        #expect(second?["run"]?["purpose"] == "production" && second?["run"]?["parent"] == .string(id))
        #expect(second?["run"]?["decision_id"] == .string("d-\(id)") && first?["run"]?["decision_id"] == .string("d-\(id)"))
        let audit = try await sandbox.agentctl("audit", "--json").json
        #expect(audit?["total"]?["calls"] == .int(Int64(asked + 2)))
        let tree = try await sandbox.agentctl("show", "last")
        #expect(tree.out.contains("retry of run \(id)") && tree.out.contains("retry "), "\(tree.out)")
        let again = try await sandbox.agentctl("resume", "last", "--failed")
        #expect(again.code == 2 && again.err.contains("has succeeded"), "\(again.err)")
        #expect(try await sandbox.agentctl("verify", "--all").code == 0)
    }

    /// Killed in the middle, a fork goes on and asks nothing that was kept or answered.
    @Test(arguments: [1, 2, 4]) func aKilledForkGoesOn(at number: Int) async throws {
        let gate = Mutex<Int?>(nil)
        let sandbox = try Sandbox(script: { request in gate.withLock { $0 }.map { request.number >= $0 } == true ? StubResponse(ending: .silence) : nil })
        try sandbox.write("family.yaml", Self.workflow.replacingOccurrences(of: "defaults:", with: "concurrency: 1\ndefaults:"))
        let run = try await sandbox.agentctl("run", "family.yaml", "--json")
        let id = try #require(run.json?["run"]?.stringValue)
        let asked = sandbox.server.requestCount
        gate.withLock { $0 = asked + number }
        let fork = try Background(sandbox, ["replay", id, "--from", "polish", "--live"])
        await sandbox.server.waitForRequests(asked + number)
        #expect(fork.end(by: SIGKILL) == -SIGKILL)
        gate.withLock { $0 = nil }
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 0 && resumed.json?["outputs"] == run.json?["outputs"], "\(resumed.err)")
        // The four of the loop and the last; the one that was under way is asked again.
        #expect(sandbox.server.requestCount == asked + 5 + 1)
        #expect(try await sandbox.agentctl("verify", "--all").code == 0)
    }

    // MARK: Deploys

    private static let asks = """
        version: 1
        name: asks
        models: { m: { use: stub/echo } }
        defaults: { model: m }
        steps:
          - { id: draft, prompt: "hello" }
          - { id: review, approve: { message: "Send ${{ steps.draft.output }}?" } }
          - { id: send, when: steps.review.output.approved, prompt: "sent ${{ steps.draft.output }}" }
        outputs: { sent: "${{ steps.send.output }}" }
        """

    enum Deploy: CaseIterable {
        case behind, before, broken
    }

    /// What waits goes on with the files that it began with, whatever a deploy left.
    @Test(arguments: Deploy.allCases) func aDeployStrandsNoRun(deploy: Deploy) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", Self.asks)
        #expect(try await sandbox.agentctl("run", "asks.yaml", "-q").code == 4)
        switch deploy {
        case .behind: try sandbox.write("asks.yaml", Self.asks.replacingOccurrences(of: "\"sent ", with: "\"posted "))
        case .before: try sandbox.write("asks.yaml", Self.asks.replacingOccurrences(of: "hello", with: "hi"))
        case .broken: try sandbox.write("asks.yaml", "version: 1\nname: [")
        }
        let approved = try await sandbox.agentctl("approve", "last", "--yes", "--resume")
        #expect(approved.code == 0 && approved.out == "sent hello\n", "\(approved.err)")
        #expect(approved.err.contains("goes on with the files that it began with, as "), "\(approved.err)")
        #expect(approved.err.contains("--accept-changes takes the new ones"), "\(approved.err)")
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
    }

    @Test func todaysFilesAreTakenWhereWhatHasEndedIsUnchanged() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", Self.asks)
        #expect(try await sandbox.agentctl("run", "asks.yaml", "-q").code == 4)
        #expect(try await sandbox.agentctl("approve", "last", "--yes", "-q").code == 0)
        try sandbox.write("asks.yaml", Self.asks.replacingOccurrences(of: "hello", with: "hi"))
        let refused = try await sandbox.agentctl("resume", "last", "--accept-changes")
        #expect(refused.code == 10 && refused.err.contains("step 'draft' has ended, and is another now"), "\(refused.err)")
        try sandbox.write("asks.yaml", "# deployed\n" + Self.asks.replacingOccurrences(of: "\"sent ", with: "\"posted ").replacingOccurrences(of: "outputs:", with: "  - { id: more, prompt: \"more ${{ steps.send.output }}\" }\noutputs:"))
        let all = try await sandbox.agentctl("resume", "--all", "--accept-changes")
        #expect(all.code == 0 && all.err.contains("goes on with the files of today"), "\(all.err)")
        let show = try await sandbox.agentctl("show", "last", "--json")
        #expect(show.json?["outputs"] == ["sent": "posted hello"], "\(show.out)")
        #expect(show.json?["nodes"]?.arrayValue?.contains { $0["path"] == "more" } == true)
        #expect(sandbox.server.requestCount == 3)
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
        // Later processes read all of the record with what was accepted, also those that make another run of it.
        try sandbox.write("asks.yaml", Self.asks)
        let fork = try await sandbox.agentctl("replay", "last", "--from", "more", "--live", "--json")
        #expect(fork.code == 0 && fork.json?["outputs"] == ["sent": "posted hello"] && sandbox.server.requestCount == 4, "\(fork.err)")
        let followed = try await sandbox.agentctl("follow", "last")
        #expect(followed.code == 0 && followed.err.contains("more  "), "\(followed.err)")
    }

    /// Where what was recorded cannot be had any more, nothing is done.
    @Test func withoutARecordAChangedWorkflowIsRefused() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("asks.yaml", Self.asks)
        #expect(try await sandbox.agentctl("run", "asks.yaml", "-q").code == 4)
        #expect(try await sandbox.agentctl("approve", "last", "--yes", "-q").code == 0)
        try sandbox.write("asks.yaml", Self.asks.replacingOccurrences(of: "hello", with: "hi"))
        let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
        try await ledger.write { try $0.execute(sql: "DELETE FROM blob_key; DELETE FROM blob") }
        let refused = try await sandbox.agentctl("resume", "last")
        #expect(refused.code == 10 && refused.err.contains("is not what it was when the run began"), "\(refused.err)")
        let fork = try await sandbox.agentctl("replay", "last", "--from", "send", "--live")
        #expect(fork.code == 10 && fork.err.contains("cannot be had any more as it was"), "\(fork.err)")
        #expect(sandbox.server.requestCount == 1)
    }
}
