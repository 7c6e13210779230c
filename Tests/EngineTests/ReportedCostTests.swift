import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A server's own figure for the cost, its word on the service tier, and answers on which several models worked, as calls are settled: $1 input
/// and $10 output a million tokens.
@Suite struct ReportedCostTests {
    private static func result(
        _ usage: TokenUsage? = TokenUsage(plainInput: 1000, plainOutput: 100), reported: String? = nil, _ billing: BillingEvidence = .reported, isWhole: Bool? = nil,
        shares: [UsageShare] = []
    ) -> ModelCallResult {
        ModelCallResult(
            outcome: .success(ModelResponse(text: "x", finishReason: .stop)), billing: billing, counts: usage.map(TokenCounts.init) ?? .none, total: .milliseconds(10),
            isWhole: isWhole, shares: shares, reported: reported.map(usd))
    }

    private func settle(
        _ result: ModelCallResult, held: String? = "0.01", sheet: PriceSheet? = SettlementTests.sheet, isTrusted: Bool = false, tier: ServedTierTrust = .trusted,
        served: ServedPrice = .asAsked, shares: [(usage: TokenUsage, served: ServedPrice)] = []
    ) -> CallSettlement {
        CallSettlement(
            result: result, sheet: sheet, served: served, shares: shares, trust: .init(reportedCost: isTrusted, tier: tier), held: held.map(usd), promptBytes: 8)
    }

    @Test func `it stands beside ours, and a difference above a hundredth is told`() {
        let same = settle(Self.result(reported: "0.00202"))
        #expect(same.state == .settled && same.amount == usd("0.002") && same.held == usd("0.002") && same.notes.isEmpty)
        #expect(same.detail == CostDetail(reported: usd("0.00202")))
        let off = settle(Self.result(reported: "0.003"))
        #expect(off.amount == usd("0.002") && off.held == usd("0.002"))
        #expect(off.notes == [CallNote(.reportedCost, "the server says that it cost $0.003, and its price rows come to $0.002")])
    }

    @Test(arguments: [
        // Less frees nothing: the cap keeps ours.
        ("0.0005", "0.002", CallState.settled), ("0", "0.002", .settled), ("0.004", "0.004", .settled), ("0.01", "0.01", .settled),
        // More than was held is an overrun.
        ("0.0100001", "0.0100001", .overrun), ("9000000", "9000000", .overrun),
    ])
    func `trusted it is the cost, and never lowers what the cap keeps`(reported: String, held: String, state: CallState) {
        let settled = settle(Self.result(reported: reported), isTrusted: true)
        #expect(settled.state == state && settled.amount == usd(reported) && settled.held == usd(held))
        #expect(settled.detail == CostDetail(reported: usd(reported), basis: .reported, priced: usd("0.002")))
        #expect(settled.kept(of: usd("0.01")) == (held == reported ? nil : usd(held)))
    }

    @Test func `trusted it prices what has no price, and makes nothing final`() {
        let unpriced = settle(Self.result(reported: "0.003"), held: nil, sheet: nil, isTrusted: true)
        #expect(unpriced.amount == usd("0.003") && unpriced.state == .settled && unpriced.held == usd("0.003"))
        #expect(unpriced.detail == CostDetail(reported: usd("0.003"), basis: .reported) && unpriced.kept(of: nil) == nil)
        #expect(settle(Self.result(reported: "0.003"), held: nil, sheet: nil).amount == nil)
        // Of an answer without counts it is the best that is known, and the hold stays.
        let guessed = settle(Self.result(nil, reported: "0.003", .unknown), isTrusted: true)
        #expect(guessed.state == .estimated && guessed.amount == usd("0.003") && guessed.held == usd("0.01"))
        // Of one that broke off it is the least.
        let cut = settle(Self.result(reported: "0.0001", .unknown, isWhole: false), isTrusted: true)
        #expect(cut.amount == usd("0.002") && cut.held == usd("0.01"))
        let beyond = settle(Self.result(nil, reported: "0.5", .unknown), isTrusted: true)
        #expect(beyond.state == .overrun && beyond.held == usd("0.5"))
    }

    @Test func `what is not billed stays free whatever it says`() {
        let void = settle(Self.result(nil, reported: "0.5", .notBilled), isTrusted: true)
        #expect(void.state == .void && void.amount == .zero && void.held == .zero && void.detail == .none)
    }

    // MARK: Service tiers

    private static let tiers: PriceSheet = {
        let entry = """
            {"version":"t","entries":[{"provider":"p","model":"m","source":"s","checked_at":"2026-11-30","per_mtok_usd":{"input":"1","output":"10"},
             "services":{"flex":{"times":"0.5"},"priority":{"times":"2"}},"regions":{"us":"1.1"}}]}
            """
        return PriceBook(catalogue: try! PriceCatalogue(json: try! JSONParser.parse(entry))).sheet(provider: "p", model: "m", at: .now())!
    }()

