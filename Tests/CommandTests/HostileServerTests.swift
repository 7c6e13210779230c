import Foundation
import TestSupport
import Testing
import Values

/// A1, W7, R5 on the program: servers that charge for more than was agreed, and answers that are none.
@Suite struct HostileServerTests {
    private static let prices = #"  - { model: "stub/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }"#

    private func sandbox(_ steps: String, top: String = "budget: { max_cost_usd: 1 }", model: String) throws -> Sandbox {
        let sandbox = try Sandbox(project: Self.prices)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            models: { m: { use: stub/stub-\(model) } }
            defaults: { model: m, limits: { max_output_tokens: 50 } }
            \(top)
            steps:
            \(steps)
            """)
        return sandbox
    }

    @Test func `A1 a flood without usage closes the cap`() async throws {
        let items = (1...20).map(String.init).joined(separator: ", ")
        let sandbox = try sandbox("  - { id: a, for_each: { items: \"[\(items)]\", max_parallel: 1 }, prompt: \"item ${{ item }}\" }", model: "flood")
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 20, "\(run.err)")
        #expect(run.err.contains("the run's budget is exceeded") && run.err.contains("no other starts"), "\(run.err)")
        let trace = try await sandbox.agentctl("show", "last", "--json")
        let calls = try #require(trace.json?["calls"]?.arrayValue)
        #expect(calls.map { $0["state"] } == ["overrun"])
        #expect(calls[0]["held_usd"] == calls[0]["cost_usd"])
        let show = try await sandbox.agentctl("show", "last").out
        #expect(show.contains("overrun") && show.contains("exceeded: no call starts until it is raised"), "\(show)")
        let check = try await sandbox.agentctl("db", "check")
        #expect(check.code == 0, "\(check.out)\(check.err)")
    }

    /// What was under way when the first bill came is paid too, and the run that ends well with it says so.
    @Test func `A1 calls in flight together exceed the cap, and the run says so`() async throws {
        let sandbox = try sandbox("  - { id: a, for_each: { items: \"[1, 2, 3]\" }, prompt: \"item ${{ item }}\" }", model: "flood")
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        if run.code == 0 {
            #expect(run.err.contains("its budget of $1.00 is exceeded"), "\(run.err)")
            #expect(run.json?["budget_exceeded"]?["cap_usd"] == "1")
        } else {
            #expect(run.code == 20)
        }
        #expect(try await sandbox.agentctl("db", "check").code == 0)
    }

    @Test func `A1 a stream that names its usage and is cut closes the cap`() async throws {
        let sandbox = try sandbox("  - { id: a, prompt: hello, stream: true, retry: { max_attempts: 5, on: [connection, malformed_response] } }", model: "usage-cut")
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 20, "\(run.err)")
        let trace = try await sandbox.agentctl("show", "last", "--json")
        let calls = try #require(trace.json?["calls"]?.arrayValue)
        #expect(calls.map { $0["state"] } == ["overrun"])
        #expect(calls[0]["cost_usd"] == "11")
        #expect(try await sandbox.agentctl("db", "check").code == 0)
    }

    /// A18: an amount beyond what one run can count is no fault of the ledger.
    @Test(arguments: ["", "budget: { max_cost_usd: 1 }"]) func `A18 an absurd bill is bounded and named`(top: String) async throws {
        let sandbox = try Sandbox(project: #"  - { model: "stub/*", input_per_mtok_usd: 10000, output_per_mtok_usd: 10000 }"#)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            models: { m: { use: stub/stub-absurd } }
            defaults: { model: m, limits: { max_output_tokens: 8 } }
            \(top)
            steps:
              - { id: a, prompt: hello }
              - { id: b, needs: [a], prompt: again }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 0 || run.code == 20, "\(run.err)")
        for command in [["show", "last"], ["show", "last", "--json"], ["runs"], ["audit"], ["plan", "w.yaml"]] {
            let result = try await Sandbox.run(Sandbox.program, command, in: sandbox.folder)
            #expect(result.code == 0 || result.code == 20, "\(command): \(result.code) \(result.err)")
        }
        let check = try await sandbox.agentctl("db", "check")
        #expect(check.code == 0, "\(check.out)\(check.err)")
    }

    @Test func `W7 an answer without text fails, and is taken where the workflow says so`() async throws {
        let sandbox = try sandbox("  - { id: a, prompt: hello }", model: "empty")
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 17 && run.err.contains("the model answered without text"), "\(run.err)")
        #expect(sandbox.server.requestCount == 1)
        try sandbox.write("w.yaml", String(contentsOfFile: sandbox.path("w.yaml"), encoding: .utf8).replacing("prompt: hello", with: "prompt: hello, output: { empty: allow }"))
        #expect(try await sandbox.agentctl("run", "w.yaml").code == 0)
    }

    @Test(arguments: [("fail", 16), ("keep", 0), ("continue", 16)]) func `R5 what becomes of a cut answer`(word: String, code: Int) async throws {
        let text = String(repeating: "a long story ", count: 40)
        let sandbox = try sandbox("  - { id: a, prompt: \"\(text)\", limits: { max_output_tokens: 8, on_truncation: \(word) } }", model: "echo")
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == code, "\(run.err)")
        // One call, and with `continue` three more.
        #expect(sandbox.server.requestCount == (word == "continue" ? 4 : 1))
        // The text is there either way.
        #expect(try await sandbox.agentctl("show", "last", "--prompts").out.contains("a long story a long story a l"))
        let plan = try await sandbox.agentctl("plan", "w.yaml", "--json")
        #expect(plan.json?["steps"]?[0]?["max_calls"] == (word == "continue" ? 6 : 3))
    }
}
