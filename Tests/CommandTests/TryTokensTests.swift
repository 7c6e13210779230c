import Foundation
import TestSupport
import Testing
import Values

/// `try tokens` and `plan --count`: how many tokens there are, and how that is known.
@Suite struct TryTokensTests {
    private static func sandbox(_ dialect: String = "count_tokens: api", count: StubResponse = .json(["input_tokens": 12])) throws -> Sandbox {
        try Sandbox(script: { $0.path == "/v1/responses/input_tokens" ? count : nil }, dialect: dialect)
    }

    @Test func aServerIsAsked() async throws {
        let sandbox = try Self.sandbox()
        let result = try await sandbox.agentctl("try", "tokens", "--model", "stub/echo", "-", "--json", stdin: String(repeating: "word ", count: 20))
        #expect(result.code == 0, "\(result.err)")
        #expect(
            result.json == [
                "model": "stub/echo", "bytes": 100, "tokens": 12, "known_by": ["way": "counted", "basis": "learned"], "most_tokens": 44, "most_tokens_by_bytes": 178,
                "learned": .null, "input_cost_usd": "0.0000012", "most_input_cost_usd": "0.0000044", "notes": [],
            ], "\(result.out)")
        #expect(sandbox.server.requestCount == 1)
        // Nothing is recorded.
        #expect(!FileManager.default.fileExists(atPath: sandbox.path(".agentctl/ledger.db")))
        let text = try await sandbox.agentctl("try", "tokens", "--model", "stub/echo", "-", stdin: "hello")
        #expect(text.out.contains("counted") && text.out.contains("by its vendor's estimate") && text.out.contains("5 bytes for stub/echo"), "\(text.out)")
    }

    /// What hinders is told with a way out, and the next way taken.
    @Test func whoCannotBeAskedIsToldOf() async throws {
        let plain = try Self.sandbox("")
        for (sandbox, arguments, says) in [
            (plain, [], "stub/echo has no way to count tokens; dialect: { count_tokens: … }"),
            (try Self.sandbox(count: .error(404, "no route", type: "invalid_request_error")), [], "not counted: stub/echo: "),
            (plain, ["--model", "openai/gpt-4o"], "OPENAI_API_KEY"),
        ] as [(Sandbox, [String], String)] {
            let result = try await Sandbox.run(
                Sandbox.program, ["try", "tokens"] + (arguments.isEmpty ? ["--model", "stub/echo"] : arguments) + ["-", "--json"], in: sandbox.folder,
                environment: Sandbox.withoutKeys, stdin: "12345")
            #expect(result.code == 0 && result.json?["tokens"] == 2 && result.json?["known_by"] == ["way": "estimated"], "\(result.err)")
            #expect(result.json?["notes"]?[0]?.stringValue?.contains(says) == true, "\(result.out)")
        }
        let offline = try Self.sandbox()
        #expect(try await offline.agentctl("try", "tokens", "--model", "stub/echo", "-", "--offline", stdin: "12345").out.contains("estimated"))
        #expect(offline.server.requestCount == 0)
    }

    @Test(arguments: [
        (["--model", "gpt-4o", "text.txt"], 2, "a model is named provider/model"), (["--model", "nobody/x", "text.txt"], 30, "there is no provider 'nobody'"),
        (["--model", "stub/echo", "none.txt"], 2, "none.txt"),
    ]) func mistakes(arguments: [String], code: Int, says: String) async throws {
        let sandbox = try Self.sandbox()
        try sandbox.write("text.txt", "a text")
        let result = try await Sandbox.run(Sandbox.program, ["try", "tokens"] + arguments, in: sandbox.folder)
        #expect(result.code == code && result.err.contains(says) && result.out.isEmpty, "\(result.code) \(result.err)")
    }

    @Test func noTextIsNone() async throws {
        let result = try await Self.sandbox().agentctl("try", "tokens", "--model", "stub/echo", "-", stdin: "")
        #expect(result.code == 2 && result.err.contains("there is no text"), "\(result.err)")
    }

    /// What runs were billed is what is expected of the next prompt: three calls are enough, and two are not.
    @Test func whatWasBilledIsLearned() async throws {
        let sandbox = try Self.sandbox("")
        try sandbox.writeChain(steps: 1)
        for run in 1...3 {
            let before = try await sandbox.agentctl("plan", "chain.yaml", "--json")
            #expect(before.json?["steps"]?[0]?["prompt_tokens_known_by"] == ["way": "estimated"], "\(before.out)")
            #expect(try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=\(String(repeating: "x", count: run * 10))").code == 0)
        }
        let shown = try await sandbox.agentctl("try", "tokens", "--model", "stub/echo", "-", "--json", stdin: String(repeating: "y", count: 1000))
        let learned = try #require(shown.json?["learned"])
        #expect(learned["calls"] == 3 && shown.json?["known_by"]?["way"] == "learned", "\(shown.out)")
        let calls = try await sandbox.agentctl("audit", "--by", "model", "--json")
        let tokens = try #require(calls.json?["rows"]?[0]?["input_tokens"]?.intValue, "\(calls.out)")
        // "about " and 10, 20 and 30 signs.
        #expect(shown.json?["tokens"] == .int((1000 * tokens + 77) / 78), "\(tokens) \(shown.out)")
        let plan = try await sandbox.agentctl("plan", "chain.yaml", "--json")
        #expect(plan.json?["steps"]?[0]?["prompt_tokens_known_by"]?["calls"] == 3, "\(plan.out)")
        let text = try await sandbox.agentctl("plan", "chain.yaml")
        #expect(text.out.contains("learned prompt tokens: ") && text.out.contains("in 3 calls, from "), "\(text.out)")
    }

    @Test func aPlanIsCounted() async throws {
        let sandbox = try Self.sandbox()
        try sandbox.writeChain(steps: 2)
        let result = try await sandbox.agentctl("plan", "chain.yaml", "--count", "--json", "--input", "topic=lakes")
        let steps = try #require(result.json?["steps"]?.arrayValue, "\(result.err)")
        #expect(steps[0]["prompt_tokens"] == 12 && steps[0]["prompt_tokens_known_by"] == ["way": "counted", "basis": "learned"])
        #expect(steps[1]["prompt_tokens_known_by"] == ["way": "estimated"] && steps[1]["notes"]?.jsonText.contains("not counted: it reads what other steps come to") == true, "\(steps[1])")
        #expect(sandbox.server.requestCount == 1 && sandbox.server.requests[0].json?["input"]?[0]?["content"] == "about lakes")
        #expect(!FileManager.default.fileExists(atPath: sandbox.path(".agentctl/ledger.db")))
        // Its amounts are those of the plan that counts nothing.
        let plain = try await sandbox.agentctl("plan", "chain.yaml", "--json", "--input", "topic=lakes")
        #expect(plain.json?["total"] == result.json?["total"] && sandbox.server.requestCount == 1)
        let text = try await sandbox.agentctl("plan", "chain.yaml", "--count", "--input", "topic=lakes")
        #expect(text.out.contains("s1: counted prompt tokens: by its vendor's estimate"), "\(text.out)")
    }

    /// What a run counts stands in its trace and its audit, at no cost.
    @Test func aRunCountsWhereItsBytesDoNotFit() async throws {
        let sandbox = try Self.sandbox()
        // By bytes: (5 + 1 + 6 + 2 + 76) tokens of input at $0.10 and 64 of output at $0.40 a million.
        try sandbox.writeChain(steps: 1, top: "budget: { max_cost_usd: 0.000031 }")
        let run = try await sandbox.agentctl("run", "chain.yaml", "--json")
        #expect(run.code == 0, "\(run.err)")
        let shown = try await sandbox.agentctl("show", "last", "--json")
        let calls = try #require(shown.json?["calls"]?.arrayValue)
        #expect(calls.map { $0["purpose"] } == ["count", "try"] && calls.map { $0["state"] } == ["void", "settled"])
        #expect(calls[0]["held_usd"] == "0" && calls[0]["cost_usd"] == "0", "\(calls[0])")
        let text = try await sandbox.agentctl("show", "last")
        #expect(text.out.contains("count") && text.out.contains("the prompt has about 12 tokens by its vendor's estimate: taken as 44"), "\(text.out)")
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
        #expect(try await sandbox.agentctl("db", "check").code == 0)
        let failing = try Self.sandbox(count: .error(500, "no counts today", type: "server_error"))
        try failing.writeChain(steps: 1, top: "budget: { max_cost_usd: 0.000031 }")
        let refused = try await failing.agentctl("run", "chain.yaml")
        #expect(refused.code == 20 && refused.err.contains("no counts today"), "\(refused.code) \(refused.err)")
    }

    /// What a run would not send is not sent to be counted either.
    @Test func aSecretIsNotSent() async throws {
        let server = try StubModelServer(script: { _ in .json(["input_tokens": 3]) })
        defer { server.stop() }
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            "version: 1\nproviders: { p: { api: openai-chat, base_url: \"\(server.baseURL)\", api_key: { env: TOKENS_KEY }, dialect: { count_tokens: api } } }\n")
        try sandbox.write("w.yaml", "version: 1\nname: w\ninputs: { t: {} }\nmodels: { m: { use: p/m } }\nsteps: [{ id: a, model: m, prompt: \"${{ inputs.t }}\" }]\n")
        try sandbox.write("inputs.json", #"{"t": "my sk-canary-0123456789abcdefXYZ"}"#)
        try sandbox.write("text.txt", "my sk-canary-0123456789abcdefXYZ")
        let key = ["TOKENS_KEY": "sk-canary-0123456789abcdefXYZ"]
        let tokens = try await sandbox.agentctl("try", "tokens", "--model", "p/m", "text.txt", "--json", environment: key)
        #expect(tokens.code == 0 && tokens.json?["notes"]?[0]?.stringValue?.contains("holds a secret") == true, "\(tokens.err)")
        let plan = try await sandbox.agentctl("plan", "w.yaml", "--inputs", "inputs.json", "--count", "--json", environment: key)
        #expect(plan.json?["steps"]?[0]?["notes"]?.jsonText.contains("holds a secret") == true || plan.err.contains("holds a secret"), "\(plan.out) \(plan.err)")
        #expect(server.requestCount == 0)
        #expect(!(tokens.out + tokens.err + plan.out + plan.err).contains("sk-canary"))
    }

    // MARK: Live

    private static var hasSmallModel: Bool {
        FileManager.default.fileExists(atPath: Sandbox.repository + "/.agentctl/models/smollm2-135m-instruct-q4_1.gguf")
            && FileManager.default.isExecutableFile(atPath: Sandbox.repository + "/.venv/bin/python")
    }

    /// The count of llama.cpp's server is what the same request is billed as, to the token: in one message and in several, with signs that a
    /// template has and with a schema.
    @Test(.enabled(if: hasSmallModel, "the small model is not here: make models MODELS=small"), .timeLimit(.minutes(15)))
    func theCountIsWhatIsBilled() async throws {
        let folder = NSTemporaryDirectory() + "agentctl-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let long = String(repeating: "The international organization considers environmental responsibility particularly important. ", count: 6) + "Übung 🎈"
        let prompts = [
            "prompt: \"\(long)\"", "prompt: \"\(long) <|im_end|> <s> [INST]\"", "system: Be brief.\n    prompt: \"\(long)\"",
            "messages: [{ role: user, content: \"\(long)\" }, { role: assistant, content: ja }, { role: user, content: \"und?\" }]",
            "prompt: \"\(long)\"\n    output: { schema: { type: object, properties: { a: { type: string, enum: [x, y] } }, required: [a], additionalProperties: false }, repair: 0 }\n    on_error: continue",
        ]
        let steps = prompts.enumerated().map { "  - id: s\($0.offset)\n    \($0.element)\n" }.joined()
        try "version: 1\nname: w\nmodels: { m: { use: local/small } }\ndefaults: { model: m, timeout: 10m, limits: { max_input_tokens: 135, max_output_tokens: 2, on_truncation: keep } }\nsteps:\n\(steps)".write(
            toFile: folder + "/w.yaml", atomically: true, encoding: .utf8)
        let ledger = folder + "/ledger.db"
        let run = try await Sandbox.run(Sandbox.program, ["run", folder + "/w.yaml", "--json", "--ledger", ledger], in: Sandbox.repository, environment: ["AGENTCTL_CONFIG": Sandbox.repository + "/.agentctl.yaml"])
        let show = try await Sandbox.run(Sandbox.program, ["show", "last", "--json", "--ledger", ledger], in: Sandbox.repository)
        let calls = try #require(show.json?["calls"]?.arrayValue, "\(run.err)")
        for step in prompts.indices {
            let own = calls.filter { $0["path"]?.stringValue == "s\(step)" }
            let count = try #require(own.first { $0["purpose"] == "count" }, "\(own)")
            let answer = try #require(own.first { $0["purpose"] == "try" }, "\(own)")
            let billed = try #require(answer["input_tokens"]?.intValue, "\(answer)")
            #expect(own.count == 2, "\(own)")
            #expect(count["notes"]?[0]?["message"] == .string("the prompt has \(billed) tokens"), "\(count)")
        }
    }
}
