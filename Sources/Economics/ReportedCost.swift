import Values

/// What a server says that a call cost, in its own figure: a gateway's, or a vendor's own bill.
///
/// Read from the digits that were sent, never by floating point. Sources: OpenRouter's `usage.cost` (with `cost_details.upstream_inference_cost`
/// where the key of the server behind it is the customer's own), LiteLLM's header `x-litellm-response-cost`, Perplexity's `cost.total_cost`, xAI's
/// `cost_in_usd_ticks`, 10¹⁰ of them a dollar.
public enum ReportedCost: Sendable, Hashable {
    case amount(Money)
    /// What cannot be an amount of dollars, in the server's own words.
    case absurd(String)

    private static let longest = 40

    /// - Parameter dollars: a number or a text.
    /// - Returns: `nil`: it says nothing.
    public init?(dollars: JSONValue) {
        switch dollars {
        case .null, .bool, .array, .object: return nil
        case .string(let text): self.init(dollars: text)
        case .int, .bigInt, .double: self.init(dollars: dollars.jsonText)
        }
    }

    /// - Parameter text: a decimal, as a header has it.
    /// - Returns: `nil`: it says nothing.
    public init?(dollars text: String) {
        if ["", "None", "null"].contains(text) { return nil }
        self = Money(rounding: text).map(ReportedCost.amount) ?? .absurd(text.beginning(bytes: Self.longest))
    }

    /// - Parameter ticks: 10¹⁰ of them are a dollar.
    public init?(ticks: JSONValue) {
        if ticks.isNull { return nil }
        let (amount, overflow) = (ticks.intValue ?? -1).multipliedReportingOverflow(by: 100)
        self = amount < 0 || overflow ? .absurd("\(ticks.jsonText.beginning(bytes: Self.longest)) ticks") : .amount(Money(picoDollars: amount))
    }

    /// What two places of one answer say: the larger, and nothing that stands beside what cannot be.
    public func joined(_ other: ReportedCost?) -> ReportedCost {
        switch (self, other) {
        case (_, nil), (.absurd, _): self
        case (_, let absurd?) where absurd.amount == nil: absurd
        default: .amount(Swift.max(amount ?? .zero, other?.amount ?? .zero))
        }
    }

    /// Two bills for one call.
    func added(_ other: ReportedCost) -> ReportedCost {
        guard case .amount(let a) = self else { return self }
        guard case .amount(let b) = other else { return other }
        let (sum, overflow) = a.picoDollars.addingReportingOverflow(b.picoDollars)
        return overflow ? .absurd("\(a.decimalText) and \(b.decimalText)".beginning(bytes: Self.longest)) : .amount(Money(picoDollars: sum))
    }

    public var amount: Money? { if case .amount(let amount) = self { amount } else { nil } }
}

extension ReportedCost {
    /// What a usage object says of it.
    ///
    /// - Parameters:
    ///   - cost: a number of dollars, or an object with `total_cost`.
    ///   - upstream: what the server behind a gateway charges to an account of the customer's own.
    ///   - currency: of the figures; `nil`: dollars.
    public init?(cost: JSONValue?, ticks: JSONValue?, upstream: JSONValue? = nil, currency: String? = nil) {
        let told = [cost?["total_cost"] ?? cost, upstream].compactMap(\.self).first { !$0.isNull }
        // Of a cost that is an object, the currency may stand in it.
        let currencies = [cost?["currency"]?.stringValue, cost?["cost_currency"]?.stringValue, currency].compactMap(\.self)
        if let told, let other = currencies.first(where: { !$0.lowercased().hasSameBytes(as: "usd") }) {
            self = .absurd("\(told.jsonText.beginning(bytes: Self.longest)) \(other.beginning(bytes: 8))")
            return
        }
        var bill = cost.flatMap { ReportedCost(dollars: $0["total_cost"] ?? $0) }
        if let upstream, let own = ReportedCost(dollars: upstream) { bill = bill?.added(own) ?? own }
        if let ticks, let other = ReportedCost(ticks: ticks) { bill = other.joined(bill) }
        guard let bill else { return nil }
        self = bill
    }
}

extension Money {
    /// Reads a decimal of any length, rounded to pico-dollars, half to even: gateways compute with floating point, and print what that left.
    ///
    /// - Returns: `nil` for anything else, for negative amounts and for more than $9.2 million.
    public init?(rounding text: String) {
        var bytes = Array(text.utf8)
        guard bytes.count <= 400 else { return nil }
        var exponent = 0
        if let place = bytes.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            guard let value = Int(String(decoding: bytes[(place + 1)...], as: UTF8.self)), (-400...400).contains(value) else { return nil }
            exponent = value
            bytes = Array(bytes[..<place])
        }
        if let point = bytes.firstIndex(of: UInt8(ascii: ".")) {
            exponent -= bytes.count - point - 1
            bytes.remove(at: point)
        }
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        // As pico-dollars: digits × 10^shift.
        let shift = exponent + 12
        let kept = shift < 0 ? bytes.dropLast(-shift) : bytes[...]
        let dropped = shift < 0 ? bytes.suffix(-shift) : []
        var value: Int64 = 0
        func add(_ digit: UInt8) -> Bool {
            let (product, o1) = value.multipliedReportingOverflow(by: 10)
            let (sum, o2) = product.addingReportingOverflow(Int64(digit - 0x30))
            value = sum
            return !o1 && !o2
        }
        for digit in kept where !add(digit) { return nil }
        if value > 0 { for _ in 0..<Swift.max(0, shift) where !add(0x30) { return nil } }
        // Digits are dropped only as far as there are some: of a number that begins behind them, all of it is less than a half.
        if -shift <= bytes.count, let first = dropped.first, first > 0x35 || first == 0x35 && (dropped.dropFirst().contains { $0 != 0x30 } || value & 1 == 1) {
            guard value < .max else { return nil }
            value += 1
        }
        self.init(picoDollars: value)
    }

    /// Whether this amount is off another by more than a hundredth of that. Exact: what is beyond the hundredth is beyond its whole part.
    public func isOffByMoreThanAHundredth(of other: Money) -> Bool {
        let (difference, overflow) = picoDollars.subtractingReportingOverflow(other.picoDollars)
        return overflow || difference.magnitude > other.picoDollars.magnitude / 100
    }
}
