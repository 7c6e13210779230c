import Testing
import Values

@testable import Economics

@Suite struct MoneyTests {
    @Test(
        arguments: [
            ("0", 0), ("0.25", 250_000_000_000), ("400", 400_000_000_000_000), ("1e-6", 1_000_000), ("1E-6", 1_000_000), ("2.5e1", 25_000_000_000_000),
            ("0.000000000001", 1), (".5", 500_000_000_000), ("5.", 5_000_000_000_000), ("00.10", 100_000_000_000), ("1e+2", 100_000_000_000_000),
            ("9223372.036854775807", .max), ("0.0000000000000000", 0), ("0e30", 0), ("0e-30", 0), ("1.50000000000000", 1_500_000_000_000),
            ("1200e-2", 12_000_000_000_000),
        ] as [(String, Int64)])
    func reads(text: String, pico: Int64) {
        #expect(Money(decimal: text)?.picoDollars == pico)
    }

    @Test(arguments: [
        "", " ", ".", "-1", "-0", "+1", "1.2.3", "1,5", "$1", "1 ", "0x10", "1_000", "e5", "1e", "1e5.5", "1e31", "1e-31", "nan", "inf", "١",
        // Beyond one pico-dollar, and beyond $9.2 million.
        "0.0000000000001", "1e-13", "9223372.036854775808", "10000000", "1e30",
        // An exponent that no integer negates.
        "1e-9223372036854775808", "1e9223372036854775807", "1e99999999999999999999",
    ])
    func refuses(text: String) {
        #expect(Money(decimal: text) == nil)
    }

    @Test(
        arguments: [
            (0, "0", "$0.00"), (1, "0.000000000001", "$0.000000000001"), (9_000_000, "0.000009", "$0.000009"), (37_500, "0.0000000375", "$0.0000000375"),
            (12_300_000_000, "0.0123", "$0.0123"), (12_345_678_901, "0.012345678901", "$0.0123"), (12_355_000_000, "0.012355", "$0.0124"),
            (100_000_000_000, "0.1", "$0.10"), (250_000_000_000, "0.25", "$0.25"), (1_000_000_000_000, "1", "$1.00"), (12_500_000_000_000, "12.5", "$12.50"),
            (1_005_000_000_000, "1.005", "$1.01"), (999_600_000_000, "0.9996", "$1.00"), (-250_000_000_000, "-0.25", "-$0.25"),
            (-1_000_000_000_000, "-1", "-$1.00"), (-9_000_000, "-0.000009", "-$0.000009"), (.max, "9223372.036854775807", "$9223372.04"),
            (.min, "-9223372.036854775808", "-$9223372.04"),
        ] as [(Int64, String, String)])
    func prints(pico: Int64, decimal: String, display: String) {
        let money = Money(picoDollars: pico)
        #expect(money.decimalText == decimal)
        #expect(money.displayText == display)
        #expect(money.json == .string(decimal))
        if pico >= 0 { #expect(Money(decimal: decimal) == money) }
    }

    @Test func whatIsPrintedReadsBack() {
        var random = SplitMix(state: 1)
        for _ in 0..<2000 {
            let money = Money(picoDollars: Int64(random.next() >> UInt64.random(in: 1...63, using: &random)))
            #expect(Money(decimal: money.decimalText) == money)
        }
    }

    @Test func `T42 products and sums are exact`() {
        // 9 tokens at $1 per million: 0.000009, and not 0.000008999999999999999.
        #expect((Money(picoDollars: 1_000_000) * 9).decimalText == "0.000009")
        var total = Money.zero
        for _ in 0..<1_000_000 { total += dollars("0.000001") }
        #expect(total == dollars("1"))
        #expect((0..<10).reduce(Money.zero) { sum, _ in sum + dollars("0.1") } == dollars("1"))
    }

    @Test func overflowSaturatesAndSoCanOnlyRefuse() {
        #expect(Money.max + dollars("1") == .max)
        #expect(Money.max * 2 == .max)
        #expect(dollars("9000000") * 9_000_000 == .max)
        #expect(Money.max - dollars("1") < .max)
        #expect(Money.zero < dollars("0.000000000001"))
    }
}

@Suite struct MoneySumTests {
    @Test func goesBeyondOneValue() {
        var sum = MoneySum.zero
        for _ in 0..<1000 { sum.add(.max) }
        #expect(sum.decimalText == "9223372036.854775807")
        #expect(sum.displayText == "$9223372036.85")
        sum.add(dollars("0.145224193"))
        #expect(sum.decimalText == "9223372037")
    }

    @Test(
        arguments: [
            (0, 0, "0"), (1, 2_500_000_000_000, "3.5"), (0, -1, "-0.000000000001"), (5, -500_000_000_000, "4.5"), (-1, 250_000_000_000, "-0.75"),
            (-3, 0, "-3"), (0, .max, "9223372.036854775807"), (10, -10_000_000_000_000, "0"),
        ] as [(Int64, Int64, String)])
    func takesTheTwoSumsOfAQuery(dollars: Int64, pico: Int64, text: String) {
        let sum = MoneySum(dollars: dollars, picoDollars: pico)
        #expect(sum.decimalText == text)
        #expect((0..<1_000_000_000_000).contains(sum.picoDollars))
    }

    @Test func whatAFileSaysIsAddedWithoutATrap() {
        let least = MoneySum(dollars: .min, picoDollars: .min)
        let most = MoneySum(dollars: .max, picoDollars: .max)
        #expect(least.dollars == .min)
        #expect((least + least).dollars <= .min + 1)
        #expect((most + most).dollars == .max)
        #expect((least - most).dollars == .min)
        #expect((most - least).dollars >= .max - 1)
        #expect(most.clamped == .max)
        #expect(!least.displayText.isEmpty && !most.displayText.isEmpty)
    }

    @Test func addsAndCompares() {
        let parts = ["0.75", "0.75", "12.000000000001"].map { MoneySum(dollars($0)) }
        let sum = parts.reduce(.zero, +)
        #expect(sum.decimalText == "13.500000000001")
        #expect(parts[0] < parts[2])
        #expect(MoneySum(dollars: -1, picoDollars: 0) < .zero)
        #expect(MoneySum(Money(picoDollars: -1)) < .zero)
        #expect(!(sum < sum))
    }
}
