import TestSupport
import Testing
import Values

/// Caps on tokens and bands, as users read them.
@Suite struct BandCommandTests {
    private func sandbox(_ budget: String, more: String = "") throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              fake: { api: openai-chat, base_url: "\(sandbox.server.baseURL)" }
            prices: [{ model: "fake/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }]
            """)
        try sandbox.write(
            "t.yaml",
            """
            version: 1
            name: t
            models: { a: { use: fake/stub-fixed }, b: { use: fake/stub-other } }
            defaults: { model: a, retry: { max_attempts: 1 }, limits: { max_input_tokens: 200, max_output_tokens: 32 } }
            budget: { \(budget) }
            steps: [{ id: one, prompt: hi }, { id: two, prompt: hi, needs: [one] }\(more)]
            outputs: { tiers: "${{ steps.one.tier }} ${{ steps.two.tier }}" }
            """)
        return sandbox
    }

    @Test func capsOnTokensAndBandsAreTold() async throws {
        let sandbox = try sandbox("max_cost_usd: 1, max_tokens: 4000, yellow: { at: 0.000000000001, models: [b] }")
        let plan = try await sandbox.agentctl("plan", "t.yaml")
        #expect(plan.code == 0 && plan.out.contains("worst tokens") && plan.out.contains(" of budget 4,000 tokens: fits"), "\(plan.out)\(plan.err)")
        let run = try await sandbox.agentctl("run", "t.yaml")
        #expect(run.code == 0 && run.out == "a b\n", "\(run.out)\(run.err)")
        #expect(run.err.contains("t  the budget is in its yellow band: ") && run.err.contains(" of 4000 tokens of its budget\n"), "\(run.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("budget 4,000 tokens: ") && show.out.contains("the budget is in its yellow band"), "\(show.out)")
        let json = try await sandbox.agentctl("show", "last", "--json").json?["run"]
        #expect(json?["band"] == "yellow" && json?["max_tokens"] == 4000 && json?["held_tokens"]?.intValue ?? 0 > 0)
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
        #expect(try await sandbox.agentctl("db", "check").code == 0)
    }

    @Test func aCapOnTokensRefusesAsOneOnCostDoes() async throws {
        let sandbox = try sandbox("max_tokens: 100")
        let run = try await sandbox.agentctl("run", "t.yaml")
        #expect(run.code == 20 && run.err.contains("does not fit the run's budget of tokens: 0 tokens of 100 tokens is spent or held"), "\(run.err)")
        #expect(sandbox.server.requestCount == 0)
        let worst = try self.sandbox("max_tokens: 100, admit: worst")
        let refused = try await worst.agentctl("run", "t.yaml")
        #expect(refused.code == 20 && refused.err.contains("does not fit the budget of 100 tokens"), "\(refused.err)")
    }

    @Test func aPersonIsAskedInABand() async throws {
        let sandbox = try sandbox("max_cost_usd: 1, red: { at: 0.000000000001, ask: true }")
        let run = try await sandbox.agentctl("run", "t.yaml")
        #expect(run.code == 4 && run.err.contains("the budget is in its red band"), "\(run.err)")
        let open = try await sandbox.agentctl("approvals", "--json")
        #expect(open.out.contains("\"band\"") && open.out.contains("shall the run go on?"), "\(open.out)")
        #expect(try await sandbox.agentctl("approve", "last", "two", "--yes").code == 0)
        let gone = try await sandbox.agentctl("resume", "last")
        #expect(gone.code == 0 && gone.out == "a a\n", "\(gone.out)\(gone.err)")
    }

    /// Of several that ask of one band the first that is answered stands for all, also by its step's name or without one.
    @Test(arguments: ["two", "many", "many[1]", ""]) func oneAnswerIsForTheBand(step: String) async throws {
        let sandbox = try sandbox(
            "max_cost_usd: 1, red: { at: 0.000000000001, ask: true }", more: ", { id: many, needs: [one], for_each: { items: \"[1, 2]\" }, prompt: hi }")
        func approve(_ words: [String]) async throws -> Sandbox.Finished {
            try await Sandbox.run(Sandbox.program, ["approve", "last"] + words, in: sandbox.path("."))
        }
        #expect(try await sandbox.agentctl("run", "t.yaml").code == 4)
        let no = try await approve((step.isEmpty ? [] : [step]) + ["--no", "--by", "ann"])
        #expect(no.code == 0, "\(no.err)")
        #expect(try await sandbox.agentctl("approvals", "last").out.hasPrefix("nothing is asked"))
        for other in [["two"], ["many"], ["many[0]"], []] {
            let late = try await approve(other + ["--yes", "--by", "bob"])
            #expect(late.code == 49 && late.err.contains("answered already by ann: no"), "\(other): \(late.code) \(late.err)")
        }
        let nobody = try await sandbox.agentctl("approve", "last", "three", "--yes")
        #expect(nobody.code == 2, "\(nobody.err)")
        let gone = try await sandbox.agentctl("resume", "last")
        #expect(gone.code == 20 && gone.err.contains("ann did not let the run go on"), "\(gone.err)")
        let all = try await sandbox.agentctl("approvals", "last", "--all")
        #expect(!all.out.contains("bob") && all.out.contains("rejected by ann"), "\(all.out)")
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
    }

    @Test func whatABandLeavesOutFailsTheRun() async throws {
        let sandbox = try sandbox("max_cost_usd: 1, red: { at: 0.000000000001, finish_current: true }")
        let run = try await sandbox.agentctl("run", "t.yaml")
        #expect(run.code == 20 && run.err.contains("in its red band, in which nothing new starts"), "\(run.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("skipped") || show.out.contains("in which nothing new starts"), "\(show.out)")
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
    }
}
