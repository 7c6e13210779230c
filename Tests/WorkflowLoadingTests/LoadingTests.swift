import Economics
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

@Suite struct LoadingTests {
    // MARK: YAML

    private func value(_ yaml: String) throws -> JSONValue {
        let (node, problems) = YAMLReader.read("x: \(yaml)\n", file: "w.yaml")
        #expect(problems.isEmpty)
        return try #require(node?.json["x"])
    }

    private static let scalars: [(String, JSONValue)] = [
        ("", JSONValue.null), ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null), ("nULL", "nULL"), ("true", true), ("False", false),
        ("TRUE", true), ("tRUE", "tRUE"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("12", 12), ("-12", -12), ("+12", 12),
        ("007", 7), ("0o17", 15), ("0x1F", 31), ("0x-1", "0x-1"), ("0b1", "0b1"), ("1_000", "1_000"), ("12:30", "12:30"), ("9223372036854775807", .int(.max)),
        ("9223372036854775808", .bigInt("9223372036854775808")), ("0009223372036854775808", .bigInt("9223372036854775808")), ("-0", 0), ("00", 0),
        ("1.5", 1.5), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E-2", 0.01), ("1e", "1e"), (".", "."), ("--1", "--1"),
        (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"), ("\"12\"", "12"), ("'true'", "true"), ("2026-11-21", "2026-11-21"),
        ("|\n  a\n  b", "a\nb\n"), (">-\n  a\n  b", "a b"), ("[1, a]", [1, "a"]), ("{ a: 1 }", ["a": 1]), ("\"\\u00e9\\n\"", "é\n"),
    ]

    @Test(arguments: LoadingTests.scalars)
    func scalarsFollowTheCoreSchema(yaml: String, expected: JSONValue) throws {
        #expect(try value(yaml) == expected)
    }

    @Test func keysKeepTheirOrder() throws {
        let (node, _) = YAMLReader.read("z: 1\na: 2\n\"m\": 3\n", file: "w.yaml")
        #expect(node?.json.jsonText == #"{"z":1,"a":2,"m":3}"#)
    }

    @Test func anchorsAndMergesAreExpanded() throws {
        let (node, problems) = YAMLReader.read(
            """
            base: &base { a: 1, b: 2 }
            more: &more { b: 3, c: 4 }
            one: { <<: *base, b: 9 }
            two: { <<: [*base, *more], d: 5 }
            list: [*base]
            quoted: { "<<": 1 }
            """, file: "w.yaml")
        #expect(problems.isEmpty)
        #expect(node?.json["one"] == ["a": 1, "b": 9])
        #expect(node?.json["two"] == ["a": 1, "b": 2, "c": 4, "d": 5])
        #expect(node?.json["list"] == [["a": 1, "b": 2]])
        #expect(node?.json["quoted"] == ["<<": 1])
    }

    private func problem(_ yaml: String) -> Diagnostic? { YAMLReader.read(yaml, file: "w.yaml").problems.first }

    @Test func anAliasBombIsRefusedBeforeItGrows() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 { yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n" }
        let problem = try #require(self.problem(yaml))
        #expect(problem.code == "AW016")
        #expect(problem.message == "aliases copy more than 100000 nodes; 64 bytes of text count as one")
    }

    @Test func aTextThatIsCopiedThousandsOfTimesIsABombToo() throws {
        let yaml = "a: &a " + String(repeating: "long ", count: 4_000) + "\nb: [" + String(repeating: "*a, ", count: 2_000) + "]\n"
        #expect(problem(yaml)?.code == "AW016")
    }

    @Test func whatIsWrittenOutMayBeLarge() {
        let yaml = "- [" + String(repeating: "1, ", count: 300_000) + "]\n"
        #expect(problem(yaml) == nil)
    }

