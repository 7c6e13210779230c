import Testing

@testable import Economics

@Suite struct ImageTokensTests {
    /// The examples of OpenAI's guide: 1024 by 1024 is 765 tokens in high detail, 2048 by 4096 is 1105, low detail is 85.
    @Test(arguments: [(1024, 1024, 765), (2048, 4096, 1105), (4096, 2048, 1105), (768, 768, 765), (1, 1_000_000, 1445), (10, 10, 765)])
    func tiles(width: Int, height: Int, tokens: Int) {
        let rule = ImageTokens.tiles(base: 85, tile: 170)
        #expect(rule.bound((width, height), isLow: false) == tokens)
        #expect(rule.bound((width, height), isLow: true) == 85)
        #expect(rule.bound(nil, isLow: false) >= rule.bound((width, height), isLow: false))
    }

    /// The example of the guide: 1024 by 1024 is 32 by 32 patches; larger images are scaled to at most 1536.
    @Test(arguments: [(1024, 1024, 1659), (1800, 2400, 2489), (1, 1, 2), (33, 32, 4), (Int.max, Int.max, 2489)])
    func patches(width: Int, height: Int, tokens: Int) {
        let rule = ImageTokens.patches(most: 1536, perMille: 1620)
        #expect(rule.bound((width, height), isLow: false) == tokens)
        #expect(rule.bound(nil, isLow: false) == 2489)
    }

    @Test func theCatalogueKnowsFormulas() {
        let catalogue = PriceCatalogue.shipped
        #expect(catalogue.imageTokens(provider: "openai", model: "gpt-4o-mini") == .tiles(base: 2833, tile: 5667))
        #expect(catalogue.imageTokens(provider: "openai", model: "gpt-4.1-mini") == .patches(most: 1536, perMille: 1620))
        #expect(catalogue.imageTokens(provider: "groq", model: "llama-3.1-8b-instant") == nil)
    }
}
