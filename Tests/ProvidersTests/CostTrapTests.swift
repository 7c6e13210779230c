import Economics
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Usage objects as servers send them, priced by the catalogue in the program: ways to get a cost wrong that were reported of real systems,
/// by their numbers. What the numbers mean stands in Tests/CostTraps.md.
@Suite struct CostTrapTests {
    private func parsed(_ text: String) -> JSONValue {
        do { return try JSONParser.parse(text) } catch { fatalError("\(error) in \(text)") }
    }

    private func usage(_ chunks: [String]) throws -> TokenUsage {
        var reader = UsageReader()
        for chunk in chunks { reader.take(answer: parsed(chunk)) }
        let reading = reader.reading(promptBytes: 0, outputBytes: 0, missingCacheIsUnknown: true)
        #expect(reading.note == nil)
        return try #require(reading.counts.usage)
    }

    private func cost(_ model: String, at day: String = "2026-11-30T12:00:00Z", _ chunks: String...) throws -> String {
        let reference = try #require(ModelReference(text: model))
        let sheet = try #require(PriceBook(catalogue: .shipped).sheet(provider: reference.provider, model: reference.model, at: Timestamp(rfc3339: day)!))
        let usage = try usage(chunks)
        return sheet.under(usage.terms).sheet.cost(of: usage, busy: .milliseconds(0)).total.decimalText
    }

    @Test func `T02 what Gemini read from its cache is charged once`() throws {
        // 5,005 x 2.5 + 257,955 x 0.25 + 1,000 x 15, each per million: the tier above 200,000.
        let text = #"{"usageMetadata":{"promptTokenCount":262960,"cachedContentTokenCount":257955,"candidatesTokenCount":1000,"totalTokenCount":263960}}"#
        #expect(try cost("google/gemini-2.5-pro", text) == "0.09200125")
    }

    @Test func `T05 Anthropic's prompt is beside its cache`() throws {
        // 200 x 4 + 9,000 x 0.2 + 1,000 x 5 + 500 x 20.
        let text = #"{"usage":{"input_tokens":200,"cache_read_input_tokens":9000,"cache_creation_input_tokens":1000,"output_tokens":500}}"#
        #expect(try cost("anthropic/claude-opus-5-5", text) == "0.0176")
    }

    @Test func `T07 a prompt that is told with its cache first and without it later is one prompt`() throws {
        let first = #"{"message":{"usage":{"input_tokens":10000,"output_tokens":1}}}"#
        let last = #"{"usage":{"input_tokens":1000,"cache_read_input_tokens":9000,"cache_creation_input_tokens":0,"output_tokens":500}}"#
        #expect(try cost("anthropic/claude-opus-5-5", first, last) == "0.0158")
        #expect(try cost("anthropic/claude-opus-5-5", last, first) == "0.0158")
    }

    @Test func `T09 prompts of Gemini's tools are charged as prompts`() throws {
        let text = #"{"usageMetadata":{"promptTokenCount":1000,"toolUsePromptTokenCount":500,"candidatesTokenCount":100,"thoughtsTokenCount":50,"totalTokenCount":1650}}"#
        // 1,500 x 0.75 + 150 x 3.75.
        #expect(try cost("google/gemini-3.8-flash", text) == "0.0016875")
    }

    @Test func `T10 sound has its own price, and is not left out`() throws {
        let usage = try usage([
            #"{"usage":{"prompt_tokens":1000,"completion_tokens":300,"prompt_tokens_details":{"audio_tokens":800},"completion_tokens_details":{"audio_tokens":200}}}"#
        ])
        #expect(usage == TokenUsage(plainInput: 200, audioInput: 800, plainOutput: 100, audioOutput: 200))
        let gemini = try self.usage([
            #"{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":5,"totalTokenCount":105,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10},{"modality":"AUDIO","tokenCount":90}]}}"#
        ])
        #expect(gemini == TokenUsage(plainInput: 10, audioInput: 90, plainOutput: 5))
    }

    @Test(arguments: [
        // Figures of pi#5737 and oh-my-pi#6876, at 5 dollars a million and 10 for an hour.
        (1_000_000, 600_000, 400_000, "7.75"), (344_139, 0, 344_139, "3.44139"), (344_139, 344_139, 0, "2.15086875"),
        // T13: what the parts lack of the whole was written all the same.
        (1_000_000, 0, 400_000, "7.75"), (1_000_000, 100_000, 100_000, "6.625"),
    ])
    func `T12 T13 writes to a cache are charged by their life time`(written: Int, short: Int, long: Int, cost: String) throws {
        let text = """
            {"usage":{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":\(written),
             "cache_creation":{"ephemeral_5m_input_tokens":\(short),"ephemeral_1h_input_tokens":\(long)}}}
            """
        #expect(try self.cost("anthropic/claude-opus-4-8", text) == cost)
    }

    @Test func `T14 reads and writes have the context tier of their request`() throws {
        func text(_ input: Int) -> String {
            """
            {"usage":{"input_tokens":\(input),"cache_read_input_tokens":50000,"cache_creation_input_tokens":40000,
             "cache_creation":{"ephemeral_5m_input_tokens":30000,"ephemeral_1h_input_tokens":10000},"output_tokens":1000}}
            """
        }
        // 10,000 x 0.1 + 50,000 x 0.01 + 30,000 x 0.125 + 10,000 x 0.2 + 1,000 x 0.5; five times as much above 100,000.
        #expect(try cost("anthropic/claude-haiku-5-5", text(10_000)) == "0.00775")
        #expect(try cost("anthropic/claude-haiku-5-5", text(10_001)) == "0.0387505")
    }

