import TestSupport
import Testing

@Suite struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func aScriptForEachShell(_ shell: String) async throws {
        let sandbox = try Sandbox()
        let result = try await sandbox.agentctl("completions", shell)
        #expect(result.code == 0 && result.err.isEmpty)
        for word in ["agentctl", "validate", "graph", "prompt", "doctor", "max-parallel"] { #expect(result.out.contains(word), "\(word)") }
    }

    @Test func theBashScriptParsesAndCompletes() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2)
        let script = """
            agentctl() { "$0" "$@"; }
            source <(agentctl completions bash)
            COMP_WORDS=(agentctl gr); COMP_CWORD=1; COMP_LINE='agentctl gr'; COMP_POINT=11; COMP_TYPE=9
            _agentctl agentctl gr agentctl; echo "${COMPREPLY[@]}"
            """
        let bash = try await Sandbox.run("/usr/bin/env", ["bash", "-c", script, Sandbox.program], in: sandbox.folder)
        #expect(bash.out == "graph\n", "\(bash.err)")
        // What the scripts call for the steps of a workflow.
        let steps = try await sandbox.agentctl("---completion", "try", "prompt", "--", "positional@1", "4", "0", "agentctl", "try", "prompt", "chain.yaml", "")
        #expect(steps.lines == ["s1", "s2"], "\(steps.err)")
    }

    @Test func anUnknownShell() async throws {
        let sandbox = try Sandbox()
        let result = try await sandbox.agentctl("completions", "tcsh")
        #expect(result.code == 2 && result.err.contains("bash, zsh"), "\(result.err)")
    }
}
