import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What expressions read is what is stored, and a secret is neither sent nor stored.
@Suite struct SecretTests {
    private static let secret = Secret(name: "the key of a", value: "sk-canary-0123456789")

    private func rig(_ script: @escaping ScriptedProvider.Script = { _, _ in .text("fine") }) -> EngineRig {
        let clock = ManualClock()
        return EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: script)) { $0.secrets = SecretBook([Self.secret]) }
    }

    /// Settled 36: named, with the step, before anything is reserved.
    @Test(arguments: ["sk-canary-0123456789", "c2stY2FuYXJ5LTAxMjM0NTY3ODk=", "sk%2Dcanary%2D0123456789"]) func aPromptThatHoldsASecretIsNotSent(form: String) async throws {
        let rig = rig()
        let result = try await rig.run(
            """
            version: 1
            name: t
            inputs: { t: { type: string } }
            models: { m: { use: local/small } }
            budget: { max_cost_usd: 1 }
            steps:
              - { id: a, model: m, prompt: "Say ${{ inputs.t }}", limits: { max_output_tokens: 9 } }
            """, ["t": .string(form)])
        #expect(result.status == .failed && result.failedStep == "a" && result.failure?.kind == .secret)
        #expect(result.failure?.message == "the prompt holds a secret, the key of a: it is not sent", "\(result.failure?.message ?? "")")
        #expect(rig.provider.requests.isEmpty && result.cost == .zero && result.calls == 0)
    }

    @Test func aValueThatIsPutTogetherIsClearedBeforeOthersReadIt() async throws {
        let rig = rig()
        let result = try await rig.run(
            """
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output.k }}", b: "${{ steps.b.output }}", c: "${{ 'sk-canary-' + '0123456789' }}" }
            steps:
              - { id: a, value: { k: "sk-canary-${{ '0123456789' }}" } }
              - { id: b, value: "steps.a.output.k == '***'" }
            """)
        #expect(result.outputs == ["a": "***", "b": true, "c": "***"])
        #expect(!rig.written.story.joined().contains("canary"))
    }

    @Test func whatAFailureSaysIsCleared() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 3, stdout: [], stderr: "no sk-canary-0123456789\n") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools) { $0.secrets = SecretBook([Self.secret]) }
        let result = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p] }\n")
        #expect(result.failure?.details == ["stderr: no ***"])
    }

    /// A6: two halves that a tag puts together are stored nowhere.
    @Test func tagsAndTheDecisionAreCleared() async throws {
        let rig = rig { _, _ in .text(#"{"a":"sk-cana","b":"ry-0123","c":"456789"}"#) }
        let (own, told) = ("${{ inputs.u + inputs.p + inputs.q }}", "${{ steps.a.output.a + steps.a.output.b + steps.a.output.c }}")
        let result = try await rig.run(
            """
            version: 1
            name: t
            inputs: { u: { type: string }, p: { type: string }, q: { type: string } }
            tags: { t: "\(own)" }
            decision: { id: "\(own)", outcome: "\(own)" }
            models: { m: { use: local/small } }
            defaults: { limits: { max_output_tokens: 64 } }
            steps:
              - { id: a, model: m, prompt: hi, output: { schema: { type: object, properties: { a: { type: string }, b: { type: string }, c: { type: string } } } } }
              - { id: b, model: m, prompt: ho, tags: { t: "\(told)" } }
              - { id: l, needs: [b], tags: { t: "\(told)" }, for_each: { items: "[1]" }, steps: [{ id: c, model: m, prompt: he }] }
            """, ["u": "sk-cana", "p": "ry-0123", "q": "456789"])
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        #expect(rig.written.calls.map { $0.start.tags?["t"] } == [nil, "***", "***"])
        let written = ["run_started", "call_started", "run_ended"].flatMap { rig.written.payloads($0) }
        #expect(written.count > 3 && !written.contains { $0.jsonText.contains("sk-canary-0123456789") }, "\(written.map(\.jsonText))")
        #expect(rig.written.started!.tags["t"] == "***" && rig.written.started!.decision.id == "***")
    }
}
