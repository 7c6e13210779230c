import Economics
import PromptCaching
import Testing
import Values
import WorkflowModel

/// A cache at the prices of a model's rows.
@Suite struct PricedCacheTests {
    private func sheet(_ prices: [(PriceUnit, Int64)]) -> PriceSheet? {
        let rows = prices.map { PriceRow(id: $0.0.rawValue, provider: "p", model: "m", unit: $0.0, price: Money(picoDollars: $0.1), source: "test", checkedAt: "2026-11-30") }
        return PriceBook(overrides: rows, catalogue: .empty).sheet(provider: "p", model: "m", at: Timestamp(rfc3339: "2026-11-30")!)
    }

    private func rules(_ kind: CacheKind, _ model: String = "any", api: String = "anthropic") -> CacheRules { CacheTable.shipped.rules(kind, model: model, api: api)! }

    @Test func pricesAreSharesOfTheInput() {
        let priced = rules(.anthropic).priced(
            by: sheet([(.input, 4_000_000), (.output, 20_000_000), (.cacheRead, 200_000), (.cacheWrite, 5_200_000), (.cacheWriteLong, 8_000_000)]), promptTokens: 100)
        #expect(priced.unknown.isEmpty && priced.rules.readPrice == 0.05 && priced.rules.lifetimes.map(\.writePrice) == [2, 1.3])
        #expect(priced.rules.lifetimes.map(\.word) == ["1h", "5m"] && priced.rules.leastTokens == rules(.anthropic).leastTokens)
    }

    @Test func whatHasNoRowIsNotKnownAndNotFree() {
        let none = rules(.anthropic).priced(by: nil, promptTokens: 100)
        #expect(none.unknown == [.cacheRead, .cacheWrite, .cacheWriteLong] && none.rules == rules(.anthropic))
        let bare = rules(.anthropic).priced(by: sheet([(.input, 4), (.output, 20), (.cacheWrite, 6)]), promptTokens: 100)
        #expect(bare.unknown == [.cacheRead, .cacheWriteLong] && bare.rules.readPrice == 0.1 && bare.rules.lifetimes.map(\.writePrice) == [2, 1.5])
        // A model that costs nothing has no shares.
        #expect(rules(.openai).priced(by: sheet([(.input, 0), (.output, 0), (.cacheRead, 0)]), promptTokens: 100).unknown == [.cacheRead])
        // Of rules that do not say which life is the longer one of two, the shortest is the usual one.
        let two = CacheRules(name: "x", entries: .marks(most: 4), leastTokens: 1, lifetimes: [.init(span: .seconds(3600), writePrice: 9), .init(span: .seconds(300), writePrice: 9)], readPrice: 0.5)
        let told = two.priced(by: sheet([(.input, 4), (.output, 20), (.cacheRead, 1), (.cacheWrite, 6), (.cacheWriteLong, 8)]), promptTokens: 100)
        #expect(told.rules.lifetimes.map(\.writePrice) == [2, 1.5] && told.unknown.isEmpty)
        // One life alone asks for the prices of that.
        #expect(rules(.anthropic).lasting([.seconds(300)]).priced(by: nil, promptTokens: 1).unknown == [.cacheRead, .cacheWrite])
    }

    /// What a cache writes by itself costs what input costs: a row of 0 says no more than that.
    @Test func whatIsWrittenByItselfHasNoPrice() {
        let priced = rules(.deepseek).priced(by: sheet([(.input, 300_000), (.output, 1), (.cacheRead, 6000), (.cacheWrite, 0)]), promptTokens: 100)
        #expect(priced.unknown.isEmpty && priced.rules.readPrice == 0.02 && priced.rules.lifetimes.map(\.writePrice) == [1])
    }

    /// Every model of the price list whose cache is known has rules that can be right.
    @Test func theShippedPricesGoWithTheShippedTable() {
        var priced = 0
        for (provider, kind, api) in [("anthropic", CacheKind.anthropic, "anthropic"), ("openai", .openai, "openai-responses"), ("deepseek", .deepseek, "openai-chat")] {
            for name in PriceCatalogue.shipped.models where name.hasPrefix("\(provider)/") {
                let model = String(name.dropFirst(provider.count + 1))
                let sheet = PriceBook(catalogue: .shipped).sheet(provider: provider, model: model, at: Timestamp(rfc3339: "2026-11-30")!)
                guard let sheet, case let cache = rules(kind, model, api: api).priced(by: sheet, promptTokens: 2000), cache.unknown.isEmpty else { continue }
                priced += 1
                #expect((0..<1).contains(cache.rules.readPrice) && cache.rules.lifetimes.allSatisfy { (1...3).contains($0.writePrice) }, "\(name)")
            }
        }
        #expect(priced > 60)
    }
}
