import Economics
import Testing
import Values

@testable import Providers

/// What each server of Docs/Providers.md sends, taken apart into disjoint classes.
@Suite struct UsageTests {
    struct Wire: Sendable, CustomTestStringConvertible {
        let server: String
        let usage: String
        var timings: String?
        var missingIsUnknown = true
        let expected: TokenUsage?

        var testDescription: String { server }
    }

    static let wires: [Wire] = [
        Wire(
            server: "OpenAI, reads and writes inside the prompt, reasoning and rejected predictions inside the completion",
            usage: """
                {"prompt_tokens":2600,"completion_tokens":300,"total_tokens":2900,
                 "prompt_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400,"audio_tokens":0},
                 "completion_tokens_details":{"reasoning_tokens":192,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":20}}
                """,
            missingIsUnknown: false,
            expected: TokenUsage(plainInput: 200, cacheRead: 2000, cacheWrite: 400, plainOutput: 108, reasoning: 192)),
        Wire(
            server: "OpenAI without details",
            usage: #"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}"#, missingIsUnknown: false,
            expected: TokenUsage(plainInput: 9, cacheRead: 0, plainOutput: 12)),
        Wire(
            server: "DeepSeek, hit and miss and no cached_tokens",
            usage: """
                {"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_cache_hit_tokens":640,
                 "prompt_cache_miss_tokens":360,"completion_tokens_details":{"reasoning_tokens":30}}
                """,
            expected: TokenUsage(plainInput: 360, cacheRead: 640, plainOutput: 20, reasoning: 30)),
        Wire(
            server: "DeepSeek, both ways of counting hits",
            usage: """
                {"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_tokens_details":{"cached_tokens":640},
                 "prompt_cache_hit_tokens":640,"prompt_cache_miss_tokens":360}
                """,
            expected: TokenUsage(plainInput: 360, cacheRead: 640, plainOutput: 50)),
        Wire(
            server: "vLLM without --enable-prompt-tokens-details",
            usage: #"{"prompt_tokens":25,"total_tokens":41,"completion_tokens":16,"prompt_tokens_details":null}"#,
            expected: TokenUsage(plainInput: 25, plainOutput: 16)),
        Wire(
            server: "vLLM with --enable-prompt-tokens-details",
            usage: #"{"prompt_tokens":25,"total_tokens":41,"completion_tokens":16,"prompt_tokens_details":{"cached_tokens":16}}"#,
            expected: TokenUsage(plainInput: 9, cacheRead: 16, plainOutput: 16)),
        Wire(
            server: "SGLang without --enable-cache-report",
            usage: """
                {"prompt_tokens":43,"total_tokens":53,"completion_tokens":10,"prompt_tokens_details":null,"reasoning_tokens":0}
                """,
            expected: TokenUsage(plainInput: 43, plainOutput: 10, reasoning: 0)),
        Wire(
            server: "SGLang with --enable-cache-report",
            usage: #"{"prompt_tokens":43,"total_tokens":53,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":42}}"#,
            expected: TokenUsage(plainInput: 1, cacheRead: 42, plainOutput: 10)),
        Wire(
            server: "llama.cpp",
            usage: #"{"completion_tokens":12,"prompt_tokens":33,"total_tokens":45,"prompt_tokens_details":{"cached_tokens":32}}"#,
            timings: #"{"cache_n":32,"prompt_n":1,"prompt_ms":7.523,"predicted_n":12,"predicted_ms":155.116}"#,
            expected: TokenUsage(plainInput: 1, cacheRead: 32, plainOutput: 12)),
        Wire(
            server: "llama.cpp before its usage counted cached tokens",
            usage: #"{"completion_tokens":3,"prompt_tokens":36,"total_tokens":39}"#,
            timings: #"{"cache_n":24,"prompt_n":12,"prompt_ms":84.6,"predicted_n":3,"predicted_ms":44.4}"#,
            expected: TokenUsage(plainInput: 12, cacheRead: 24, plainOutput: 3)),
        Wire(
            server: "Ollama",
            usage: #"{"prompt_tokens":31,"completion_tokens":8,"total_tokens":39}"#,
            expected: TokenUsage(plainInput: 31, plainOutput: 8)),
        Wire(
            server: "OpenRouter",
            usage: """
                {"prompt_tokens":194,"prompt_tokens_details":{"cached_tokens":128,"cache_write_tokens":0,"audio_tokens":0},
                 "completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0},"total_tokens":196,"cost":0.0000312,
                 "cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.00003},"is_byok":false}
                """,
            expected: TokenUsage(plainInput: 66, cacheRead: 128, cacheWrite: 0, plainOutput: 2, reasoning: 0)),
        Wire(
            server: "Groq",
            usage: """
                {"queue_time":0.018,"prompt_tokens":4641,"prompt_time":0.17,"completion_tokens":1817,"completion_time":1.59,
                 "total_tokens":6458,"total_time":1.76,"prompt_tokens_details":{"cached_tokens":4608},
                 "completion_tokens_details":{"reasoning_tokens":520}}
                """,
            expected: TokenUsage(plainInput: 33, cacheRead: 4608, plainOutput: 1297, reasoning: 520)),
        Wire(
            server: "LiteLLM, as its stream sent it before llama.cpp",
            usage: """
                {"completion_tokens":12,"prompt_tokens":33,"total_tokens":45,
                 "completion_tokens_details":{"reasoning_tokens":0,"text_tokens":12},"prompt_tokens_details":{"cached_tokens":0},"cost":8.1e-6}
                """,
            expected: TokenUsage(plainInput: 33, cacheRead: 0, plainOutput: 12, reasoning: 0)),
        Wire(
            server: "numbers written with a fraction",
            usage: #"{"prompt_tokens":9.0,"completion_tokens":12.0,"total_tokens":21.0}"#,
            expected: TokenUsage(plainInput: 9, plainOutput: 12)),
    ]

