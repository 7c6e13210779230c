import Foundation
import TestSupport
import Testing
import Values

/// `diff`: two runs, two batches, two versions of a workflow.
@Suite(.timeLimit(.minutes(5)))
struct DiffTests {
    private static func diff(_ sandbox: Sandbox, _ words: String...) async throws -> Sandbox.Finished { try await Sandbox.run(Sandbox.program, ["diff"] + words, in: sandbox.folder) }

    private static func run(_ sandbox: Sandbox, _ flags: String...) async throws -> String {
        let finished = try await Sandbox.run(Sandbox.program, ["run", "chain.yaml"] + flags, in: sandbox.folder)
        #expect(finished.code == 0, "\(finished.err)")
        return try #require(try await sandbox.agentctl("show", "last", "--json").json?["run"]?["id"]?.stringValue)
    }

    private static let more = "  - { model: stub/other, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }"

    @Test func `alike, another input, another prompt, another model`() async throws {
        let sandbox = try Sandbox(project: Self.more)
        try sandbox.writeChain(steps: 3)
        let (a, b) = (try await Self.run(sandbox), try await Self.run(sandbox))
        let alike = try await Self.diff(sandbox, a, b)
        #expect(alike.code == 0 && alike.out.contains("the two are alike"), "\(alike)")

        let input = try await Self.run(sandbox, "--input", "topic=lakes")
        let other = try await Self.diff(sandbox, a, input)
        #expect(other.code == 1 && other.out.contains("first cause: s1: it is asked otherwise, as the run's inputs are others") && other.out.contains("+about lakes") && other.out.contains("outputs: differ"), "\(other)")
        let json = try #require(try await Self.diff(sandbox, a, input, "--json").json)
        #expect(json["alike"] == false && json["first_cause"]?["path"] == "s1" && json["first_cause"]?["cause"] == "input" && json["nodes"]?.arrayValue?.count == 3, "\(json)")
        #expect(json["outputs"]?[0]?["at"] == "/last")

        try sandbox.write("chain.yaml", try String(contentsOfFile: sandbox.path("chain.yaml"), encoding: .utf8).replacingOccurrences(of: "id: s2, prompt: \"then", with: "id: s2, prompt: \"and then"))
        let prompt = try #require(try await Self.diff(sandbox, a, try await Self.run(sandbox), "--json").json)
        #expect(prompt["first_cause"]?["path"] == "s2" && prompt["first_cause"]?["cause"] == "prompt" && prompt["steps"]?[0]?["different"] == 0, "\(prompt)")

        try sandbox.writeChain(steps: 3)
        let model = try #require(try await Self.diff(sandbox, a, try await Self.run(sandbox, "--model", "small=stub/other"), "--json").json)
        #expect(model["first_cause"]?["path"] == "s1" && model["first_cause"]?["cause"] == "model", "\(model)")
    }

    @Test func `another answer to the same question, and another end`() async throws {
        let sandbox = try Sandbox(script: { request in
            guard let json = request.json, let text = json["messages"]?.arrayValue?.last?["content"]?.stringValue else { return nil }
            // The second run's second question is answered otherwise, the third's fails.
            if text == "then one", request.number >= 7 { return .error(400, "no", type: "invalid_request_error") }
            let answer = text == "about rivers" ? "one" : text == "then one" ? request.number >= 4 ? "another" : "two" : "three"
            return .completion(of: json, number: request.number, saying: answer)
        })
        try sandbox.writeChain(steps: 3)
        let (a, b) = (try await Self.run(sandbox), try await Self.run(sandbox))
        let answer = try await Self.diff(sandbox, a, b)
        #expect(answer.code == 1 && answer.out.contains("first cause: s2: the same question was answered otherwise") && answer.out.contains("-two") && answer.out.contains("+another"), "\(answer)")
        #expect(try await sandbox.agentctl("run", "chain.yaml").code != 0)
        let failed = try #require(try await Self.diff(sandbox, a, "last", "--json").json)
        #expect(failed["first_cause"]?["path"] == "s2" && failed["first_cause"]?["cause"] == "failure", "\(failed)")
    }

