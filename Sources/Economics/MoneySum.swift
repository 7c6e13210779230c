import Values

/// A total of many amounts in two limbs, dollars and pico-dollars: a 64-bit sum of pico-dollars would overflow at
/// $9.2 million.
public struct MoneySum: Sendable, Hashable, Comparable {
    public private(set) var dollars: Int64
    /// 0 ..< 10¹².
    public private(set) var picoDollars: Int64

    public static let zero = MoneySum()

    public init() {
        dollars = 0
        picoDollars = 0
    }

    public init(_ money: Money) {
        self.init()
        add(money)
    }

    /// Both limbs may be any integers, as two SQL sums, or a file that somebody else wrote, deliver them: what is beyond the
    /// dollars of 64 bits stops there, as in ``Money``.
    public init(dollars: Int64, picoDollars: Int64) {
        let (quotient, remainder) = picoDollars.quotientAndRemainder(dividingBy: Money.picoPerDollar)
        self.dollars = dollars.addingClamped(remainder < 0 ? quotient - 1 : quotient)
        self.picoDollars = remainder < 0 ? remainder + Money.picoPerDollar : remainder
    }

    /// An amount times a number of units, exact also beyond what one amount holds. Neither is below zero.
    public init(_ price: Money, times count: Int64) {
        let (high, low) = price.picoDollars.magnitude.multipliedFullWidth(by: count.magnitude)
        let unit = UInt64(Money.picoPerDollar)
        // A product of two numbers of 63 bits, less than 2^126, by 2^39 and more: the dollars may need more than 64 bits.
        guard high < unit else {
            self.init(dollars: .max, picoDollars: 0)
            return
        }
        let (dollars, pico) = unit.dividingFullWidth((high, low))
        self.init(dollars: Int64(clamping: dollars), picoDollars: Int64(pico))
    }

    /// As one amount; ``Money/max`` where it is more than that.
    public var clamped: Money {
        let (scaled, o1) = dollars.multipliedReportingOverflow(by: Money.picoPerDollar)
        let (sum, o2) = scaled.addingReportingOverflow(picoDollars)
        return o1 || o2 ? .max : Money(picoDollars: sum)
    }

    public mutating func add(_ money: Money) {
        self = self + MoneySum(dollars: 0, picoDollars: money.picoDollars)
    }

    public static func + (a: MoneySum, b: MoneySum) -> MoneySum {
        MoneySum(dollars: a.dollars.addingClamped(b.dollars), picoDollars: a.picoDollars + b.picoDollars)
    }

    public static func - (a: MoneySum, b: MoneySum) -> MoneySum {
        MoneySum(dollars: a.dollars.subtractingClamped(b.dollars), picoDollars: a.picoDollars - b.picoDollars)
    }

    public static func < (a: MoneySum, b: MoneySum) -> Bool {
        (a.dollars, a.picoDollars) < (b.dollars, b.picoDollars)
    }

    /// Exact; see ``Money/decimalText``.
    public var decimalText: String {
        // Written with every event that names an amount: digits from the right into one buffer.
        let (negative, whole, fraction) = magnitude
        return String(unsafeUninitializedCapacity: 34) { buffer in
            var count = 0
            func put(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            var (rest, places) = (fraction, fraction == 0 ? 0 : 12)
            while places > 0, rest % 10 == 0 {
                rest /= 10
                places -= 1
            }
            let hasDecimals = places > 0
            while places > 0 {
                put(0x30 + UInt8(rest % 10))
                rest /= 10
                places -= 1
            }
            if hasDecimals { put(UInt8(ascii: ".")) }
            var dollars = whole
            repeat {
                put(0x30 + UInt8(truncatingIfNeeded: dollars % 10))
                dollars /= 10
            } while dollars > 0
            if negative { put(UInt8(ascii: "-")) }
            var digits = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            digits.reverse()
            return count
        }
    }

    /// See ``Money/displayText``.
    public var displayText: String {
        let (negative, whole, fraction) = magnitude
        // Decimals to show: three significant digits, never fewer than two places.
        var places = 2
        if whole == 0, fraction > 0 {
            let leadingZeros = 12 - String(fraction).count
            places = Swift.max(2, Swift.min(12, leadingZeros + 3))
        }
        var unit: Int64 = 1
        for _ in places..<12 { unit *= 10 }
        var rounded = (fraction + unit / 2) / unit
        var dollars = whole
        let limit = Money.picoPerDollar / unit
        if rounded >= limit { rounded -= limit; dollars += 1 }
        var decimals = String(rounded)
        decimals = String(repeating: "0", count: places - decimals.count) + decimals
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        return (negative ? "-$" : "$") + String(dollars) + "." + decimals
    }

    private var magnitude: (negative: Bool, whole: UInt64, fraction: Int64) {
        guard dollars < 0 else { return (false, dollars.magnitude, picoDollars) }
        return picoDollars == 0 ? (true, dollars.magnitude, 0) : (true, dollars.magnitude - 1, Money.picoPerDollar - picoDollars)
    }

    public var json: JSONValue { .string(decimalText) }
}

extension Money {
    /// A total as one amount; where it saturates, see ``max``.
    public init(saturating sum: MoneySum) {
        let (pico, overflow) = sum.dollars.multipliedReportingOverflow(by: Money.picoPerDollar)
        let (total, carry) = pico.addingReportingOverflow(sum.picoDollars)
        self.init(picoDollars: overflow || carry ? .max : total)
    }

    /// An equal share of a total, rounded once to the pico-dollar, half up.
    public func divided(by count: Int) -> Money {
        guard count > 0, self != .max else { return self }
        let (quotient, remainder) = picoDollars.quotientAndRemainder(dividingBy: Int64(count))
        return Money(picoDollars: quotient + (remainder >= Int64(count) - remainder ? 1 : 0))
    }
}
