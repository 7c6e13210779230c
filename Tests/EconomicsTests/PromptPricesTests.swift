import Testing
import Values

@testable import Economics

/// What a cache saves of a prompt, by the rows that a call was charged by.
@Suite struct PromptPricesTests {
    private static let rows = [
        row("m", .input, "4", id: "in"), row("m", .input, "8", above: 200_000, id: "in>200k"), row("m", .cacheRead, "0.4", id: "read"), row("m", .cacheRead, "0.8", above: 200_000, id: "read>200k"),
        row("m", .cacheWrite, "5", id: "write"), row("m", .cacheWriteLong, "8", id: "long"), row("m", .output, "20", id: "out"), row("other", .input, "1", id: "other/in"),
        row("other", .output, "2", id: "other/out"),
    ]
    private static let noon = day("2026-11-21T12:00:00Z")

    private func list(_ ids: String..., prompt: Int = 10_000, rows: [PriceRow] = rows) -> PromptPrices? {
        PromptPrices(chargedBy: ids, in: PriceRowBook(rows), promptTokens: prompt, at: Self.noon)
    }

    @Test func whatACallHadNoTokenOfIsFoundInTheSameList() throws {
        // All of the prompt was read: nothing was charged as plain input.
        let small = try #require(list("read", "out"))
        #expect(small == PromptPrices(plain: dollars("0.000004"), read: dollars("0.0000004"), write: dollars("0.000005"), writeLong: dollars("0.000008")))
        // A prompt of another tier has its own; where the list has none for that size, the one that holds always.
        let large = try #require(list("read>200k", "out", prompt: 300_000))
        #expect(large.plain == dollars("0.000008") && large.read == dollars("0.0000008") && large.write == dollars("0.000005"))
    }

    @Test func amountsAreExact() throws {
        let prices = try #require(list("in", "read", "write", "out"))
        let cost = try #require(prices.cost(input: 10_000, read: 6_000, written: 1_000, writtenLong: 500))
        #expect(cost.uncached == MoneySum(dollars("0.04")))
        // 2,500 plain, 6,000 at a tenth, 1,000 at 1.25, 500 at 2.
        #expect(cost.actual == MoneySum(dollars("0.0214")))
        // What is written and never read costs more than no cache.
        let vain = try #require(prices.cost(input: 1_000, read: 0, written: 1_000, writtenLong: 0))
        #expect(vain.uncached - vain.actual == MoneySum.zero - MoneySum(dollars("0.001")))
        #expect(prices.cost(input: 10, read: 11, written: 0, writtenLong: 0) == nil)
    }

    @Test func whatIsNotKnownIsNotNothing() throws {
        // The list has no price for reading: input stood in for it.
        let bare = try #require(list("other/in", "other/out"))
        #expect(bare.read == nil && bare.cost(input: 100, read: 10, written: 0, writtenLong: 0) == nil)
        #expect(bare.cost(input: 100, read: 0, written: 0, writtenLong: 0)?.actual == MoneySum(dollars("0.0001")))
        // A row that is not kept, two models for one answer, nothing that counts tokens, nothing at all.
        #expect(list("in", "gone") == nil && list("in", "other/in") == nil && list() == nil)
        let machine = row("m", .machineHour, "2", id: "hour")
        #expect(list("hour", rows: [machine]) == nil)
        // A list of a later day is not that of the call.
        #expect(list("read", rows: [row("m", .cacheRead, "0.4", id: "read"), row("m", .input, "4", from: "2026-12-01T00:00:00Z", id: "later")]) == nil)
    }
}
