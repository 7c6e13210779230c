import Testing
import Values

@testable import Economics

/// What contracts make of list prices.
@Suite struct AdjustmentTests {
    private static func adjustment(_ models: String..., times: String, from: String? = nil, to: String? = nil, name: String = "contract") -> PriceAdjustment {
        PriceAdjustment(name: name, models: models, kind: .multiplier(PriceAdjustment.millionths(times)!), from: from.map(day), to: to.map(day))
    }

    private func sheet(_ adjustments: PriceAdjustment..., rows: [PriceRow]? = nil, model: String = "m", at moment: String = "2026-06-01") throws -> PriceSheet {
        let rows = rows ?? [row("m", .input, "1"), row("m", .output, "10"), row("m", .input, "2", above: 1000), row("m", .request, "0.001")]
        let book = PriceBook(overrides: rows, catalogue: .empty, adjustments: adjustments)
        return try #require(book.sheet(provider: "p", model: model, at: day(moment)))
    }

    private let usage = TokenUsage(plainInput: 1000, plainOutput: 100)

    @Test func effectiveAndListStandBesideEachOther() throws {
        let sheet = try sheet(Self.adjustment("p/*", times: "0.85"))
        // 0.001 + 0.001 + a fee of 0.001.
        #expect(sheet.cost(of: usage, busy: .milliseconds(0)).total == dollars("0.00255"))
        #expect(sheet.list?.cost(of: usage, busy: .milliseconds(0)).total == dollars("0.003"))
        #expect(sheet.row(.input, promptTokens: 1001)?.price == Money(picoDollars: 1_700_000) && sheet.row(.input, promptTokens: 1001)?.listPrice == Money(picoDollars: 2_000_000))
        let effective = try #require(sheet.row(.output, promptTokens: 0))
        #expect(effective.id.hasPrefix("p/m/output=10*0.85#") && effective.agreement == "contract")
        // As it is kept, it tells itself and the list price.
        #expect(PriceRow(json: effective.json) == effective && PriceRow.isTold(id: effective.id, by: JSONEncoding.canonical.string(effective.json)))
        let changed = JSONEncoding.canonical.string(effective.json).replacing("\"list_price_pico_usd\":10000000", with: "\"list_price_pico_usd\":10000001")
        #expect(!PriceRow.isTold(id: effective.id, by: changed))
        // Without a contract nothing is changed.
        #expect(try self.sheet().list == nil && self.sheet(Self.adjustment("p/other", times: "0.5")).list == nil)
    }

    @Test(arguments: [("0.5", "0.006"), ("1", "0.006"), ("1.5", "0.009")])
    func aHoldCountsTheDearerOfBoth(times: String, held: String) throws {
        // 1,000 tokens at 1 dollar a million, 400 at 10, a fee of 0.001.
        #expect(try sheet(Self.adjustment("p/m", times: times)).worstCost(inputTokens: 1000, outputTokens: 400, timeout: .seconds(1)) == dollars(held))
    }

    @Test func theClosestHoldsWithinItsPeriod() throws {
        let all = [
            Self.adjustment("p/*", times: "0.9"), Self.adjustment("p/m", times: "0.5", from: "2026-02-01", to: "2026-03-01", name: "spring"),
            PriceAdjustment(name: "credit", models: ["p/m"], kind: .credit(dollars("5")), from: day("2026-01-01"), to: day("2027-01-01")),
        ]
        let book = PriceBook(overrides: [row("m", .input, "1"), row("m", .output, "1")], catalogue: .empty, adjustments: all)
        func price(_ moment: String) -> String? { book.sheet(provider: "p", model: "m", at: Timestamp(rfc3339: moment)!)?.row(.input, promptTokens: 0).map { ($0.price * 1_000_000).decimalText } }
        #expect(price("2026-01-31T23:59:59Z") == "0.9" && price("2026-02-01") == "0.5" && price("2026-02-28T23:59:59Z") == "0.5" && price("2026-03-01") == "0.9")
        // What is resolved now holds until the next begins or ends.
        #expect(book.quote(provider: "p", model: "m", at: day("2026-01-01")).until == day("2026-02-01"))
        #expect(book.quote(provider: "p", model: "m", at: day("2026-02-10")).until == day("2026-03-01"))
        #expect(book.quote(provider: "p", model: "m", at: day("2026-04-01")).until == nil && book.quote(provider: "p", model: "x", at: day("2026-01-01")).sheet == nil)
    }

