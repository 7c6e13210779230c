import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct StepTagTests {
    @Test func aCallHasTheTagsOfItsStep() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.serverError), .text("x")], "b": [.text("y")]])
        _ = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - { id: a, with: { k: v1 }, prompt: hi, tags: { feature: draft, who: "${{ inputs.who }}-${{ with.k }}" } }
                      - { id: b, prompt: "${{ steps.a.output }}" }
                    """, top: "inputs: { who: { default: acme } }\ntags: { feature: all }")))
        let tags = rig.written.calls.map(\.start.tags)
        #expect(tags == [["feature": "draft", "who": "acme-v1"], ["feature": "draft", "who": "acme-v1"], nil])
        #expect(rig.written.payloads("call_started").map { $0["tags"] } == [["feature": "draft", "who": "acme-v1"], ["feature": "draft", "who": "acme-v1"], nil])
    }

    @Test func tagsOfStepsAroundHoldInsideAndInnerOnesWin() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("y")]])
        _ = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - id: g
                        tags: { part: outer, item: "${{ item }}" }
                        for_each: { items: "['p', 'q']", max_parallel: 1 }
                        steps:
                          - { id: a, prompt: hi }
                          - { id: b, prompt: "${{ steps.a.output }}", tags: { part: inner } }
                    """)))
        #expect(rig.written.calls.map { $0.start.tags?["part"] } == ["outer", "inner", "outer", "inner"])
        #expect(rig.written.calls.map { $0.start.tags?["item"] } == ["p", "p", "q", "q"])
    }

    @Test func anotherWorkflowsCallsHaveTheTagsOfTheStepThatRunsIt() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(
            workflow(
                "version: 1\nname: outer\nsteps:\n  - { id: w, workflow: inner.yaml, tags: { part: sub } }\n",
                files: ["inner.yaml": modelWorkflow("  - { id: a, prompt: hi }")]))
        #expect(rig.written.calls.map(\.start.tags) == [["part": "sub"]])
    }

    @Test func aTagWithoutAValueIsLeftOut() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - { id: a, prompt: hi, tags: { who: "${{ inputs.who }}", part: p } }
                    """, top: "inputs: { who: { type: [string, 'null'], default: null } }")))
        #expect(result.status == .succeeded)
        #expect(rig.written.calls[0].start.tags == ["part": "p"])
    }

    @Test func aTagIsAnEdge() throws {
        let graph = try workflow(
            modelWorkflow(
                """
                  - { id: b, prompt: hi, tags: { kind: "${{ steps.a.output }}" } }
                  - { id: a, value: "'x'" }
                """))
        #expect(graph.dependencies[0].map(\.step) == [1])
    }
}
