import Values

/// An exact amount of US dollars: a whole number of pico-dollars (10⁻¹² USD).
///
/// A price of $0.0375 per million tokens is 37 500 pico-dollars a token, so a token count times a price is exact.
/// One value holds up to $9.2 million; totals over many rows are kept in ``MoneySum``.
public struct Money: Sendable, Hashable, Comparable {
    public let picoDollars: Int64

    public init(picoDollars: Int64) { self.picoDollars = picoDollars }

    public static let zero = Money(picoDollars: 0)
    /// Where arithmetic saturates. No cap admits it, so an overflow can only refuse, never let through.
    public static let max = Money(picoDollars: .max)

    static let picoPerDollar: Int64 = 1_000_000_000_000

    /// Reads a plain decimal such as `0.25`, `400` or `1e-6` written without rounding: at most 12 decimals.
    ///
    /// Returns `nil` for anything else, for negative amounts and for more than $9.2 million.
    public init?(decimal text: String) {
        guard let pico = Money.scaledDecimal(text, decimals: 12) else { return nil }
        picoDollars = pico
    }

    /// Whether a text that is no amount is a number beyond every amount, for messages.
    public static func isBeyond(_ text: String) -> Bool {
        let whole = text.prefix { $0 != "." }
        guard !whole.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }) else { return false }
        return (Int64(whole) ?? .max) >= max.picoDollars / picoPerDollar
    }

    /// `text` times 10^decimals when that is a whole number in 0 ... Int64.max, else `nil`.
    static func scaledDecimal(_ text: String, decimals: Int) -> Int64? {
        var mantissa = Substring(text)
        var exponent = 0
        if let e = mantissa.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let value = Int(mantissa[mantissa.index(after: e)...]), (-30...30).contains(value) else { return nil }
            exponent = value
            mantissa = mantissa[..<e]
        }
        let parts = mantissa.parts(at: UInt8(ascii: "."), omittingEmptyParts: false)
        guard parts.count <= 2, let whole = parts.first, !(whole.isEmpty && parts.count == 1) else { return nil }
        var digits = Array(whole.utf8)
        var fractionDigits = 0
        if parts.count == 2 {
            guard !(whole.isEmpty && parts[1].isEmpty) else { return nil }
            digits += Array(parts[1].utf8)
            fractionDigits = parts[1].utf8.count
        }
        guard digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        var shift = decimals + exponent - fractionDigits
        while shift < 0, digits.last == 0x30 { digits.removeLast(); shift += 1 }
        guard shift >= 0 || digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits + repeatElement(0x30, count: Swift.max(0, Swift.min(shift, 60))) {
            let (product, o1) = value.multipliedReportingOverflow(by: 10)
            let (sum, o2) = product.addingReportingOverflow(Int64(digit - 0x30))
            if o1 || o2 { return nil }
            value = sum
        }
        return value
    }

    public static func < (a: Money, b: Money) -> Bool { a.picoDollars < b.picoDollars }

    /// Saturating: see ``max``.
    public static func + (a: Money, b: Money) -> Money {
        let (sum, overflow) = a.picoDollars.addingReportingOverflow(b.picoDollars)
        return overflow ? .max : Money(picoDollars: sum)
    }

    public static func - (a: Money, b: Money) -> Money {
        let (difference, overflow) = a.picoDollars.subtractingReportingOverflow(b.picoDollars)
        return overflow ? .max : Money(picoDollars: difference)
    }

    public static func += (a: inout Money, b: Money) { a = a + b }

    /// Saturating; `count` is a number of tokens, calls or items.
    public static func * (amount: Money, count: Int) -> Money {
        let (product, overflow) = amount.picoDollars.multipliedReportingOverflow(by: Int64(count))
        return overflow ? .max : Money(picoDollars: product)
    }

    /// This amount times `a` / `b`, rounded up; saturating. `b` is above zero, and nothing is below.
    public func scaled(_ a: Money, over b: Money) -> Money {
        let (high, low) = picoDollars.magnitude.multipliedFullWidth(by: a.picoDollars.magnitude)
        let divisor = b.picoDollars.magnitude
        guard divisor > 0, high < divisor else { return .max }
        let (quotient, remainder) = divisor.dividingFullWidth((high, low))
        let (rounded, overflow) = quotient.addingReportingOverflow(remainder > 0 ? 1 : 0)
        return overflow ? .max : Int64(exactly: rounded).map(Money.init(picoDollars:)) ?? .max
    }

    /// Exact decimal dollars without a sign of currency and without trailing zeros: `0.000009`. The form in JSON and CSV.
    public var decimalText: String { MoneySum(self).decimalText }

    /// Dollars for people: two decimals at least and three significant digits at least, so that a small amount never
    /// reads as nothing (`$0.000009`, `$0.0123`, `$12.50`).
    public var displayText: String { MoneySum(self).displayText }

    /// The decimal string, as money always stands in JSON.
    public var json: JSONValue { .string(decimalText) }
}

extension Money: CustomStringConvertible {
    public var description: String { displayText }
}
