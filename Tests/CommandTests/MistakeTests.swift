import Foundation
import TestSupport
import Testing
import Values

/// S5, S6: what is misspelt is asked about, and what is not found is answered with what there is.
@Suite struct MistakeTests {
    // MARK: S6

    @Test(
        arguments: [
            (["runn", "w.yaml", "--input", "t=a b"], "there is no command 'runn'", "did you mean: agentctl run w.yaml --input 't=a b'?"),
            (["RUN", "w.yaml"], "there is no command 'RUN'", "did you mean: agentctl run w.yaml?"),
            (["w.yaml", "--budget", "1"], "'w.yaml' names a file", "did you mean: agentctl run w.yaml --budget 1?"),
            (["db", "chek"], "'agentctl db' has no command 'chek'", "did you mean: agentctl db check?"),
            (["ledger", "vacum"], "there is no command 'ledger'", "did you mean: agentctl db vacuum?"),
            (["vacuum"], "there is no command 'vacuum'", "did you mean: agentctl db vacuum?"),
            (["try", "exp", "1 + 1"], "'agentctl try' has no command 'exp'", "did you mean: agentctl try expr '1 + 1'?"),
            (["lint", "w.yaml"], "there is no command 'lint'", "did you mean: agentctl validate w.yaml?"),
            (["logs", "last"], "there is no command 'logs'", "did you mean: agentctl show last?"),
            (["prices", "openai/gpt-4o"], "has no command 'openai/gpt-4o'", "did you mean: agentctl prices show openai/gpt-4o?"),
            (["help", "runn"], "there is no command 'runn'", "did you mean: agentctl help run?"),
            (["db", "zzzzzz"], "has no command 'zzzzzz'", "it has: check, vacuum"), (["zzzzzz"], "there is no command 'zzzzzz'", "commands: init, doctor, validate,"),
        ])
    func aCommandThatThereIsNot(arguments: [String], message: String, hint: String) async throws {
        let sandbox = try Sandbox()
        let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
        #expect(result.code == 2 && result.out.isEmpty && result.err.contains("error: ") && result.err.contains(message) && result.err.contains(hint), "\(result.err)")
    }

    @Test func anOptionThatThereIsNot() async throws {
        let sandbox = try Sandbox()
        let result = try await sandbox.agentctl("run", "w.yaml", "--budgt", "1")
        #expect(result.code == 2 && result.err.contains("Did you mean '--budget'?"), "\(result.err)")
    }

    /// By the words of other tools, where the command has what they mean.
    @Test(
        arguments: [
            (["run", "w.yaml", "--var", "t=x"], "hint: an input is given by --input NAME=VALUE"), (["run", "w.yaml", "t=x"], "hint: an input is given by --input t=…"),
            (["run", "w.yaml", "--dry-run"], "hint: what a run would cost, and nothing is run: agentctl plan FILE"), (["plan", "w.yaml", "--max-cost", "1"], "hint: the cap is given by --budget USD"),
            (["audit", "--group-by", "model"], "hint: what to group by is given by --by A,B"), (["runs", "--format", "json"], "hint: as JSON: --json"),
            (["run", "w.yaml", "-v"], "hint: all that is known of a run: agentctl show RUN --prompts"),
        ])
    func aFlagOfAnotherTool(arguments: [String], hint: String) async throws {
        let sandbox = try Sandbox()
        let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
        #expect(result.code == 2 && result.err.contains("Error: ") && result.err.contains(hint), "\(result.err)")
        // One that cannot mean it gets none.
        let none = try await sandbox.agentctl("doctor", arguments.first { $0.hasPrefix("-") } ?? "--var")
        #expect(none.code == 2 && (!none.err.contains("hint: ") || none.err.contains("--json") || none.err.contains("agentctl show")), "\(none.err)")
    }

    /// What there is, is found: no command is taken for a mistake.
    @Test(arguments: [["--version"], ["--help"], ["help"], ["help", "run"], ["help", "db", "check"], ["db"], ["try", "--help"], ["prices"], ["prices", "--json"], ["init", "--list"], []])
    func whatThereIsIsFound(arguments: [String]) async throws {
        let sandbox = try Sandbox()
        let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
        #expect(result.code == 0 && !result.out.isEmpty, "\(result.err)")
    }

