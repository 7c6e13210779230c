import Values

/// What a contract changes of list prices, by a user's word: a multiple of them, money that is given, money that is owed in any case.
public struct PriceAdjustment: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Millionths of the list price: 850,000 takes 15 % off.
        case multiplier(Int64)
        /// Of what calls of the period come to, so much is paid already.
        case credit(Money)
        /// For the period so much is owed in any case.
        case commitment(Money)
    }

    /// What reports call it.
    public let name: String
    /// `provider/model`, where a model that ends in `*` covers every id that begins so.
    public let models: [String]
    public let kind: Kind
    /// Inclusive; `nil`: since ever.
    public let from: Timestamp?
    /// Exclusive; `nil`: still.
    public let to: Timestamp?

    public init(name: String, models: [String], kind: Kind, from: Timestamp?, to: Timestamp?) {
        self.name = name
        self.models = models
        self.kind = kind
        self.from = from
        self.to = to
    }

    /// How closely it fits a model; `nil`: not at all.
    func fit(provider: String, model: String) -> PriceList.Fit? {
        models.lazy.compactMap { PriceList.Fit(name: $0, model: "\(provider)/\(model)") }.max()
    }

    public func covers(provider: String, model: String) -> Bool { fit(provider: provider, model: model) != nil }

    func isInForce(at moment: Timestamp) -> Bool { (from.map { moment >= $0 } ?? true) && (to.map { moment < $0 } ?? true) }

    /// Whether a model of the same closeness may be covered by both at one moment: then nobody could say which holds.
    public func conflicts(with other: PriceAdjustment) -> Bool {
        guard case .multiplier = kind, case .multiplier = other.kind, models.contains(where: other.models.contains) else { return false }
        let (start, end) = (max(from?.microseconds ?? .min, other.from?.microseconds ?? .min), min(to?.microseconds ?? .max, other.to?.microseconds ?? .max))
        return start < end
    }

    /// A price by the contract: rounded once to the pico-dollar, half to even, as prices are of one token.
    static func applied(_ millionths: Int64, to price: Money) -> Money {
        let (high, low) = price.picoDollars.magnitude.multipliedFullWidth(by: millionths.magnitude)
        let divisor: UInt64 = 1_000_000
        guard high < divisor else { return .max }
        let (quotient, remainder) = divisor.dividingFullWidth((high, low))
        let roundsUp = remainder * 2 > divisor || remainder * 2 == divisor && quotient & 1 == 1
        return Int64(exactly: quotient + (roundsUp ? 1 : 0)).map(Money.init(picoDollars:)) ?? .max
    }

    /// `0.85`, as it stands in ids.
    static func text(_ millionths: Int64) -> String { Money(picoDollars: millionths * 1_000_000).decimalText }

    /// Reads a multiple such as `0.85`, exactly.
    ///
    /// - Returns: `nil` for what has more than six decimals, and for what can only be a mistake, percents among it: 0, and more than ten times the list.
    public static func millionths(_ text: String) -> Int64? {
        guard let value = Money.scaledDecimal(text, decimals: 6), value > 0, value <= 10_000_000 else { return nil }
        return value
    }
}

extension PriceBook {
    /// A sheet as contracts change it. The closest that fits holds; contracts of the same closeness do not overlap.
    func agreed(_ sheet: PriceSheet?, provider: String, model: String, at moment: Timestamp, until: inout Timestamp?) -> PriceSheet? {
        if adjustments.isEmpty { return sheet }
        var best: (fit: PriceList.Fit, adjustment: PriceAdjustment)?
        for adjustment in adjustments {
            guard case .multiplier = adjustment.kind, let fit = adjustment.fit(provider: provider, model: model) else { continue }
            for case let bound? in [adjustment.from, adjustment.to] where bound > moment { until = min(until ?? bound, bound) }
            guard adjustment.isInForce(at: moment) else { continue }
            if best.map({ $0.fit < fit }) ?? true { best = (fit, adjustment) }
        }
        guard let best else { return sheet }
        return sheet?.agreed(by: best.adjustment)
    }
}

extension PriceRow {
    /// The row as a contract changes it: a row of its own, which tells the list price.
    func agreed(_ millionths: Int64, named name: String) -> PriceRow {
        PriceRow(
            id: "\(unsealedID)*\(PriceAdjustment.text(millionths))", provider: provider, model: model, unit: unit, price: PriceAdjustment.applied(millionths, to: price),
            abovePromptTokens: abovePromptTokens, isInclusive: isInclusive, service: service, region: region, window: window, alsoFor: alsoFor,
            effectiveFrom: effectiveFrom, effectiveTo: effectiveTo, source: source, checkedAt: checkedAt, listPrice: price, agreement: name)
    }
}
