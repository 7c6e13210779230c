import Testing
import Values

@testable import Economics

@Suite struct CatalogueTests {
    @Test func theShippedOneLoads() throws {
        let catalogue = PriceCatalogue.shipped
        #expect(Timestamp(rfc3339: catalogue.version) != nil)
        #expect(!catalogue.rows.isEmpty)
        #expect(Set(catalogue.rows.map(\.id)).count == catalogue.rows.count)
        for row in catalogue.rows {
            #expect(!row.source.isEmpty)
            #expect(Timestamp(rfc3339: row.checkedAt) != nil)
            #expect(row.checkedAt <= catalogue.version)
            if let from = row.effectiveFrom, let to = row.effectiveTo { #expect(from < to) }
        }
        // Whoever has a row has a whole price on the days on which it counts.
        let book = PriceBook(catalogue: catalogue)
        for row in catalogue.rows where row.unit == .output && row.abovePromptTokens == nil && row.service == nil && row.window == nil {
            let moment = row.effectiveTo.map { Timestamp(microseconds: $0.microseconds - 1) } ?? row.effectiveFrom ?? day("2026-11-21")
            for model in [row.model] + row.alsoFor.map({ $0.replacing("#", with: "1") }) {
                #expect(book.sheet(provider: row.provider, model: model, at: moment)?.everyRow.contains { $0.unit == .output && $0.price == row.price } == true, "\(row.id)")
            }
            if let window = catalogue.contextWindow(provider: row.provider, model: row.model) { #expect(window >= 512, "\(row.id)") }
        }
    }

    /// Text models of the vendors whose current ones it has to have, and of all.
    @Test func itHasTheModelsInWideUse() {
        let models = PriceCatalogue.shipped.models
        #expect(models.count >= 800)
        for (provider, least) in [("openai", 100), ("anthropic", 25), ("google", 40), ("deepseek", 8), ("mistral", 40), ("xai", 20)] {
            #expect(models.count { $0.hasPrefix(provider + "/") } >= least, "\(provider)")
        }
    }

    /// Figures of LiteLLM's model map 1.109.1, in dollars per million tokens.
    @Test(arguments: [
        ("openai", "gpt-6.1-sol", 1000, ["2", "0.1", "2.5", "10"]), ("openai", "gpt-6.1-sol", 272_001, ["4", "0.2", "5", "15"]),
        ("openai", "gpt-6-luna", 272_000, ["0.1", "0.01", "0.125", "0.5"]), ("openai", "gpt-6-luna", 272_001, ["0.2", "0.02", "0.25", "0.75"]),
        ("openai", "gpt-4o-mini", 1000, ["0.15", "0.075", "0.15", "0.6"]), ("groq", "openai/gpt-oss-20b", 1000, ["0.075", "0.0375", "0.075", "0.3"]),
        ("anthropic", "claude-opus-5-5", 1000, ["4", "0.2", "5", "20"]), ("anthropic", "claude-haiku-5-5", 100_000, ["0.1", "0.01", "0.125", "0.5"]),
        ("anthropic", "claude-haiku-5-5", 100_001, ["0.5", "0.05", "0.625", "2.5"]), ("google", "gemini-3.8-flash", 1000, ["0.75", "0.075", "0.75", "3.75"]),
        ("xai", "grok-4.5", 199_999, ["2", "0.3", "2", "6"]), ("xai", "grok-4.5", 200_000, ["4", "0.6", "4", "12"]),
        ("mistral", "mistral-large-latest", 1000, ["0.5", "0.05", "0.5", "1.5"]),
        ("together", "openai/gpt-oss-120b", 1000, ["0.15", "0.15", "0.15", "0.6"]), ("groq", "llama-3.1-8b-instant", 1000, ["0.05", "0.05", "0.05", "0.08"]),
    ])
    func prices(provider: String, model: String, prompt: Int, expected: [String]) throws {
        let sheet = try #require(PriceBook(catalogue: .shipped).sheet(provider: provider, model: model, at: day("2026-11-21")))
        let prices = [PriceUnit.input, .cacheRead, .cacheWrite, .output].map { sheet.row($0, promptTokens: prompt).map { ($0.price * 1_000_000).decimalText } }
        #expect(prices == expected)
    }

    @Test func aModelThatIsNoLongerServedKeepsItsRow() {
        let model = "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"
        let book = PriceBook(catalogue: .shipped)
        #expect(book.sheet(provider: "together", model: model, at: day("2026-03-05")) != nil)
        #expect(book.sheet(provider: "together", model: model, at: day("2026-03-06")) == nil)
    }

    private func read(_ entry: String) throws(PriceError) -> PriceCatalogue {
        try PriceCatalogue(json: json(#"{"version":"t","entries":[\#(entry)]}"#))
    }

    private static let head = #""provider":"p","model":"m","source":"s","checked_at":"2026-11-21""#

    @Test func everyKeyIsRead() throws {
        let catalogue = try read(
            """
            {\(Self.head),"from":"2026-01-01","to":"2027-01-01","context_window":8192,
             "per_mtok_usd":{"input":"1","cache_read":"0.1","cache_write":"1.25","output":"2","reasoning":"3"},
             "above":[{"prompt_tokens":1000,"per_mtok_usd":{"input":"2"}}],"request_usd":"0.01","machine_hour_usd":"0.5"}
            """)
        #expect(
            catalogue.rows.map(\.id) == [
                "p/m/input@2026-01-01", "p/m/cache_read@2026-01-01", "p/m/cache_write@2026-01-01", "p/m/output@2026-01-01", "p/m/reasoning@2026-01-01",
                "p/m/request@2026-01-01", "p/m/machine_hour@2026-01-01", "p/m/input>1000@2026-01-01",
            ])
        #expect(catalogue.rows.map(\.price.picoDollars) == [1_000_000, 100_000, 1_250_000, 2_000_000, 3_000_000, 10_000_000_000, 500_000_000_000, 2_000_000])
        #expect(catalogue.rows.last?.abovePromptTokens == 1000)
        #expect(catalogue.rows.allSatisfy { $0.effectiveTo == day("2027-01-01") })
        #expect(catalogue.contextWindow(provider: "p", model: "m") == 8192)
        #expect(catalogue.contextWindow(provider: "p", model: "other") == nil)
    }

    @Test(arguments: [
        (#"{"provider":"p"}"#, "needs 'provider', 'model', 'source' and 'checked_at'"),
        (#"{\#(head),"from":"yesterday","per_mtok_usd":{"input":"1","output":"1"}}"#, "'from' is not a date"),
        (#"{\#(head),"per_mtok_usd":{"input":"1"}}"#, "needs input and output"),
        (#"{\#(head)}"#, "needs input and output"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1","request":"1"}}"#, "unknown token class 'request'"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","outptu":"1"}}"#, "unknown token class 'outptu'"),
        (#"{\#(head),"per_mtok_usd":{"input":"free","output":"1"}}"#, "not a price"),
        (#"{\#(head),"per_mtok_usd":{"input":"-1","output":"1"}}"#, "not a price"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"},"above":[{"per_mtok_usd":{"input":"2"}}]}"#, "a tier needs 'prompt_tokens'"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"},"request_usd":"a cent"}"#, "'request_usd' is not an amount"),
        (#"{\#(head),"form":"2026-01-01","per_mtok_usd":{"input":"1","output":"1"}}"#, "p/m: there is no key 'form'; did you mean 'from'?"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"},"above":-5}"#, "'above' is a list, found -5"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"},"above":[{"prompt_tokens":5,"per_mtok":{"input":"2"}}]}"#, "there is no key 'per_mtok'"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"},"request_usd":"-1"}"#, "'-1' is not a price: it is negative"),
        (#"{"provider":"p","models":["**"],"source":"s","checked_at":"2026-11-21","per_mtok_usd":{"input":"1","output":"1"}}"#, "'**' is no name of a model"),
        (#"{\#(head),"per_mtok_usd":{"input":"1","output":"1"}},{\#(head),"per_mtok_usd":{"input":"1","output":"1"}}"#, "two entries start on the same day"),
    ])
    func `T35 what cannot be read is refused by name and nothing is dropped`(entry: String, says: String) {
        let error = #expect(throws: PriceError.self) { try read(entry) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }

    @Test(arguments: [("0", 0), ("0.0005", 500), ("0.15", 150_000), ("0.0375", 37_500), ("75", 75_000_000), ("9710", 9_710_000_000), ("10000", 10_000_000_000)])
    func `T36 prices per million`(text: String, pico: Int64) throws {
        #expect(try PriceRow.perMillion(text, name: "m").picoDollars == pico)
    }

    @Test(arguments: [
        // Dollars per token, per thousand for the dearest models, cents; a sign; nothing; digits below a pico-dollar a token.
        ("0.00000015", "at most 6 decimals"), ("0.000003", "is the figure per token?"), ("0.000499", "is the figure per token?"),
        ("10000.000001", "per thousand, or in cents?"), ("15000", "per thousand, or in cents?"), ("-1", "not a price"), ("", "not a price"),
        ("$3", "not a price"), ("0.0000001", "at most 6 decimals"),
    ])
    func `T36 a figure that can only be a mistake of units is refused`(text: String, says: String) {
        let error = #expect(throws: PriceError.self) { try PriceRow.perMillion(text, name: "m") }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }
}
