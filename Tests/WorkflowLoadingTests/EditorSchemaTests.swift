import Foundation
import JSONSchema
import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// The editors' schemas say what the decoders do.
@Suite struct EditorSchemaTests {
    private static let mappings = LanguageMapping.workflow + LanguageMapping.project

    @Test(arguments: EditorSchema.allCases) func theDeclarationsHoldTogether(file: EditorSchema) {
        let mappings = file == .workflow ? LanguageMapping.workflow : LanguageMapping.project
        let names = mappings.map(\.name)
        #expect(Set(names).count == names.count)
        for mapping in mappings {
            let keys = mapping.keys.map(\.name)
            #expect(Set(keys).count == keys.count, "\(mapping.name)")
            #expect(mapping.oneOf.allSatisfy(keys.contains), "\(mapping.name)")
            for key in mapping.keys {
                #expect(key.kinds.allSatisfy(mapping.oneOf.contains), "\(mapping.name).\(key.name)")
                for name in key.shape.mappings { #expect(names.contains(name), "\(mapping.name).\(key.name)") }
            }
            for word in mapping.synonyms.flatMap(\.words) { #expect(!keys.contains(word), "\(mapping.name)") }
        }
    }

    @Test func thePageIsMadeOfTheDeclarations() throws {
        let page = try String(contentsOf: Self.repository.appendingPathComponent("Docs/Keys.md"), encoding: .utf8)
        let isCurrent = page == EditorSchema.page
        #expect(isCurrent, "agentctl schema --markdown > Docs/Keys.md")
        // The pages with the rules leave no key out.
        let rules = Set(try ["Workflow", "Escalation", "Costs"].flatMap { try DocumentationPage("Docs/\($0).md").sections }.flatMap(\.codeWords))
        for mapping in Self.mappings {
            let forgotten = mapping.keys.map(\.name).filter { !rules.contains($0) }
            #expect(forgotten == [], "of \(mapping.name), in none of the pages")
        }
    }

    /// The table of what is checked and not run has each such key, and no other.
    @Test func thePageListsWhatIsNotRun() throws {
        let page = try String(contentsOf: Self.repository.appendingPathComponent("Docs/Workflow.md"), encoding: .utf8)
        let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("Checked, not run yet") })
        var listed: Set<String> = []
        for row in section.split(separator: "\n") where row.hasPrefix("| ") && !row.hasPrefix("| where") {
            for match in row.split(separator: "|")[1].matches(of: /`([a-z_]+)`/) { listed.insert(String(match.1)) }
        }
        #expect(listed == Set(Self.mappings.flatMap(\.keys).filter { !$0.runs }.map(\.name)))
    }

    private static let workflowPieces: [(String, Bool)] = [
        ("concurrency: 0", false), ("concurrency: 1", true), ("concurrency: 100000", true), ("concurrency: 100001", false), ("concurrency: many", false),
        ("on_failure: cancel", true), ("on_failure: stop", false), ("owner: { finance: f }", true), ("owner: { fiance: f }", false), ("x-mine: [1]", true),
        ("budget: { max_cost_usd: 0.25, admit: worst }", true), ("budget: { max_cost_usd: -1 }", false), ("budget: { admit: all }", false),
        ("models: { m: { use: a/b/c, fallback: d/e, temperature: 2, top_p: 0, stop: [a, b], logprobs: true } }", true), ("models: { m: { use: gpt } }", false),
        ("models: { m: { use: a/b, temperature: 2.1 } }", false), ("models: { m: {} }", false), ("models: { m: { use: a/b, seed: -1 } }", false),
        ("models: { m: { use: a/b, stream: yes } }", false), ("models: { m: { use: a/b, max_output_tokens: 10000001 } }", false),
        ("defaults: { timeout: 1h30m, retry: { max_attempts: 100, on: timeout } }", true), ("defaults: { timeout: 5 }", false), ("defaults: { timeout: soon }", false),
        ("defaults: { retry: { max_attempts: 0 } }", false), ("defaults: { retry: { max_attempts: 101 } }", false), ("defaults: { retry: { on: [bad_luck] } }", false),
        ("defaults: { on_error: continue }", true), ("defaults: { on_error: { value: 3 } }", true), ("defaults: { on_error: {} }", false), ("defaults: { on_error: ignore }", false),
        ("defaults: { limits: { max_input_tokens: 100000000, max_total_tokens: 1, max_cost_usd: 1 } }", true), ("defaults: { limits: { max_input_tokens: 0 } }", false),
        ("defaults: { limits: { max_output_tokens: 0 } }", false), ("defaults: { limits: { max_total_tokens: 100000001 } }", false),
        ("prefixes: { p: { text: hi } }", true), ("prefixes: { p: {} }", false), ("inputs: { n: { type: integer }, any: }", true), ("inputs: { n: integer }", false),
        ("decision: { id: x, unit: y, counts: z }", true), ("decision: { ident: x }", false), ("outputs: { a: [1, { b: c }] }", true),
        ("secrets: [x]", true), ("secrets: x", true), ("secrets: { x: 1 }", false), ("secrets: [X]", false), ("latency_price: 0.002", true), ("latency_price: -1", false),
        ("models: { M: { use: a/b } }", false), ("outputs: { A: 1 }", false),
    ]

