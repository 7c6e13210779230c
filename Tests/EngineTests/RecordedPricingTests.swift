import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What is recorded of a call is enough to tell its cost again, whatever the call had to do with: classes, long prompts, hours, terms, regions, contracts, several models, fees.
@Suite struct RecordedPricingTests {
    private static let catalogue = try! PriceCatalogue(json: [
        "version": "t",
        "entries": [
            [
                "provider": "p", "models": ["large", "large-2026-01-01"], "source": "s", "checked_at": "2026-01-01", "request_usd": "0.000123", "web_search_usd": "0.01",
                "per_mtok_usd": [
                    "input": "3.00001", "cache_read": "0.3", "cache_write": "3.75", "cache_write_long": "6", "audio_input": "40", "output": "15.00007", "reasoning": "17", "audio_output": "80",
                ],
                "above": [["prompt_tokens": 1000, "per_mtok_usd": ["input": "6", "output": "22.5", "cache_read": "0.6"]]],
                "services": ["batch": ["per_mtok_usd": ["input": "1.5", "output": "7.5"]], "flex": ["per_mtok_usd": ["input": "2", "output": "8"]], "priority": ["per_mtok_usd": ["input": "9", "output": "30"]]],
                "windows": [["name": "night", "hours": "1-7 00:00-06:00", "per_mtok_usd": ["input": "1.1", "output": "5.1"]]], "regions": ["us": "1.1"],
            ],
            ["provider": "p", "models": ["helper"], "source": "s", "checked_at": "2026-01-01", "per_mtok_usd": ["input": "0.25", "output": "1.25"], "request_usd": "0.0001"],
        ],
    ])

    private static func book(contract: Bool) -> PriceBook {
        let contracts = contract ? [PriceAdjustment(name: "deal", models: ["p/*"], kind: .multiplier(853_219), from: nil, to: nil)] : []
        return PriceBook(catalogue: catalogue, adjustments: contracts)
    }

    /// A call as it settled, and all price rows of its time.
    private struct Made {
        let call: RecordedCall
        let settlement: CallSettlement
        let rows: [PriceRow]
        let shares: [UsageShare]
        let profile: ModelProfile
        let book: PriceBook
    }

    private static func usage(_ random: inout SeededGenerator) -> TokenUsage {
        func some(_ most: Int) -> Int? { Bool.random(using: &random) ? Int.random(in: 0...most, using: &random) : nil }
        var usage = TokenUsage(plainInput: Int.random(in: 0...1500, using: &random), plainOutput: Int.random(in: 0...900, using: &random))
        usage.cacheRead = some(800)
        usage.cacheWrite = some(300)
        if usage.cacheWrite != nil { usage.cacheWriteLong = some(200) }
        usage.audioInput = some(50)
        usage.reasoning = some(400)
        usage.audioOutput = some(40)
        usage.searches = some(3)
        return usage
    }