    @Test func keysWithoutColonsAreToldFromEmptyValuesOnALongLine() throws {
        let keys = (0..<3_000).map { $0 % 3 == 0 ? "é\($0)" : $0 % 3 == 1 ? "k\($0): " : "x\($0) : ~" }.joined(separator: ", ")
        guard case .mapping(let pairs)? = YAMLReader.read("{\(keys)}", file: "w.yaml").node?.content else { return #expect(Bool(false), "no mapping") }
        // Without a colon the value is nothing, where the key ends.
        let bare = pairs.indices.filter { pairs[$0].value.range == SourceRange(pairs[$0].key.range.end, pairs[$0].key.range.end) }
        #expect(bare.filter { $0 % 3 == 0 }.count == 1_000)
        #expect(bare.allSatisfy { $0 % 3 != 2 })
    }

    @Test func nestingIsBoundedHoweverItIsWritten() throws {
        let flat = String(repeating: "[", count: 5_000)
        #expect(problem("a: \(flat)")?.message == "nested deeper than 100 levels")
        // Each piece is shallow, put together they are not.
        var yaml = "a0: &a0 " + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "\n"
        for level in 1..<50 {
            yaml += "a\(level): &a\(level) " + String(repeating: "[", count: 60) + "*a\(level - 1)" + String(repeating: "]", count: 60) + "\n"
        }
        #expect(problem(yaml)?.message == "nested deeper than 100 levels when its aliases are expanded")
    }

    @Test func anAliasToItselfIsNone() { #expect(problem("a: &a [*a]\n")?.code == "AW017") }

    @Test func aDocumentMayBeginWithAMark() {
        #expect(YAMLReader.read("---\na: 1\n...\n", file: "w.yaml").node?.json == ["a": 1])
        #expect(YAMLReader.read("%YAML 1.2\n---\na: 1\n", file: "w.yaml").node?.json == ["a": 1])
    }

    @Test func expressionsInBlocksHaveTheirPlace() throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nsteps:\n  - id: a\n    value: |-\n      ${{ 1 +\n          inputs.x }}\n"])
        do {
            _ = try project.load()
            Issue.record("it was accepted")
        } catch let error as Diagnostics {
            #expect(error.all.first?.range?.start.line == 7)
        }
    }

    // MARK: Files

    private func loadError(_ bytes: [UInt8]) throws -> String? {
        let project = try TemporaryProject()
        try project.write(bytes, to: "w.yaml")
        return printedError(project) { try project.load() }
    }

    private func printedError(_ project: TemporaryProject, _ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch let error as Diagnostics {
            return project.printed(error)
        } catch {
            return "\(error)"
        }
    }

    @Test func aFileThatIsNoTextIsNamed() throws {
        #expect(try loadError([0x7F, 0x45, 0x4C, 0x46, 0, 1]) == "error[AW001]: w.yaml is a binary file, not text")
        #expect(try loadError(Array("version: 1\nname: caf".utf8) + [0xE9]) == "error[AW001]: w.yaml is not UTF-8 text: on line 2\n  hint: save it as UTF-8")
    }

    @Test func aFileThatIsMissingOrAFolderIsNamed() throws {
        let project = try TemporaryProject(["flows/x": ""])
        #expect(printedError(project) { try project.load("none.yaml") } == "error[AW001]: cannot read none.yaml: No such file or directory")
        #expect(printedError(project) { try project.load("flows") } == "error[AW001]: flows is a folder, not a file\n  hint: name the file in it")
    }

    @Test func aFileThatNeverEndsIsCutOff() throws {
        let project = try TemporaryProject()
        try project.write(Array(repeating: UInt8(ascii: "#"), count: (8 << 20) + 1), to: "w.yaml")
        #expect(printedError(project) { try project.load() } == "error[AW001]: w.yaml is larger than 8 MiB")
    }

    /// A16: what is no file is not waited for, wherever it is named.
    @Test func whatIsNoFileIsNotRead() throws {
        let project = try TemporaryProject([
            "a.yaml": "version: 1\nname: a\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt_file: pipe }\n",
            "b.yaml": "version: 1\nname: b\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: hi, output: { schema: pipe } }\n",
            "c.yaml": "version: 1\nname: c\nsteps:\n  - { id: a, workflow: pipe }\n",
            "d.yaml": "version: 1\nname: d\nprefixes: { p: { file: pipe } }\nsteps:\n  - { id: a, value: \"1\" }\n",
            "e.yaml": "version: 1\nname: e\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: hi, attach: [{ file: pipe }] }\n",
        ])
        #expect(mkfifo(project.path("pipe"), 0o600) == 0)
        for name in ["a", "b", "c", "d", "e"] { #expect(printedError(project) { try project.load("\(name).yaml") }?.contains("pipe is a pipe, not a file") == true, "\(name)") }
        #expect(printedError(project) { try project.load("pipe") } == "error[AW001]: pipe is a pipe, not a file")
        #expect(printedError(project) { try WorkflowLoader.load("/dev/zero", root: project.root) } == "error[AW001]: /dev/zero is a device, not a file")
        #expect(printedError(project) { try ProjectLoader.load(named: project.path("pipe"), searchingFrom: ".") } == "error[AW001]: pipe is a pipe, not a file")
        try project.write(Array("version: 1\n".utf8), to: "f.yaml")
        #expect(mkfifo(project.path("agentctl.yaml"), 0o600) == 0)
        #expect(printedError(project) { try ProjectLoader.load(named: nil, searchingFrom: project.root) }?.contains("agentctl.yaml is a pipe, not a file") == true)
    }

    @Test func aByteOrderMarkIsNoText() throws {
        let project = try TemporaryProject()
        try project.write([0xEF, 0xBB, 0xBF] + Array("version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\" }\n".utf8), to: "w.yaml")
        #expect(try project.load().graph.name == "t")
    }

    private static let named = "version: 1\nname: t\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt_file: p.md }\n"

    @Test func aLinkOutOfTheProjectIsRefused() throws {
        let outside = try TemporaryProject(["secret.md": "secret"])
        let project = try TemporaryProject(["w.yaml": Self.named])
        try FileManager.default.createSymbolicLink(atPath: project.path("p.md"), withDestinationPath: outside.path("secret.md"))
        let printed = try #require(printedError(project) { try project.load() })
        #expect(printed.contains("error[AW002]: 'p.md' is outside the project"))
    }

    @Test func aLinkInsideTheProjectIsFollowed() throws {
        let project = try TemporaryProject(["w.yaml": Self.named, "real.md": "hi"])
        try FileManager.default.createSymbolicLink(atPath: project.path("p.md"), withDestinationPath: "real.md")
        #expect(try project.load().graph.steps.count == 1)
    }

    @Test func aProjectMayBeReachedThroughALink() throws {
        let project = try TemporaryProject(["project/w.yaml": Self.named, "project/p.md": "hi"])
        try FileManager.default.createSymbolicLink(atPath: project.path("link"), withDestinationPath: "project")
        #expect(try WorkflowLoader.load(project.path("link/w.yaml"), root: project.path("link")).graph.name == "t")
    }

    @Test func filesAreNamedRelativeToTheirWorkflow() throws {
        let project = try TemporaryProject(["flows/w.yaml": Self.named, "flows/p.md": "hi ${{ inputs.x }}\n"])
        let printed = printedError(project) { try WorkflowLoader.load(project.path("flows/w.yaml"), root: project.root) }
        #expect(printed?.hasPrefix("flows/p.md:1:8: error[AW203]: there is no input 'x'") == true, "\(printed ?? "")")
    }

    @Test func theHashCoversEveryFile() throws {
        func hash(_ prompt: String) throws -> ContentHash { try TemporaryProject(["w.yaml": Self.named, "p.md": prompt]).load().graph.hash }
        #expect(try hash("a") == hash("a"))
        #expect(try hash("a") != hash("b"))
    }

    // MARK: The graph

    @Test func everythingOfAWorkflowIsRead() throws {
        let graph = try workflow(
            """
            version: 1
            name: support-triage
            description: Sort a ticket.
            owner: { business: b, engineering: e, finance: f }
            tags: { feature: support, customer: "${{ inputs.ticket.customer }}" }
            inputs: { ticket: { type: object }, tone: { type: string, default: plain, description: How to write. } }
            models:
              small: { use: local/small, temperature: 0, seed: 7 }
              big: { use: groq/meta/llama, fallback: [local/small], stop: END, stream: true }
            budget: { max_cost_usd: 0.25, admit: worst }
            decision: { id: "${{ inputs.ticket.id }}", unit: ticket, outcome: done, counts: [done] }
            prefixes: { policy: { file: policy.md }, ticket: { text: "T ${{ inputs.ticket.id }}" } }
            defaults: { model: small, timeout: 45s, retry: { max_attempts: 2, on: [timeout] }, limits: { max_output_tokens: 512 }, on_error: continue }
            concurrency: 4
            on_failure: cancel
            x-note: anything
            outputs: { reply: "${{ steps.draft.output }}" }
            steps:
              - { id: draft, prefix: [ticket, policy], prompt: "Answer ${{ with.tone }}", with: { tone: "${{ inputs.tone }}" }, output: { schema: s.yaml, repair: 2 } }
              - { id: check, model: big, messages: [{ role: system, content: S }, { role: user, content: "${{ steps.draft.output.a }}" }], timeout: 1m30s, on_error: { value: [1] } }
              - { id: find, run: "grep ${{ inputs.tone }} | wc", shell: true, env: { A: b }, stdin: "x", ok_exit: [0, 1], output: { parse: jsonl } }
              - { id: each, needs: [find], for_each: { items: inputs.ticket.list, as: row, max_items: 5, max_parallel: 2, on_error: collect, max_cost_usd: 0.1 }, prompt: "${{ row }}", limits: { max_input_tokens: 9, max_total_tokens: 99, max_cost_usd: 0.01 }, temperature: 0.5 }
              - { id: sum, when: "${{ has(steps.each.output) }}", value: { a: "${{ steps.each.output }}", b: [1, two] } }
            """, files: ["policy.md": "The policy.\n", "s.yaml": "type: object\n"])
        #expect(graph.name == "support-triage")
        #expect(graph.owner == Owner(business: "b", engineering: "e", finance: "f"))
        #expect(graph.tags.map(\.key) == ["feature", "customer"])
        #expect(graph.inputs.map(\.name) == ["ticket", "tone"])
        #expect(graph.inputs[1].defaultValue == "plain")
        #expect(graph.tiers[1].models.map(\.description) == ["groq/meta/llama", "local/small"])
        #expect(graph.tiers[1].sampling.stop == ["END"])
        #expect(graph.budget == Budget(maxCost: usd("0.25"), admit: .worst))
        #expect(graph.concurrency == 4)
        #expect(graph.body.onFailure == .cancel)
        #expect(graph.prefixes.map(\.stability) == [.workflow, .execution])
        let draft = try #require(graph.steps[0].modelStep)
        #expect(draft.prefixes == [0, 1], "the longer-lived first")
        #expect(draft.repairs == 2)
        #expect(draft.schemaBound == #"{"type":"object"}"#.utf8.count)
        #expect(graph.steps[0].retry == RetryPolicy(maxAttempts: 2, on: [.timeout]))
        #expect(graph.steps[1].timeout == .seconds(90))
        #expect(graph.steps[3].limits == StepLimits(maxInputTokens: 9, maxOutputTokens: 512, maxTotalTokens: 99, maxCost: usd("0.01")))
        #expect(graph.steps[3].forEach?.name == "row")
        #expect(graph.steps[3].forEach?.onError == .collect)
        #expect(graph.steps.map(\.kind.name) == ["model", "model", "run", "model", "value"])
        #expect(
            graph.dependencies == [
                [], [Dependency(step: 0, kind: .required)], [], [Dependency(step: 2, kind: .control)], [Dependency(step: 3, kind: .required)],
            ])
        #expect(graph.dependents == [[1], [], [3], [4], []])
    }

    @Test(arguments: [
        ("value: steps.a.output", Dependency.Kind.required), ("value: \"has(steps.a.output) ? steps.a.output : 0\"", .guarded),
        ("value: \"1\", needs: [a]", .control), ("value: steps.a.status", .guarded), ("value: \"1\", when: steps.a.output > 0", .required),
        ("value: \"1\", with: { x: \"${{ steps.a.output }}\" }", .required), ("value: \"1\", on_error: { value: \"${{ steps.a.output }}\" }", .required),
        ("for_each: { items: \"[steps.a.output]\" }, value: item", .required), ("value: \"1\", needs: [a], when: has(steps.a.output)", .guarded),
        ("model: m, prompt: hi, prefix: [p]", .required), ("model: m, prompt_file: p.md", .required), ("run: [echo, \"${{ steps.a.output }}\"]", .required),
    ])
    func edgesAreInferred(step: String, kind: Dependency.Kind) throws {
        let graph = try workflow(
            """
            version: 1
            name: t
            models: { m: { use: local/small } }
            prefixes: { p: { text: "${{ steps.a.output }}" } }
            steps:
              - { id: b, \(step) }
              - { id: a, value: "1" }
            """, files: ["p.md": "read ${{ steps.a.output }}"])
        #expect(graph.dependencies[0] == [Dependency(step: 1, kind: kind)])
    }

    /// A chain as long as anybody writes is no recursion, and takes no time that grows with its square.
    @Test func tenThousandStepsLoad() throws {
        var yaml = "version: 1\nname: t\nsteps:\n  - { id: s0, value: \"1\" }\n"
        for index in 1..<10_000 { yaml += "  - { id: s\(index), value: steps.s\(index - 1).output }\n" }
        #expect(try workflow(yaml).steps.count == 10_000)
    }

    @Test func changedBudgetsAndModelsChangeTheHash() throws {
        let graph = try workflow("version: 1\nname: t\nmodels: { m: { use: local/small, fallback: [local/big] } }\nsteps:\n  - { id: a, model: m, prompt: hi }\n")
        let capped = graph.withBudget(usd("0.5"))
        #expect(capped.budget.maxCost == usd("0.5"))
        #expect(capped.hash != graph.hash)
        let other = graph.withTier("m", using: ModelReference(provider: "x", model: "y"))
        #expect(other.tiers[0].models.map(\.description) == ["x/y"])
        #expect(other.hash != graph.hash)
    }

    // MARK: The project file

    @Test func aProjectFileIsRead() throws {
        let project = try TemporaryProject([
            "agentctl.yaml": """
            version: 1
            ledger: runs/ledger.db
            x-team: cx
            providers:
              local:
                api: openai-chat
                pricing: { machine_hour_usd: 0.10 }
                models:
                  small: { id: smol, base_url: "http://127.0.0.1:${{ port }}/v1", context_window: 2048, serve: { command: [serve, --port, "${{port}}"], ready: /ok, start_timeout: 90s } }
              groq:
                api: openai-chat
                base_url: https://api.groq.com/openai/v1
                api_key: { env: GROQ_API_KEY }
                headers: { X-Team: cx }
                max_concurrency: 8
                dialect: { stream: true, structured_output: json_object, max_tokens_field: max_completion_tokens, call_id_header: null, cached_tokens: required }
              near: { api: openai-chat, base_url: "http://localhost:8000/v1", api_key: { value: none } }
            prices:
              - { model: groq/llama*, input_per_mtok_usd: 0.05, output_per_mtok_usd: 0.08, from: 2026-01-01 }
            """, "flows/w.yaml": "",
        ])
        let loaded = try ProjectLoader.load(named: nil, searchingFrom: project.path("flows"))
        #expect(loaded.root == project.root)
        #expect(loaded.ledger == "runs/ledger.db")
        #expect(loaded.providers.map(\.name) == ["local", "groq", "near"])
        #expect(loaded.providers[0].machineHour == usd("0.1"))
        let serve = try #require(loaded.providers[0].models.first?.serve)
        #expect(serve == ServeConfiguration(command: ["serve", "--port", "${{ port }}"], ready: "/ok", startTimeout: .seconds(90)))
        #expect(loaded.providers[0].models[0].contextWindow == 2048)
        #expect(loaded.providers[1].apiKey == .environment("GROQ_API_KEY"))
        #expect(
            loaded.providers[1].dialect == [
                "stream": true, "structured_output": "json_object", "max_tokens_field": "max_completion_tokens", "call_id_header": nil, "cached_tokens": "required",
            ])
        #expect(loaded.providers[2].dialect == .none)
        #expect(loaded.providers[2].apiKey == .value("none"))
        #expect(loaded.prices.map(\.id) == ["groq/llama*/input@project:2026-01-01", "groq/llama*/output@project:2026-01-01"])
        #expect(loaded.prices[0].price == Money(picoDollars: 50_000))
    }

    @Test func theNearestProjectFileCounts() throws {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nledger: outer", "a/.agentctl.yaml": "version: 1\nledger: inner", "a/b/c/x": ""])
        #expect(try ProjectLoader.load(named: nil, searchingFrom: project.path("a/b/c")).ledger == "inner")
        #expect(try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.path("a/b/c")).ledger == "outer")
        #expect(try ProjectLoader.load(named: nil, searchingFrom: project.path("a")).root == project.path("a"))
    }

    @Test func aProjectFileThatIsNamedHasToBeThere() throws {
        let project = try TemporaryProject()
        #expect(printedError(project) { try ProjectLoader.load(named: project.path("none.yaml"), searchingFrom: ".") } == "error[AW001]: cannot read none.yaml: No such file or directory")
    }

    @Test func aProjectFileThatIsAFolderIsNotPassedOver() throws {
        let project = try TemporaryProject(["agentctl.yaml/x": ""])
        #expect(printedError(project) { try ProjectLoader.load(named: nil, searchingFrom: project.root) }?.contains("is a folder, not a file") == true)
    }
}
