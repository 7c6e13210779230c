import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct MemoTests {
    private static let plain = modelWorkflow(
        "  - { id: a, prompt: \"hi ${{ inputs.n }}\", memo: { max_age: 1h } }",
        top: """
            inputs: { n: { default: 1 } }
            outputs: { a: "${{ steps.a.output }}", attempts: "${{ steps.a.attempts }}", tier: "${{ steps.a.tier }}", cost: "${{ steps.a.cost_usd }}" }
            """)

    @Test func theSameRequestIsAnsweredOnce() async throws {
        let rig = EngineRig(answers: ["a": [.text("first"), .text("second")]])
        let asked = try await rig.run(Self.plain)
        #expect(asked.outputs?["a"] == "first" && asked.calls == 1)
        let call = rig.written.calls[0].start.id.text
        let taken = try await rig.run(Self.plain)
        #expect(taken.outputs == ["a": "first", "attempts": 0, "tier": "m", "cost": 0.0])
        #expect(taken.calls == 0 && taken.cost == .zero)
        #expect(rig.written.story == ["run_started", "step_started a", "memo_hit a", "step_succeeded a", "run_ended succeeded"])
        #expect(rig.written.payloads("memo_hit")[0]["call"] == .string(call))
        // The run has all documents that it names.
        let output = rig.written.payloads("memo_hit")[0]["output"]?.stringValue
        #expect(rig.written.entries.flatMap(\.blobs).contains { $0.hash.hex == output && $0.bytes == Array("\"first\"".utf8) })
        let other = try await rig.run(Self.plain, ["n": 2])
        #expect(other.outputs?["a"] == "second")
        #expect(rig.provider.requests.count == 2)
    }

    @Test func whatWasKeptSaysWhatItCost() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.serverError, billing: .unknown), .text("x", input: 10, output: 5)]])
        _ = try await rig.run(Self.plain)
        let kept = try #require(rig.written.kept.first)
        #expect(kept.cost == rig.written.calls.compactMap(\.end?.cost).reduce(.zero, +))
        _ = try await rig.run(Self.plain)
        let hit = try #require(rig.written.taken.first)
        #expect(hit.saved == kept.cost && hit.call == kept.call.text && hit.path == "a" && hit.model?.model == "small")
    }

    @Test func anAnswerGrowsTooOld() async throws {
        let rig = EngineRig(answers: ["a": [.text("old"), .text("new")]])
        _ = try await rig.run(Self.plain)
        rig.clock.advance(by: .seconds(3599))
        #expect(try await rig.run(Self.plain).outputs?["a"] == "old")
        // Taking it did not make it younger.
        rig.clock.advance(by: .seconds(2))
        #expect(try await rig.run(Self.plain).outputs?["a"] == "new")
    }

    @Test(arguments: [
        "temperature: 0.5", "limits: { max_output_tokens: 99 }", "seed: 1", "output: { schema: { type: string } }", "system: S", "prefix: [p]", "stop: [x]",
    ])
    func whatChangesTheRequestIsAnotherQuestion(keys: String) async throws {
        let rig = EngineRig(answers: ["a": [.text("\"one\""), .text("\"two\"")]])
        let yaml = { (keys: String) in
            modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }\(keys) }", top: "prefixes: { p: { text: P } }")
        }
        _ = try await rig.run(yaml(""))
        #expect(try await rig.run(yaml(", " + keys)).calls == 1)
        #expect(try await rig.run(yaml(", " + keys)).calls == 0)
        #expect(try await rig.run(yaml("")).calls == 0)
    }

    @Test func namesTagsAndHowItIsSentAreNoPartOfIt() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("y")]])
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h } }"))
        let other = try await rig.run(modelWorkflow("  - { id: b, prompt: \"${{ 'h' + 'i' }}\", memo: { max_age: 2m }, tags: { k: v }, stream: true, timeout: 9s }"))
        #expect(other.calls == 0)
        #expect(try await rig.run(modelWorkflow("  - { id: a, prompt: hi }")).calls == 1)
    }

    @Test func onlyAcceptedAnswersAreKept() async throws {
        let schema = "output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 0 }"
        let rig = EngineRig(answers: ["a": [.text("{}"), .text("{\"n\": 1}", finish: .length), .text("{\"n\": 2}"), .text("{\"n\": 3}")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }, \(schema), on_error: { value: { n: 0 } } }", top: "outputs: { n: \"${{ steps.a.output.n }}\" }")
        var outputs: [JSONValue?] = []
        for _ in 0..<4 { outputs.append(try await rig.run(yaml).outputs?["n"]) }
        #expect(outputs == [0, 0, 2, 2])
        #expect(rig.provider.requests.count == 3)
    }

    @Test func aRepairedAnswerIsKeptForTheQuestion() async throws {
        let rig = EngineRig(answers: ["a": [.text("no"), .text("{\"n\": 1}")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }, output: { schema: { type: object, required: [n] } } }", top: "outputs: { n: \"${{ steps.a.output.n }}\" }")
        _ = try await rig.run(yaml)
        let taken = try await rig.run(yaml)
        #expect(taken.outputs == ["n": 1] && taken.calls == 0)
    }

    @Test func aFallbacksAnswerIsThatModels() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.quota), .text("by other"), .text("by small")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h } }", top: "outputs: { a: \"${{ steps.a.output }}\" }", fallback: "[local/other]")
        _ = try await rig.run(yaml)
        #expect(try await rig.run(yaml).outputs == ["a": "by small"])
        #expect(try await rig.run(workflow(yaml).withTier("m", using: ModelReference(provider: "local", model: "other"))).outputs == ["a": "by other"])
    }

    @Test func itemsAreAnsweredEachForItself() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = modelWorkflow("  - { id: a, for_each: { items: \"['p', 'q', 'p']\", max_parallel: 1 }, prompt: \"${{ item }}\", memo: { max_age: 1h } }")
        #expect(try await rig.run(yaml).calls == 2)
        #expect(rig.written.payloads("memo_hit").map { $0["step"] } == ["a[2]"])
    }

    @Test func aCutPromptIsTheQuestion() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let yaml = modelWorkflow(
            """
              - id: a
                memo: { max_age: 1h }
                with: { doc: "${{ inputs.text }}" }
                prompt: "${{ with.doc }}"
                limits: { max_input_tokens: 5, overflow: trim, trim: [doc] }
            """, top: "inputs: { text: { type: string } }")
        _ = try await rig.run(yaml, ["text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1"])
        let second = try await rig.run(yaml, ["text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa-2"])
        #expect(second.calls == 0)
        #expect(rig.written.payloads("input_trimmed").count == 1)
    }

    @Test func withoutMemoNothingIsAskedOrKept() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(rig.written.kept.isEmpty && rig.written.taken.isEmpty)
    }

    @Test func thePlansBestIsNoCallAndItsWorstIsAll() throws {
        let rig = EngineRig(answers: [:])
        func amounts(_ keys: String) throws -> Plan.Amounts {
            let graph = try workflow(modelWorkflow("  - { id: a, prompt: hello\(keys) }"))
            return PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:]).total
        }
        let (with, without) = (try amounts(", memo: { max_age: 1h }"), try amounts(""))
        #expect(with.best == .zero && without.best > .zero)
        #expect(with.worst == without.worst)
    }
}