    private static func make(_ seed: UInt64) -> Made {
        var random = SeededGenerator(seed: seed)
        let book = book(contract: Bool.random(using: &random))
        let trust = [ServedTierTrust.trusted, .asked, .dearest].randomElement(using: &random)!
        let profile = ModelProfile(
            reference: ModelReference(provider: "p", model: "large"), servedID: "large", contextWindow: nil, maxConcurrency: nil, servedNames: .known, servedTier: trust)
        let moment = Timestamp(microseconds: 1_790_000_000_000_000 + Int64.random(in: 0..<604_800, using: &random) * 1_000_000)
        func sheet(_ model: String) -> PriceSheet { book.sheet(provider: "p", model: model, at: moment)! }
        var shares: [UsageShare] = []
        if Int.random(in: 0..<4, using: &random) == 0 { shares = [UsageShare(.asked, usage(&random)), UsageShare(.named("helper"), usage(&random))] }
        var own = usage(&random)
        if !shares.isEmpty {
            own = shares[0].usage
            own.plainInput += shares[1].usage.totalInput
            own.plainOutput += shares[1].usage.totalOutput
        }
        if Bool.random(using: &random) {
            let service = [ServiceTier.batch, .flex, .priority, .fast].randomElement(using: &random)!
            own.terms = ServedTerms(service: Bool.random(using: &random) ? service : nil, otherService: nil, region: Bool.random(using: &random) ? "us" : nil)
            if own.terms?.service == nil, own.terms?.region == nil { own.terms = nil }
        }
        let served = shares.isEmpty && Int.random(in: 0..<5, using: &random) == 0 ? "helper" : nil
        let isFinal = Int.random(in: 0..<6, using: &random) > 0
        var counts = TokenCounts(own)
        if !isFinal { counts.total = own.total + Int.random(in: 0...50, using: &random) }
        let reported = Int.random(in: 0..<8, using: &random) == 0 ? Money(picoDollars: Int64.random(in: 1...9_000_000_000, using: &random)) : nil
        let result = ModelCallResult(
            outcome: .success(ModelResponse(text: "x", finishReason: .stop)), billing: isFinal ? .reported : .unknown, counts: counts, modelServed: served,
            total: .milliseconds(Int64.random(in: 0...9000, using: &random)), shares: shares, reported: reported)
        let price = ServedPrice(served, asked: profile, sheet: sheet("large"), find: sheet)
        let priced = shares.map { share -> (usage: TokenUsage, served: ServedPrice) in
            guard case .named(let name) = share.model else { return (share.usage, .asAsked) }
            return (share.usage, ServedPrice(name, asked: profile, sheet: sheet("large"), find: sheet))
        }
        let settlement = CallSettlement(
            result: result, sheet: sheet("large"), served: price, shares: priced, trust: CallSettlement.Trust(reportedCost: reported != nil && seed % 2 == 0, tier: trust),
            held: .max, promptBytes: 400)
        var call = RecordedCall(
            position: RecordedCall.Position(run: 1, number: Int64(seed)), run: "r", workflow: "w", path: "s", step: "s", tier: "t", purpose: "try", model: profile.reference,
            state: settlement.state, startedAt: moment)
        call.modelServed = served
        call.total = result.total
        (call.cost, call.held, call.usage) = (settlement.amount, settlement.held, settlement.usage)
        call.priceRows = settlement.cost?.priceRows ?? []
        call.detail = settlement.detail
        return Made(
            call: call, settlement: settlement, rows: sheet("large").everyRow + sheet("large").under(own.terms).sheet.allRows + settlement.newPriceRows + sheet("helper").allRows, shares: shares,
            profile: profile, book: book)
    }

    private static func pricing(_ made: Made) -> RecordedPricing {
        RecordedPricing(
            rows: PriceRowBook(made.rows),
            sources: RecordedPricing.Sources(profile: { _ in made.profile }, prices: made.book, list: made.book, shares: { _ in made.shares }))
    }

