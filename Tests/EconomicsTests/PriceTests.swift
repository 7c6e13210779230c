import Testing
import Values

@testable import Economics

/// Which row a token is charged by.
@Suite struct PriceResolutionTests {
    private func price(_ sheet: PriceSheet?, _ unit: PriceUnit, prompt: Int = 0) -> String? {
        sheet?.row(unit, promptTokens: prompt).map { ($0.price * 1_000_000).decimalText }
    }

    @Test func anExactModelBeatsAPattern() {
        let rows = [
            row("*", .input, "9"), row("*", .output, "9"), row("gpt-*", .input, "8"), row("gpt-*", .output, "8"),
            row("gpt-6*", .input, "7"), row("gpt-6*", .output, "7"), row("gpt-6-luna", .input, "1"), row("gpt-6-luna", .output, "2"),
        ]
        #expect(price(resolved(rows, "gpt-6-luna"), .input) == "1")
        #expect(price(resolved(rows, "gpt-6-luna-2026"), .input) == "7")
        #expect(price(resolved(rows, "gpt-5"), .output) == "8")
        #expect(price(resolved(rows, "other"), .input) == "9")
        #expect(price(resolved(rows.reversed(), "gpt-6-luna"), .output) == "2")
    }

    @Test func listsAreNotMixed() {
        // A family's cache discount and context tier are not those of a model with a list of its own.
        let rows = [
            row("gpt-*", .input, "8"), row("gpt-*", .output, "8"), row("gpt-*", .cacheRead, "0.1"), row("gpt-*", .input, "16", above: 100),
            row("gpt-6", .input, "1"), row("gpt-6", .output, "2"),
        ]
        #expect(price(resolved(rows, "gpt-6"), .cacheRead) == "1")
        #expect(price(resolved(rows, "gpt-6"), .input, prompt: 1000) == "1")
        #expect(price(resolved(rows, "gpt-5"), .cacheRead) == "0.1")
        #expect(price(resolved(rows, "gpt-5"), .input, prompt: 1000) == "16")
    }

    @Test func `T37 the list of the day counts and the later start wins`() {
        let rows = [
            row("m", .input, "3"), row("m", .output, "3"), row("m", .input, "9", above: 100),
            row("m", .input, "2", from: "2026-02-01"), row("m", .output, "2", from: "2026-02-01"),
            row("m", .input, "1", from: "2026-06-01", to: "2026-09-01"), row("m", .output, "1", from: "2026-06-01", to: "2026-09-01"),
        ]
        for (moment, expected) in [
            ("2026-01-31T23:59:59.999999Z", "3"), ("2026-02-01", "2"), ("2026-05-31", "2"), ("2026-06-01", "1"),
            ("2026-08-31T23:59:59Z", "1"), ("2026-09-01", "2"), ("2030-01-01", "2"),
        ] {
            #expect(price(resolved(rows, at: moment), .input) == expected, "\(moment)")
        }
        // A new list without a tier has none.
        #expect(price(resolved(rows, at: "2026-01-01"), .input, prompt: 1000) == "9")
        #expect(price(resolved(rows, at: "2026-03-01"), .input, prompt: 1000) == "2")
    }

    @Test func beforeTheFirstAndAfterTheLastDayThereIsNoPrice() {
        let rows = [row("m", .input, "1", from: "2026-02-01", to: "2026-03-01"), row("m", .output, "1", from: "2026-02-01", to: "2026-03-01")]
        #expect(resolved(rows, at: "2026-01-31") == nil)
        #expect(resolved(rows, at: "2026-02-15") != nil)
        #expect(resolved(rows, at: "2026-03-01") == nil)
    }

    @Test func twoOfAKindAreDecidedByTheirNames() {
        let rows = [row("m", .input, "1", id: "a"), row("m", .input, "2", id: "b"), row("m", .output, "1", id: "c")]
        #expect(price(resolved(rows), .input) == "2")
        #expect(price(resolved(rows.reversed()), .input) == "2")
    }

    @Test func `T16 the context tier holds for the whole request and is chosen strictly above by the total prompt`() throws {
        let rows = [
            row("m", .input, "2"), row("m", .output, "10"), row("m", .cacheRead, "0.2"), row("m", .cacheWrite, "2.5"),
            row("m", .input, "4", above: 200_000), row("m", .output, "15", above: 200_000), row("m", .cacheRead, "0.4", above: 200_000),
        ]
        let sheet = try #require(resolved(rows))
        func cost(_ usage: TokenUsage) -> String { sheet.cost(of: usage, busy: .milliseconds(0)).total.decimalText }
        #expect(cost(TokenUsage(plainInput: 200_000, plainOutput: 1000)) == "0.41")
        #expect(cost(TokenUsage(plainInput: 200_001, plainOutput: 1000)) == "0.815004")
        // Cache reads and writes count towards the threshold; the class without a tier keeps its base price.
        #expect(cost(TokenUsage(plainInput: 1, cacheRead: 199_999, cacheWrite: 1, plainOutput: 0)) == "0.0800061")
        #expect(cost(TokenUsage(plainInput: 0, cacheRead: 200_000, cacheWrite: 0, plainOutput: 0)) == "0.04")
    }

