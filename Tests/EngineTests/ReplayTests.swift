import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// Recorded runs through the machines once more.
@Suite struct ReplayTests {
    private static let two = """
        version: 1
        name: two
        inputs: { text: { type: string } }
        models: { small: { use: local/one } }
        budget: { max_cost_usd: 1.00 }
        steps:
          - id: first
            model: small
            prompt: "Say it shorter: ${{ inputs.text }}"
          - id: second
            model: small
            prompt: "Say it louder: ${{ steps.first.output }}"
        outputs: { text: "${{ steps.second.output }}" }
        """

    @Test func aRunOfTwoStepsIsTheSame() async throws {
        let rig = EngineRig { request, _ in .text("answer of \(request.schemaName)") }
        let graph = try workflow(Self.two)
        let result = try await rig.run(graph, ["text": "hello"])
        let report = try await rig.replay(result.id, graph)
        #expect(report.verdict == .identical, "\(String(describing: report.difference))")
        #expect(report.calls == 2)
        #expect(report.steps == 2)
        #expect(report.facts == rig.written.events.count)
        #expect(report.warnings.isEmpty)
    }
}
