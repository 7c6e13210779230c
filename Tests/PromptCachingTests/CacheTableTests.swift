import TestSupport
import Testing
import Values

@testable import PromptCaching

/// The table of caches is data: what it says is what the program goes by.
@Suite struct CacheTableTests {
    private let table = CacheTable.shipped

    /// What the simulator was measured with.
    @Test func theSimulatorsNamesAreInTheTable() {
        func life(_ seconds: Int64, _ price: Double) -> (TimeSpan, Double) { (.seconds(seconds), price) }
        let expected: [(String, CacheRules.Entries, Int, [(TimeSpan, Double)], Double)] = [
            ("anthropic", .marks(most: 4), 1024, [life(3600, 2), life(300, 1.25)], 0.1), ("anthropic-5m", .marks(most: 4), 1024, [life(300, 1.25)], 0.1),
            ("anthropic-1h", .marks(most: 4), 1024, [life(3600, 2)], 0.1), ("openai-56", .marks(most: 4), 1024, [life(1800, 1.25)], 0.1),
            ("openai-56-12h", .marks(most: 4), 1024, [life(43_200, 2.5)], 0.1), ("openai-55", .steps(128), 1024, [life(300, 1)], 0.1), ("gemini", .steps(1), 4096, [life(300, 1)], 0.1),
            ("deepseek", .units, 1, [life(3600, 1)], 0.02), ("vllm", .steps(16), 16, [life(31_536_000, 1)], 0),
        ]
        #expect(CacheRules.known.map(\.name) == expected.map(\.0))
        for (rules, (name, entries, least, lifetimes, read)) in zip(CacheRules.known, expected) {
            #expect(rules.entries == entries && rules.leastTokens == least && rules.readPrice == read, "\(name)")
            #expect(rules.lifetimes.map(\.span) == lifetimes.map(\.0) && rules.lifetimes.map(\.writePrice) == lifetimes.map(\.1), "\(name)")
        }
    }

    @Test func everyRowHasADayAndASource() {
        #expect(table.rows.count > 20)
        for row in table.rows {
            #expect(Timestamp(rfc3339: row.asOf) != nil && !row.source.isEmpty, "\(row)")
            #expect(row.models.isEmpty || table.rows.contains { $0.cache == row.cache && $0.models.isEmpty }, "\(row)")
        }
        // No name stands twice in a cache.
        for cache in Set(table.rows.map(\.cache)) {
            let names = table.rows.filter { $0.cache == cache }.flatMap(\.models)
            #expect(Set(names).count == names.count, "\(cache)")
        }
    }

    /// Every word of a project file has its rules; the other caches are spoken by nothing.
    @Test func everyKindIsInTheTable() {
        for kind in CacheKind.allCases {
            #expect((table.rules(kind, model: "any", api: "openai-chat") != nil) == (kind != .auto && kind != .none), "\(kind)")
        }
        let others = Set(table.rows.map(\.cache)).subtracting(CacheKind.allCases.map(\.rawValue))
        #expect(others == ["bedrock", "gemini-cached-content"])
    }

    @Test(arguments: [
        ("claude-opus-5", 512), ("claude-opus-5-20260801", 512), ("claude-opus-5-5-20261001", 512), ("claude-sonnet-5", 1024), ("claude-sonnet-5-5", 512), ("claude-sonnet-4-20250514", 1024),
        ("claude-opus-4-8", 1024), ("claude-opus-4-7-20260416", 2048), ("claude-opus-4-6", 4096), ("claude-haiku-4-5-20251001", 4096), ("claude-fable-5-1", 512), ("claude-of-tomorrow", 4096),
    ])
    func leastLengthsGoByTheModel(model: String, least: Int) throws {
        let rules = try #require(table.rules(.anthropic, model: model, api: "anthropic"))
        #expect(rules.leastTokens == least && rules.lookBack == 20 && rules.canWarmUp && rules.control == .cacheControl)
        #expect(rules.lifetimes.map(\.word) == ["1h", "5m"] && rules.lifetimes.map(\.isLong) == [true, false])
    }