    @Test func `T16 of several tiers the highest that is passed counts`() {
        let rows = [
            row("m", .output, "1"), row("m", .input, "1"), row("m", .input, "2", above: 100), row("m", .input, "3", above: 1000),
            row("m", .input, "0.5", above: 10_000),
        ]
        for (prompt, expected) in [(0, "1"), (100, "1"), (101, "2"), (1000, "2"), (1001, "3"), (10_001, "0.5")] {
            #expect(price(resolved(rows), .input, prompt: prompt) == expected)
        }
    }

    @Test func anAbsentClassFallsBackToItsBase() {
        let sheet = resolved([row("m", .input, "2"), row("m", .output, "10")])
        #expect(price(sheet, .cacheRead) == "2")
        #expect(price(sheet, .cacheWrite) == "2")
        #expect(price(sheet, .reasoning) == "10")
        #expect(price(sheet, .request) == nil)
        #expect(price(sheet, .machineHour) == nil)
    }

    @Test func anExplicitZeroIsAPrice() throws {
        let sheet = try #require(resolved([row("m", .input, "2"), row("m", .output, "0"), row("m", .cacheRead, "0"), row("m", .reasoning, "0")]))
        let cost = sheet.cost(of: TokenUsage(plainInput: 1, cacheRead: 1_000_000, plainOutput: 5, reasoning: 5), busy: .milliseconds(0))
        #expect(cost.total.decimalText == "0.000002")
        // The lines are there, with the rows that make them nothing.
        #expect(cost.lines.map(\.unit) == [.input, .cacheRead, .output, .reasoning])
    }

    @Test func `T34 a model without a price in one direction has no sheet`() {
        #expect(resolved([row("m", .input, "2")]) == nil)
        #expect(resolved([row("m", .output, "2")]) == nil)
        #expect(resolved([row("m", .cacheRead, "2"), row("m", .request, "1")]) == nil)
        #expect(resolved([]) == nil)
        #expect(resolved([row("other", .input, "2"), row("other", .output, "2")]) == nil)
        #expect(resolved([row("m", .machineHour, "2")]) != nil)
    }

    @Test func aUsersListReplacesTheCatalogues() throws {
        let catalogue = try PriceCatalogue(
            json: json(
                """
                {"version":"t","entries":[{"provider":"p","model":"m","source":"t","checked_at":"t",
                 "per_mtok_usd":{"input":"3","cache_read":"0.3","output":"15"}}]}
                """))
        let own = PriceBook(overrides: [row("m", .input, "1"), row("m", .output, "2")], catalogue: catalogue)
        let sheet = own.sheet(provider: "p", model: "m", at: .now())
        #expect(price(sheet, .input) == "1")
        #expect(price(sheet, .cacheRead) == "1")
        let half = PriceBook(overrides: [row("m", .input, "1")], catalogue: catalogue)
        #expect(price(half.sheet(provider: "p", model: "m", at: .now()), .input) == "3")
        #expect(own.sheet(provider: "q", model: "m", at: .now()) == nil)
    }

    @Test func aFeeForEachRequest() throws {
        let sheet = try #require(resolved([row("m", .input, "1"), row("m", .output, "1"), row("m", .request, "0.005")]))
        #expect(sheet.cost(of: TokenUsage(plainInput: 0, plainOutput: 0), busy: .milliseconds(0)).total == dollars("0.005"))
    }
}

@Suite struct MachineTimeTests {
    /// One pico-dollar an hour is 1/3 600 000 of one a millisecond.
    @Test(
        arguments: [
            (3_600_000, 1, 1), (3_600_000, 7, 7), (1_800_000, 1, 0), (1_800_000, 3, 2), (1_800_000, 5, 2), (1_800_000, 7, 4), (1_800_001, 1, 1),
            (1_799_999, 1, 0), (100_000_000_000, 36, 1_000_000), (0, 100, 0), (1, 0, 0), (1, -5, 0), (9_000_000_000_000, 1, 2_500_000),
        ] as [(Int64, Int64, Int64)])
    func roundsHalfToEven(hourly: Int64, milliseconds: Int64, pico: Int64) {
        #expect(PriceSheet.machineTime(Money(picoDollars: hourly), .milliseconds(milliseconds)).picoDollars == pico)
    }

    @Test func overflowSaturates() {
        #expect(PriceSheet.machineTime(.max, .seconds(3600)) == .max)
        #expect(PriceSheet.machineTime(.max, .seconds(7200)) == .max)
        #expect(PriceSheet.machineTime(.max, TimeSpan(milliseconds: .max)) == .max)
        #expect(PriceSheet.machineTime(.max, .seconds(1800)).picoDollars == 4_611_686_018_427_387_904)
    }

