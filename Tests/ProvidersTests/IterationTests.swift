import Economics
import Testing
import Values
import WorkflowModel

@testable import Providers

/// `usage.iterations` of Anthropic's answers, by the types of its SDK (2.14, beta).
@Suite struct IterationTests {
    private func reading(_ chunks: String...) -> UsageReading {
        var reader = UsageReader()
        for chunk in chunks { reader.take(answer: json(chunk)) }
        return reader.reading(promptBytes: 0, outputBytes: 0, missingCacheIsUnknown: true)
    }

    private static func iteration(_ type: String, _ model: String?, _ input: Int, _ output: Int, read: Int = 0, write: Int = 0) -> String {
        let name = model.map { #","model":"\#($0)""# } ?? ""
        return #"{"type":"\#(type)"\#(name),"input_tokens":\#(input),"output_tokens":\#(output),"cache_read_input_tokens":\#(read),"cache_creation_input_tokens":\#(write)}"#
    }

    private static func usage(_ input: Int, _ output: Int, read: Int = 0, write: Int = 0, more: String = "", _ iterations: String...) -> String {
        #"{"usage":{"input_tokens":\#(input),"output_tokens":\#(output),"cache_read_input_tokens":\#(read),"cache_creation_input_tokens":\#(write)\#(more),"iterations":[\#(iterations.joined(separator: ","))]}}"#
    }

    private func cost(_ shares: [UsageShare], asked: String) throws -> String {
        let book = PriceBook(catalogue: .shipped)
        return try shares.reduce(MoneySum.zero) { sum, share in
            let name = if case .named(let name) = share.model { name } else { asked }
            let sheet = try #require(book.sheet(provider: "anthropic", model: name, at: Timestamp(rfc3339: "2026-11-30")!))
            return sum + MoneySum(sheet.cost(of: share.usage, busy: .milliseconds(0)).total)
        }.decimalText
    }

    /// Figures of litellm#39294: $0.8586, where one model's prices for all of it made $0.5580, 35 % less.
    @Test func `T20 each model's part is its own`() throws {
        let told = reading(
            Self.usage(
                110_000, 320, Self.iteration("message", "claude-fable-5", 60_000, 24), Self.iteration("fallback_message", "claude-opus-4-8", 50_000, 296)))
        #expect(told.isFinal && told.counts.usage?.totalInput == 110_000 && told.counts.usage?.totalOutput == 320)
        #expect(told.shares.map(\.model) == [.named("claude-fable-5"), .named("claude-opus-4-8")])
        #expect(try cost(told.shares, asked: "claude-fable-5") == "0.8586")
        #expect(try cost([UsageShare(.asked, told.counts.usage!)], asked: "claude-opus-4-8") == "0.558")
    }

    @Test(arguments: [(412, 264), (472, 264)])
    func `T20 the attempt that was declined without output is not billed`(input: Int, output: Int) throws {
        // Whether or not the counts at the top have it.
        let told = reading(
            Self.usage(input, output, Self.iteration("message", "claude-fable-5", 60, 0), Self.iteration("fallback_message", "claude-opus-4-8", 412, 264)))
        #expect(told.isFinal && told.shares.map(\.model) == [.named("claude-opus-4-8")])
        #expect(told.counts.usage == TokenUsage(plainInput: 412, cacheRead: 0, cacheWrite: 0, plainOutput: 264))
        // pi#8285: $0.00866, and not the $0.01732 of the model that was asked.
        #expect(try cost(told.shares, asked: "claude-fable-5") == "0.00866")
        // Without a model that took over it was billed.
        #expect(reading(Self.usage(60, 0, Self.iteration("message", nil, 60, 0), Self.iteration("message", nil, 0, 0))).counts.input == 60)
    }

    @Test func `T21 what sums up a context and what an adviser used stand beside the whole`() throws {
        let told = reading(
            Self.usage(
                1000, 100, read: 5000,
                Self.iteration("compaction", nil, 180_000, 3500), Self.iteration("message", nil, 1000, 100, read: 5000),
                Self.iteration("advisor_message", "claude-opus-5-5", 2000, 50, write: 10)))
        #expect(told.isFinal && told.shares.map(\.model) == [.served, .served, .named("claude-opus-5-5")])
        #expect(told.counts.usage == TokenUsage(plainInput: 183_000, cacheRead: 5000, cacheWrite: 10, plainOutput: 3650))
    }

    @Test func aDeclinedAttemptWithoutANameIsThatOfTheModelThatWasAsked() {
        let told = reading(Self.usage(30, 12, Self.iteration("message", nil, 10, 4), Self.iteration("fallback_message", "b", 20, 8)))
        #expect(told.shares.map(\.model) == [.asked, .named("b")])
    }

    @Test func termsAndSearchesBelongToTheParts() {
        let told = reading(
            Self.usage(
                30, 12, more: #","service_tier":"batch","server_tool_use":{"web_search_requests":2}"#, Self.iteration("message", nil, 10, 4),
                Self.iteration("message", nil, 20, 8)))
        #expect(told.shares.map(\.usage.terms?.service) == [.batch, .batch] && told.shares.map(\.usage.searches) == [nil, 2])
    }

    @Test func inAStreamTheLastEventHasThem() {
        let told = reading(
            #"{"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}}}"#,
            Self.usage(10_682, 300, Self.iteration("message", nil, 5000, 100), Self.iteration("message", nil, 5682, 200)))
        #expect(told.isFinal && told.shares.count == 2 && told.counts.input == 10_682)
        // The same counts without them before, and behind.
        let bare = #"{"usage":{"input_tokens":30,"output_tokens":12,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}}"#
        let full = Self.usage(30, 12, Self.iteration("message", nil, 10, 4), Self.iteration("message", nil, 20, 8))
        #expect(reading(bare, full).shares.count == 2 && reading(full, bare).shares.count == 2)
    }

    @Test(arguments: [
        // The whole tells more than its parts.
        (usage(31, 12, iteration("message", nil, 30, 12)), 31, 12), (usage(30, 13, iteration("message", nil, 30, 12)), 30, 13),
        (usage(31, 12, iteration("message", nil, 30, 12), iteration("compaction", nil, 100, 50)), 131, 62),
        // A part that does not count, or of a kind that nobody knows.
        (usage(30, 12, iteration("message", nil, 30, 12), #"{"type":"message"}"#), 30, 12), (usage(30, 12, iteration("message", nil, 30, 12), iteration("odd", nil, 5, 5)), 35, 17),
        (usage(0, 0, iteration("message", nil, -1, 3)), 0, 0),
        (usage(30, 0, iteration("message", nil, 30, 0), iteration("fallback_message", nil, 30, 0), #"{"input_tokens":3000000000,"output_tokens":1}"#), 30, 0),
    ])
    func whatCannotBeTrueSettlesNothingAndIsNotFree(text: String, input: Int, output: Int) {
        let told = reading(text)
        #expect(!told.isFinal && told.note?.code == .usageDoubtful && told.shares.isEmpty)
        #expect(told.counts.input ?? 0 >= input && told.counts.output ?? 0 >= output)
    }

    @Test func anotherObjectWithMoreTakesThePartsAway() {
        let told = reading(Self.usage(30, 12, Self.iteration("message", nil, 30, 12)), #"{"usage":{"input_tokens":90,"output_tokens":12}}"#)
        #expect(!told.isFinal && told.shares.isEmpty && told.counts.input == 90)
    }
}
