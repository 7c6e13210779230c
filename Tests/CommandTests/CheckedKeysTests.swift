import Foundation
import TestSupport
import Testing
import Values

/// What is checked and not run: `validate` and `graph` take it, `plan` and `run` name each part.
@Suite struct CheckedKeysTests {
    private static let example = Sandbox.repository + "/Tests/Fixtures/support-triage"

    private func project() throws -> Sandbox {
        let sandbox = try Sandbox()
        try FileManager.default.removeItem(atPath: sandbox.path("agentctl.yaml"))
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.example) {
            try FileManager.default.copyItem(atPath: Self.example + "/" + name, toPath: sandbox.path(name))
        }
        return sandbox
    }

    @Test func validateAndGraphTakeIt() async throws {
        let sandbox = try project()
        let validate = try await sandbox.agentctl("validate", "--all")
        #expect(validate.code == 0)
        #expect(validate.lines == ["agentctl.yaml: valid, the project file", "support-triage.yaml: valid, 6 steps", "2 files: 11 warnings"])
        #expect(validate.err.components(separatedBy: "warning[AW123]: ").count == 9, "\(validate.err)")
        let strict = try await sandbox.agentctl("validate", "--strict")
        #expect(strict.code == 10)
        for format in ["text", "mermaid", "dot"] {
            let graph = try await sandbox.agentctl("graph", "support-triage.yaml", "--format", format)
            #expect(graph.code == 0 && graph.err.isEmpty && graph.out.contains("small, mid, frontier") && graph.out.contains("filed"), "\(graph.out)\(graph.err)")
        }
    }

    @Test(arguments: [["plan"], ["run", "--input", "ticket={}"]]) func planAndRunNameEachPart(command: [String]) async throws {
        let sandbox = try project()
        let result = try await Sandbox.run(Sandbox.program, command + ["support-triage.yaml", "--all"], in: sandbox.folder)
        #expect(result.code == 10 && result.out.isEmpty)
        for key in ["secrets", "failure_cost_usd", "tool", "effect", "idempotency_key", "fees_usd", "budgets", "telemetry"] {
            #expect(result.err.contains("error[AW123]: '\(key)' in "), "\(key)")
        }
        #expect(result.err.contains("agentctl.yaml:17:1: error[AW123]") && result.err.contains("  17 | budgets:"), "\(result.err)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.path(".agentctl/ledger.db")))
    }

    /// What is asked of the project file holds for all its workflows.
    @Test func aProjectThatAsksForMore() async throws {
        let sandbox = try Sandbox(project: "telemetry: { otlp: \"http://127.0.0.1:4318\" }\nsecrets: { kb: { env: KB } }")
        try sandbox.writeChain()
        let refused = try await sandbox.agentctl("run", "chain.yaml")
        #expect(refused.code == 10 && refused.err.contains("'telemetry' in the project file is checked"), "\(refused.err)")
        #expect(sandbox.server.requestCount == 0)
        let graph = try await sandbox.agentctl("graph", "chain.yaml")
        #expect(graph.code == 0)
        // A secret that nothing reads asks for nothing.
        let other = try Sandbox(project: "secrets: { kb: { env: KB } }")
        try other.writeChain()
        let run = try await other.agentctl("run", "chain.yaml", "--quiet")
        #expect(run.code == 0, "\(run.err)")
    }

    /// What this version does anyway is no reason to refuse.
    @Test func whatChangesNothingRuns() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(top: "latency_price: 0\nbudget: { max_cost_usd: 0.25, on_exceeded: stop }\nprefixes: { p: { text: hi, ttl: auto, order: keep } }", step: ", deferred: false, tools: []")
        let run = try await sandbox.agentctl("run", "chain.yaml", "--quiet")
        #expect(run.code == 0, "\(run.err)")
    }

    @Test func secretsAreThoseOfTheProject() async throws {
        let sandbox = try Sandbox(project: "secrets: { kb_token: { env: KB } }")
        try sandbox.write("w.yaml", "version: 1\nname: w\nsecrets: [kb_tokn]\nsteps:\n  - { id: a, run: [x], with: { k: \"${{ secrets.kb_tokn }}\" } }\n")
        for command in ["validate", "graph", "plan"] {
            let result = try await sandbox.agentctl(command, "w.yaml")
            #expect(result.code == 10 && result.err.contains("there is no secret 'kb_tokn'") && result.err.contains("did you mean 'kb_token'?"), "\(command): \(result.err)")
        }
    }
}