    @Test func otherTermsAreChangedToo() throws {
        let entry = """
            {"version":"t","entries":[{"provider":"p","model":"m","source":"s","checked_at":"2026-11-30","per_mtok_usd":{"input":"1","output":"10"},
             "services":{"flex":{"times":"0.5"}},"regions":{"us":"1.1"},"windows":[{"name":"night","hours":"1-7 00:00-06:00","per_mtok_usd":{"input":"0.5","output":"5"}}]}]}
            """
        let book = PriceBook(catalogue: try PriceCatalogue(json: json(entry)), adjustments: [Self.adjustment("p/m", times: "0.873")])
        let sheet = try #require(book.sheet(provider: "p", model: "m", at: Timestamp(rfc3339: "2026-11-30T12:00:00Z")!))
        func price(_ sheet: PriceSheet) -> Int64? { sheet.row(.input, promptTokens: 0)?.price.picoDollars }
        #expect(price(sheet) == 873_000 && price(sheet.under(ServedTerms(service: .flex)).sheet) == 436_500)
        #expect(price(sheet.under(ServedTerms(region: "us")).sheet) == 960_300 && sheet.under(ServedTerms(region: "us")).sheet.list.flatMap(price) == 1_100_000)
        // Every row that a call may be charged by is among those that are kept.
        #expect(Set(sheet.everyRow.map(\.id)).isSuperset(of: sheet.allRows.map(\.id)) && sheet.everyRow.allSatisfy { $0.agreement == "contract" })
        #expect(sheet.everyRow.count == 8)
    }

    @Test(
        arguments: [
            (1, 500_000, 0), (3, 500_000, 2), (5, 500_000, 2), (1, 500_001, 1), (37_500, 872_500, 32_719), (0, 850_000, 0), (Int64.max, 1_000_000, Int64.max), (Int64.max, 10_000_000, Int64.max),
        ] as [(Int64, Int64, Int64)])
    func aPriceIsRoundedOnceHalfToEven(price: Int64, millionths: Int64, effective: Int64) {
        #expect(PriceAdjustment.applied(millionths, to: Money(picoDollars: price)).picoDollars == effective)
    }

    @Test(arguments: ["0", "-0.5", "10.000001", "85", "0.8500001", "85%", "", "x", "1e9"])
    func whatIsNoMultipleIsRefused(text: String) {
        #expect(PriceAdjustment.millionths(text) == nil)
    }

    @Test func twoForOneModelAtOneTimeConflict() {
        let first = Self.adjustment("p/*", "q/m", times: "0.9", from: "2026-01-01", to: "2026-06-01")
        for (other, conflicts) in [
            (Self.adjustment("q/m", times: "0.8"), true), (Self.adjustment("p/m", times: "0.8"), false), (Self.adjustment("p/*", times: "0.8", from: "2026-06-01"), false),
            (Self.adjustment("p/*", times: "0.8", to: "2026-01-01"), false), (Self.adjustment("p/*", times: "0.8", from: "2026-05-31", to: "2026-06-02"), true),
        ] {
            #expect(first.conflicts(with: other) == conflicts && other.conflicts(with: first) == conflicts)
        }
        let credit = PriceAdjustment(name: "c", models: ["p/*"], kind: .credit(dollars("1")), from: day("2026-01-01"), to: day("2026-06-01"))
        #expect(!first.conflicts(with: credit) && !credit.conflicts(with: credit))
    }
}