    @Test func aCallIsChargedByTheTimeItKeepsTheMachine() throws {
        let sheet = try #require(resolved([row("*", .machineHour, "0.10")]))
        let cost = sheet.cost(of: TokenUsage(plainInput: 500, plainOutput: 50), busy: .milliseconds(1800))
        #expect(cost.total == dollars("0.00005"))
        #expect(cost.lines == [Cost.Line(row: "p/*/machine_hour=0.10#54405961", unit: .machineHour, quantity: 1800, amount: dollars("0.00005"))])
        #expect(sheet.isMachineTime)
    }
}

/// T39: what is held bounds whatever the call can cost.
@Suite struct WorstCostTests {
    @Test(arguments: 1...8) func `T39 the worst cost covers every cost of any usage within its bounds`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<400 {
            // A list at random: any classes, up to two tiers of each, prices that may fall or rise with the tier.
            var rows: [PriceRow] = []
            func price() -> String { "\(Int.random(in: 0...60, using: &random)).\(Int.random(in: 1...9, using: &random))" }
            for unit in PriceUnit.allCases where unit.isToken {
                guard unit == .input || unit == .output || Bool.random(using: &random) else { continue }
                rows.append(row("m", unit, price()))
                for tier in 0..<Int.random(in: 0...2, using: &random) { rows.append(row("m", unit, price(), above: [200, 5000][tier])) }
            }
            if Bool.random(using: &random) { rows.append(row("m", .request, "0.0\(Int.random(in: 1...9, using: &random))")) }
            if Bool.random(using: &random) { rows.append(row("m", .machineHour, price())) }
            let sheet = try #require(resolved(rows))

            let inputBound = [0, 1, 150, 200, 201, 5000, 5001, 20_000].randomElement(using: &random)!
            let outputBound = Int.random(in: 0...4000, using: &random)
            let timeout = TimeSpan.milliseconds(Int64.random(in: 0...600_000, using: &random))
            let held = Reservation.worst(
                sheet: sheet, inputBound: inputBound, contextWindow: nil, outputCap: outputBound, timeout: timeout)
            for _ in 0..<20 {
                let prompt = Int.random(in: 0...inputBound, using: &random)
                let read = Int.random(in: 0...prompt, using: &random)
                let write = Int.random(in: 0...(prompt - read), using: &random)
                let output = Int.random(in: 0...outputBound, using: &random)
                let reasoning = Int.random(in: 0...output, using: &random)
                let usage = TokenUsage(
                    plainInput: prompt - read - write, cacheRead: read == 0 ? nil : read, cacheWrite: write,
                    plainOutput: output - reasoning, reasoning: reasoning)
                let busy = TimeSpan.milliseconds(Int64.random(in: 0...timeout.milliseconds, using: &random))
                let cost = sheet.cost(of: usage, busy: busy).total
                #expect(cost <= held.amount, "\(usage) for \(rows.map(\.id))")
            }
            // The extremes themselves.
            for usage in [
                TokenUsage(plainInput: inputBound, plainOutput: outputBound), TokenUsage(plainInput: 0, cacheWrite: inputBound, plainOutput: 0, reasoning: outputBound),
                TokenUsage(plainInput: 0, cacheRead: inputBound, plainOutput: outputBound),
            ] { #expect(sheet.cost(of: usage, busy: timeout).total <= held.amount) }
        }
    }

    @Test func theContextWindowBoundsThePrompt() throws {
        let sheet = try #require(resolved([row("m", .input, "1"), row("m", .output, "1"), row("m", .input, "5", above: 1000)]))
        let held = Reservation.worst(sheet: sheet, inputBound: 100_000, contextWindow: 1000, outputCap: 10, timeout: .seconds(1))
        #expect(held.inputTokens == 1000)
        #expect(held.amount == dollars("0.00101"))
        #expect(held.basis == .learned)
    }

    @Test func aReservationBeyondAllMoneyIsRefusedRatherThanWrapped() throws {
        let sheet = try #require(resolved([row("m", .input, "10000"), row("m", .output, "10000")]))
        #expect(sheet.worstCost(inputTokens: .max / 2, outputTokens: .max / 2, timeout: .seconds(1)) == .max)
    }
}

@Suite struct TokenBoundTests {
    @Test(arguments: [("", 0), ("hello", 5), ("Grüße", 7), ("🎈", 4), ("ﷺ", 33), ("\u{FB01}", 3), ("…", 3)])
    func bytesBoundTokens(text: String, bound: Int) {
        // One ligature is three bytes and thirty-three after NFKC: a tokenizer that normalises sees the latter.
        #expect(TokenBound.inlineText(text) == bound)
    }

    @Test func estimates() {
        #expect([0, 1, 4, 5].map(TokenBound.estimate) == [0, 1, 1, 2])
        #expect(TokenBound.templateOverhead(messages: 2) == 88)
    }
}