    private static let checkedPieces: [(String, Bool)] = [
        ("budget: { max_cost_usd: 1, max_tokens: 60000, yellow: { at: 60%, escalate: never, models: m }, red: { at: 0.9, ask: true, finish_current: true } }", true),
        ("budget: { max_cost_usd: 1, yellow: { at: 60 % } }", false), ("budget: { max_cost_usd: 1, yellow: { at: 101% } }", false), ("budget: { yellow: { escalate: never } }", false),
        ("budget: { red: { at: 1, escalate: always } }", false), ("budget: { red: { at: 1, model: m } }", false), ("budget: { max_tokens: 0 }", false),
        ("budget: { on_exceeded: degrade, degrade: [m] }", true), ("budget: { on_exceeded: panic }", false), ("decision: { price_usd: 3, failure_cost_usd: 9.50 }", true),
        ("decision: { price_usd: much }", false), ("prefixes: { p: { text: x, ttl: 12h, order: any } }", true), ("prefixes: { p: { text: x, ttl: auto, order: keep } }", true),
        ("prefix_cache: off", true), ("prefix_cache: { marks: off, warm_up: auto, holdout: 5% }", true), ("prefix_cache: on", false), ("prefix_cache: { holdout: 0.05 }", false), ("prefix_cache: { ttl: 1h }", false),
        ("prefixes: { p: { text: x, ttl: long } }", false), ("prefixes: { p: { text: x, order: first } }", false), ("defaults: { limits: { max_turns: 1000, max_calls: 10000 } }", true),
        ("defaults: { limits: { max_turns: 1001 } }", false), ("defaults: { limits: { max_calls: 0 } }", false),
    ]

    private static let steps: [(String, Bool)] = [
        ("{ id: b, value: { c: 1 } }", true), ("{ id: B, value: 1 }", false), ("{ value: 1 }", false), ("{ id: b }", false), ("{ id: b, value: 1, run: [x] }", false),
        ("{ id: b, model: m, prompt: hi, prefix: [], needs: a }", true), ("{ id: b, model: m, messages: [{ role: user, content: hi }] }", true),
        ("{ id: b, model: m, messages: [{ role: boss, content: hi }] }", false), ("{ id: b, model: m, messages: [{ role: user }] }", false), ("{ id: b, run: [x, 1], ok_exit: [0, 255] }", true),
        ("{ id: b, run: x, shell: true }", true), ("{ id: b, run: [x], output: { parse: xml } }", false), ("{ id: b, model: m, prompt: hi, output: { repair: 5 } }", true),
        ("{ id: b, model: m, prompt: hi, output: { repair: 6 } }", false), ("{ id: b, value: 1, for_each: { items: \"[1]\", max_items: 0, max_parallel: 1, on_error: collect } }", true),
        ("{ id: b, value: 1, for_each: { max_items: 1 } }", false), ("{ id: b, value: 1, for_each: { items: \"[1]\", max_parallel: 0 } }", false),
        ("{ id: b, value: 1, for_each: { items: \"[1]\", max_items: 1000001 } }", false), ("{ id: b, value: 1, depends_on: a }", false), ("{ id: b, value: 1, when: true }", true),
        ("{ id: b, tool: files.search, with: { q: x }, effect: write, idempotency_key: k, fees_usd: 0.01 }", true), ("{ id: b, tool: search }", false), ("{ id: b, tool: .x }", false),
        ("{ id: b, run: [x], effect: maybe }", false), ("{ id: b, run: [x], fees_usd: -1 }", false), ("{ id: b, model: m, prompt: hi, deferred: true, tools: files.search }", true),
        ("{ id: b, model: m, prompt: hi, deferred: soon }", false), ("{ id: b, model: m, prompt: hi, tools: [search] }", false),
        ("{ id: b, value: 1, for_each: { items: \"[1]\", reorder: rows } }", true), ("{ id: b, value: 1, for_each: { items: \"[1]\", reorder: best } }", false),
    ]

