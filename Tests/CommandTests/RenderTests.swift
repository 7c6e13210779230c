import Foundation
import Testing

/// `validate` and what keeps prompts out of caches.
@Suite struct RenderTests {
    private static func workflow(_ system: String) -> String {
        """
        version: 1
        name: w
        models: { m: { use: stub/echo, max_output_tokens: 9 } }
        defaults: { model: m }
        inputs: { doc: { type: string }, n: { type: integer, minimum: 3 } }
        prefixes: { doc: { text: "${{ inputs.doc }} ${{ inputs.n }}" } }
        steps:
          - { id: a, system: "\(system)", prefix: doc, prompt: "Read it at ${{ run.started_at }}" }
        outputs: { a: "${{ steps.a.output }}" }
        """
    }

    @Test func theSameInputsGiveTheSameBeginning() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.workflow("Be kind."))
        let result = try await sandbox.agentctl("validate", "w.yaml", "--render")
        #expect(result.code == 0 && result.err.isEmpty && result.lines.last == "1 file: no problems", "\(result.err)\(result.out)")
        let given = try await sandbox.agentctl("validate", "w.yaml", "--render", "--input", "doc=Hamlet", "--input", "n=3")
        #expect(given.code == 0 && given.err.isEmpty, "\(given.err)")
    }

    @Test func whereTwoPartIsNamed() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.workflow("At ${{ run.started_at.substring(0, 4) }}, ${{ run.id }}"))
        let result = try await sandbox.agentctl("validate", "w.yaml", "--render")
        #expect(result.code == 0, "\(result.err)")
        #expect(result.err.contains("warning[CP002]: the id of the run stands in 'system'") && result.err.contains("w.yaml:8:"), "\(result.err)")
        #expect(result.err.contains("warning[CP016]: two renderings of the prompt of 'a' part in system, after "), "\(result.err)")
        let strict = try await sandbox.agentctl("validate", "w.yaml", "--strict", "--json")
        #expect(strict.code == 10 && strict.out.contains("\"CP002\"") && !strict.out.contains("CP016"), "\(strict.out)")
        // A plan says it too, a run does not.
        let plan = try await sandbox.agentctl("plan", "w.yaml")
        #expect(plan.err.contains("warning[CP002]"), "\(plan.err)")
        let explained = try await sandbox.agentctl("explain", "cp016")
        #expect(explained.code == 0 && explained.out.contains("in two processes"), "\(explained.out)")
    }
}
