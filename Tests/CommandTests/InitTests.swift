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
    @Test(arguments: ["openai", "groq", "together"], templates)
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

    @Test func nothingIsOverwritten() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("p/triage.yaml", "mine")
        try sandbox.write("p/.gitignore", "*.log\n")
        let refused = try await sandbox.agentctl("init", "p", "--template", "triage")
        #expect(refused.code == 2 && refused.out.isEmpty && refused.err.contains("p/triage.yaml is there already; nothing was written"), "\(refused.err)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("p")).sorted() == [".gitignore", "triage.yaml"])
        #expect(try String(contentsOfFile: sandbox.path("p/triage.yaml"), encoding: .utf8) == "mine")
        // Another template does not meet that file; the ignore file of a repository is kept.
        let made = try await sandbox.agentctl("init", "p")
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