    @Test func openAIHasTwoCaches() throws {
        let old = try #require(table.rules(.openai, model: "gpt-4.1-mini", api: "openai-chat"))
        #expect(old.control == .key && old.entries == .steps(128) && old.readPrice == 0.25 && old.retention?.word == "24h")
        #expect(table.rules(.openai, model: "gpt-4o-mini", api: "openai-chat")?.retention == nil)
        let new = try #require(table.rules(.openai, model: "gpt-6.1-sol", api: "openai-responses"))
        #expect(new.control == .breakpoints && new.readPrice == 0.05 && new.lifetimes.map(\.word) == ["12h", "30m"] && new.canWarmUp)
        // Chat completions have one life and no way to write without an answer.
        let chat = try #require(table.rules(.openai, model: "gpt-5.6-luna", api: "openai-chat"))
        #expect(chat.lifetimes.map(\.word) == ["30m"] && !chat.canWarmUp)
        #expect(table.rules(.openaiBreakpoints, model: "a-deployment", api: "openai-chat") == chat)
    }

    @Test func addressesAndSpans() {
        #expect(table.kind(ofHost: "API.anthropic.com") == .anthropic && table.kind(ofHost: "api.openai.com") == .openai && table.kind(ofHost: "127.0.0.1") == nil)
        #expect(table.spans(of: .anthropic) == [.seconds(300), .seconds(3600)])
        #expect(table.spans(of: .openai) == [.seconds(300), .seconds(1800), .seconds(43_200)] && table.spans(of: .none).isEmpty)
        #expect(table.spans(of: .auto) == [300, 1800, 3600, 43_200, 31_536_000].map(TimeSpan.seconds))
    }

    // MARK: What answers show

    private func learned(_ seen: [(Int, Bool)]) -> LearnedMinimum { seen.reduce(into: LearnedMinimum()) { $0.note($1.0, wasCached: $1.1) } }

    @Test(
        arguments: [
            // Nothing seen, or nothing that the table does not say.
            ([], 1024), ([(500, false), (2000, true)], 1024), ([(1024, true), (1023, false)], 1024),
            // Shorter was taken; as long was not.
            ([(600, true)], 600), ([(600, true), (700, true)], 600), ([(1024, false)], 1025), ([(3000, false), (5000, true)], 3001), ([(600, true), (500, false)], 600),
            // What is taken goes before what was ignored at its length or above.
            ([(3000, false), (2000, true)], 1024), ([(600, true), (900, false)], 600),
            // Three in a row that contradict are a change.
            ([(600, true), (900, false), (900, false), (2000, false)], 2001), ([(600, true), (900, false), (900, false), (600, true), (900, false)], 600), ([(0, false), (-1, true)], 1024),
        ] as [([(Int, Bool)], Int)])
    func whatIsShownGoesBeforeTheTable(seen: [(Int, Bool)], least: Int) {
        #expect(learned(seen).leastTokens(1024) == least)
    }

    /// A cache with any least length is found out, whatever the table says.
    @Test(arguments: 0..<100) func anyLeastLengthIsFound(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let (least, table) = (Int.random(in: 1...5000, using: &random), Int.random(in: 1...5000, using: &random))
        var learned = LearnedMinimum()
        for _ in 0..<2000 {
            let tokens = Int.random(in: 1...6000, using: &random)
            learned.note(tokens, wasCached: tokens >= least)
            // Never past what was shown.
            let says = learned.leastTokens(table)
            #expect(says == table || says <= least || says <= table, "\(says)")
        }
        let says = learned.leastTokens(table)
        #expect(abs(says - least) <= 60 && says > (learned.largestIgnored ?? 0), "\(says) of \(least), by a table of \(table)")
    }
}
