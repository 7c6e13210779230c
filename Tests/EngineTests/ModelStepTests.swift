import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct ModelStepTests {
    @Test func aFailedCallIsARowAndIsTriedAgain() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.rateLimit, "slow", retryAfter: .seconds(2)), .text("x")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "outputs: { n: \"${{ steps.a.attempts }}\" }"))
        #expect(result.outputs == ["n": 2])
        #expect(rig.clock.elapsed == .milliseconds(2200))
        let calls = rig.written.calls
        #expect(calls.map(\.state) == [.void, .settled])
        #expect(calls[1].start.retryOf == calls[0].start.id.number)
        #expect(calls.map(\.start.ordinal) == [0, 1])
        // Nothing is owed for a call that was turned away.
        #expect(calls[0].held == .zero)
    }

    @Test func anAnswerThatBreaksItsSchemaIsRepaired() async throws {
        let rig = EngineRig(answers: ["a": [.text("{\"n\": \"x\"}"), .text("```json\n{\"n\": 1}\n```")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] } } }
                """, top: "outputs: { n: \"${{ steps.a.output.n }}\" }"))
        #expect(result.outputs == ["n": 1])
        let repair = rig.provider.requests[1].segments
        #expect(repair.map(\.origin) == ["prompt", "rejected answer", "repair"])
        #expect(repair[1].text == "{\"n\": \"x\"}")
        #expect(repair[2].text.contains("That answer is not valid:\n- "))
        #expect(rig.written.calls.map(\.start.purpose) == [.try, .repair])
        #expect(rig.written.payloads("output_rejected").count == 1)
    }

    /// The model that repairs is told which answer it repairs, also when it is not the one that gave it.
    @Test func aRepairThatFallsBackKeepsTheAnswer() async throws {
        let rig = EngineRig(answers: ["a": [.text("nonsense"), .failure(.quota, "no money"), .text("{}")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, output: { schema: { type: object } } }
                """, fallback: "[local/other]"))
        #expect(result.status == .succeeded)
        #expect(rig.provider.requests.map(\.model.model) == ["small", "small", "other"])
        #expect(rig.provider.requests[2].segments[1].text == "nonsense")
    }

    @Test func aRefusalIsNoAnswer() async throws {
        let rig = EngineRig(answers: ["a": [.text("", refusal: "I cannot help with that")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.failure == StepFailure(.refusal, "the model declined: I cannot help with that"))
        #expect(rig.written.calls.map(\.state) == [.settled])
    }

    @Test func aTruncatedAnswerFailsAndIsPaid() async throws {
        let rig = EngineRig(answers: ["a": [.text("half a", finish: .length, input: 10, output: 100)]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.failure?.kind == .truncated)
        #expect(result.cost == MoneySum(usd("0.00021")))
    }

    @Test func inputLimitsAreCheckedBeforeACall() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: 0123456789, limits: { max_input_tokens: 2 } }"))
        #expect(result.failure == StepFailure(.inputLimit, "the prompt has about 3 tokens, limits.max_input_tokens is 2"))
        #expect(result.calls == 0)
        #expect(rig.written.story == ["run_started", "step_started a", "step_failed a", "run_ended failed"])
    }

    @Test func prefixesThatOutliveARunAreTheSystemsPart() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, system: Be brief., prefix: [ticket, policy], prompt: "Now ${{ steps.b.output }}" }
                  - { id: b, value: "1" }
                """,
                top: """
                    inputs: { t: { default: T1 } }
                    prefixes: { policy: { text: The policy. }, ticket: { text: "Ticket ${{ inputs.t }}" } }
                    """))
        let segments = rig.provider.requests[0].segments
        #expect(segments.map(\.origin) == ["system", "prefix policy", "prefix ticket", "prompt"])
        #expect(segments.map(\.role) == [.system, .system, .user, .user])
        #expect(segments.map(\.startsMessage) == [true, false, true, false])
        #expect(segments.map(\.stability) == [.workflow, .workflow, .execution, .step])
    }

    @Test func aModelThatDoesNotStartFallsBackOrFails() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(
            clock: clock,
            preparing: { model in
                model.model == "small" ? .failure(StepFailure(.configuration, "the server of small did not start")) : .success(())
            }, script: { _, _ in .text("x") })
        let rig = EngineRig(clock: clock, provider: provider)
        #expect(try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", fallback: "[local/other]")).status == .succeeded)
        #expect(provider.requests.map(\.model.model) == ["other"])
        let failed = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(failed.failure == StepFailure(.configuration, "the server of small did not start"))
        #expect(rig.written.story == ["run_started", "step_started a", "step_failed a", "run_ended failed"])
    }
}
