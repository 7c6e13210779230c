import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Reports

/// What caches came to, of calls as a ledger tells them.
@Suite struct CacheAccountTests {
    private static let start = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    private static let prices = [("input", "4"), ("cache_read", "0.4"), ("cache_write", "5"), ("cache_write_long", "8"), ("output", "20")].map { unit, price in
        PriceRow(
            id: "acme/opus/\(unit)", provider: "acme", model: "opus", unit: PriceUnit(rawValue: unit)!, price: try! PriceRow.perMillion(price, name: unit), source: "test",
            checkedAt: "2026-11-21")
    }

    /// A policy of 2,500 tokens, a document and an instruction that no other call has.
    private func call(
        _ number: Int, at second: Int64, read: Int? = 0, written: Int = 0, cached: Int = 0, marks: Bool = false, miss: CacheMiss? = nil, rules: String = "anthropic-5m", step: String = "draft",
        rows: [String] = ["acme/opus/input", "acme/opus/output"], purpose: String = "try", cost: Money? = nil, run: String = "r", heldOut: Bool? = nil, selected: Bool = true, input: Int = 3400
    ) -> CachedCall {
        var call = CachedCall(
            id: "\(run).\(number)", run: run, workflow: "triage", step: step, purpose: purpose, model: ModelReference(provider: "acme", model: "opus"),
            position: .init(startedAt: Self.start.adding(.seconds(second)), run: 1, number: Int64(number)))
        (call.input, call.read, call.written, call.priceRows, call.cost, call.isHeldOut, call.isSelected) = (input, read, written, rows, cost, heldOut, selected)
        let own = UInt64(number * 100)
        call.plan = CachePlan(
            rules: rules, leastTokens: 1024, space: 7,
            ends: [
                .init(segment: 0, name: 11, tokens: 2500, stability: .workflow, reads: [4000]), .init(segment: 1, name: own + 12, tokens: 3200, stability: .execution, reads: [0]),
                .init(segment: 2, name: own + 13, tokens: 3400, stability: .step, reads: [0]),
            ], cached: cached, marks: marks ? [.init(end: 0, lifetime: .seconds(300))] : [])
        call.miss = miss
        return call
    }

    private func rows(_ calls: [CachedCall], by dimensions: [CacheDimension] = [], prices: [PriceRow] = prices, at second: Int64 = 100_000) -> [CacheRow] {
        var account = CacheAccount(by: dimensions, prices: prices)
        var trace = RecordedCacheTrace(archive: InMemoryArchive(InMemoryJournal()))
        for call in calls { account.add(call, trace.planned(call)) }
        return account.result(at: Self.start.adding(.seconds(second)))
    }

    private var three: [CachedCall] {
        [
            call(1, at: 0, written: 2500, marks: true), call(2, at: 60, read: 2500, cached: 2500, step: "check"),
            call(3, at: 1000, written: 2500, cached: 2500, marks: true, miss: .expired),
        ]
    }

    @Test func whatWasReadAndWritten() throws {
        let row = try #require(rows(three).first)
        #expect(row.calls == 3 && row.input == 10_200 && row.read == 2500 && row.written == 5000 && row.unreported == 0)
        #expect(row.plannedCalls == 3 && row.predicted == 5000 && row.observed == 2500)
        #expect(row.misses == [.expired: .init(calls: 1, short: 1, tokens: 2500)])
        // The second and the third had the policy in common with the first; the third too late.
        #expect(row.shared == 5000 && row.reachable == 2500 && row.efficiency == 1)
        // A token read saves $3.6 of a million, one written costs $1 more: 9,000 - 2 · 2,500.
        #expect(row.saved == MoneySum(dollars("0.004")) && row.unknown == 0)
        #expect(row.uncached == MoneySum(dollars("0.0408")) && row.actual == MoneySum(dollars("0.0368")))
        // Where a provider caches nothing without marks, its default saves nothing.
        #expect(row.simulated == .zero && row.savedOverDefault == row.saved)
    }

    @Test func whatNobodyReadWasWrittenInVain() throws {
        // The first was read once and is not in vain; the third lives for five minutes.
        let early = try #require(rows(three, at: 1200).first)
        #expect(early.derivedWritten == 5000 && early.inVain == 0 && early.pending == 2500)
        let late = try #require(rows(three, at: 1301).first)
        #expect(late.inVain == 2500 && late.pending == 0 && late.wastedShare == 0.5)
        // It belongs to whoever wrote it.
        let steps = rows(three, by: [.step], at: 1301)
        #expect(steps.map(\.keys) == [["draft"], ["check"]] && steps.map(\.inVain) == [2500, 0])
    }