    @Test func `with nothing changed every cost comes out, to the pico-dollar`() {
        var (features, rows) = (TextSet(), TextSet())
        for seed in 0..<4_000 {
            let made = Self.make(UInt64(seed))
            let found = Self.pricing(made).recorded(made.call)
            if made.call.detail.basis == .reported {
                #expect(found == .kept(made.call.cost, .reported), "seed \(seed)")
                features.insert("reported")
            } else if made.call.usage == nil {
                #expect(found == .kept(made.call.cost, .estimated), "seed \(seed)")
            } else if !made.shares.isEmpty, made.call.state == .estimated {
                // Shares of an answer that is not final are not used.
                #expect(found == .priced(made.call.cost!) || found == .kept(made.call.cost, .estimated), "seed \(seed)")
            } else {
                #expect(found == .priced(made.call.cost!), "seed \(seed): \(made.call)")
                features.insert(made.shares.isEmpty ? made.call.modelServed == nil ? "plain" : "served" : "shares")
                features.insert(made.call.detail.list == nil ? "list" : "contract")
                for id in made.call.priceRows { rows.insert(PriceRowBook(made.rows)[id]!.place) }
            }
        }
        #expect(["reported", "plain", "served", "shares", "list", "contract"].allSatisfy(features.contains))
        // Long prompts, hours, terms, a region, sounds, searches and fees.
        for place in ["input", "input>1000", "input~night", "input+batch", "input:us", "cache_write_long", "audio_output", "web_search", "request"] { #expect(rows.contains(place), "\(place)") }
    }

    @Test func `the same list gives the same costs, though it is asked anew`() {
        for seed in 0..<2_000 {
            let made = Self.make(UInt64(seed))
            guard made.call.detail.basis != .reported, made.call.usage != nil, case .priced(let cost) = Self.pricing(made).recorded(made.call) else { continue }
            // The terms of an answer that is not final and of several models are in no fact.
            if !made.shares.isEmpty, made.call.state == .estimated { continue }
            let (_, others) = Self.pricing(made).priced(made.call, on: [RecordedPricing.Terms(usesList: true)])
            #expect(others == [.priced(cost)], "seed \(seed): \(made.call)")
        }
    }

    @Test func `another price is that of each token, times its tokens`() throws {
        let changes = [try PriceChange(models: "p/*", place: nil, value: "+20%"), try PriceChange(models: "p/large", place: "output", value: "2.50")]
        func by(hand price: Money, _ row: PriceRow, isOfLarge: Bool) -> Money {
            // A fifth more, rounded once, half to even; then what is set, where it is the row of that name.
            let (whole, rest) = (price.picoDollars * 12 / 10, price.picoDollars * 12 % 10)
            let more = Money(picoDollars: whole + (rest > 5 || rest == 5 && whole % 2 == 1 ? 1 : 0))
            return isOfLarge && row.place == "output" ? Money(picoDollars: 2_500_000) : more
        }
        for seed in 0..<1_000 {
            let made = Self.make(UInt64(seed))
            guard made.shares.isEmpty, case .priced = Self.pricing(made).recorded(made.call), made.call.state != .void else { continue }
            let book = PriceRowBook(made.rows)
            let expected = made.settlement.cost!.lines.reduce(Money.zero) { sum, line in
                let row = book[line.row]!
                return sum + by(hand: row.price, row, isOfLarge: true) * Int(line.quantity)
            }
            #expect(Self.pricing(made).priced(made.call, on: [RecordedPricing.Terms(changes: changes)]).others == [.priced(expected)], "seed \(seed): \(made.call)")
        }
    }

    @Test func `another model is assumed, and of one without a price nothing is known`() {
        var call = RecordedCall(
            position: RecordedCall.Position(run: 1, number: 1), run: "r", workflow: "w", path: "s", step: "s", tier: "t", purpose: "try",
            model: ModelReference(provider: "p", model: "large"), state: .settled, startedAt: Timestamp(microseconds: 1_790_000_000_000_000))
        call.usage = TokenUsage(plainInput: 100, cacheRead: 40, plainOutput: 10, reasoning: 5)
        call.cost = .zero
        let book = Self.book(contract: false)
        let pricing = RecordedPricing(
            rows: PriceRowBook(),
            sources: RecordedPricing.Sources(
                profile: { ModelProfile(reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil) }, prices: book, shares: { _ in [] },
                scaled: { count, _, _ in count * 2 }))
        let terms = ["helper", "nobody"].map { RecordedPricing.Terms(models: ["t": ModelReference(provider: "p", model: $0)]) }
        // Twice the tokens: 280 of input at a quarter, 30 of output at 1.25 dollars a million, and a fee.
        #expect(pricing.priced(call, on: terms).others == [.assumed(Money(picoDollars: 280 * 250_000 + 30 * 1_250_000 + 100_000_000)), .kept(nil, .unpriced)])
        call.askedTier = "other"
        #expect(pricing.priced(call, on: [terms[0]]).others == [.priced(.zero)])
    }

    @Test(arguments: ["+20", "20%", "-100%", "2.50", "+1.23456%", "x", ""]) func `what is no change is refused`(value: String) {
        #expect(throws: PriceError.self) { try PriceChange(models: "p/*", place: nil, value: value) }
    }
}
