import Testing
import Values

@testable import Economics

/// What servers say that a call cost, from their digits to pico-dollars.
@Suite struct ReportedCostTests {
    @Test(arguments: [
        ("0.0012", "0.0012"), ("1.2e-05", "0.000012"), ("1E-3", "0.001"), ("3", "3"), ("0", "0"), ("0.0", "0"), (".5", "0.5"), ("5.", "5"), ("2e+2", "200"),
        // What floating point left: digits beyond the twelfth, half to even.
        ("0.00030000000000000003", "0.0003"), ("0.0000000000005", "0"), ("0.0000000000015", "0.000000000002"), ("0.00000000000050001", "0.000000000001"),
        ("0.0000000000025", "0.000000000002"), ("9e-14", "0"), ("4e-400", "0"), ("9.99999999999999e-13", "0.000000000001"), ("0.9999999999995", "1"),
        ("9223372.036854775807", "9223372.036854775807"), ("0e99", "0"), ("000.10", "0.1"),
    ])
    func digitsAreReadAsTheyStand(text: String, dollars: String) {
        #expect(Money(rounding: text)?.decimalText == dollars)
    }

    @Test(arguments: [
        "-1", "-0.0001", "NaN", "Infinity", "inf", "1e300", "9223372.036854775808", "9223372.0368547758075", "1e401", "1e", "e5", ".", "1.2.3", "+1", "1,5", " 1", "$1", "0x1p3", "1e99999999999999999999", String(repeating: "1", count: 401),
    ])
    func whatIsNoAmountIsNotTaken(text: String) {
        #expect(Money(rounding: text) == nil)
        guard case .absurd(let words)? = ReportedCost(dollars: text) else { return #expect(Bool(false), "it was taken: \(text)") }
        #expect(words.utf8.count <= 40)
    }

    @Test(arguments: [
        (#"{"cost":0.00123}"#, "0.00123"), (#"{"cost":1.5e-7}"#, "0.00000015"), (#"{"cost":"0.25"}"#, "0.25"), (#"{"cost":0}"#, "0"), (#"{"cost":null}"#, nil),
        (#"{"cost":{"total_cost":0.006,"input_tokens_cost":0.001}}"#, "0.006"), (#"{"cost":{"input":1}}"#, nil), (#"{"cost":"None"}"#, nil), (#"{"cost":true}"#, nil),
        (#"{"ticks":49100000}"#, "0.00491"), (#"{"ticks":0}"#, "0"), (#"{"ticks":1,"cost":0.5}"#, "0.5"), (#"{"cost":0.01,"upstream":0.2}"#, "0.21"),
        (#"{"cost":2,"currency":"USD"}"#, "2"), (#"{"cost":null,"upstream":0.2}"#, "0.2"),
    ])
    func usageObjects(text: String, dollars: String?) {
        let object = json(text)
        let told = ReportedCost(cost: object["cost"], ticks: object["ticks"], upstream: object["upstream"], currency: object["currency"]?.stringValue)
        #expect(told?.amount?.decimalText == dollars && (told == nil) == (dollars == nil))
    }

    @Test(arguments: [
        (#"{"cost":-1}"#, "-1"), (#"{"cost":1e300}"#, "1e+300"), (#"{"ticks":-5}"#, "-5 ticks"), (#"{"ticks":9223372036854775807}"#, "9223372036854775807 ticks"),
        (#"{"ticks":"many"}"#, "\"many\" ticks"), (#"{"cost":7.5,"currency":"EUR"}"#, "7.5 EUR"), (#"{"cost":0.1,"upstream":-1}"#, "-1"),
        (#"{"cost":9223372,"upstream":9223372}"#, "9223372 and 9223372"), (#"{"cost":{"total_cost":0.002,"currency":"EUR"}}"#, "0.002 EUR"),
        (#"{"cost":{"total_cost":0.002,"cost_currency":"CNY"},"currency":"USD"}"#, "0.002 CNY"), (#"{"cost":null,"upstream":0.2,"currency":"EUR"}"#, "0.2 EUR"), (#"{"cost":99999999999999999999}"#, "99999999999999999999"),
    ])
    func absurdFigures(text: String, words: String) {
        let object = json(text)
        let told = ReportedCost(cost: object["cost"], ticks: object["ticks"], upstream: object["upstream"], currency: object["currency"]?.stringValue)
        #expect(told == .absurd(words))
        // Nothing beside it is believed either.
        #expect(told?.joined(.amount(.zero)) == told && ReportedCost.amount(.zero).joined(told) == told)
    }

    @Test func ofSeveralTheLargestCounts() {
        let (small, large) = (ReportedCost.amount(Money(picoDollars: 1)), ReportedCost.amount(Money(picoDollars: 2)))
        #expect(small.joined(large) == large && large.joined(small) == large && small.joined(nil) == small)
    }

    @Test(arguments: [(101, 100, false), (102, 100, true), (99, 100, false), (98, 100, true), (1, 0, true), (0, 0, false), (0, 99, true), (10_100_000, 10_000_000, false), (10_100_001, 10_000_000, true), (Int64.max, 0, true)])
    func aHundredthIsExact(reported: Int64, own: Int64, isOff: Bool) {
        #expect(Money(picoDollars: reported).isOffByMoreThanAHundredth(of: Money(picoDollars: own)) == isOff)
    }
}
