import Foundation
import Testing
import TestSupport
import Values

/// Model servers that agentctl starts.
@Suite struct ModelServerTests {
    /// Time limits are for a failure: a server that is not started again is waited for.
    @Test(.timeLimit(.minutes(2))) func aServerThatEndsIsStartedAgain() async throws {
        let sandbox = try Sandbox()
        let program = Sandbox.besideTests("stub-model-server")
        try sandbox.write("agentctl.yaml", """
            version: 1
            providers:
              own: { api: openai-chat, models: { m: { serve: { command: [sh, -c, "echo $$ >> server.pids; exec '\(program)' --port ${{ port }}"], ready: /v1/models } } } }
            prices: [{ model: own/m, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }]
            """)
        try sandbox.write("w.yaml", """
            version: 1
            name: w
            models: { m: { use: own/m } }
            defaults: { model: m, limits: { max_output_tokens: 20 } }
            steps:
              - { id: a, prompt: one }
              - { id: crash, needs: [a], shell: true, run: "kill -9 $(tail -n 1 server.pids)" }
              - { id: b, needs: [crash], prompt: two }
            outputs: { b: "${{ steps.b.output }}" }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 0 && run.out.contains("two"), "\(run.out)\(run.err)")
        let servers = try String(contentsOfFile: sandbox.path("server.pids"), encoding: .utf8).split(separator: "\n")
        #expect(servers.count == 2)
        #expect(run.err.components(separatedBy: "starting own/m").count == 3)
    }
}
