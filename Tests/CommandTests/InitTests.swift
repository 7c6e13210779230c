import Foundation
import TestSupport
import Testing
import Values

/// What `init` writes is what its reader types next: the printed commands are run as they are.
@Suite struct InitTests {
    private static let templates = ["minimal", "triage", "batch"]

    private func printedCommands(_ text: String) throws -> [String] {
        let next = try #require(text.range(of: "\nnext:\n"))
        return text[next.upperBound...].split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test(arguments: templates)
    func everyTemplateRunsAsItsLastLinesSay(_ template: String) async throws {
        let sandbox = try Sandbox(StubOptions(content: .schema))
        let made = try await sandbox.agentctl("init", "my project", "--template", template, "--base-url", sandbox.server.baseURL)
        #expect(made.code == 0 && made.err.isEmpty, "\(made.err)")
        let commands = try printedCommands(made.out)
        #expect(commands.first == "cd 'my project'" && commands.contains { $0.hasPrefix("agentctl run ") })
        let script = "agentctl() { \"$0\" \"$@\"; }\nset -e\n" + commands.joined(separator: "\n")
        let run = try await Sandbox.run("/bin/sh", ["-c", script, Sandbox.program], in: sandbox.folder, environment: Sandbox.withoutKeys)
        #expect(run.code == 0, "\(run.err)\n\(run.out)")
        #expect(run.out.contains("\(template).yaml: valid") && run.out.contains("✓ succeeded"))
        #expect(sandbox.server.requestCount > 0)
        let status = try await Sandbox.run(Sandbox.program, ["runs", "--json"], in: sandbox.path("my project"))
        #expect(status.json?["runs"]?.arrayValue?.allSatisfy { $0["status"] == "succeeded" } == true, "\(status.out)")
        if template == "batch" {
            let results = try String(contentsOfFile: sandbox.path("my project/results.jsonl"), encoding: .utf8).split(separator: "\n")
            #expect(try results.map { try JSONParser.parse(String($0))["status"] } == ["succeeded", "succeeded", "succeeded"])
        }
    }

    /// A hosted service needs no entry, and its default model has a price: the plan is made and fits its budget.
    @Test(arguments: ["openai", "anthropic", "openrouter", "groq", "together"], templates)
    func everyHostedProviderHasAPricedModel(_ provider: String, _ template: String) async throws {
        let sandbox = try Sandbox()
        let made = try await sandbox.agentctl("init", "p", "--template", template, "--provider", provider)
        #expect(made.code == 0 && made.err.isEmpty, "\(made.err)")
        let key = "\(provider.uppercased())_API_KEY"
        let commands = try printedCommands(made.out)
        let plan = try #require(commands.first { $0.hasPrefix("agentctl plan ") }).dropFirst("agentctl ".count)
        let result = try await Sandbox.run(
            Sandbox.program, plan.split(separator: " ").map(String.init), in: sandbox.path("p"), environment: [key: "k-of-the-test"])
        #expect(result.code == 0 && result.out.contains(": fits") && result.out.contains("\(provider)/"), "\(result.err)\(result.out)")
    }

    // MARK: S7

    private func chosen(_ arguments: [String] = [], keys: [String: String]) async throws -> (result: Sandbox.Finished, workflow: String, folder: Sandbox) {
        let sandbox = try Sandbox()
        var environment = Sandbox.withoutKeys.merging(["GEMINI_API_KEY": "", "DEEPSEEK_API_KEY": ""]) { $1 }
        environment.merge(keys) { $1 }
        let result = try await Sandbox.run(Sandbox.program, ["init", "p"] + arguments, in: sandbox.folder, environment: environment)
        return (result, (try? String(contentsOfFile: sandbox.path("p/minimal.yaml"), encoding: .utf8)) ?? "", sandbox)
    }

    @Test(arguments: ["openai", "anthropic", "openrouter", "groq", "together"]) func theKeyThatIsThereChooses(provider: String) async throws {
        let variable = "\(provider.uppercased())_API_KEY"
        let (made, workflow, _) = try await chosen(keys: [variable: "k-of-the-test"])
        #expect(made.code == 0 && workflow.contains("{ use: \(provider)/") && made.err.contains("\(variable) is set: the project asks \(provider)\n"), "\(made.err)")
        #expect(!made.out.contains("export "))
    }

    @Test func ofSeveralKeysTheFirstChoosesAndTheOthersAreNamed() async throws {
        let (made, workflow, _) = try await chosen(keys: ["TOGETHER_API_KEY": "k-1", "GROQ_API_KEY": "k-2", "OPENROUTER_API_KEY": "k-3"])
        #expect(workflow.contains("{ use: openrouter/"))
        #expect(made.err.contains("the project asks openrouter; GROQ_API_KEY, TOGETHER_API_KEY are set too: --provider groq|together"), "\(made.err)")
        let (named, other, _) = try await chosen(["--provider", "together"], keys: ["TOGETHER_API_KEY": "k-1", "GROQ_API_KEY": "k-2"])
        #expect(other.contains("{ use: together/") && named.err.isEmpty)
        let (own, local, _) = try await chosen(["--base-url", "http://127.0.0.1:1/v1"], keys: ["GROQ_API_KEY": "k-2"])
        #expect(local.contains("{ use: local/default }") && own.err.isEmpty)
    }

    @Test func whatCanBeDoneWithAnotherKeyIsSaid() async throws {
        let (made, workflow, _) = try await chosen(keys: ["GEMINI_API_KEY": "k-of-the-test"])
        #expect(made.code == 0 && workflow.contains("{ use: local/default }"))
        #expect(made.err.contains("GEMINI_API_KEY is set: ") && made.err.contains("Docs/Providers.md#gemini") && made.err.contains("a server of your own at http://127.0.0.1:8080/v1"), "\(made.err)")
        let (refused, _, _) = try await chosen(["--provider", "gemini"], keys: [:])
        #expect(refused.code == 2 && refused.err.contains("there is no provider 'gemini' for init") && refused.err.contains("Docs/Providers.md#gemini"), "\(refused.err)")
        let (none, _, _) = try await chosen(keys: [:])
        #expect(none.code == 0 && none.err.contains("none of OPENAI_API_KEY, ANTHROPIC_API_KEY, OPENROUTER_API_KEY, GROQ_API_KEY, TOGETHER_API_KEY is set"), "\(none.err)")
    }

    /// A model without a known price: where the price goes is said, or it comes along; nothing is asked for nothing.
    @Test func aModelWithoutAKnownPrice() async throws {
        let key = ["OPENAI_API_KEY": "k-of-the-test"]
        let (made, _, folder) = try await chosen(["--model", "gpt-of-tomorrow"], keys: key)
        #expect(made.code == 0 && made.err.contains("openai/gpt-of-tomorrow has no known price"), "\(made.err)")
        let line = try #require(made.out.firstMatch(of: /# agentctl\.yaml, line (\d+): fill in what openai\/gpt-of-tomorrow costs/).flatMap { Int($0.1) }, "\(made.out)")
        let project = try String(contentsOfFile: folder.path("p/agentctl.yaml"), encoding: .utf8).components(separatedBy: "\n")
        #expect(project[line - 1].hasPrefix("#   - { model: openai/gpt-of-tomorrow, input_per_mtok_usd: , "))
        let plan = ["plan", "minimal.yaml", "--inputs", "inputs/note.json"]
        let refused = try await Sandbox.run(Sandbox.program, plan, in: folder.path("p"), environment: key)
        #expect(refused.code == 21 && refused.out.contains("unpriced"), "\(refused.err)\(refused.out)")
        // As the file says: both figures, and without the two signs.
        let filled = project.joined(separator: "\n").replacingOccurrences(of: "# prices:", with: "prices:").replacingOccurrences(of: "#   - {", with: "  - {")
            .replacingOccurrences(of: "usd: ,", with: "usd: 0.25,").replacingOccurrences(of: "usd:  }", with: "usd: 2 }")
        try folder.write("p/agentctl.yaml", filled)
        let fits = try await Sandbox.run(Sandbox.program, plan, in: folder.path("p"), environment: key)
        #expect(fits.code == 0 && fits.out.contains(": fits"), "\(fits.err)\(fits.out)")
        let (priced, _, other) = try await chosen(["--model", "gpt-of-tomorrow", "--price", "0.25,2.00"], keys: key)
        #expect(priced.code == 0 && !priced.err.contains("no known price"))
        let works = try await Sandbox.run(Sandbox.program, plan, in: other.path("p"), environment: key)
        #expect(works.code == 0 && works.out.contains(": fits"), "\(works.err)\(works.out)")
        for (arguments, word) in [(["--price", "1"], "--price takes two amounts"), (["--price", "a,b"], "--price takes two amounts"), (["--price", "1,2", "--provider", "local"], "--price is for a hosted model")] {
            let (result, _, _) = try await chosen(arguments, keys: key)
            #expect(result.code == 2 && result.err.contains(word), "\(result.err)")
        }
    }

    @Test func nothingIsOverwritten() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("p/triage.yaml", "mine")
        try sandbox.write("p/.gitignore", "*.log\n")
        let refused = try await sandbox.agentctl("init", "p", "--template", "triage")
        #expect(refused.code == 2 && refused.out.isEmpty && refused.err.contains("p/triage.yaml is there already; nothing was written"), "\(refused.err)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("p")).sorted() == [".gitignore", "triage.yaml"])
        #expect(try String(contentsOfFile: sandbox.path("p/triage.yaml"), encoding: .utf8) == "mine")
        // Another template does not meet that file; the ignore file of a repository is kept.
        let made = try await sandbox.agentctl("init", "p", environment: Sandbox.withoutKeys)
        #expect(made.code == 0 && made.err.contains("p/.gitignore was left as it is"), "\(made.err)")
        #expect(try String(contentsOfFile: sandbox.path("p/.gitignore"), encoding: .utf8) == "*.log\n")
        let again = try await sandbox.agentctl("init", "p")
        #expect(again.code == 2 && again.err.contains("p/agentctl.yaml") && again.err.contains("p/minimal.yaml"), "\(again.err)")
        let here = try await sandbox.agentctl("init")
        #expect(here.code == 2 && here.err.contains("agentctl.yaml is there already"), "\(here.err)")
    }

