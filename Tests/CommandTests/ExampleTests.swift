import Foundation
import TestSupport
import Testing
import Values

/// Every file in `Workflows/` is validated and run: against the stub server over a real socket, and the first one on a real model.
@Suite struct ExampleTests {
    @Test func everyExampleIsValid() async throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Sandbox.repository + "/Workflows").filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(files.count >= 4)
        let result = try await Sandbox.run(Sandbox.program, ["validate"] + files.map { "Workflows/\($0)" }, in: Sandbox.repository)
        #expect(result.code == 0, "\(result.err)")
    }

    /// A project beside the examples whose provider `local` is the stub server.
    private func project(_ sandbox: Sandbox) throws {
        for folder in ["Workflows", "Plugins"] {
            try FileManager.default.copyItem(atPath: "\(Sandbox.repository)/\(folder)", toPath: sandbox.path(folder))
        }
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              local:
                api: openai-chat
                base_url: "\(sandbox.server.baseURL)"
                pricing: { machine_hour_usd: 0.10 }
            """)
    }

    @Test(arguments: [
        ["support-triage", "--inputs", "Workflows/support-triage/tickets/T-1001.json"],
        ["document-summary", "--input", "document=@Workflows/document-summary/memo.md"],
        ["invoice-extraction", "--input", "invoice=@Workflows/invoice-extraction/invoice-1.txt"],
        ["contract-review", "--inputs", "Workflows/contract-review/hosting.json"],
    ])
    func anExampleRunsAgainstTheStub(_ arguments: [String]) async throws {
        // The stub makes answers from schemas, patterns aside.
        let invoice = """
            {"vendor":"Norvik","number":"2026-0318","date":"2026-04-14","currency":"EUR","lines":[{"description":"Poster","quantity":40,\
            "unit_price":4.5,"amount":180}],"subtotal":180,"tax":45,"total":225}
            """
        let sandbox = try Sandbox(StubOptions(content: arguments[0] == "invoice-extraction" ? .text(invoice) : .schema))
        try project(sandbox)
        let run = try await Sandbox.run(
            Sandbox.program, ["run", "Workflows/\(arguments[0]).yaml", "--json"] + arguments[1...], in: sandbox.folder)
        #expect(run.code == 0, "\(run.err)")
        #expect(run.json?["status"] == "succeeded")
        #expect(run.json?["cost_usd"]?.stringValue != nil)
        #expect(sandbox.server.requestCount == Int(run.json?["calls"]?.intValue ?? -1))
    }

    private static var hasSmallModel: Bool {
        FileManager.default.fileExists(atPath: Sandbox.repository + "/.agentctl/models/smollm2-135m-instruct-q4_1.gguf")
            && FileManager.default.isExecutableFile(atPath: Sandbox.repository + "/.venv/bin/python")
    }

    /// Shape, schema and accounting only: small models at temperature 0 do not repeat themselves.
    @Test(.enabled(if: hasSmallModel, "the small model is not here: make models MODELS=small"), .timeLimit(.minutes(5)))
    func supportTriageRunsOnTheRealSmallModel() async throws {
        let ledger = NSTemporaryDirectory() + "agentctl-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: ledger) }
        let run = try await Sandbox.run(
            Sandbox.program,
            [
                "run", "Workflows/support-triage.yaml", "--inputs", "Workflows/support-triage/tickets/T-1001.json", "--model", "mid=local/small",
                "--model", "frontier=local/small", "--json", "--ledger", ledger,
            ], in: Sandbox.repository)
        let result = try #require(run.json, "\(run.err)")
        #expect(result["status"] == "succeeded" || result["error"]?["kind"] == "truncated", "\(run.err)")
        #expect((result["calls"]?.intValue ?? 0) >= 2)
        let show = try await Sandbox.run(Sandbox.program, ["show", "last", "--json", "--ledger", ledger], in: Sandbox.repository)
        let calls = try #require(show.json?["calls"]?.arrayValue ?? show.json?["run"]?["calls"]?.arrayValue)
        for call in calls where call["state"] == "settled" {
            #expect((call["input_tokens"]?.intValue ?? 0) > 0)
            #expect(call["cost_usd"]?.stringValue != nil)
        }
    }
}
