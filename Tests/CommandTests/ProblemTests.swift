import Foundation
import TestSupport
import Testing
import Values

/// `validate`, `explain` and `fmt` as users call them.
@Suite struct ProblemTests {
    private static let good = "version: 1\nname: good\nowner: { engineering: me }\nsteps:\n  - { id: a, value: \"1\" }\noutputs: { a: \"${{ steps.a.output }}\" }\n"
    private static let bad = "version: 1\nname: bad\nsteps:\n  - { id: a, valeu: \"1\" }\n"

    private func project() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write("good.yaml", Self.good)
        try sandbox.write("sub/bad.yaml", Self.bad)
        try sandbox.write("sub/other.yaml", "services: {}\n")
        try sandbox.write(".hidden/bad.yaml", Self.bad)
        return sandbox
    }

    @Test func withoutAPathTheWholeProjectIsChecked() async throws {
        let sandbox = try project()
        let result = try await sandbox.agentctl("validate")
        #expect(result.code == 10)
        #expect(result.lines == ["agentctl.yaml: valid, the project file", "good.yaml: valid, 1 step", "3 files: 1 error"])
        #expect(result.err.contains("sub/bad.yaml:4:14: error[AW101]") && result.err.contains("agentctl explain AW101"), "\(result.err)")
        #expect(!result.err.contains("hidden"))
        // From a folder inside, the same files.
        let inside = try await Sandbox.run(Sandbox.program, ["validate"], in: sandbox.path("sub"))
        #expect(inside.code == 10 && inside.lines.last == "3 files: 1 error", "\(inside.out)")
        // A project file that is wrong hides no workflow.
        try sandbox.write("agentctl.yaml", "version: 1\nprovider: {}\n")
        let both = try await sandbox.agentctl("validate")
        #expect(both.code == 10 && both.err.contains("did you mean 'providers'?") && both.err.contains("'valeu'") && both.lines.last == "3 files: 2 errors", "\(both.err)")
    }

    @Test func aFolderWithoutWorkflowsIsAMistake() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("empty/x.yaml", "a: 1\n")
        let result = try await sandbox.agentctl("validate", "empty")
        #expect(result.code == 2 && result.err.contains("there is no workflow in empty"), "\(result.err)")
        let missing = try await sandbox.agentctl("validate", "nowhere", "empty/x.yaml", "--json")
        #expect(missing.code == 10 && missing.json?["diagnostics"]?[0]?["message"]?.stringValue?.contains("nowhere") == true, "\(missing.out)")
        #expect((missing.json?["diagnostics"]?.arrayValue?.count ?? 0) > 1)
    }

    @Test func jsonHasEveryProblem() async throws {
        let sandbox = try project()
        let json = try #require(try await sandbox.agentctl("validate", "--json").json)
        #expect(json["valid"] == false)
        #expect(
            json["diagnostics"] == [
                [
                    "file": "sub/bad.yaml", "line": 4, "column": 14, "end_line": 4, "end_column": 19, "severity": "error", "code": "AW101",
                    "message": "unknown key 'valeu' in a step", "hint": "did you mean 'value'?", "documentation": "Docs/Diagnostics.md#aw101",
                ]
            ])
        let good = try await sandbox.agentctl("validate", "good.yaml", "--format", "json")
        #expect(good.code == 0 && good.json == ["valid": true, "diagnostics": []])
    }

    @Test func warningsFailOnlyWhenTheyAreAskedTo() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1, top: "tags: { feature: support }")
        let mild = try await sandbox.agentctl("validate", "chain.yaml")
        #expect(mild.code == 0 && mild.err.contains("warning[AW402]") && mild.lines.last == "1 file: 1 warning", "\(mild.err)")
        let strict = try await sandbox.agentctl("validate", "chain.yaml", "--strict")
        #expect(strict.code == 10)
        let plan = try await sandbox.agentctl("plan", "chain.yaml")
        #expect(plan.code == 0 && plan.err.contains("AW402"))
        let run = try await sandbox.agentctl("run", "chain.yaml")
        #expect(run.code == 0 && !run.err.contains("AW402"))
    }

    /// S3: a hundred steps with the same warning, and an error among them.
    @Test func repeatedProblemsAreSummedUp() async throws {
        let sandbox = try Sandbox()
        let steps = (0..<100).map { "  - { id: s\($0), value: \"1\" }\n" }.joined()
        try sandbox.write("wide.yaml", "version: 1\nname: wide\nsteps:\n" + steps)
        func frames(_ text: String, _ code: String) -> Int { text.components(separatedBy: "[\(code)]: ").count - 1 }
        for command in ["validate", "plan"] {
            let few = try await sandbox.agentctl(command, "wide.yaml")
            #expect(few.code == 0 && frames(few.err, "AW404") == 3 && few.err.contains("and 97 more AW404 (--all shows them)\n"), "\(few.err)")
            let all = try await sandbox.agentctl(command, "wide.yaml", "--all")
            #expect(frames(all.err, "AW404") == 100 && !all.err.contains("more AW404"))
        }
        #expect(try await sandbox.agentctl("validate", "wide.yaml").lines.last == "1 file: 100 warnings")
        #expect(try await sandbox.agentctl("validate", "wide.yaml", "--json").json?["diagnostics"]?.arrayValue?.count == 100)
        #expect(try await sandbox.agentctl("validate", "wide.yaml", "--format", "sarif").json?["runs"]?[0]?["results"]?.arrayValue?.count == 100)
        // Errors come first, also where they stand last, and wherever they are met.
        try sandbox.write("bad.yaml", "version: 1\nname: bad\nsteps:\n" + steps + (0..<5).map { "  - { id: e\($0), valeu: \"1\" }\n" }.joined())
        let validated = try await sandbox.agentctl("validate", "wide.yaml", "bad.yaml")
        #expect(validated.code == 10 && validated.err.hasPrefix("bad.yaml:104:") && frames(validated.err, "AW101") == 3 && validated.lines.last?.hasPrefix("2 files: 5 errors, ") == true, "\(validated.err)")
        for arguments in [["run", "bad.yaml"], ["plan", "bad.yaml"], ["graph", "bad.yaml"], ["try", "prompt", "bad.yaml", "s1"]] {
            let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
            #expect(result.code == 10 && frames(result.err, "AW101") == 3 && result.err.contains("and 2 more AW101 (--all shows them)"), "\(result.err)")
            let all = try await Sandbox.run(Sandbox.program, arguments + ["--all"], in: sandbox.folder)
            #expect(all.code == 10 && frames(all.err, "AW101") == 5, "\(all.err)")
        }
    }

    @Test func explanationsArePrinted() async throws {
        let sandbox = try Sandbox()
        let one = try await sandbox.agentctl("explain", "aw101")
        #expect(one.code == 0 && one.out.hasPrefix("## AW101\n"))
        let unknown = try await sandbox.agentctl("explain", "AW999")
        #expect(unknown.code == 2 && unknown.err.contains("there is no diagnostic 'AW999'"))
        let neither = try await sandbox.agentctl("explain")
        #expect(neither.code == 2)
        let page = try await sandbox.agentctl("explain", "--all")
        #expect(try page.out == String(contentsOfFile: Sandbox.repository + "/Docs/Diagnostics.md", encoding: .utf8))
    }

    @Test func schemasAreWritten() async throws {
        let sandbox = try Sandbox()
        let printed = try await sandbox.agentctl("schema", "workflow")
        #expect(printed.code == 0 && printed.json?["properties"]?["steps"] != nil)
        let written = try await sandbox.agentctl("schema", "project", "--output", "p.json")
        #expect(written.code == 0 && written.out.isEmpty)
        #expect(try JSONParser.parse(String(contentsOfFile: sandbox.path("p.json"), encoding: .utf8))["properties"]?["providers"] != nil)
        let nowhere = try await sandbox.agentctl("schema", "project", "--output", "no/where.json")
        #expect(nowhere.code == 2 && nowhere.err.contains("cannot write no/where.json"))
        let neither = try await sandbox.agentctl("schema")
        #expect(neither.code == 2)
    }

    // MARK: SARIF

    @Test func sarifHasPlacesAndRules() async throws {
        let sandbox = try project()
        try sandbox.write("sp ace é.yaml", Self.bad)
        let result = try await sandbox.agentctl("validate", "--format", "sarif")
        let run = try #require(result.json?["runs"]?[0])
        #expect(result.code == 10 && run["columnKind"] == "unicodeCodePoints" && run["results"]?.arrayValue?.count == 2)
        #expect(
            run["results"]?[0]?["locations"]?[0]?["physicalLocation"] == [
                "artifactLocation": ["uri": "sp%20ace%20%C3%A9.yaml"], "region": ["startLine": 4, "startColumn": 14, "endLine": 4, "endColumn": 19],
            ])
        #expect(run["tool"]?["driver"]?["rules"]?[0]?["id"] == "AW101")
    }

    private static let schema = ProcessInfo.processInfo.environment["AGENTCTL_SARIF_SCHEMA"]

    /// The schema of OASIS is no part of the project.
    @Test(.enabled(if: schema != nil, "AGENTCTL_SARIF_SCHEMA names no file with the SARIF 2.1.0 schema"))
    func sarifIsSARIF() async throws {
        let sandbox = try project()
        try sandbox.writeChain(steps: 1)
        let sarif = try await sandbox.agentctl("validate", "--format", "sarif", ".", "nowhere.yaml")
        let python = ProcessInfo.processInfo.environment["AGENTCTL_TEST_PYTHON"] ?? Sandbox.repository + "/.venv/bin/python"
        let script = "import json,sys,jsonschema; jsonschema.Draft4Validator(json.load(open(sys.argv[1]))).validate(json.load(sys.stdin))"
        let check = try await Sandbox.run(python, ["-c", script, Self.schema!], in: sandbox.folder, stdin: sarif.out)
        #expect(check.code == 0, "\(check.err)")
        let wrong = try await Sandbox.run(python, ["-c", script, Self.schema!], in: sandbox.folder, stdin: sarif.out.replacing("unicodeCodePoints", with: "bytes"))
        #expect(wrong.code != 0)
    }

    // MARK: fmt

    @Test func filesAreFormattedOnce() async throws {
        let sandbox = try project()
        try sandbox.write("good.yaml", Self.good.replacing("  - {", with: "- {").replacing("me }", with: "\"me\"}   # who"))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: sandbox.path("good.yaml"))
        let check = try await sandbox.agentctl("fmt", "good.yaml", "--check")
        #expect(check.code == 1 && check.lines == ["good.yaml"])
        let diff = try await sandbox.agentctl("fmt", "good.yaml", "--diff")
        #expect(diff.code == 0 && diff.out.contains("-- { id: a, value: \"1\" }\n+  - { id: a, value: \"1\" }\n"), "\(diff.out)")
        let format = try await sandbox.agentctl("fmt", "good.yaml")
        #expect(format.code == 0 && format.lines == ["good.yaml"], "\(format.err)")
        #expect(try String(contentsOfFile: sandbox.path("good.yaml"), encoding: .utf8) == Self.good.replacing("me }", with: "me }   # who"))
        #expect(try FileManager.default.attributesOfItem(atPath: sandbox.path("good.yaml"))[.posixPermissions] as? Int == 0o640)
        let again = try await sandbox.agentctl("fmt", "good.yaml", "--check")
        #expect(again.code == 0 && again.out.isEmpty)
    }

    @Test func whatIsNotYAMLStaysAsItIs() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", "a: [\n")
        let result = try await sandbox.agentctl("fmt", "w.yaml")
        #expect(result.code == 10 && result.err.contains("AW010"))
        #expect(try String(contentsOfFile: sandbox.path("w.yaml"), encoding: .utf8) == "a: [\n")
        let piped = try await sandbox.agentctl("fmt", "-", stdin: "a: {b: 1}")
        #expect(piped.out == "a: { b: 1 }\n")
    }

    @Test func theExamplesAreFormatted() async throws {
        let result = try await Sandbox.run(Sandbox.program, ["fmt", "--check"], in: Sandbox.repository)
        #expect(result.code == 0, "\(result.out)")
        let strict = try await Sandbox.run(Sandbox.program, ["validate", "--strict", "Workflows", "Sources", ".agentctl.yaml"], in: Sandbox.repository)
        #expect(strict.code == 0, "\(strict.err)")
        let all = try await Sandbox.run(Sandbox.program, ["validate"], in: Sandbox.repository)
        #expect(all.code == 0, "\(all.err)")
    }
}