    @Test func prefixesAreToldByWhatWasExpectedOrWritten() throws {
        let rows = rows(three + [call(4, at: 1100)], by: [.prefix])
        #expect(rows.map(\.keys) == [["000000000000000b"], [""]] && rows.map(\.calls) == [3, 1])
        #expect(rows[0].prefix?.tokens == 2500 && rows[0].prefix?.stability == .workflow)
        let text = CacheReport(rows, by: [.prefix]).text(style: style())
        #expect(text.contains("000000000000000b   2,500  workflow") && text.contains("1 call too late for its entry (2,500 tokens)"), "\(text)")
    }

    /// Less than nothing is shown as that, and what has no price is unknown.
    @Test func whatCostMoreAndWhatIsUnknown() throws {
        let lost = rows([call(1, at: 0, written: 2500, marks: true)])
        #expect(lost[0].saved == MoneySum.zero - MoneySum(dollars("0.0025")))
        let json = CacheReport(lost, by: []).json
        #expect(json["total"]?["saved_usd"] == "-0.0025" && json["total"]?["simulated"]?["saved_over_default_usd"] == "-0.0025")
        #expect(CacheReport(lost, by: [.model]).csv.contains(",-0.0025,"))
        let bare = rows(three, prices: Array(Self.prices.filter { [.input, .output].contains($0.unit) }))
        #expect(bare[0].unknown == 3 && bare[0].saved == .zero)
        let report = CacheReport(bare, by: [])
        #expect(report.json["total"]?["saved_usd"] == .null && report.text(style: style()).contains("unknown"))
        // A server that does not say what it read is in none of the tokens.
        let silent = rows([call(1, at: 0, read: nil), call(2, at: 10)])
        #expect(silent[0].unreported == 1 && silent[0].input == 3400 && silent[0].plannedCalls == 1)
    }