    @Test(arguments: wires) func normalises(_ wire: Wire) throws {
        var answer: JSONObject = ["usage": json(wire.usage)]
        answer["timings"] = wire.timings.map(json)
        var reader = UsageReader()
        reader.take(answer: .object(answer))
        let reading = reader.reading(promptBytes: 8, outputBytes: 8, missingCacheIsUnknown: wire.missingIsUnknown)
        let usage = reading.counts.usage
        #expect(reading.isFinal)
        #expect(reader.raw == json(wire.usage).jsonText)
        #expect(usage == wire.expected)
        // Whatever the classes: nothing is lost and nothing stands twice.
        #expect(usage?.totalInput == json(wire.usage)["prompt_tokens"]?.intValue.map { Int($0) })
        #expect(usage?.totalOutput == json(wire.usage)["completion_tokens"]?.intValue.map { Int($0) })
    }

    private func reading(_ text: String, missingIsUnknown: Bool = true) -> UsageReading {
        var reader = UsageReader()
        reader.take(json(text))
        return reader.reading(promptBytes: 0, outputBytes: 0, missingCacheIsUnknown: missingIsUnknown)
    }

    private func normalise(_ text: String, missingIsUnknown: Bool = true) -> TokenUsage? {
        reading(text, missingIsUnknown: missingIsUnknown).counts.usage
    }

