import Reports
import Testing
import Values

@Suite struct PriceReportTests {
    @Test func list() {
        #expect(
            PriceReport.list(priceRows(), style: style(80)) == """
                model          unit                 price  from        checked     source
                openai/gpt-4o  input    $2.50 / 1M tokens  2024-08-06  2026-11-20  https://open…
                               output  $10.00 / 1M tokens  2024-08-06  2026-11-20  https://open…
                """ + "\n")
        #expect(PriceReport.list([], style: style()).hasPrefix("no price is known"))
    }

    @Test func detail() {
        #expect(
            PriceReport.detail(priceRows(), model: "openai/gpt-4o", style: style(60)) == """
                openai/gpt-4o

                input   $2.50 / 1M tokens
                  valid    2024-08-06 to now
                  source   https://openai.com/api/pricing
                  checked  2026-11-20
                  row      openai/gpt-4o/input@2024-08-06

                output   $10.00 / 1M tokens
                  valid    2024-08-06 to now
                  source   https://openai.com/api/pricing
                  checked  2026-11-20
                  row      openai/gpt-4o/output@2024-08-06
                """ + "\n")
        #expect(PriceReport.detail([], model: "acme/new", style: style()).hasPrefix("no price is known for acme/new"))
    }

    @Test func json() {
        #expect(PriceReport.json(priceRows())["prices"]?[0]?["to"] == .null)
    }
}
