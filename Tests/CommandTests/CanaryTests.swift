import Foundation
import TestSupport
import Testing
import Values

/// A6, A5: a canary in every place where a secret can be configured; the server says each of them back in every field, programs and
/// a model server print them, and every command of the program is run. In the ledger, the logs, the files of failures and on both
/// streams there is none of them, as it stands, percent-encoded or in base64.
@Suite struct CanaryTests {
    /// By where it is configured.
    private static let canaries: [String: String] = [
        "env": "cny-env/4b1d+77aa=c0", "command": "cny-cmd-9f3e2d1c0b", "value": "cny-val-55aa66bb77", "header": "cny-hdr-1029384756", "bearer": "cny-bea-abcdef0123",
        "password": "cny-pwd-0a1b2c3d4e", "query": "cny-qry-998877665544", "secret": "cny-sec-31415926535",
        "built-in": "cny-oai-1618033988",
    ]

    private static func base64(_ text: String, behind lead: Int) -> Substring {
        let encoded = Data(Array(repeating: 0x78, count: lead) + Array(text.utf8)).base64EncodedString()
        // Without the characters that hold bits of what stands around.
        return encoded.drop { $0 == "=" }.dropFirst((lead * 8 + 5) / 6).prefix((lead + text.utf8.count) * 8 / 6 - (lead * 8 + 5) / 6)
    }

    /// What is looked for: any eleven bytes of any form of any canary.
    private static let traces: Set<String> = {
        var traces: Set<String> = []
        for canary in canaries.values {
            let percent = canary.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
            for form in [canary, percent, percent.lowercased()] + (0..<3).map({ String(base64(canary, behind: $0)) }) {
                let bytes = Array(form.utf8)
                for start in 0...(bytes.count - 11) {
                    let piece = String(decoding: bytes[start..<(start + 11)], as: UTF8.self)
                    traces.insert(piece)
                }
            }
        }
        return traces
    }()

    private static func found(in bytes: [UInt8]) -> [String] {
        // As one byte each, so that what is no UTF-8 does not hide anything.
        let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        guard text.contains("cny") || text.contains("Y255") || text.contains("NueS") || text.contains("jbnkt") else { return [] }
        return traces.filter { text.contains($0) }.sorted()
    }

    /// All of them in all forms, in one line.
    private static let everything = everything(but: "")

    private static func everything(but name: String) -> String {
        canaries.sorted { $0.key < $1.key }.filter { $0.key != name }.map(\.value).flatMap { canary in
            [canary, canary.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!, Data(canary.utf8).base64EncodedString(), Data("u:\(canary)".utf8).base64EncodedString()]
        }.joined(separator: " ")
    }

    // MARK: What the server says

