import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct TrimmingTests {
    private func step(_ limits: String, with: String, prompt: String) -> String {
        modelWorkflow(
            "  - { id: a, with: { \(with) }, prompt: \"\(prompt)\", limits: { overflow: trim, \(limits) } }",
            top: """
                inputs: { text: { default: "" }, list: { default: [] }, extra: { default: "" } }
                """)
    }

    @Test func aTextIsCutToExactlyWhatFits() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let text = String(repeating: "abcdefghij", count: 20)
        let result = try await rig.run(workflow(step("max_input_tokens: 20, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "Sum: ${{ with.doc }}!")), ["text": .string(text)])
        #expect(result.status == .succeeded)
        let sent = rig.provider.requests[0].segments[0].text
        #expect(sent.utf8.count == 80)
        #expect(sent == "Sum: " + text.prefix(68) + " […]!")
        #expect(rig.written.payloads("input_trimmed") == [["step": "a", "values": [["key": "doc", "before_bytes": 200, "after_bytes": 74]]]])
        #expect(rig.written.story.prefix(4) == ["run_started", "step_started a", "input_trimmed a", "call_started a"])
        #expect(rig.written.calls[0].start.trimmed == [TrimmedValue(key: "doc", before: 200, after: 74)])
    }

    @Test func aTextIsCutAtACodePoint() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = step("max_input_tokens: 10, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "${{ with.doc }}")
        _ = try await rig.run(workflow(yaml), ["text": .string(String(repeating: "é€😀", count: 30))])
        // 40 bytes less the mark are 34: three characters of nine bytes, two and three more, and no half of the next.
        #expect(rig.provider.requests[0].segments[0].text == "é€😀é€😀é€😀é€ […]")
    }

    @Test func aListLosesItsLastElements() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = step("max_input_tokens: 10, trim: [docs]", with: #"docs: "${{ inputs.list }}""#, prompt: "${{ with.docs.map(d, d.t).join(' ') }}")
        let list = JSONValue.array((0..<20).map { ["t": .string("word\($0)")] })
        _ = try await rig.run(workflow(yaml), ["list": list])
        #expect(rig.provider.requests[0].segments[0].text == "word0 word1 word2 word3 word4 word5")
    }

    @Test func valuesAreCutInTheirOrderAndNoMoreThanNeeded() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = step("max_input_tokens: 10, trim: [b, a]", with: #"a: "${{ inputs.text }}", b: "${{ inputs.extra }}""#, prompt: "${{ with.a }}|${{ with.b }}")
        _ = try await rig.run(workflow(yaml), ["text": .string(String(repeating: "a", count: 50)), "extra": .string(String(repeating: "b", count: 50))])
        #expect(rig.provider.requests[0].segments[0].text == String(repeating: "a", count: 27) + " […]| […]")
        #expect(rig.written.calls[0].start.trimmed.map(\.key) == ["b", "a"])
    }

    @Test func aPromptThatFitsIsLeftAlone() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(workflow(step("max_input_tokens: 10, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "${{ with.doc }}")), ["text": .string(String(repeating: "a", count: 40))])
        #expect(rig.provider.requests[0].segments[0].text.utf8.count == 40)
        #expect(rig.written.payloads("input_trimmed").isEmpty)
        #expect(rig.written.calls[0].start.trimmed.isEmpty)
    }

    @Test func whatDoesNotFitEvenWithoutThemFails() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = step("max_input_tokens: 2, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "0123456789 ${{ with.doc }}")
        let result = try await rig.run(workflow(yaml), ["text": "aaaaaaaaaaaaaaaaaaaa"])
        #expect(result.failure?.kind == .inputLimit)
        #expect(result.failure?.message == "the prompt has about 8 tokens even without doc, limits.max_input_tokens is 2")
        #expect(result.calls == 0)
        #expect(rig.written.payloads("input_trimmed").isEmpty)
    }

    @Test func aTextThatStandsTwiceIsFoundByHalving() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = step("max_input_tokens: 25, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "${{ with.doc }}+${{ with.doc.upperAscii() }}")
        _ = try await rig.run(workflow(yaml), ["text": .string(String(repeating: "a", count: 500))])
        let sent = rig.provider.requests[0].segments[0].text
        #expect(sent == String(repeating: "a", count: 43) + " […]+" + String(repeating: "A", count: 43) + " […]")
    }

    /// A repair says more than the question: it is cut further, from the whole value and not from its rest.
    @Test func aRepairIsCutFurther() async throws {
        let rig = EngineRig(answers: ["a": [.text("no json"), .text("{}")]])
        let yaml = modelWorkflow(
            """
              - id: a
                with: { doc: "${{ inputs.text }}" }
                prompt: "${{ with.doc }}"
                output: { schema: { type: object } }
                limits: { max_input_tokens: 60, overflow: trim, trim: [doc] }
            """, top: "inputs: { text: { type: string } }")
        let result = try await rig.run(workflow(yaml), ["text": .string(String(repeating: "a", count: 300))])
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let sizes = rig.provider.requests.map { $0.segments.reduce(0) { $0 + $1.text.utf8.count } }
        #expect(sizes == [240, 240])
        #expect(rig.provider.requests[1].segments[0].text.hasSuffix("a […]"))
        #expect(rig.written.payloads("input_trimmed").count == 2)
    }

    @Test func itemsAreCutEachForItself() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - id: a
                        for_each: { items: "['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'b']" }
                        with: { doc: "${{ item }}" }
                        prompt: "${{ with.doc }}"
                        limits: { max_input_tokens: 5, overflow: trim, trim: [doc] }
                    """)))
        #expect(Set(rig.provider.requests.map { $0.segments[0].text }) == ["aaaaaaaaaaaaaa […]", "b"])
        #expect(rig.written.payloads("input_trimmed").map { $0["step"] } == ["a[0]"])
    }

    @Test func thePlanCountsACutPrompt() throws {
        let yaml = step("max_input_tokens: 20, trim: [doc]", with: #"doc: "${{ inputs.text }}""#, prompt: "${{ with.doc }}")
        let rig = EngineRig(answers: [:])
        let plan = PlanBuilder(graph: try workflow(yaml), provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now())
            .plan(inputs: ["text": .string(String(repeating: "a", count: 4000)), "list": [], "extra": ""])
        #expect(plan.steps[0].promptTokens == 20)
    }
}
