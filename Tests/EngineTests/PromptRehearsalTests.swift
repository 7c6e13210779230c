import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Prompts rendered from made-up values.
@Suite struct PromptRehearsalTests {
    private func rehearse(_ yaml: String, _ given: JSONObject = [:], number: Int = 0) throws -> PromptRehearsal {
        let graph = try workflow(yaml)
        let inputs = try InputBinding.bind(PromptRehearsal.inputs(of: graph, given: given), to: graph)
        let time = Timestamp(microseconds: 1_790_000_000_000_000 + Int64(number) * 90_000_000_000)
        return PromptRehearsal(graph, inputs: inputs, run: RunID(at: time, random: UInt64(number)), at: time)
    }

    private static let steps = """
          - { id: a, system: "Run ${{ run.id }}", prompt: "Read ${{ inputs.doc.title }}", output: { schema: { type: object, properties: { kind: { enum: [x, y] } } } } }
          - { id: b, value: "steps.a.output.kind + '!'" }
          - { id: each, for_each: { items: "['p', 'q']" }, steps: [{ id: c, prompt: "${{ item }} of ${{ steps.b.output }}" }, { id: d, prompt: "After ${{ steps.c.output }}" }] }
          - { id: l, loop: { max: 2, steps: [{ id: e, prompt: "Pass ${{ pass.index }}" }] } }
          - { id: cmd, run: [x], output: { parse: json, schema: { type: object, properties: { n: { type: integer, minimum: 4 } } } } }
          - { id: last, prompt: "${{ steps.cmd.output.n }} ${{ steps.each.output[0].d }} ${{ has(steps.a.output) ? steps.a.output.kind : '' }} at ${{ run.started_at }}" }
        """

    private static let top = "inputs: { doc: { type: object, properties: { title: { type: string } }, required: [title] } }"

    @Test func everyStepIsRenderedOnce() throws {
        let rehearsal = try rehearse(modelWorkflow(Self.steps, top: Self.top), ["doc": ["title": "Hamlet"]])
        #expect(rehearsal.failures.map(\.reason) == [])
        #expect(rehearsal.prompts.map { $0.segments.last!.text }.dropLast() == ["Read Hamlet", "Pass 0", "p of x!", "After An answer."])
        #expect(rehearsal.prompts.last?.segments[0].text.hasPrefix("4 An answer. x at 2026-09-21T") == true)
        #expect(rehearsal.prompts.map(\.path) == ["a", "l/e", "each/c", "each/d", "last"])
    }

    @Test func twoPartWhereTheRunStands() throws {
        let yaml = modelWorkflow(Self.steps, top: Self.top)
        let (first, second) = (try rehearse(yaml), try rehearse(yaml, number: 1))
        let found = PromptRehearsal.differences(first.prompts, second.prompts)
        #expect(found.map(\.path) == ["a", "last"])
        #expect(found[0].segment == 0 && found[0].origin == "system" && !found[0].isLast && found[0].bytes >= 4)
        #expect(found[1].isLast)
        #expect(PromptRehearsal.differences(first.prompts, try rehearse(yaml).prompts).isEmpty)
    }

    /// What made-up values do not give is named.
    @Test func whatCannotBeMadeUpIsNamed() throws {
        let rehearsal = try rehearse(modelWorkflow("  - { id: a, run: [x], output: { parse: json } }\n  - { id: b, prompt: \"${{ steps.a.output.deep.down }}\" }"))
        #expect(rehearsal.prompts.isEmpty && rehearsal.failures.map(\.path) == ["b"])
    }
}
