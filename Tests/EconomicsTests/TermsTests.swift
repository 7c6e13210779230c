import Testing
import Values

@testable import Economics

/// Prices that depend on how, where and when a call was served.
@Suite struct TermsTests {
    private func sheet(_ entry: String, _ model: String = "m", at moment: String = "2026-11-23T12:00:00Z") throws -> PriceSheet {
        let head = #""provider":"p","models":["m","m-20##-##-##"],"source":"s","checked_at":"2026-11-21""#
        let catalogue = try PriceCatalogue(json: json(#"{"version":"t","entries":[{\#(head),\#(entry)}]}"#))
        return try #require(PriceBook(catalogue: catalogue).sheet(provider: "p", model: model, at: day(moment)))
    }

    private func price(_ sheet: PriceSheet, _ unit: PriceUnit, prompt: Int = 0) -> String? {
        sheet.row(unit, promptTokens: prompt).map { ($0.price * 1_000_000).decimalText }
    }

    private static let tiers = #"""
        "per_mtok_usd":{"input":"4","cache_read":"0.4","output":"20","reasoning":"30"},"above":[{"prompt_tokens":1000,"per_mtok_usd":{"input":"8","output":"30"}}],
        "services":{"batch":{"per_mtok_usd":{"input":"2","output":"10"},"above":[{"prompt_tokens":1000,"per_mtok_usd":{"input":"4"}}]},
         "priority":{"per_mtok_usd":{"input":"10","output":"25"}},"fast":{"times":"2"}},"regions":{"us":"1.1"}
        """#

    @Test(
        arguments: [
            (nil, nil, 0, ["4", "0.4", "20", "30"]), (nil, nil, 1001, ["8", "0.4", "30", "30"]),
            // A class without a price of its own there costs as usual; reasoning is output.
            (.batch, nil, 0, ["2", "0.4", "10", "10"]), (.batch, nil, 1001, ["4", "0.4", "30", "30"]),
            // Without a price for the tier the dearer of both holds.
            (.priority, nil, 0, ["10", "0.4", "25", "25"]), (.priority, nil, 1001, ["10", "0.4", "30", "30"]),
            (.fast, nil, 1001, ["16", "0.8", "60", "60"]), (nil, "us", 0, ["4.4", "0.44", "22", "33"]), (.fast, "us", 0, ["8.8", "0.88", "44", "66"]),
        ] as [(ServiceTier?, String?, Int, [String])])
    func `T17 T18 the terms that the server names are the ones that are priced`(service: ServiceTier?, region: String?, prompt: Int, expected: [String]) throws {
        let terms = service == nil && region == nil ? nil : ServedTerms(service: service, region: region)
        let (sheet, notes) = try sheet(Self.tiers).under(terms)
        #expect([.input, .cacheRead, .output, .reasoning].map { price(sheet, $0, prompt: prompt) } == expected)
        #expect(notes.isEmpty)
    }

    @Test func termsWithoutAPriceAreSaid() throws {
        let (sheet, notes) = try sheet(Self.tiers).under(ServedTerms(service: .flex, region: "mars"))
        #expect(price(sheet, .input) == "4")
        #expect(notes == ["there is no price for service tier flex: priced at the standard one", "there is no price for the region mars: priced as anywhere"])
    }

    @Test(
        arguments: [
            (["default"], nil, nil), (["standard", "fast"], nil, ServedTerms(service: .fast)), (["ON_DEMAND_PRIORITY"], nil, ServedTerms(service: .priority)),
            (["ultra", "ludicrous"], nil, ServedTerms(otherService: "ultra")), (["standard", "Ludicrous", "fast"], nil, ServedTerms(service: .fast, otherService: "Ludicrous")),
            ([String(repeating: "x", count: 40)], nil, ServedTerms(otherService: String(repeating: "x", count: 32))), (["PROVISIONED_THROUGHPUT"], nil, nil),
            (["scale"], "us", ServedTerms(region: "us")), (["flex"], "global", ServedTerms(service: .flex)), ([], "not_available", nil),
        ] as [([String], String?, ServedTerms?)])
    func words(service: [String], region: String?, terms: ServedTerms?) {
        #expect(ServedTerms(service: service, region: region) == terms)
    }

    @Test func `T12 T13 writes for the longer life time have a price, else that of the others, else that of input`() throws {
        let usage = TokenCounts(input: 1_000_000, cacheWrite: 1_000_000, cacheWriteLong: 400_000, output: 0).usage!
        #expect(usage == TokenUsage(plainInput: 0, cacheWrite: 600_000, cacheWriteLong: 400_000, plainOutput: 0))
        for (prices, cost) in [
            (#""input":"5","cache_write":"6.25","cache_write_long":"10""#, "7.75"), (#""input":"5","cache_write":"6.25""#, "6.25"), (#""input":"5""#, "5"),
        ] {
            #expect(try sheet(#""per_mtok_usd":{\#(prices),"output":"1"}"#).cost(of: usage, busy: .milliseconds(0)).total.decimalText == cost)
        }
    }

    @Test func `T10 sound costs as its base class where it has no price, and is no text beside`() throws {
        let usage = try #require(TokenCounts(input: 100, cacheRead: 30, audioInput: 80, output: 50, audioOutput: 20).usage)
        // What of the sound was cached is not told.
        #expect(usage == TokenUsage(plainInput: 0, cacheRead: 30, audioInput: 70, plainOutput: 30, audioOutput: 20))
        #expect(usage.totalInput == 100 && usage.totalOutput == 50)
        let plain = try sheet(#""per_mtok_usd":{"input":"1","output":"10"}"#)
        #expect(plain.cost(of: usage, busy: .milliseconds(0)).total == dollars("0.0006"))
        let sound = try sheet(#""per_mtok_usd":{"input":"1","output":"10","audio_input":"4","audio_output":"40"}"#)
        #expect(sound.cost(of: usage, busy: .milliseconds(0)).total == dollars("0.00141"))
    }

    @Test func aFeeForEachSearch() throws {
        let sheet = try sheet(#""per_mtok_usd":{"input":"1","output":"1"},"web_search_usd":"0.01""#)
        let cost = sheet.cost(of: TokenUsage(plainInput: 1, plainOutput: 0, searches: 3), busy: .milliseconds(0))
        #expect(cost.total == dollars("0.030001"))
        #expect(cost.lines.map(\.unit) == [.input, .webSearch])
    }

    private static let hours = #"""
        "per_mtok_usd":{"input":"4","cache_read":"1","output":"8"},
        "windows":[{"name":"off_peak","hours":"1-5 00:00-01:00 04:00-06:00 10:00-24:00; 6-7 00:00-24:00","per_mtok_usd":{"input":"2","output":"4"}}]
        """#

    @Test(arguments: [
        // A Monday, hour by hour; the end of a window is outside.
        ("2026-11-23T00:00:00Z", "2"), ("2026-11-23T00:59:59.999999Z", "2"), ("2026-11-23T01:00:00Z", "4"), ("2026-11-23T03:59:59Z", "4"),
        ("2026-11-23T04:00:00Z", "2"), ("2026-11-23T09:59:59Z", "4"), ("2026-11-23T10:00:00Z", "2"), ("2026-11-23T23:59:59Z", "2"),
        // The weekend, and the Monday behind it.
        ("2026-11-28T02:00:00Z", "2"), ("2026-11-29T07:00:00Z", "2"), ("2026-11-30T02:00:00Z", "4"),
        // The last day of a year, a Thursday, and the days on which clocks are changed in Europe and in the United States.
        ("2026-12-31T02:00:00Z", "4"), ("2026-12-31T23:59:59.999999Z", "2"), ("2027-01-01T01:00:00Z", "4"), ("2026-10-25T01:30:00Z", "2"),
        ("2026-10-26T01:00:00Z", "4"), ("2026-11-02T00:59:59Z", "2"), ("2026-11-02T01:00:00Z", "4"), ("2027-03-29T01:00:00+01:00", "2"),
        ("1969-12-31T02:00:00Z", "4"),
    ])
    func `T37 hours are those of universal time`(moment: String, expected: String) throws {
        let sheet = try sheet(Self.hours, at: moment)
        #expect(price(sheet, .input) == expected)
        // What the window does not name costs as ever.
        #expect(price(sheet, .cacheRead) == "1")
        // A call that begins off-peak may be billed at the peak.
        #expect(sheet.worstCost(inputTokens: 1, outputTokens: 1, timeout: .seconds(1)).picoDollars == 12_000_000)
    }

    @Test func aQuoteHoldsUntilTheNextHourThatChangesIt() throws {
        let head = #""provider":"p","model":"m","source":"s","checked_at":"2026-11-21","to":"2026-11-30T02:00:00Z""#
        let book = PriceBook(catalogue: try PriceCatalogue(json: json(#"{"version":"t","entries":[{\#(head),\#(Self.hours)}]}"#)))
        var moment = day("2026-11-27T09:30:00.5Z")
        var ends: [String] = []
        while let until = book.quote(provider: "p", model: "m", at: moment).until, ends.count < 9 {
            ends.append(until.shortText)
            moment = until
        }
        #expect(
            ends == [
                "2026-11-27 10:00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00", "2026-11-30 00:00:00", "2026-11-30 01:00:00", "2026-11-30 02:00:00",
                "2026-11-30 04:00:00", "2026-11-30 06:00:00", "2026-11-30 10:00:00",
            ])
    }

    @Test(arguments: ["", "1-5", "8 00:00-01:00", "0 00:00-01:00", "5-1 00:00-01:00", "1 01:00-00:00", "1 00:00-24:01", "1 0:00-1:00", "1 00:00-02:00 01:00-03:00"])
    func hoursThatAreNone(hours: String) { #expect(PriceWindow(name: "w", hours: hours) == nil) }

    @Test func anIdWithItsDateIsTheSameModelWhereTheListSaysSo() throws {
        let entry = #""per_mtok_usd":{"input":"1","output":"2"}"#
        let dated = try sheet(entry, "m-2026-08-06")
        #expect(dated == (try sheet(entry)))
        #expect(dated.allRows.map(\.model) == ["m", "m"])
        #expect(dated.allRows.allSatisfy { $0.alsoFor == ["m-20##-##-##"] && PriceRow.isTold(id: $0.id, by: JSONEncoding.canonical.string($0.json)) })
        for other in ["m-2026-08-0x", "m-2026", "m-1999-01-01", "m-2026-08-060"] {
            #expect(["m", "m-20##-##-##"].compactMap { PriceList.Fit(name: $0, model: other) }.isEmpty, "\(other)")
        }
    }

    @Test func everyTermIsPartOfARow() throws {
        for row in try sheet(Self.tiers).everyRow + sheet(Self.hours).everyRow {
            let text = JSONEncoding.canonical.string(row.json)
            #expect(PriceRow(json: row.json) == row)
            #expect(PriceRow.isTold(id: row.id, by: text), "\(row.id)")
        }
        #expect(try Set(sheet(Self.tiers).everyRow.map(\.id)).count == sheet(Self.tiers).everyRow.count)
    }

    @Test(arguments: [
        (#""services":{"warp":{}}"#, "unknown service tier 'warp'"), (#""regions":{"us":"0"}"#, "not a factor"),
        (#""regions":{"us":"1.0000001"}"#, "not a factor"), (#""services":{"fast":{"times":"1.333333"}}"#, "no whole number of pico-dollars"),
        (#""regions":{"eu":"1.000001"}"#, "no whole number of pico-dollars"), (#""windows":[{"name":"w","hours":"x","per_mtok_usd":{}}]"#, "a window has a 'name'"),
        (#""from":"2026-02-01","to":"2026-02-01""#, "'to' is not behind 'from'"),
    ])
    func whatCannotBeReadIsRefused(part: String, says: String) {
        let error = #expect(throws: PriceError.self) { try sheet(#""per_mtok_usd":{"input":"0.001","output":"2"},\#(part)"#) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }
}

/// The form in which lists are shipped and kept.
@Suite struct CatalogueTextTests {
    private static let header = #"{"version":"2026-11-21","source":"s","checked_at":"2026-11-21","aliases":{"gemini":"google"}}"#

    private func read(_ lines: String...) throws(PriceError) -> PriceCatalogue {
        try PriceCatalogue(lines: Array(([Self.header] + lines).joined(separator: "\n").utf8))
    }

    private func price(_ catalogue: PriceCatalogue, _ provider: String, _ model: String) -> String? {
        PriceBook(catalogue: catalogue).sheet(provider: provider, model: model, at: day("2026-11-21"))?.row(.input, promptTokens: 0).map {
            ($0.price * 1_000_000).decimalText
        }
    }

    @Test func aLineIsFoundByItsNames() throws {
        let catalogue = try read(
            #"{"provider":"google","models":["a","b-####"],"per_mtok_usd":{"input":"1","output":"1"}}"#,
            #"{"provider":"openai","models":["a"],"per_mtok_usd":{"input":"2","output":"1"}}"#,
            #"{"provider":"google","models":["b*"],"per_mtok_usd":{"input":"3","output":"1"}}"#, "")
        for (provider, model, expected) in [
            ("google", "a", "1"), ("openai", "a", "2"), ("google", "b-1234", "1"), ("google", "b-123", "3"), ("gemini", "a", "1"), ("openai", "b", nil),
            ("google", "", nil), ("", "a", nil), ("google", "a\"", nil), ("azure", "a", nil),
        ] {
            #expect(price(catalogue, provider, model) == expected, "\(provider)/\(model)")
        }
        #expect(catalogue.models == ["google/a", "openai/a"])
        #expect(catalogue.version == "2026-11-21")
    }

    @Test(arguments: [
        (#"{"models":["a"],"provider":"x"}"#, "line 2 of the price list"), ("# a remark", "line 2"),
        (#"{"provider":"x","models":["a"],"per_mtok_usd":{"input":"1","output":"1"}"#, "no JSON"),
        (#"{"provider":"x","models":["a"]}"#, "x/a: a price list needs input and output"),
    ])
    func `T35 a line that cannot be read is an error`(line: String, says: String) {
        let error = #expect(throws: PriceError.self) { try read(line) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }

    @Test func aListNeedsAHeader() {
        #expect(throws: PriceError.self) { try PriceCatalogue(lines: []) }
        #expect(throws: PriceError.self) { try PriceCatalogue(lines: Array(#"{"source":"s"}"#.utf8)) }
    }
}