    private static func choice(_ message: JSONValue, _ finish: String = "stop", logprobs: JSONValue = nil) -> JSONValue {
        [
            "id": .string(everything), "model": .string("m " + everything), "system_fingerprint": .string(everything),
            "choices": [["index": 0, "message": message, "finish_reason": .string(finish), "logprobs": logprobs]],
            "usage": ["prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "note": .string(everything)],
        ]
    }

    private static func stream(_ pieces: [String], error: Bool = false) -> StubResponse {
        var chunks: [JSONValue] = pieces.map { ["model": .string("m " + everything), "choices": [["index": 0, "delta": ["content": .string($0)], "finish_reason": nil]]] }
        if error {
            chunks.append(["error": ["message": .string(everything), "code": .string(everything)]])
        } else {
            chunks.append(["choices": [["index": 0, "delta": [:], "finish_reason": "stop"]], "usage": ["prompt_tokens": 3, "completion_tokens": 4, "note": .string(everything)]])
        }
        return StubResponse(contentType: "text/event-stream", body: .chunks(chunks.map { Array("data: \($0.jsonText)\n\n".utf8) } + [Array("data: [DONE]\n\n".utf8)]))
    }

    private static let long = String(repeating: "z", count: 275) + " "

    private static let ways: [String: @Sendable () -> StubResponse] = [
        "answer": { .json(choice(["role": "assistant", "content": .string("I know " + everything)])) },
        "logprobs": {
            .json(choice(["role": "assistant", "content": .string(everything)], logprobs: ["content": .array(everything.map { ["token": .string(String($0)), "logprob": -1] })]))
        },
        "refusal": { .json(choice(["role": "assistant", "content": nil, "refusal": .string(everything)])) },
        "finish": { .json(choice(["role": "assistant", "content": "x"], everything)) },
        "400": { .error(400, long + everything, type: everything, code: everything) }, "401": { .error(401, long + canaries["env"]!, type: "t") },
        "429": { .error(429, everything, type: "t", headers: [("retry-after-ms", "1"), ("x-request-id", "cny-hdr-1029384756")]) },
        "500": { .text(long + everything, status: 500) }, "detail": { .json(["detail": [["msg": .string(everything)]]], status: 422) },
        "redirect": { StubResponse(status: 302, headers: [("Location", "https://h/?k=" + canaries["header"]!)]) },
        "page": { .text("<html>" + everything, contentType: "text/html") }, "junk": { .text("{\"" + everything, contentType: "application/json") },
        "error in 200": { .json(["error": ["message": .string(long + everything), "code": 400]]) },
        "stream": { stream([everything]) }, "stream in bytes": { stream(everything.map(String.init)) }, "stream with error": { stream(["a", everything], error: true) },
        "stream of junk": { StubResponse(contentType: "text/event-stream", body: .chunks([Array("data: {\(everything)\n\n".utf8)])) },
        "stream cut": { StubResponse(contentType: "text/event-stream", body: .chunks([Array("data: {\"choices\":[{\"delta\":{\"content\":\"\(canaries["header"]!.prefix(14))\"}}]}\n\n".utf8)])) },
        "cut": {
            let body = Array(choice(["role": "assistant", "content": .string(everything)]).jsonText.utf8)
            return StubResponse(body: .bytes(body), ending: .cut(afterBytes: body.count / 2))
        },
    ]

    // MARK: The project

    private static let environment = [
        "CNY_KEY": canaries["env"]!, "CNY_SECRET": canaries["secret"]!, "OPENAI_API_KEY": canaries["built-in"]!, "NO_COLOR": "1",
        "OPENROUTER_API_KEY": "", "GROQ_API_KEY": "", "TOGETHER_API_KEY": "",
    ]

    private func project() throws -> Sandbox {
        let sandbox = try Sandbox(script: { request in
            guard request.path.hasSuffix("completions") || request.target.contains("completions") else { return .error(404, Self.everything(but: "command"), type: "t") }
            let way = request.json?["model"]?.stringValue?.replacing("-", with: " ") ?? ""
            // Who reads no key by a command cannot be told it either: what others know of it is theirs.
            let known = request.header("authorization")?.contains("cny-cmd") == true ? Self.everything : Self.everything(but: "command")
            return Self.ways[way]?() ?? .completion(of: request.json ?? [:], number: request.number, saying: known)
        })
        let server = sandbox.server.baseURL
        let secretURL = server.replacing("http://", with: "http://u:\(Self.canaries["password"]!)@") + "?api_key=" + Self.canaries["query"]!
        let program = URL(fileURLWithPath: Sandbox.program).deletingLastPathComponent().path + "/stub-model-server"
        try sandbox.write("key.txt", Self.canaries["command"]! + "\n")
        try sandbox.write("everything.txt", Self.everything + "\n")
        try sandbox.write("known.txt", Self.everything(but: "command") + "\n")
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              env: { api: openai-chat, base_url: "\(server)", api_key: { env: CNY_KEY }, headers: { X-Api-Token: "\(Self.canaries["header"]!)", Authorization: "Bearer \(Self.canaries["bearer"]!)" } }
              cmd: { api: openai-chat, base_url: "\(server)", api_key: { command: [sh, -c, "cat key.txt; cat everything.txt >&2"] }, dialect: { stream: true } }
              cmd2: { api: openai-chat, base_url: "\(server)", api_key: { command: [cat, key.txt] } }
              val: { api: openai-chat, base_url: "\(server)", api_key: { value: "\(Self.canaries["value"]!)" } }
              url: { api: openai-chat, base_url: "\(secretURL)" }
              gone: { api: openai-chat, base_url: "\(secretURL.replacing(":\(sandbox.server.port)/", with: ":1/"))" }
              own: { api: openai-chat, models: { m: { serve: { command: [sh, -c, "cat known.txt; printf %s \(Self.canaries["header"]!.prefix(9)); sleep 0.1; echo \(Self.canaries["header"]!.dropFirst(9)); cat known.txt >&2; env; exec '\(program)' --port ${{ port }}"], ready: /v1/models } } } }
              broken: { api: openai-chat, models: { m: { serve: { command: [sh, -c, "cat known.txt; exit 1"] } } } }
            prices:
              - { model: "*/*", input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
            secrets: { kb: { env: CNY_SECRET } }
            """)
        for folder in ["flows"] { try FileManager.default.createDirectory(atPath: sandbox.path(folder), withIntermediateDirectories: true) }
        return sandbox
    }

    private static func workflow(_ name: String, model: String, prompt: String = "about ${{ inputs.t }}", more: String = "") -> String {
        """
        version: 1
        name: \(name)
        inputs: { t: { type: string, default: rivers } }
        models: { m: { use: "\(model)", logprobs: true } }
        defaults: { model: m, timeout: 20s, retry: { max_attempts: 2 }, limits: { max_input_tokens: 20000, max_output_tokens: 9000 } }
        steps:
          - { id: a, prompt: "\(prompt)", on_error: { value: "failed" } }
          - { id: b, prompt: "say again ${{ steps.a.output }}", on_error: continue }
        \(more)
        outputs: { a: "${{ steps.a.output }}" }

        """
    }

    private static let programs = """
        version: 1
        name: programs
        models: { m: { use: cmd2/answer } }
        defaults: { model: m, limits: { max_input_tokens: 20000, max_output_tokens: 9000 } }
        steps:
          - { id: all, run: [env] }
          - { id: named, run: [sh, -c, "echo $CNY_KEY; echo $CNY_KEY >&2"], env: { CNY_KEY: } }
          - { id: file, run: [cat, everything.txt] }
          - { id: json, run: [sh, -c, "printf '{\\"k\\":\\"%s\\"}' \\"$(cat key.txt)\\""], output: { parse: json } }
          - { id: fails, run: [sh, -c, "cat everything.txt >&2; cat everything.txt; exit 3"], on_error: continue }
          - { id: killed, run: [sh, -c, "cat everything.txt >&2; kill -9 $$"], on_error: continue }
          - { id: joined, value: "steps.json.output.k + steps.all.output" }
          - { id: asks, needs: [joined], prompt: "${{ steps.file.output }}" }
          - { id: person, needs: [asks], approve: { message: "is ${{ steps.json.output.k }} ok?" } }
        outputs: { all: "${{ steps.all.output }}", named: "${{ steps.named.output }}", file: "${{ steps.file.output }}", json: "${{ steps.json.output }}" }

        """

    // MARK: The test

    @Test(.timeLimit(.minutes(10))) func noCanaryIsFoundAnywhere() async throws {
        let sandbox = try project()
        var said: [(command: String, out: String, err: String)] = []
        func run(_ arguments: [String], stdin: String = "") async throws -> Sandbox.Finished {
            let finished = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder, environment: Self.environment, stdin: stdin)
            said.append((arguments.joined(separator: " "), finished.out, finished.err))
            return finished
        }

        // Every way of the server, whole and as events.
        var commands: Set<String> = []
        for (index, way) in Self.ways.keys.sorted().enumerated() {
            // Of a provider whose key a command prints that key is known once a run of it began.
            let provider = way.hasPrefix("stream") || index % 2 == 0 ? "cmd" : "cmd2"
            let name = way.replacing(" ", with: "-")
            try sandbox.write("flows/\(name).yaml", Self.workflow("w\(index)", model: "\(provider)/\(name)"))
            _ = try await run(["run", "flows/\(name).yaml"] + (index % 2 == 0 ? ["--events"] : ["--json"]))
        }
        for (name, model) in [("env", "env/x"), ("val", "val/x"), ("url", "url/x"), ("gone", "gone/x"), ("own", "own/m"), ("broken", "broken/m"), ("none", "nowhere/x")] {
            try sandbox.write("flows/\(name).yaml", Self.workflow(name, model: model))
            _ = try await run(["run", "flows/\(name).yaml"])
        }
        try sandbox.write("programs.yaml", Self.programs)
        let waiting = try await run(["run", "programs.yaml"])
        #expect(waiting.code == 4, "\(waiting.err)")

        // Secrets in inputs, in a workflow and in a batch are refused; nothing of them is kept.
        let refused = try await run(["run", "flows/answer.yaml", "--input", "t=my \(Self.canaries["env"]!)"])
        #expect(refused.code == 2 && refused.err.contains("input 't' holds a secret, the key of env"), "\(refused.err)")
        try sandbox.write("holds.yaml", Self.workflow("holds", model: "env/answer", prompt: Self.canaries["header"]!))
        let held = try await run(["run", "holds.yaml"])
        #expect(held.code == 10 && held.err.contains("holds.yaml holds a secret"), "\(held.err)")
        try FileManager.default.removeItem(atPath: sandbox.path("holds.yaml"))
        try sandbox.write("lines.jsonl", "{\"t\": \"x\"}\n{\"t\": \"\(Self.everything(but: "command"))\"}\nno JSON \(Self.everything(but: "command"))\n{\"t\": 5, \"\(Self.canaries["value"]!)\": 1}\n")
        _ = try await run(["run", "flows/answer.yaml", "--batch", "lines.jsonl", "--failures", "failed.jsonl"])
        try sandbox.write("wrong.yaml", "version: 1\nproviders: { a: { api: openai-chat, base_url: \"https://h/\", api_key: \"\(Self.canaries["value"]!)\" } }\n")

        // Every command that there is.
        let first = try await run(["runs", "--json"])
        let id = first.json?[0]?["id"]?.stringValue ?? "last"
        let asking = waiting.err.firstMatch(of: /approve (\S+)/).map { String($0.1) } ?? "x"
        let invocations: [String: [[String]]] = [
            "init": [["init", "made", "--template", "minimal"]], "doctor": [["doctor"], ["doctor", "--json"], ["doctor", "--offline"]],
            "validate": [["validate"], ["validate", "--json"], ["validate", "--format", "sarif"], ["validate", "wrong.yaml", "--config", "wrong.yaml"], ["validate", "--config", "wrong.yaml"]],
            "explain": [["explain", "AW117"], ["explain", Self.canaries["env"]!]], "fmt": [["fmt", "--diff"], ["fmt", "--check", "agentctl.yaml"], ["fmt", "--diff", "agentctl.yaml"]],
            "schema": [["schema", "workflow"]], "graph": [["graph", "programs.yaml"], ["graph", "programs.yaml", "--format", "mermaid"]],
            "try expr": [["try", "expr", "'\(Self.canaries["built-in"]!)'"]], "try prompt": [["try", "prompt", "flows/answer.yaml", "a", "--input", "t=\(Self.canaries["env"]!)"]],
            "try schema": [["try", "schema", "wrong.yaml", "agentctl.yaml"]], "plan": [["plan", "flows/answer.yaml"], ["plan", "flows/gone.yaml", "--json"]], "run": [["run", "flows/answer.yaml", "--quiet"]],
            "resume": [["resume", "last"], ["resume", "--all"], ["resume", asking, "--failed", "--dry-run"]],
            "replay": [["replay", "last"], ["replay", "--all", "--json"], ["replay", id, "--from", "a", "--dry-run"], ["replay", id, "--from", Self.canaries["env"]!, "--live"]],
            "approvals": [["approvals"], ["approvals", "--json"], ["approvals", "--all"], ["approvals", "--all", "--json"]],
            "approve": [
                ["approve", "last", "--no", "--by", Self.canaries["env"]!, "--note", Self.everything(but: "command")],
                ["approve", waiting.err.firstMatch(of: /approve (\S+)/).map { String($0.1) } ?? "x", "--yes", "--note", Self.everything(but: "command"), "--resume"],
            ],
            "cancel": [["cancel", "last", "--by", Self.canaries["env"]!]], "follow": [["follow", "last", "--events"], ["follow", id]], "runs": [["runs"], ["runs", "--json"]],
            "show": [["show", "last"], ["show", "last", "--prompts"], ["show", "last", "--json"], ["show", id, "--prompts"], ["show", asking, "fails"], ["show", asking, "named", "--json", "--prompts"], ["show", asking, "asks"]],
            "outputs": [["outputs", asking], ["outputs", "last", "--raw"], ["outputs", asking, "--step", "file", "--raw"], ["outputs", asking, "--step", "named"]],
            "audit": [["audit"], ["audit", "--json"], ["audit", "--csv", "--by", "run,model"], ["audit", "--by", "approver"], ["audit", "--by", "approver", "--json"]],
            "outcome": [["outcome", "last", Self.canaries["env"]!], ["outcome", Self.canaries["env"]!, "x"]],
            "verify": [["verify", "last"], ["verify", "--all", "--json"]], "db check": [["db", "check", "--json"], ["db", "check"]], "db vacuum": [["db", "vacuum"]],
            "export": [["export", id, "--bundle", "made.bundle"], ["export", id, "--bundle", "-", "--without", Self.canaries["env"]!], ["export", Self.canaries["env"]!, "--bundle", "x"]],
            "import": [["import", "made.bundle"], ["import", "lines.jsonl"], ["import", Self.canaries["env"]!]],
            "redact": [
                ["redact", id, "--field", "inputs.\(Self.canaries["env"]!)", "--yes"],
                ["redact", id, "--field", "prompts", "--by", Self.canaries["env"]!, "--reason", Self.everything(but: "command"), "--everywhere", "--yes"],
            ],
            "gc": [["gc", "--older-than", "0s", "--dry-run"]], "prices list": [["prices", "list", "--json"]], "prices show": [["prices", "show", "val/answer"], ["prices", "show", Self.canaries["env"]!]],
            "prices import": [["prices", "import", "wrong.yaml"], ["prices", "import", "lines.jsonl", "--json"]],
            "prices diff": [["prices", "diff", Self.canaries["env"]!], ["prices", "diff", "lines.jsonl"]],
            "prices add": [["prices", "add", "val/other", "--input", "1", "--output", "2", "--source", Self.everything(but: "command")]],
            "try price": [
                ["try", "price", "--model", "val/answer", "--usage", "lines.jsonl", "--lines"], ["try", "price", "--model", Self.canaries["env"]!, "--usage", "agentctl.yaml"],
            ],
            "try tokens": [
                ["try", "tokens", "--model", "env/answer", "wrong.yaml", "--json"], ["try", "tokens", "--model", Self.canaries["env"]!, "wrong.yaml"],
                ["try", "tokens", "--model", "env/answer", Self.canaries["env"]!],
            ],
            "gate simulate": [
                ["gate", "simulate", "wrong.yaml", "--step", "\(Self.canaries["env"]!)#a"], ["gate", "simulate", Self.canaries["env"]!, "--step", "wrong.yaml#\(Self.canaries["env"]!)"],
            ], "gate export": [["gate", "export", "\(Self.canaries["env"]!)#a"]],
            "what-if": [
                ["what-if", "--json"], ["what-if"], ["what-if", "--vary", "prices.stub/*=+20%"], ["what-if", Self.canaries["env"]!], ["what-if", "--vary", Self.canaries["env"]!],
                ["what-if", "--vary", "models.\(Self.canaries["env"]!).use=stub/echo"], ["what-if", "--workflow", Self.canaries["env"]!], ["what-if", "--prices", Self.canaries["env"]!],
            ],
            "diff": [["diff", "last", "last"], ["diff", "last", "last", "--json"], ["diff", Self.canaries["env"]!, "last"], ["diff", "a@\(Self.canaries["env"]!)", "a@b"], ["diff", "--batch", Self.canaries["env"]!, "b"]],
            "cache report": [["cache", "report", "--json"], ["cache", "report", "--finance"], ["cache", "report", Self.canaries["env"]!, "--by", Self.canaries["env"]!], ["cache", "report", Self.canaries["env"]!]],
            "cache simulate": [["cache", "simulate", "--json"], ["cache", "simulate", "wrong.yaml"], ["cache", "simulate", Self.canaries["env"]!, "--rules", Self.canaries["env"]!]], "completions": [["completions", "bash"]],
        ]
        for name in try await commandNames(sandbox) {
            commands.insert(name)
            guard let ways = invocations[name] else { Issue.record("'\(name)' is not among the commands of this test"); continue }
            for arguments in ways { _ = try await run(arguments) }
        }
        for run in (try await run(["runs", "--json"])).json?.arrayValue ?? [] {
            let id = run["id"]?.stringValue ?? ""
            _ = try await Sandbox.run(Sandbox.program, ["show", id, "--json"], in: sandbox.folder, environment: Self.environment)
            said.append(contentsOf: [try await Sandbox.run(Sandbox.program, ["show", id, "--prompts"], in: sandbox.folder, environment: Self.environment)].map { ("show \(id)", $0.out, $0.err) })
        }
        _ = try await run([Self.canaries["env"]!])
        _ = try await run(["run", "--\(Self.canaries["env"]!)"])
        #expect(commands.count == invocations.count)
        #expect(sandbox.server.requests.count >= Self.ways.count)

        for (command, out, err) in said {
            let traces = Self.found(in: Array(out.utf8) + [0x0A] + Array(err.utf8))
            #expect(traces.isEmpty, "\(command) says \(traces.prefix(3)):\n\(out.prefix(2000))\n\(err.prefix(2000))")
        }
        // The files that hold them by design are the test's own.
        let own: Set<String> = ["agentctl.yaml", "key.txt", "everything.txt", "known.txt", "lines.jsonl", "wrong.yaml"]
        var looked = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: sandbox.folder) where !own.contains(name) {
            guard let bytes = FileManager.default.contents(atPath: sandbox.path(name)) else { continue }
            looked += 1
            let traces = Self.found(in: Array(bytes))
            #expect(traces.isEmpty, "\(name) holds \(traces.prefix(3))")
        }
        #expect(looked > 20)
        // A13
        for name in try FileManager.default.subpathsOfDirectory(atPath: sandbox.path(".agentctl")) + [""] {
            let attributes = try FileManager.default.attributesOfItem(atPath: sandbox.path(".agentctl/" + name))
            let mode = (attributes[.posixPermissions] as? Int) ?? 0
            #expect(mode & 0o077 == 0, "\(name) \(String(mode, radix: 8))")
        }
        #expect(((try FileManager.default.attributesOfItem(atPath: sandbox.path("failed.jsonl")))[.posixPermissions] as? Int) == 0o600)
        // That something was there to be found.
        #expect(Self.found(in: Array(Self.everything.utf8)).count > 100)
        let log = try FileManager.default.subpathsOfDirectory(atPath: sandbox.path(".agentctl/servers")).filter { $0.hasSuffix("/log") }
        #expect(try log.contains { try String(contentsOfFile: sandbox.path(".agentctl/servers/" + $0), encoding: .utf8).contains("***") })
    }

    private func commandNames(_ sandbox: Sandbox) async throws -> [String] {
        func names(_ node: JSONValue, _ path: [String]) -> [String] {
            let children = (node["subcommands"]?.arrayValue ?? []).filter { $0["commandName"] != "help" }
            return children.isEmpty ? [path.joined(separator: " ")] : children.flatMap { names($0, path + [$0["commandName"]?.stringValue ?? ""]) }
        }
        let dump = try await sandbox.agentctl("--experimental-dump-help")
        return names(try #require(dump.json?["command"]), [])
    }

    // MARK: What programs see

    /// A5: not the keys, unless the step names them.
    @Test func programsDoNotSeeKeys() async throws {
        let sandbox = try Sandbox(project: "secrets: { kb: { env: CNY_SECRET } }")
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            steps:
              - { id: all, run: [sh, -c, "env | cut -d= -f1 | grep -E '^(OPENAI_API_KEY|CNY_SECRET|CNY_OTHER)$' | sort | tr '\\n' ' '"] }
              - { id: named, run: [sh, -c, "printf %s \\"${#OPENAI_API_KEY} ${#CNY_SECRET} $CNY_OTHER\\""], env: { OPENAI_API_KEY: , CNY_OTHER: set } }
            outputs: { all: "${{ steps.all.output }}", named: "${{ steps.named.output }}" }
            """)
        let environment = ["OPENAI_API_KEY": "cny-oai-1618033988", "CNY_SECRET": "cny-sec-31415926535", "CNY_OTHER": "other"]
        let result = try await sandbox.agentctl("run", "w.yaml", "--json", environment: environment)
        #expect(result.json?["outputs"]?["all"] == "CNY_OTHER " && result.json?["outputs"]?["named"] == "18 0 set", "\(result.out)\(result.err)")
    }

    /// A17: what only prices or checks runs nobody's program.
    @Test func planAndDoctorOfflineRunNoKeyCommand() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers: { stub: { api: openai-chat, base_url: "\(sandbox.server.baseURL)", api_key: { command: [sh, -c, "echo ran >> ran.txt; echo key-of-stub-1"] } } }
            prices: [{ model: stub/echo, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }]
            """)
        try sandbox.writeChain(steps: 1)
        #expect(try await sandbox.agentctl("plan", "chain.yaml").code == 0)
        let doctor = try await sandbox.agentctl("doctor", "--offline", environment: Sandbox.withoutKeys)
        #expect(doctor.code == 0 && doctor.out.contains("key from the command sh, not run"), "\(doctor.out)")
        #expect(try await sandbox.agentctl("validate").code == 0)
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("ran.txt")))
        #expect(try await sandbox.agentctl("run", "chain.yaml").code == 0)
        #expect(try String(contentsOfFile: sandbox.path("ran.txt"), encoding: .utf8) == "ran\n")
        #expect(sandbox.server.requests.last?.header("authorization") == "Bearer key-of-stub-1")
    }

    /// A6: what a program prints for `secrets` is known before anything is kept, and runs only where something is run.
    @Test func secretsFromCommands() async throws {
        let sandbox = try Sandbox(project: "secrets: { q: { command: [sh, -c, \"echo ran >> ran.txt; cat key.txt\"] } }")
        let key = "cny-out-1414213562"
        try sandbox.write("key.txt", key + "\n")
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            inputs: { t: { type: string, default: x } }
            models: { m: { use: stub/echo } }
            steps: [{ id: a, model: m, prompt: "say ${{ inputs.t }}", limits: { max_output_tokens: 64 } }]
            """)
        #expect(try await sandbox.agentctl("plan", "w.yaml").code == 0 && !FileManager.default.fileExists(atPath: sandbox.path("ran.txt")))
        let refused = try await sandbox.agentctl("run", "w.yaml", "--input", "t=" + key)
        #expect(refused.code == 2 && refused.err.contains("holds a secret, the secret q") && !refused.err.contains(key), "\(refused.err)")
        #expect(try String(contentsOfFile: sandbox.path("ran.txt"), encoding: .utf8) == "ran\n")
        #expect(try await sandbox.agentctl("run", "w.yaml").code == 0)
        // One that cannot be read is said, and stops nothing.
        try FileManager.default.removeItem(atPath: sandbox.path("key.txt"))
        let unread = try await sandbox.agentctl("run", "w.yaml")
        #expect(unread.code == 0 && unread.err.contains("the secret q could not be read"), "\(unread.err)")
        #expect(sandbox.server.requests.count == 2)
    }

    /// A6: a file that holds the key that a command prints is not kept, as it would not be with one of the environment.
    @Test func aWorkflowWithTheKeyOfACommand() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers: { stub: { api: openai-chat, base_url: "\(sandbox.server.baseURL)", api_key: { command: [sh, -c, "echo ran >> ran.txt; echo cny-cmd-1732050807"] } } }
            prices: [{ model: stub/echo, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }]
            """)
        try sandbox.write("w.yaml", "version: 1\nname: w\nmodels: { m: { use: stub/echo } }\nsteps: [{ id: a, model: m, prompt: say cny-cmd-1732050807, limits: { max_output_tokens: 64 } }]\n")
        let refused = try await sandbox.agentctl("run", "w.yaml")
        #expect(refused.code == 10 && refused.err.contains("w.yaml holds a secret, the key of stub"), "\(refused.code) \(refused.err)")
        #expect(try String(contentsOfFile: sandbox.path("ran.txt"), encoding: .utf8) == "ran\n" && sandbox.server.requests.isEmpty)
        let ledger = FileManager.default.contents(atPath: sandbox.path(".agentctl/ledger.db")) ?? Data()
        #expect(ledger.range(of: Data("cny-cmd-1732050807".utf8)) == nil)
    }
}
