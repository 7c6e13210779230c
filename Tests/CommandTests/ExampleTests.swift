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
        ["expense-extraction", "--input", "text=Taxi to the fair, 18.50 euros."],
        ["question-answering", "--inputs", "Workflows/question-answering/items/one.json"],
        ["code-fix", "--inputs", "Workflows/code-fix/items/one.json"],
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

    // MARK: Gates and their labelled items

    private static let gates = ["expense-extraction", "question-answering", "code-fix"]

    /// Thirty items that figures are made of, and others that prompts were chosen by; none is both. The gate and the single model are asked the same.
    @Test(arguments: gates) func labelledItemsAreInputsOfTheirWorkflow(_ name: String) async throws {
        let folder = "Workflows/\(name)"
        func items(_ file: String) throws -> [JSONValue] {
            try String(contentsOfFile: "\(Sandbox.repository)/\(folder)/items/\(file).jsonl", encoding: .utf8).split(separator: "\n").map { try JSONParser.parse(String($0)) }
        }
        let (labelled, tuning) = (try items("labelled"), try items("tuning"))
        #expect(labelled.count == 30 && Set(labelled.compactMap { $0["id"]?.stringValue }).count == 30)
        for item in labelled + tuning { #expect(item["expected"] != nil || item["held_back"]?.arrayValue?.isEmpty == false) }
        #expect(!tuning.contains { item in labelled.contains { $0["text"] != nil && $0["text"] == item["text"] || $0["question"] != nil && $0["question"] == item["question"] || $0["code"] != nil && $0["code"] == item["code"] } })
        let sandbox = try Sandbox(StubOptions(content: .schema))
        try project(sandbox)
        for file in ["\(folder).yaml", "\(folder)/single.yaml"] {
            let run = try await Sandbox.run(Sandbox.program, ["run", file, "--batch", "\(folder)/items/labelled.jsonl", "-q"], in: sandbox.folder)
            let results = try run.out.split(separator: "\n").map { try JSONParser.parse(String($0)) }
            #expect(run.code == 0 && results.count == 30 && results.allSatisfy { $0["status"] == "succeeded" }, "\(run.err)")
        }
        let audit = try await Sandbox.run(Sandbox.program, ["audit", "--json"], in: sandbox.folder)
        let decisions = try #require(audit.json?["decisions"]?.arrayValue)
        // The stub knows nothing, and every item has its outcome.
        #expect(decisions.count == 2 && decisions.allSatisfy { $0["decisions"] == 30 && $0["pending"] == 0 }, "\(audit.out)")
    }

    /// What is to be mended is broken, by its own tests.
    @Test func theCodeThatIsToBeMendedFailsItsTests() async throws {
        let lines = try String(contentsOfFile: Sandbox.repository + "/Workflows/code-fix/items/labelled.jsonl", encoding: .utf8).split(separator: "\n")
        for line in lines {
            let found = try await Sandbox.run("\(Sandbox.repository)/Plugins/verify-python/verify", ["--seconds", "1"], in: Sandbox.repository, stdin: String(line))
            #expect(found.code == 0 && found.json?["passed"] == false, "\(line)")
        }
    }

    @Test(
        arguments: [
            ("def f(x):\n    return x", true, nil), ("Here:\n```python\ndef f(x):\n    return x\n```\nIt works.", true, nil), ("def f(x):\n    return 1", false, nil),
            ("while True: pass", false, "it did not end within 1 s"), ("import os\nos._exit(0)", false, "it ended the process"), ("def f(x:", false, "SyntaxError"),
            ("raise SystemExit(0)", false, "SystemExit"), ("f = lambda x: x\nx = bytearray(1 << 30)", false, "MemoryError"),
        ] as [(String, Bool, String?)])
    func codeIsRunAgainstItsTests(_ code: String, _ passed: Bool, _ error: String?) async throws {
        let job = JSONValue.object(["code": .string(code), "tests": ["f(2) == 2", "f(3) == 3"]]).jsonText
        let found = try await Sandbox.run("\(Sandbox.repository)/Plugins/verify-python/verify", ["--seconds", "1"], in: Sandbox.repository, stdin: job)
        #expect(found.code == 0 && found.json?["passed"] == .bool(passed), "\(found.out) \(found.err)")
        if let error { #expect(found.json?["error"]?.stringValue?.contains(error) == true, "\(found.out)") }
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