    @Test func `T15 OpenAI's writes are a class, each life time its own`() throws {
        // The guide's example, 2600 = 2000 + 400 + 200, with a hundred of the writes for twelve hours.
        let text = """
            {"usage":{"input_tokens":2600,"output_tokens":100,"total_tokens":2700,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400,
             "cache_write_tokens_details":{"ttl_30m_tokens":300,"ttl_12h_tokens":100}}}}
            """
        // 200 x 10 + 2,000 x 1 + 300 x 12.5 + 100 x 25 + 100 x 50.
        #expect(try cost("openai/gpt-6-astra", text) == "0.01525")
    }

    @Test(arguments: [
        ("openai/gpt-6-astra", #"{"service_tier":"priority","usage":{"prompt_tokens":1000,"completion_tokens":100}}"#, "0.03"),
        ("openai/gpt-6-astra", #"{"service_tier":"default","usage":{"prompt_tokens":1000,"completion_tokens":100}}"#, "0.015"),
        ("openai/gpt-6-astra", #"{"response":{"service_tier":"flex","usage":{"input_tokens":1000,"output_tokens":100}}}"#, "0.0075"),
        ("anthropic/claude-opus-5-5", #"{"usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"standard","speed":"fast","inference_geo":"us"}}"#, "0.0132"),
        ("anthropic/claude-opus-5-5", #"{"usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"batch"}}"#, "0.003"),
        ("google/gemini-3.8-flash", #"{"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":100,"trafficType":"ON_DEMAND_PRIORITY"}}"#, "0.002025"),
    ])
    func `T17 the tier that served is the one that is charged`(model: String, answer: String, cost: String) throws {
        #expect(try self.cost(model, answer) == cost)
    }

    @Test func `T18 what was cached has the discount of a batch`() throws {
        let text = #"{"usage":{"input_tokens":1000,"cache_read_input_tokens":10000,"output_tokens":100,"service_tier":"batch"}}"#
        // 1,000 x 2 + 10,000 x 0.1 + 100 x 10; the fee of a search is not halved.
        #expect(try cost("anthropic/claude-opus-5-5", text) == "0.004")
        let searched = #"{"usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"batch","server_tool_use":{"web_search_requests":2}}}"#
        #expect(try cost("anthropic/claude-opus-5-5", searched) == "0.023")
    }

    @Test(arguments: [
        // Introductory prices end with the year, and with November.
        ("google/gemini-3.8-flash", "2026-12-31T23:59:59.999999Z", "0.0045"), ("google/gemini-3.8-flash", "2027-01-01T00:00:00Z", "0.009"),
        ("google/gemini-4-argon", "2026-11-30T23:59:59Z", "0.012"), ("google/gemini-4-argon", "2026-12-01T00:00:00Z", "0.024"),
        ("deepseek/deepseek-v4-pro", "2026-08-16T12:00:00Z", "0.001305"),
        // A Monday at the peak and off it, and a Sunday.
        ("deepseek/deepseek-flash", "2026-11-30T02:00:00Z", "0.0015"), ("deepseek/deepseek-flash", "2026-11-30T05:00:00Z", "0.00075"),
        ("deepseek/deepseek-flash", "2026-11-29T02:00:00Z", "0.00075"),
    ])
    func `T37 the price of the day and hour counts`(model: String, moment: String, cost: String) throws {
        #expect(try self.cost(model, at: moment, #"{"usage":{"prompt_tokens":1000,"completion_tokens":1000}}"#) == cost)
    }

    @Test func `T44 the cheapest token has a price that is not rounded away`() throws {
        #expect(try cost("openai/gpt-6-luna", #"{"service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":1}}}"#) == "0.000000255")
    }

    /// Counts that no call has are priced when they are asked for, and would not settle one.
    @Test(arguments: [(0, "0", true), (1, "0.0000000005", false), (1 << 31, "1.073741824", true)])
    func edges(count: Int, cost: String, isDoubtful: Bool) throws {
        let raw = try #require(RawUsage(parsed(#"{"prompt_tokens":\#(count),"completion_tokens":0}"#)))
        let row = PriceRow(id: "r", provider: "p", model: "m", unit: .input, price: Money(picoDollars: 500), source: "s", checkedAt: "")
        let output = PriceRow(id: "o", provider: "p", model: "m", unit: .output, price: .zero, source: "s", checkedAt: "")
        let sheet = try #require(PriceBook(overrides: [row, output], catalogue: .empty).sheet(provider: "p", model: "m", at: .now()))
        #expect(sheet.cost(of: raw.estimate, busy: .milliseconds(0)).total.decimalText == cost)
        #expect((raw.doubt != nil) == isDoubtful)
    }

    @Test func aLineOfACostIsExactBeyondWhatAnAmountHolds() {
        #expect(MoneySum(Money(picoDollars: 10_000_000_000), times: 1 << 31).decimalText == "21474836.48")
        #expect(MoneySum(Money(picoDollars: .max), times: 3).decimalText == "27670116.110564327421")
        #expect(MoneySum(Money(picoDollars: 1), times: 0) == .zero)
    }
}
