import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Runs under prices that a contract changed, and what an API puts around a schema.
@Suite struct AgreementTests {
    private static func prices(_ times: String, _ bounds: (from: String?, to: String?) = (nil, nil)) -> PriceBook {
        PriceBook(
            overrides: PriceBook.perToken().overrides, catalogue: .none,
            adjustments: [
                PriceAdjustment(
                    name: "contract", models: ["local/*"], kind: .multiplier(PriceAdjustment.millionths(times)!), from: bounds.from.flatMap(Timestamp.init(rfc3339:)),
                    to: bounds.to.flatMap(Timestamp.init(rfc3339:)))
            ])
    }

    private static let yaml = modelWorkflow("  - { id: a, prompt: hello }", top: "budget: { max_cost_usd: 1 }")

    /// 10 tokens at 1 dollar a million and 5 at 2; 83 and 100 at most.
    @Test(arguments: [("0.5", "0.00001", "0.000283"), ("1", "0.00002", "0.000283"), ("1.5", "0.00003", "0.0004245")])
    func theCostIsEffectiveAndTheHoldTheDearerOfBoth(times: String, cost: String, held: String) async throws {
        let rig = EngineRig(answers: ["a": [.text("an answer")]], prices: Self.prices(times))
        let result = try await rig.run(Self.yaml)
        let (start, end) = (try #require(rig.written.payloads("call_started").first), try #require(rig.written.payloads("call_ended").first))
        #expect(start["held_usd"] == .string(held) && end["cost_usd"] == .string(cost) && end["list_usd"] == "0.00002")
        #expect(start["price_rows"]?.arrayValue?.allSatisfy { $0.stringValue?.contains("*\(times)#") == true } == true)
        #expect(rig.written.held == usd(cost).picoDollars && result.spending.cost == MoneySum(usd(cost)) && result.spending.list == MoneySum(usd("0.00002")))
        // The plan bounds what is held.
        let builder = PlanBuilder(graph: try workflow(Self.yaml), provider: rig.provider, prices: Self.prices(times), history: WorkflowHistory(), at: rig.clock.now())
        #expect(builder.plan(inputs: [:]).total.worst == usd(held) * 3)
    }

    @Test func aContractWithoutEffectIsNotTold() async throws {
        let rig = EngineRig(answers: ["a": [.text("an answer")]], prices: Self.prices("0.5", ("2000-01-01", "2000-01-02")))
        _ = try await rig.run(Self.yaml)
        #expect(rig.written.payloads("call_ended").first?["list_usd"] == nil && rig.written.payloads("call_ended").first?["cost_usd"] == "0.00002")
    }

    /// A prompt of the vendor's own comes on top of a schema's text, in the hold and in the plan, and the plan says that it is learned.
    @Test func whatAnAPIPutsAroundASchemaIsHeld() async throws {
        func held(_ overhead: Int, _ output: String) async throws -> (held: Money, plan: Plan) {
            let clock = ManualClock()
            let provider = ScriptedProvider(
                clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil, schemaOverhead: overhead)) }
            ) { _, _ in .text("{}") }
            let rig = EngineRig(clock: clock, provider: provider)
            let yaml = modelWorkflow("  - { id: a, prompt: hello\(output) }", top: "budget: { max_cost_usd: 1 }")
            _ = try await rig.run(yaml)
            let plan = PlanBuilder(graph: try workflow(yaml), provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: [:])
            return (try #require(rig.written.payloads("call_started").first?["held_usd"]?.stringValue.flatMap(Money.init(decimal:))), plan)
        }
        let schema = ", output: { schema: { type: object }, repair: 0 }"
        let (bare, with) = (try await held(0, schema), try await held(1024, schema))
        #expect(with.held == bare.held + usd("0.001024"))
        #expect(with.plan.total.worst == bare.plan.total.worst.map { $0 + usd("0.003072") } && bare.plan.steps[0].notes == [])
        #expect(with.plan.steps[0].notes == ["what the API adds to the prompt around a schema, up to 1024 tokens, is learned, not proved"])
        // Without a schema there is nothing around it.
        let plain = try await held(1024, "")
        #expect(try await held(0, "").held == plain.held && plain.plan.steps[0].notes == [])
    }
}