    // MARK: S5

    private func ledger() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1, top: "tags: { team: support }")
        #expect(try await sandbox.agentctl("run", "chain.yaml", "-q").code == 0)
        try sandbox.write("fails.yaml", "version: 1\nname: fails\nsteps:\n  - { id: a, run: ['false'] }\n")
        #expect(try await sandbox.agentctl("run", "fails.yaml", "-q").code == 13)
        return sandbox
    }

    @Test func nothingMatchesAndWhatThereIs() async throws {
        let sandbox = try await ledger()
        func look(_ command: [String], _ expected: String...) async throws {
            let result = try await Sandbox.run(Sandbox.program, command, in: sandbox.folder)
            #expect(result.code == 0 && expected.allSatisfy { result.out.contains($0) } && !result.out.contains("run a workflow first"), "\(command): \(result.out)\(result.err)")
        }
        try await look(["audit", "--tag", "tem=support"], "nothing matches --tag tem=support\n", "there is no tag 'tem': did you mean 'team'? there is: team")
        try await look(["audit", "--tag", "team=suport"], "there is no team 'suport': did you mean 'support'? there is: support")
        try await look(["audit", "--workflow", "chian"], "there is no workflow 'chian': did you mean 'chain'? there are: fails, chain")
        try await look(["audit", "--workflow", "fails"], "nothing matches --workflow fails\n", "there are: 1 succeeded, 1 failed")
        try await look(["audit", "--until", "2020-01-01"], "nothing matches --until 2020-01-01\n", "the first run began 20")
        try await look(["runs", "--workflow", "nosuch"], "nothing matches --workflow nosuch\n", "there is no workflow 'nosuch'; there are: fails, chain")
        try await look(["runs", "--workflow", "chain", "--status", "failed"], "nothing matches --workflow chain --status failed\n", "each of them alone has runs, together they have none; there are: 1 succeeded, 1 failed")
        try await look(["runs", "--status", "waiting"], "no run is waiting; there are: 1 succeeded, 1 failed")
        try await look(["runs", "--batch", "b"], "there is no batch 'b'")
        try await look(["runs", "--since", "2999-01-01"], "the last run began 20")
        try await look(["runs", "--resumable"], "no run can be gone on with; there are: 1 succeeded, 1 failed")
        try await look(["gc", "--older-than", "2020-01-01", "--workflow", "fals"], "nothing to remove\n", "the first run ended 20", "did you mean 'fails'?")
        try await look(["approvals"], "nothing is asked\n")
        try await look(["approvals", "last", "--all"], "nothing was ever asked by ")
        let grouped = try await sandbox.agentctl("audit", "--by", "tag:tem")
        #expect(grouped.code == 0 && grouped.err.contains("there is no tag 'tem': did you mean 'team'?"), "\(grouped.err)")
        // JSON stays JSON.
        #expect(try await sandbox.agentctl("runs", "--workflow", "nosuch", "--json").json == ["runs": []])
        #expect(try await sandbox.agentctl("audit", "--tag", "x=y", "--json").json?["rows"] == [])
    }

    @Test func aRunThatThereIsNot() async throws {
        let sandbox = try await ledger()
        for (arguments, hint) in [
            (["show", "chain"], "that is a workflow; its last run is 20"), (["show", "chain.yaml"], "a file is run by: agentctl run chain.yaml"), (["outputs", "zzz"], "`agentctl runs` lists them"),
            (["verify", "zzz"], "`agentctl runs` lists them"), (["outcome", "zzz", "good"], "`agentctl runs` lists them"), (["show", "last", "b"], "it has: a"),
            (["runs", "--status", "zzz"], "one of: running, succeeded,"), (["gc", "--older-than", "1d", "--status", "zzz"], "one of: succeeded, failed,"),
        ] {
            let result = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
            #expect(result.code == 2 && result.err.contains(hint), "\(arguments): \(result.err)")
        }
    }
}
