import Foundation
import JSONSchema
import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// The editors' schemas say what the decoders do.
@Suite struct EditorSchemaTests {
    private static let mappings = LanguageMapping.workflow + LanguageMapping.project

    @Test(arguments: mappings.map(\.name)) func everyKeyIsDescribedAndNoOther(name: String) throws {
        let mapping = try #require(Self.mappings.first { $0.name == name })
        #expect(Set(mapping.keys.map(\.name)) == Set(mapping.declared.filter { $0.availability == .supported }.map(\.name)))
        #expect(Set(mapping.keys.map(\.name)).count == mapping.keys.count)
    }

    @Test func thePageIsMadeOfTheDeclarations() throws {
        let page = try String(contentsOf: Self.repository.appendingPathComponent("Docs/Keys.md"), encoding: .utf8)
        #expect(page == EditorSchema.page, "agentctl schema --markdown > Docs/Keys.md")
        // The pages with the rules leave no key out.
        let rules = try ["Workflow", "Costs"].map { try String(contentsOf: Self.repository.appendingPathComponent("Docs/\($0).md"), encoding: .utf8) }.joined()
        for mapping in Self.mappings {
            for key in mapping.keys { #expect(rules.contains(key.name), "\(mapping.name).\(key.name) is in neither page") }
        }
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
        ("decision: { id: x, unit: y, counts: z }", true), ("decision: { ident: x }", false), ("outputs: { a: [1, { b: c }] }", true), ("secrets: [x]", false),
    ]

    private static let steps: [(String, Bool)] = [
        ("{ id: b, value: { c: 1 } }", true), ("{ id: B, value: 1 }", false), ("{ value: 1 }", false), ("{ id: b }", false), ("{ id: b, value: 1, run: [x] }", false),
        ("{ id: b, model: m, prompt: hi, prefix: [], needs: a }", true), ("{ id: b, model: m, messages: [{ role: user, content: hi }] }", true),
        ("{ id: b, model: m, messages: [{ role: boss, content: hi }] }", false), ("{ id: b, model: m, messages: [{ role: user }] }", false), ("{ id: b, run: [x, 1], ok_exit: [0, 255] }", true),
        ("{ id: b, run: x, shell: true }", true), ("{ id: b, run: [x], output: { parse: xml } }", false), ("{ id: b, model: m, prompt: hi, output: { repair: 5 } }", true),
        ("{ id: b, model: m, prompt: hi, output: { repair: 6 } }", false), ("{ id: b, value: 1, for_each: { items: \"[1]\", max_items: 0, max_parallel: 1, on_error: collect } }", true),
        ("{ id: b, value: 1, for_each: { max_items: 1 } }", false), ("{ id: b, value: 1, for_each: { items: \"[1]\", max_parallel: 0 } }", false),
        ("{ id: b, value: 1, for_each: { items: \"[1]\", max_items: 1000001 } }", false), ("{ id: b, value: 1, depends_on: a }", false), ("{ id: b, value: 1, when: true }", true),
    ]

    private static let projectPieces: [(String, Bool)] = [
        ("ledger: x.db", true), ("providers: { p: { api: openai-chat, base_url: \"http://x\", max_concurrency: 1, pricing: { machine_hour_usd: 1 } } }", true),
        ("providers: { p: {} }", false), ("providers: { p: { api: soap } }", false), ("providers: { p: { api: openai-chat, max_concurrency: 0 } }", false),
        ("providers: { p: { api: openai-chat, models: { m: { serve: { command: [x] }, context_window: 1 } } } }", true),
        ("providers: { p: { api: openai-chat, models: { m: { serve: {} } } } }", false), ("providers: { p: { api: openai-chat, models: { m: { context_window: 0 } } } }", false),
        ("providers: { p: { api: openai-chat, dialect: { call_id_header: null, cached_tokens: required } } }", true),
        ("providers: { p: { api: openai-chat, dialect: { structured_output: xml } } }", false), ("prices: [{ model: a/b, machine_hour_usd: 1 }]", true), ("prices: [{ model: a }]", false),
        ("provider: {}", false),
    ]

    /// Each piece with the verdict, taken by the loader and by the schema.
    @Test func theSchemaAndTheLoaderAgree() throws {
        let workflow = try Schema(compiling: EditorSchema.workflow.document)
        let project = try Schema(compiling: EditorSchema.project.document)
        for (piece, isRight) in Self.workflowPieces + Self.steps.map({ ("STEP" + $0.0, $0.1) }) {
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
        for (piece, isRight) in Self.workflowPieces { try add(.workflow, "version: 1\nname: t\nsteps: [{ id: a, value: 1 }]\n\(piece)\n", isRight) }
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