    /// $ per token as in the issues: the cached part costs its own rate, once.
    private func cost(_ usage: TokenUsage?) throws -> String {
        let catalogue = try PriceCatalogue(
            json: json(
                """
                {"version":"t","entries":[{"provider":"p","model":"m","source":"t","checked_at":"t",
                 "per_mtok_usd":{"input":"3","cache_read":"0.3","cache_write":"3.75","output":"15"}}]}
                """))
        let sheet = try #require(PriceBook(catalogue: catalogue).sheet(provider: "p", model: "m", at: .now()))
        return sheet.cost(of: try #require(usage), busy: .milliseconds(0)).total.decimalText
    }

    @Test func `T01 cached tokens are part of the prompt and not charged at the input rate as well`() throws {
        let usage = normalise(#"{"prompt_tokens":100000,"completion_tokens":1000,"prompt_tokens_details":{"cached_tokens":90000}}"#)
        // 10,000 x 3 + 90,000 x 0.3 + 1,000 x 15, each per million.
        #expect(try cost(usage) == "0.072")
    }

    @Test func `T03 a cached count is read where it stands and not dropped`() {
        #expect(normalise(#"{"prompt_tokens":5,"completion_tokens":1,"prompt_cache_hit_tokens":4}"#)?.cacheRead == 4)
        #expect(normalise(#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#)?.cacheRead == 4)
    }

    @Test func `T04 details that overlap each other leave the prompt as it is`() {
        // xAI's text_tokens include the cached ones: they are no class of ours.
        let usage = normalise(
            """
            {"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,
             "prompt_tokens_details":{"text_tokens":100,"cached_tokens":80,"image_tokens":20,"audio_tokens":0}}
            """)
        #expect(usage == TokenUsage(plainInput: 20, cacheRead: 80, plainOutput: 10))
    }

    @Test func `T05 cache-inclusive prompt tokens are not increased by the cache again`() {
        let usage = normalise(
            """
            {"prompt_tokens":1000,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":900},"cache_read_input_tokens":900}
            """)
        #expect(usage?.totalInput == 1000)
    }

    @Test func `T06 a hit count is taken off the prompt as tokens and not as a rate`() throws {
        let usage = normalise(#"{"prompt_tokens":1000000,"completion_tokens":0,"prompt_cache_hit_tokens":1000000,"prompt_cache_miss_tokens":0}"#)
        #expect(try cost(usage) == "0.3")
    }

    @Test(arguments: [
        (#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":12}}"#, TokenUsage(plainInput: 10, cacheRead: 12, plainOutput: 5), false),
        (
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":6,"cache_write_tokens":6}}"#,
            TokenUsage(plainInput: 10, cacheRead: 6, cacheWrite: 6, plainOutput: 5), false
        ),
        (
            #"{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":9}}"#,
            TokenUsage(plainInput: 10, plainOutput: 5, reasoning: 9), false
        ),
        (#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":-1}}"#, TokenUsage(plainInput: 10, plainOutput: 5), true),
    ])
    func `T07 W5 no class falls below zero, and what cannot be true is the dearer reading and not final`(usage: String, expected: TokenUsage, isFinal: Bool) {
        #expect(normalise(usage) == expected)
        #expect(reading(usage).isFinal == isFinal)
    }

    @Test func `T08 reasoning is part of the completion and not added to it`() throws {
        let usage = normalise(#"{"prompt_tokens":1,"completion_tokens":199,"total_tokens":200,"completion_tokens_details":{"reasoning_tokens":78}}"#)
        #expect(usage?.totalOutput == 199)
        #expect(try cost(usage) == "0.002988")
        // xAI counts it beside the completion, as only its total tells.
        let beside = normalise(#"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}"#)
        #expect(beside == TokenUsage(plainInput: 32, plainOutput: 9, reasoning: 94))
    }

    @Test func `T15 cache writes are a class of their own`() throws {
        let usage = normalise(#"{"prompt_tokens":1000,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":1000}}"#)
        #expect(usage?.cacheWrite == 1000)
        #expect(try cost(usage) == "0.00375")
    }

    @Test(arguments: [
        "null", "{}", #"{"prompt_tokens":5}"#, #"{"completion_tokens":5}"#, #"{"prompt_tokens":null,"completion_tokens":null}"#,
        #"{"prompt_tokens":"five","completion_tokens":"5 or so"}"#, #"{"prompt_tokens":-5,"completion_tokens":5}"#,
        #"{"prompt_tokens":1e300,"completion_tokens":5}"#, #"{"prompt_tokens":99999999999999999999,"completion_tokens":5}"#, "[]", "7",
    ])
    func `T26 usage that does not count both directions is missing and not zero`(usage: String) {
        #expect(normalise(usage) == nil)
    }

    @Test func `T26 a reported zero is a zero where it can be one`() {
        #expect(normalise(#"{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5}"#) == TokenUsage(plainInput: 5, plainOutput: 0))
        #expect(normalise(#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#) == nil)
    }

    @Test(arguments: ["", #","prompt_tokens_details":null"#, #","prompt_tokens_details":{}"#, #","prompt_tokens_details":{"cached_tokens":null}"#])
    func `T45 cached tokens that are not named are unknown unless the dialect says that they would be`(details: String) {
        let usage = #"{"prompt_tokens":5,"completion_tokens":1\#(details)}"#
        #expect(normalise(usage) == TokenUsage(plainInput: 5, cacheRead: nil, plainOutput: 1))
        #expect(normalise(usage, missingIsUnknown: false)?.cacheRead == 0)
    }

    @Test func `T45 a cached count of zero is known`() {
        #expect(normalise(#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":0}}"#)?.cacheRead == 0)
    }
}