    @Test func `batches line by line`() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        try sandbox.write("one.jsonl", (1...8).map { "{\"topic\": \"t\($0)\"}\n" }.joined())
        try sandbox.write("two.jsonl", (1...9).map { "{\"topic\": \"\($0 == 5 ? "a much longer topic than the others have" : "t\($0)")\"}\n" }.joined())
        var names: [String] = []
        for name in ["one", "two"] {
            let run = try await sandbox.agentctl("run", "chain.yaml", "--batch", "\(name).jsonl")
            #expect(run.code == 0, "\(run.err)")
            names.append(try #require(try await sandbox.agentctl("runs", "--json").json?["runs"]?[0]?["batch"]?.stringValue))
        }
        let finished = try await Self.diff(sandbox, names[0], names[1])
        #expect(finished.code == 1 && finished.out.contains("8 lines in both") && finished.out.contains("1 of 8 outputs differ") && finished.out.contains("0 only in the first, 1 only in the second"), "\(finished)")
        let json = try #require(try await Self.diff(sandbox, names[0], names[1], "--batch", "--json").json)
        #expect(json["lines"] == 8 && json["outputs_different"] == 1 && json["different"]?[0]?["line"] == 5 && json["different"]?[0]?["same_output"] == false, "\(json)")
        let same = try await Self.diff(sandbox, names[0], names[0])
        #expect(same.code == 0 && same.out.contains("0 of 8 outputs differ"), "\(same)")
        let none = try await Self.diff(sandbox, names[0], names[1] + "x", "--batch")
        #expect(none.code == 2 && none.err.contains("did you mean '\(names[1])'?"), "\(none)")
    }

    @Test func `versions with intervals`() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        for _ in 0..<4 { #expect(try await sandbox.agentctl("run", "chain.yaml", "--release", "v1").code == 0) }
        try sandbox.writeChain(steps: 3)
        for _ in 0..<3 { #expect(try await sandbox.agentctl("run", "chain.yaml", "--release", "v2").code == 0) }
        for run in 0..<2 {
            let ids = try #require(try await sandbox.agentctl("runs", "--json").json?["runs"]?.arrayValue).compactMap { $0["id"]?.stringValue }
            #expect(try await sandbox.agentctl("outcome", ids[run == 0 ? 0 : 5], run == 0 ? "good" : "bad").code == 0)
        }
        let finished = try await Self.diff(sandbox, "chain@v1", "chain@v2")
        #expect(finished.code == 0 && finished.out.contains("chain@v1: 4 decisions, chain@v2: 3") && finished.out.contains("Welch") && finished.out.contains("outcome good"), "\(finished)")
        let json = try #require(try await Self.diff(sandbox, "chain@v1", "chain@v2", "--json").json)
        #expect(json["first"]?["decisions"] == 4 && json["second"]?["decisions"] == 3 && json["cost_difference_usd"]?["mean"]?.stringValue?.hasPrefix("0.0000") == true, "\(json)")
        #expect(json["shares"]?.arrayValue?.map { $0["name"] } == ["outcome:bad", "outcome:good", "failed"], "\(json)")
        // By the beginning of a version's hash, too.
        let versions = try #require(try await sandbox.agentctl("audit", "--by", "version", "--json").json?["rows"]?.arrayValue).compactMap { $0["keys"]?["version"]?.stringValue }
        try #require(versions.count == 2, "\(versions)")
        let hashes = try await Self.diff(sandbox, "chain@\(versions[0].prefix(6))", "chain@\(versions[1])")
        #expect(hashes.code == 0, "\(hashes)")
        for (words, says) in [(["chain@v1", "chain@v3"], "did you mean"), (["chain@v1", "last"], "workflow@version"), (["chain@v1", "other@v2"], "one workflow"), (["chain@v1", "chain@v1"], "two versions are compared")] {
            let wrong = try await Sandbox.run(Sandbox.program, ["diff"] + words, in: sandbox.folder)
            #expect(wrong.code == 2 && wrong.err.contains(says), "\(wrong)")
        }
    }
}