    private static let gates: [(String, Bool)] = [
        ("{ tiers: [m] }", true), ("{}", false), ("{ tiers: m }", false), ("{ tiers: [M] }", false), ("{ tiers: [m], acept: true }", false),
        ("{ tiers: [m], checks: { c: { expr: \"true\", record: true } }, accept: checks.c.passed, on_exhausted: fail, on_refusal: escalate, start: m }", true),
        ("{ tiers: [m], on_exhausted: worst }", false), ("{ tiers: [m], on_refusal: ask }", false), ("{ tiers: [m], max_rate: 30%/1h }", true), ("{ tiers: [m], max_rate: 30% }", false),
        ("{ tiers: [m], skip_tier_if: false }", false), ("{ tiers: [m], on_exhausted: ask }", false), ("{ tiers: [m], on_exhausted: { ask: { message: ok?, on_timeout: best } } }", true),
        ("{ tiers: [m], on_exhausted: { ask: {} } }", false), ("{ tiers: [m], on_exhausted: { ask: { message: ok?, on_timeout: reject } } }", false), ("{ tiers: [m], max_rate: 0.5%/7d }", true),
        ("{ tiers: [m], max_rate: 300%/1h }", false), ("{ tiers: [m], max_rate: 0.12345%/1h }", false), ("{ tiers: [m], shadow: { rate: 5%, tiers: m } }", true),
        ("{ tiers: [m], shadow: { rate: 5%, tiers: all } }", true), ("{ tiers: [m], shadow: { rate: 5%, tiers: [m] } }", true), ("{ tiers: [m], shadow: { tiers: m } }", false),
        ("{ tiers: [m], checks: { c: { agree: { model: m, on: output, min: 1, start: early } } } }", true), ("{ tiers: [m], checks: { c: { agree: { samples: 5, temperature: 1 } } } }", true),
        ("{ tiers: [m], checks: { c: { agree: {} } } }", false), ("{ tiers: [m], checks: { c: { agree: { model: m, samples: 2 } } } }", false), ("{ tiers: [m], checks: { c: { agree: { samples: 0 } } } }", false),
        ("{ tiers: [m], checks: { c: { agree: { samples: 2, min: 1.5 } } } }", false), ("{ tiers: [m], checks: { c: { agree: { samples: 2, start: late } } } }", false),
        ("{ tiers: [m], checks: { c: { run: [x, 1], with: { a: 1 }, timeout: 5s } } }", true), ("{ tiers: [m], checks: { c: { run: x } } }", false),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, prompt: ok?, min: 7, min_prob: 0.5, output: { schema: { properties: { score: {} } } } } } }", true),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, prompt: ok?, min_prob: 2 } } }", false),
        ("{ tiers: [m], checks: { c: { logprob: { min_prob: 0.8, min_mean: -1, min_margin: 0.5, of: answer } } } }", true), ("{ tiers: [m], checks: { c: { logprob: { min_prob: -1 } } } }", false), ("{ tiers: [m], shadow: 5% }", false),
        ("{ tiers: [m], checks: { c: {} } }", false), ("{ tiers: [m], checks: { c: { record: true } } }", false), ("{ tiers: [m], checks: { C: { expr: \"true\" } } }", false),
        ("{ tiers: [m], checks: { c: { expr: \"true\", logprob: { min_p10: -1 } } } }", false), ("{ tiers: [m], checks: { c: { logprob: { min_p10: -1.2, min_lowest: -5 } } } }", true),
        ("{ tiers: [m], checks: { c: { logprob: { min_p10: 1 } } } }", false), ("{ tiers: [m], checks: { c: { logprob: { min_p10: -1, of: 1a } } } }", false),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, prompt: ok?, output: { repair: 2 }, limits: { max_output_tokens: 9 }, temperature: 0 } } }", true),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, prompt: ok?, output: { parse: json } } } }", false),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, messages: [{ role: user, content: ok? }] } } }", true),
        ("{ tiers: [m], accept: output == 'x', checks: { c: { model: m, messages: [{ role: user }] } } }", false),
    ]

    private static let projectPieces: [(String, Bool)] = [
        ("providers: { p: { api: openai-chat, models: { m: { logprobs: true } } } }", true), ("providers: { p: { api: openai-chat, models: { m: { logprobs: maybe } } } }", false),
        ("ledger: x.db", true), ("providers: { p: { api: openai-chat, base_url: \"http://x\", max_concurrency: 1, pricing: { machine_hour_usd: 1 } } }", true),
        ("providers: { p: {} }", false), ("providers: { p: { api: soap } }", false), ("providers: { p: { api: openai-chat, max_concurrency: 0 } }", false),
        ("providers: { p: { api: openai-chat, models: { m: { serve: { command: [x] }, context_window: 1 } } } }", true),
        ("providers: { p: { api: openai-chat, models: { m: { serve: {} } } } }", false), ("providers: { p: { api: openai-chat, models: { m: { context_window: 0 } } } }", false),
        ("providers: { p: { api: openai-chat, dialect: { call_id_header: null, cached_tokens: required } } }", true),
        ("providers: { p: { api: openai-chat, dialect: { structured_output: xml } } }", false), ("prices: [{ model: a/b, machine_hour_usd: 1 }]", true), ("prices: [{ model: a }]", false),
        ("providers: { p: { api: openai-chat, dialect: { prompt_cache: llama.cpp }, models: { m: { cache: { kind: anthropic, min_tokens: 2048, max_marks: 0, ttls: [5m, 1h] } } } } }", true),
        ("providers: { p: { api: openai-chat, dialect: { prompt_cache: yes } } }", false), ("providers: { p: { api: openai-chat, models: { m: { cache: { ttls: soon } } } } }", false),
        ("providers: { p: { api: openai-chat, models: { m: { cache: { min_tokens: 0 } } } } }", false), ("providers: { p: { api: openai-chat, models: { m: { cache: { max_marks: 5 } } } } }", false),
        ("providers: { p: { api: openai-chat, models: { m: { cache: { ttls: 5m } } } } }", true), ("providers: { p: { api: openai-chat, models: { m: { cache: { kind: mine } } } } }", false),
        ("secrets: { kb: { env: KB_TOKEN }, other: { command: [pass, show, kb] } }", true), ("secrets: { kb: {} }", false), ("secrets: { kb: { env: A, command: b } }", false),
        ("secrets: { kb: KB }", false), ("secrets: { KB: { env: X } }", false), ("telemetry: { otlp: \"http://127.0.0.1:4318\" }", true), ("telemetry: { otlp: here }", false), ("telemetry: {}", false),
        ("budgets: [{ name: cx, per: month, max_cost_usd: 400 }]", true), ("budgets: [{ name: cx, per: year, max_cost_usd: 400 }]", false), ("budgets: [{ name: cx, per: month }]", false),
        ("budgets: [{ name: cx, per: day, max_cost_usd: 4, where: { tag.feature: support, workflow: [a, b] }, enforce: stop, yellow: { at: 60%, models: [small] }, alert: { slack: { env: S }, command: [x] } }]", true),
        ("budgets: [{ name: cx, per: day, max_cost_usd: 4, where: { tags: support } }]", false), ("budgets: [{ name: cx, per: day, max_cost_usd: 4, enforce: hard }]", false),
        ("budgets: [{ name: cx, per: day, max_cost_usd: 4, alert: { slack: { url: x } } }]", false), ("budgets: { name: cx }", false),
        ("provider: {}", false),
    ]

    /// Each piece with the verdict, taken by the loader and by the schema.
    @Test func theSchemaAndTheLoaderAgree() throws {
        let workflow = try Schema(compiling: EditorSchema.workflow.document)
        let project = try Schema(compiling: EditorSchema.project.document)
        let gates = Self.gates.map { ("{ id: b, prompt: hi, escalate: \($0.0) }", $0.1) }
        let steps = (Self.steps + gates).map { ("STEP" + $0.0, $0.1) }
        for (piece, isRight) in Self.workflowPieces + Self.checkedPieces + steps {
            let isStep = piece.hasPrefix("STEP")
            let head = "version: 1\nname: t\n" + (piece.hasPrefix("models") ? "" : "models: { m: { use: a/b } }\n")
            let yaml = head + (isStep ? "" : piece + "\n") + "steps:\n  - { id: a, value: \"1\" }\n" + (isStep ? "  - \(piece.dropFirst(4))\n" : "")
            let files = try TemporaryProject(["w.yaml": yaml])
            #expect(((try? files.load()) != nil) == isRight, "loader: \(piece)")
            #expect(workflow.isValid(try #require(YAMLReader.read(yaml, file: "w.yaml").node).json) == isRight, "schema: \(piece)")
        }
        for (piece, isRight) in Self.projectPieces {
            let yaml = "version: 1\n\(piece)\n"
            let files = try TemporaryProject(["agentctl.yaml": yaml])
            #expect(((try? ProjectLoader.load(named: files.path("agentctl.yaml"), searchingFrom: files.root)) != nil) == isRight, "loader: \(piece)")
            #expect(project.isValid(try #require(YAMLReader.read(yaml, file: "agentctl.yaml").node).json) == isRight, "schema: \(piece)")
        }
    }

    // MARK: With a validator of others

    /// A Python with the package jsonschema: the project's own, the one that a variable names, or the system's.
    private static let python: String? = {
        let own = repository.appendingPathComponent(".venv/bin/python").path
        for path in [ProcessInfo.processInfo.environment["AGENTCTL_TEST_PYTHON"], own, "/usr/bin/python3"].compactMap(\.self)
        where FileManager.default.isExecutableFile(atPath: path) && run(path, ["-c", "import jsonschema"], "") == "" { return path }
        return nil
    }()
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func run(_ program: String, _ arguments: [String], _ input: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (output, stdin) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = stdin
        guard (try? process.run()) != nil else { return nil }
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try? stdin.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    @Test(.enabled(if: python != nil, "no Python with jsonschema: make test installs it into .venv"))
    func theSchemasAreSchemasAndTheExamplesFit() throws {
        let folder = Self.repository.appendingPathComponent("Workflows").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(names.count >= 3)
        var cases: [JSONValue] = []
        func add(_ kind: EditorSchema, _ text: String, _ isRight: Bool) throws {
            cases.append([.string(kind.rawValue), try #require(YAMLReader.read(text, file: "f").node).json, .bool(isRight)])
        }
        for name in names { try add(.workflow, String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8), true) }
        try add(.project, String(contentsOf: Self.repository.appendingPathComponent(".agentctl.yaml"), encoding: .utf8), true)
        for (piece, isRight) in Self.gates { try add(.workflow, "version: 1\nname: t\nsteps: [{ id: b, prompt: hi, escalate: \(piece) }]\n", isRight) }
        for (piece, isRight) in Self.workflowPieces + Self.checkedPieces { try add(.workflow, "version: 1\nname: t\nsteps: [{ id: a, value: 1 }]\n\(piece)\n", isRight) }
        for (piece, isRight) in Self.projectPieces { try add(.project, "version: 1\n\(piece)\n", isRight) }
        let input: JSONValue = ["schemas": ["workflow": EditorSchema.workflow.document, "project": EditorSchema.project.document], "cases": .array(cases)]
        let script = """
            import json, sys, jsonschema
            data = json.load(sys.stdin)
            for schema in data["schemas"].values(): jsonschema.Draft202012Validator.check_schema(schema)
            print(json.dumps([jsonschema.Draft202012Validator(data["schemas"][kind]).is_valid(value) for kind, value, _ in data["cases"]]))
            """
        let output = try #require(Self.run(Self.python!, ["-c", script], input.jsonText))
        let verdicts = try #require(try JSONParser.parse(output).arrayValue)
        #expect(verdicts.count == cases.count)
        for (verdict, entry) in zip(verdicts, cases) { #expect(verdict == entry[2], "\(entry[1]?.jsonText ?? "")") }
    }
}

extension KeyShape {
    /// The mappings that it names.
    fileprivate var mappings: [String] {
        switch self {
        case .mapping(let name): [name]
        case .list(let shape), .oneOrList(let shape), .names(let shape), .named(_, let shape): shape.mappings
        case .either(let shapes): shapes.flatMap(\.mappings)
        default: []
        }
    }
}