    /// What no server says is unknown: no token, no amount, no saving, neither against no cache nor against the provider's default.
    @Test func whatNoServerReportsCountsNowhere() throws {
        let mute = call(1, at: 0, read: nil, marks: true, rules: "openai-56")
        // It says that it wrote, and what it read cannot be.
        let odd = call(2, at: 10, read: nil, written: 2500, marks: true)
        var unusable = call(3, at: 20)
        (unusable.input, unusable.read, unusable.written) = (nil, nil, nil)
        var doubtful = call(4, at: 30, read: 3400, cached: 2500)
        doubtful.isDoubtful = true
        // More than the prompt had.
        let impossible = call(5, at: 40, read: 5000, cached: 2500)
        for call in [mute, odd, unusable, doubtful, impossible] {
            let row = try #require(rows([call]).first)
            #expect(row.calls == 1 && row.unreported == 1 && row.unknown == 1 && row.unpriced == 0 && row.unsimulated == 1, "\(call.id)")
            #expect(row.input == 0 && row.read == 0 && row.written == 0 && row.boundedInput == 0 && row.plannedCalls == 0 && row.derivedWritten == 0, "\(call.id)")
            #expect(row.uncached == .zero && row.actual == .zero && row.saved == .zero && row.simulated == .zero && row.compared == .zero && row.savedOverDefault == nil, "\(call.id)")
            let total = CacheReport([row], by: []).json["total"]
            for name in ["input_tokens", "read_tokens", "written_tokens", "hit_ratio", "uncached_usd", "actual_usd", "saved_usd"] { #expect(total?[name] == .null, "\(call.id) \(name)") }
            #expect(total?["simulated"]?["default_saved_usd"] == .null && total?["simulated"]?["saved_over_default_usd"] == .null && total?["simulated"]?["unknown_calls"] == 1, "\(call.id)")
            let text = CacheReport([row], by: []).text(style: style(200))
            #expect(text.contains("unknown") && text.contains("1 call whose server does not say what it read") && !text.contains("$0.00"), "\(text)")
            #expect(!text.contains("price of its own"))
        }
        let all = try #require(rows([mute, doubtful, impossible, call(6, at: 60)]).first)
        #expect(all.unreported == 3 && all.doubtful == 2 && all.input == 3400 && all.uncached == MoneySum(dollars("0.0136")) && all.unknown == 3)
        #expect(CacheReport([all], by: []).text(style: style(200)).contains("2 of them with a usage that is not taken as final"))

        var finance = CacheFinance(prices: Self.prices)
        for call in [mute, odd, unusable] { finance.add(call) }
        let report = CacheFinanceReport(finance.result(at: Self.start.adding(.seconds(86_400))))
        let month = report.json["rows"]?[0]
        for name in ["input_tokens", "without_cache_usd", "actual_usd", "saved_usd"] { #expect(month?[name] == .null, "\(name)") }
        #expect(month?["unreported_calls"] == 3 && report.csv.contains("2026-11,acme,3,1,0,,,,0,,,,3,3,"), "\(report.csv)")
        #expect(!report.text(style: style(200)).contains("$0.00"))
    }

    /// The cause of a call for which nothing was expected is no loss.
    @Test func whatWasNotExpectedIsNotLessThanExpected() throws {
        let rows = rows([call(1, at: 0, miss: .raced), call(2, at: 10, cached: 2500, miss: .moved), call(3, at: 20, miss: .moved)])
        #expect(rows[0].misses == [.raced: .init(calls: 1), .moved: .init(calls: 2, short: 1, tokens: 2500)])
        let text = CacheReport(rows, by: []).text(style: style(240))
        #expect(text.contains("less was read than expected: 1 call with another prompt or setting than was written (2,500 tokens)\n"), "\(text)")
        #expect(text.contains("was not expected, was not: 1 call with another prompt or setting than was written, 1 call while it was still being written\n"), "\(text)")
        let json = CacheReport(rows, by: []).json["total"]?["misses"]
        #expect(json?["moved"] == ["calls": 2, "short_calls": 1, "tokens": 2500] && json?["raced"] == ["calls": 1, "short_calls": 0, "tokens": 0])
    }

    /// A share of what could be read that is above all of it is told as what cannot be.
    @Test func moreThanCouldBeReadIsSaid() throws {
        let honest = rows(three)
        #expect(honest[0].efficiency == 1 && !CacheReport(honest, by: []).text(style: style(240)).contains("above 100 %"))
        let boastful = rows([call(1, at: 0, written: 2500, marks: true), call(2, at: 60, read: 3300, cached: 2500)])
        #expect(try #require(boastful[0].efficiency) > 1)
        #expect(CacheReport(boastful, by: []).text(style: style(240)).contains("efficiency above 100 %: more was read than the rules of the cache let. The servers' counts cannot be"))
    }

    @Test func warmUpsAreACost() throws {
        let warm = call(1, at: 0, written: 2500, marks: true, purpose: "warm", cost: dollars("0.0126"))
        let row = try #require(rows([warm, call(2, at: 5, read: 2500, cached: 2500)]).first)
        #expect(row.warmUps == 1 && row.warmUpCost == MoneySum(dollars("0.0126")))
        #expect(row.saved == MoneySum(dollars("0.009")) - MoneySum(dollars("0.0126")))
        #expect(row.uncached == MoneySum(dollars("0.0136")))
    }

    /// The same requests under what the provider does by itself: 128 tokens a step, or a mark at the end of each prompt.
    @Test func theProvidersOwnDefault() throws {
        let automatic = try #require(rows([call(1, at: 0, rules: "openai-55"), call(2, at: 60, read: 2432, cached: 2500, rules: "openai-55")]).first)
        #expect(automatic.saved == MoneySum(dollars("0.0087552")) && automatic.simulated == automatic.saved && automatic.savedOverDefault == .zero)
        // Ours writes the policy alone, the default the whole of each prompt, of which nothing comes again.
        let marked = try #require(rows([call(1, at: 0, written: 2500, marks: true, rules: "openai-56"), call(2, at: 60, read: 2500, cached: 2500, rules: "openai-56")]).first)
        #expect(marked.simulated == MoneySum.zero - MoneySum(dollars("0.0068")))
        #expect(marked.savedOverDefault == MoneySum(dollars("0.0133")))
        // Without a plan nothing can be simulated.
        var unplanned = call(1, at: 0)
        unplanned.plan = nil
        let row = try #require(rows([unplanned]).first)
        #expect(row.unsimulated == 1 && row.savedOverDefault == nil && row.reachableRatio == nil)
    }

    /// What is not selected fills the same caches.
    @Test func othersFillTheSameCaches() throws {
        let row = try #require(rows([call(1, at: 0, written: 2500, marks: true, selected: false), call(2, at: 60, read: 2500, cached: 2500)]).first)
        #expect(row.calls == 1 && row.reachable == 2500 && row.efficiency == 1 && row.derivedWritten == 0)
    }

    // MARK: For those who pay

    private func run(_ uncached: Int64, _ actual: Int64) -> HoldoutEstimate.Run {
        HoldoutEstimate.Run(uncached: MoneySum(Money(picoDollars: uncached)), actual: MoneySum(Money(picoDollars: actual)))
    }

    @Test func heldOutRunsAreScaledUp() throws {
        let others = [HoldoutEstimate.Run](repeating: run(100, 40), count: 10)
        let estimate = try #require(HoldoutEstimate(heldOut: .init(repeating: run(100, 100), count: 30), others: others))
        #expect(estimate.scaled == MoneySum(Money(picoDollars: 4000)) && estimate.actual == MoneySum(Money(picoDollars: 3400)) && estimate.net == MoneySum(Money(picoDollars: 600)))
        #expect(estimate.variance == 0 && HoldoutEstimate.halfWidth(variance: 0, freedom: 29) == .zero)
        // s² = 3000 / 29, and the variance s²·(30·(1000/3000)² + 10): half an interval is 2.0452 · 37.14.
        let noisy = try #require(HoldoutEstimate(heldOut: (0..<30).map { run(100, $0 % 2 == 0 ? 90 : 110) }, others: others))
        #expect(abs(noisy.variance - 3000.0 / 29 * (30.0 / 9 + 10)) < 1e-6)
        #expect(HoldoutEstimate.halfWidth(variance: noisy.variance, freedom: noisy.freedom) == MoneySum(Money(picoDollars: 76)))
        // Too few, or too different for their number.
        #expect(HoldoutEstimate(heldOut: .init(repeating: run(100, 100), count: 29), others: others) == nil)
        #expect(HoldoutEstimate(heldOut: (0..<30).map { run($0 == 0 ? 10_000 : 100, 100) }, others: others) == nil)
        #expect(HoldoutEstimate(heldOut: .init(repeating: run(100, 100), count: 30), others: []) == nil)
    }

    /// Of many made months the interval has what is true of about nineteen in twenty.
    @Test func theIntervalHoldsWhatIsTrue() {
        var random = SeededGenerator(seed: 5)
        var held = 0
        let months = 400
        for _ in 0..<months {
            // What a run costs without our marks goes with the size of its prompts, and by chance.
            func made() -> (x: Int64, y: Int64) {
                let x = Int64.random(in: 50_000...150_000, using: &random)
                let chance = (0..<4).reduce(Int64(0)) { sum, _ in sum + Int64.random(in: -8000...8000, using: &random) }
                return (x, x * 9 / 10 + chance)
            }
            let heldOut = (0..<40).map { _ in made() }
            let others = (0..<300).map { _ in made() }
            let estimate = HoldoutEstimate(heldOut: heldOut.map { run($0.x, $0.y) }, others: others.map { run($0.x, $0.x * 3 / 10) })!
            let truth = others.reduce(Int64(0)) { $0 + $1.y - $1.x * 3 / 10 }
            let half = HoldoutEstimate.halfWidth(variance: estimate.variance, freedom: estimate.freedom)
            if (estimate.net.exact - Int128(truth)).magnitude <= half.exact.magnitude { held += 1 }
        }
        #expect(held >= months * 92 / 100 && held < months, "\(held) of \(months)")
    }

    @Test func monthsAndVendors() throws {
        var finance = CacheFinance(prices: Self.prices)
        for number in 0..<40 {
            let isHeldOut = number < 30
            // A held-out run asks the same without marks.
            finance.add(call(1, at: Int64(number) * 600, read: 0, written: isHeldOut ? 0 : 2500, marks: !isHeldOut, run: "r\(number)", heldOut: isHeldOut))
            finance.add(call(2, at: Int64(number) * 600 + 30, read: isHeldOut ? 0 : 2500, cached: 2500, run: "r\(number)", heldOut: isHeldOut))
        }
        // In December too few.
        finance.add(call(1, at: 20 * 86_400, run: "december", heldOut: true))
        let rows = finance.result(at: Self.start.adding(.seconds(30 * 86_400)))
        #expect(rows.map(\.month) == ["2026-11", "2026-12"] && rows.map(\.runs) == [40, 1] && rows.map(\.heldOutRuns) == [30, 1])
        let november = rows[0]
        #expect(november.calls.input == 272_000 && november.calls.read == 25_000 && november.calls.written == 25_000 && november.calls.inVain == 0)
        // Ten runs at $0.0272 each, of which $0.0065 were saved.
        #expect(november.scaled == MoneySum(dollars("1.088")) && november.net == MoneySum(dollars("0.065")) && november.interval == .zero)
        #expect(rows[1].scaled == nil && rows[1].net == nil)
        let report = CacheFinanceReport(rows)
        #expect(report.json["rows"]?[0]?["holdout"]?["net_low_usd"] == "0.065" && report.json["rows"]?[1]?["holdout"] == .null)
        #expect(report.csv.split(separator: "\r\n").count == 3 && report.csv.contains("2026-12,acme,1,1,1,3400,0,0,0,0.0136,0.0136,0,0,0,,,,,"))
        let text = report.text(style: style())
        #expect(text.contains("$0.065 ($0.065 to $0.065)") && text.contains("too few"), "\(text)")
    }
}

private func dollars(_ text: String) -> Money { Money(decimal: text)! }
