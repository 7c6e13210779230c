import Values

/// A number as decimal digits and a power of ten, exact for what a JSON text can say.
///
/// A double stands for the shortest decimal that reads back as it, which is what its author wrote.
struct Decimal: Sendable {
    /// Without zeros at either end; empty for 0. The value is `±digits · 10^exponent`.
    private var digits: [UInt8] = []
    private var exponent = 0
    private var isNegative = false

    init(_ value: JSONValue) {
        let text: String
        switch value {
        case .int(let number): text = String(number)
        case .bigInt(let number): text = number
        case .double(let number): text = number.description
        default: preconditionFailure("not a number: \(value.typeName)")
        }
        var isFraction = false
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent += Int(String(decoding: bytes, as: UTF8.self)) ?? 0
                bytes = []
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte - 0x30) }
                if isFraction { exponent -= 1 }
            default: break
            }
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { (exponent, isNegative) = (0, false) }
    }

    /// The magnitude as a whole number over a power of ten, both exact as doubles; `nil` when one would not be.
    var fraction: (units: Int64, scale: Double)? {
        guard !digits.isEmpty, digits.count + max(exponent, 0) <= 15, exponent >= -22 else { return nil }
        let padded = digits + [UInt8](repeating: 0, count: max(exponent, 0))
        let units = padded.reduce(Int64(0)) { $0 * 10 + Int64($1) }
        // Powers of ten up to 22 are exact, and so is each product on the way.
        return (units, (0..<max(-exponent, 0)).reduce(1.0) { power, _ in power * 10 })
    }

    /// -1, 0 or 1.
    func compare(_ other: Decimal) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        return isNegative ? -compareMagnitude(other) : compareMagnitude(other)
    }

    private func compareMagnitude(_ other: Decimal) -> Int {
        guard !digits.isEmpty, !other.digits.isEmpty else { return digits.isEmpty ? (other.digits.isEmpty ? 0 : -1) : 1 }
        let (order, otherOrder) = (digits.count + exponent, other.digits.count + other.exponent)
        if order != otherOrder { return order < otherOrder ? -1 : 1 }
        if digits == other.digits { return 0 }
        return digits.lexicographicallyPrecedes(other.digits) ? -1 : 1
    }

    /// Whether dividing by `divisor`, which is not 0, leaves nothing.
    func isMultiple(of divisor: Decimal) -> Bool {
        if digits.isEmpty { return true }
        // Neither ends in a zero, so a value of finer grain than the divisor cannot be a multiple of it.
        let shift = exponent - divisor.exponent
        guard shift >= 0 else { return false }
        if divisor.digits.count <= 18 {
            let b = divisor.digits.reduce(UInt64(0)) { $0 * 10 + UInt64($1) }
            func appending(_ remainder: UInt64, _ digit: UInt8) -> UInt64 {
                let product = remainder.multipliedFullWidth(by: 10)
                let (low, carry) = product.low.addingReportingOverflow(UInt64(digit))
                return b.dividingFullWidth((product.high + (carry ? 1 : 0), low)).remainder
            }
            var remainder = digits.reduce(UInt64(0), appending)
            for _ in 0..<shift where remainder != 0 { remainder = appending(remainder, 0) }
            return remainder == 0
        }
        return longRemainderIsZero(divisor.digits, shift)
    }

    /// Long division, a digit at a time; `remainder` has at most one digit more than the divisor.
    private func longRemainderIsZero(_ divisor: [UInt8], _ shift: Int) -> Bool {
        var remainder: [UInt8] = []
        for digit in digits + [UInt8](repeating: 0, count: shift) {
            if !remainder.isEmpty || digit != 0 { remainder.append(digit) }
            while remainder.count > divisor.count || remainder.count == divisor.count && !remainder.lexicographicallyPrecedes(divisor) {
                var borrow: Int8 = 0
                for place in 1...remainder.count {
                    let taken = place <= divisor.count ? Int8(divisor[divisor.count - place]) : 0
                    var left = Int8(remainder[remainder.count - place]) - taken - borrow
                    borrow = left < 0 ? 1 : 0
                    if left < 0 { left += 10 }
                    remainder[remainder.count - place] = UInt8(left)
                }
                remainder = Array(remainder.drop { $0 == 0 })
            }
        }
        return remainder.isEmpty
    }
}