    @Test(arguments: [
        (ServedTierTrust.trusted, ServiceTier.flex, "0.001", TierSource.served), (.trusted, .priority, "0.004", .served), (.asked, .flex, "0.002", .asked),
        (.asked, .priority, "0.002", .asked), (.dearest, .flex, "0.002", .asked), (.dearest, .priority, "0.004", .served),
    ])
    func `T17 whose word the tier is`(trust: ServedTierTrust, tier: ServiceTier, cost: String, source: TierSource) {
        for (region, factor) in [(nil as String?, 10), ("us", 11)] {
            let usage = TokenUsage(plainInput: 1000, plainOutput: 100, terms: ServedTerms(service: tier, region: region))
            let settled = settle(Self.result(usage), sheet: Self.tiers, tier: trust)
            #expect(settled.amount?.picoDollars == usd(cost).picoDollars * Int64(factor) / 10 && settled.detail.tierSource == source)
            #expect(settled.usage?.terms?.service == tier)
        }
        #expect(settle(Self.result(), sheet: Self.tiers, tier: trust).detail == .none)
    }

    // MARK: Several models

    private static let dear = SettlementTests.prices("dear", input: "5", output: "50")

    @Test func `T20 each part is charged by its own rows, and the cap keeps the dearer`() {
        let parts = [TokenUsage(plainInput: 1000, plainOutput: 10), TokenUsage(plainInput: 500, plainOutput: 100)]
        let usage = TokenUsage(plainInput: 1500, plainOutput: 110)
        let shares = [UsageShare(.asked, parts[0]), UsageShare(.named("dear"), parts[1])]
        let settled = settle(
            Self.result(usage, shares: shares), shares: [(parts[0], .asAsked), (parts[1], .another("dear", Self.dear, isTrusted: false))])
        // 0.001 + 0.0001, and 0.0025 + 0.005.
        #expect(settled.state == .settled && settled.amount == usd("0.0086") && settled.held == usd("0.0086") && settled.usage == usage)
        #expect(settled.newPriceRows == Self.dear.allRows && settled.cost?.priceRows.count == 4)
        #expect(settled.notes == [CallNote(.servedModel, "answered in part by dear, each model's part priced as that model")])
        // A part that a cheaper model made counts as one of the model that was asked.
        let cheap = SettlementTests.prices("cheap", input: "0.1", output: "1")
        let lower = settle(Self.result(usage, shares: shares), shares: [(parts[0], .asAsked), (parts[1], .another("cheap", cheap, isTrusted: false))])
        #expect(lower.amount == usd("0.00125") && lower.held == usd("0.0026"))
        // A model whose price is not known leaves the call an estimate.
        let unknown = settle(Self.result(usage, shares: shares), shares: [(parts[0], .asAsked), (parts[1], .unknown("odd"))])
        #expect(unknown.state == .estimated && unknown.held == usd("0.01") && unknown.amount == usd("0.0026"))
    }

    @Test func `of counts that are not final the parts are not priced`() {
        let part = TokenUsage(plainInput: 500, plainOutput: 100)
        let settled = settle(
            Self.result(part, .unknown, shares: [UsageShare(.named("dear"), part)]), shares: [(part, .another("dear", Self.dear, isTrusted: false))])
        #expect(settled.state == .estimated && settled.amount == usd("0.0015") && settled.held == usd("0.01"))
    }

    // MARK: A run

    private func provider(_ clock: ManualClock, reported: String, isTrusted: Bool) -> ScriptedProvider {
        ScriptedProvider(
            clock: clock,
            profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil, trustsReportedCost: isTrusted)) }
        ) { _, _ in
            var answer = ScriptedProvider.Answer.text("an answer")
            answer.reported = usd(reported)
            return answer
        }
    }

    @Test func `a low figure makes no room under a cap, and the record tells both`() async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: provider(clock, reported: "0.000001", isTrusted: true))
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 1 }"))
        #expect(result.status == .succeeded)
        let end = try #require(rig.written.payloads("call_ended").first)
        let own = try #require(end["priced_usd"]?.stringValue.flatMap(Money.init(decimal:)))
        #expect(end["cost_usd"] == "0.000001" && end["reported_usd"] == "0.000001" && end["cost_basis"] == "reported" && own > usd("0.000001"))
        #expect(rig.written.held == own.picoDollars)
        let spending = result.spending
        #expect(spending.cost == MoneySum(usd("0.000001")) && spending.reportedCalls == 1 && spending.reportedOff == 1)
    }
}
