import TestSupport
import Testing

@Suite struct GraphTests {
    @Test func everyFormatShowsEveryStep() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        let text = try await sandbox.agentctl("graph", "chain.yaml")
        #expect(text.code == 0 && text.err.isEmpty, "\(text.err)")
        #expect(text.lines.first?.hasPrefix("layer  step") == true && text.out.contains("small → stub/echo"))
        let mermaid = try await sandbox.agentctl("graph", "chain.yaml", "--format", "mermaid")
        #expect(mermaid.lines.contains("flowchart TD") && mermaid.out.contains("s_s1 --> s_s2"))
        let dot = try await sandbox.agentctl("graph", "chain.yaml", "--format", "dot")
        #expect(dot.out.hasPrefix("digraph \"chain\" {") && dot.out.contains("\"s2\" -> \"s3\";"))
        #expect(sandbox.server.requestCount == 0)
    }

    @Test func aBrokenWorkflowAndAnUnknownFormat() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", "version: 1\nname: w\nsteps:\n  - { id: a, value: steps.b.output }\n  - { id: b, value: steps.a.output }\n")
        let cycle = try await sandbox.agentctl("graph", "w.yaml")
        #expect(cycle.code == 10 && cycle.out.isEmpty && cycle.err.contains("a"), "\(cycle.err)")
        try sandbox.writeChain()
        let format = try await sandbox.agentctl("graph", "chain.yaml", "--format", "svg")
        #expect(format.code == 2 && format.err.contains("mermaid"), "\(format.err)")
    }
}
