import TestSupport
import Testing
import Values

/// A gate from its file to what is told of it.
@Suite struct GateCommandTests {
    private static let text = """
        version: 1
        name: gated
        models: { small: { use: stub/echo }, large: { use: stub/echo } }
        budget: { max_cost_usd: 0.25 }
        defaults: { timeout: 5s, limits: { max_input_tokens: 500, max_output_tokens: 64 } }
        steps:
          - id: draft
            prompt: about rivers
            escalate:
              tiers: [small, large]
              checks:
                late: { expr: "tier == 'large'" }
                tests: { run: [sh, -c, "cat >/dev/null; echo '{\\"score\\": 0.75}'"], with: { text: "${{ output }}" } }
              accept: checks.late.passed && checks.tests.score > 0.5
        outputs: { tier: "${{ steps.draft.tier }}", accepted: "${{ steps.draft.accepted }}" }
        """

    @Test func aGateIsRunShownAndAudited() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.text)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.json?["outputs"] == ["tier": "large", "accepted": true] && run.json?["calls"] == 2, "\(run.out)\(run.err)")
        let show = try await sandbox.agentctl("show", "last")
        for line in ["not accepted, by late", "accepted, by tests, same answer, taken", "late: failed", "tests: passed, 0.75", "not run: tests; they could change nothing"] {
            #expect(show.out.contains(line), "\(line) in \(show.out)")
        }
        let trace = try await sandbox.agentctl("show", "last", "--json")
        #expect(trace.json?["gate_tiers"]?.arrayValue?.map { $0["verdict"] } == ["rejected", "accepted"])
        let audit = try await sandbox.agentctl("audit", "--by", "tier", "--json")
        let gates = try #require(audit.json?["gates"]?.arrayValue)
        #expect(Set(gates.compactMap { $0["tier"]?.stringValue }) == ["small", "large"])
        #expect(gates.first { $0["tier"] == "large" }?["accepted"] == 1 && gates.first { $0["tier"] == "small" }?["not_accepted"] == 1)
        #expect(try await sandbox.agentctl("audit", "--by", "tier").out.contains("gated:draft"))
        let plan = try await sandbox.agentctl("plan", "w.yaml")
        #expect(plan.out.contains("draft: accepted so far: small 0 of 1, large 1 of 1") && plan.out.contains("the gate loses money"), "\(plan.out)")
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
        #expect(try await sandbox.agentctl("db", "check").out.contains("all is well"))
    }

    @Test func aGateThatIsExhaustedFails() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.text.replacing("tier == 'large'", with: "size(output) > 100000").replacing("accept:", with: "on_exhausted: fail\n      accept:"))
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 12 && run.json?["error"]?["kind"] == "not_accepted", "\(run.out)\(run.err)")
    }
}
