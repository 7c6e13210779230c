import Economics
import Testing
import Values

@testable import Providers

/// What an entry says of its counts is stronger than what they look like.
@Suite struct UsageConventionTests {
    private func counts(_ usage: String, cached: UsageConvention.Place = .unknown, reasoning: UsageConvention.Place = .unknown) -> TokenCounts {
        var reader = UsageReader(UsageConvention(cachedInput: cached, reasoning: reasoning))
        reader.take(json(usage))
        return reader.reading(promptBytes: 0, outputBytes: 0, missingCacheIsUnknown: true).counts
    }

    @Test(arguments: [(UsageConvention.Place.unknown, 1000, 1000), (.included, 1000, 1000), (.excluded, 1600, 1600)])
    func cachedTokens(place: UsageConvention.Place, openAI: Int, own: Int) {
        #expect(counts(#"{"prompt_tokens":1000,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":600}}"#, cached: place).input == openAI)
        #expect(counts(#"{"input_tokens":1000,"output_tokens":5,"cached_tokens":600}"#, cached: place).input == own)
    }

    /// T07: servers that speak Anthropic's API and count the cache in its prompt.
    @Test(arguments: [(UsageConvention.Place.unknown, 1600), (.included, 1000), (.excluded, 1600)]) func anthropicsCounters(place: UsageConvention.Place, input: Int) {
        #expect(counts(#"{"input_tokens":1000,"cache_read_input_tokens":600,"output_tokens":5}"#, cached: place).input == input)
    }

    @Test(arguments: [(UsageConvention.Place.unknown, 200), (.included, 200), (.excluded, 320)]) func reasoningTokens(place: UsageConvention.Place, output: Int) {
        #expect(counts(#"{"prompt_tokens":10,"completion_tokens":200,"completion_tokens_details":{"reasoning_tokens":120}}"#, reasoning: place).output == output)
    }
}