    @Test func wrongNamesAndPlaces() async throws {
        let sandbox = try Sandbox()
        for (arguments, word) in [
            (["--template", "triag"], "did you mean 'triage'?"), (["--provider", "grok"], "did you mean 'groq'?"),
            (["--provider", "groq", "--base-url", "http://127.0.0.1"], "--base-url is for --provider local"), (["--base-url", "localhost:1"], "is an address such as"),
            (["--model", "a b"], "--model takes a name"),
        ] {
            let result = try await Sandbox.run(Sandbox.program, ["init", "p"] + arguments, in: sandbox.folder)
            #expect(result.code == 2 && result.err.contains(word), "\(result.err)")
            #expect(!FileManager.default.fileExists(atPath: sandbox.path("p")))
        }
        try sandbox.write("file", "")
        let blocked = try await sandbox.agentctl("init", "file/p")
        #expect(blocked.code == 2 && blocked.err.contains("cannot write file/p/agentctl.yaml"), "\(blocked.err)")
    }

    @Test func theListAndAModelOfOnesOwn() async throws {
        let sandbox = try Sandbox()
        let list = try await sandbox.agentctl("init", "--list")
        #expect(list.code == 0 && Self.templates.allSatisfy { list.out.contains($0) })
        let made = try await sandbox.agentctl("init", "p", "--provider", "openai", "--model", "no-such-model")
        #expect(made.code == 0 && made.err.contains("openai/no-such-model has no known price"), "\(made.err)")
        #expect(try String(contentsOfFile: sandbox.path("p/minimal.yaml"), encoding: .utf8).contains("{ use: openai/no-such-model }"))
    }
}
