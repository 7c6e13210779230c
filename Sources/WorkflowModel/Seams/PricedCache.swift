import Economics
import PromptCaching

/// A model's cache at the prices of its rows.
public struct PricedCache: Sendable, Hashable {
    /// At the prices that are known; at those of the table of caches where none is.
    public let rules: CacheRules
    /// What the rows have no price for, so that what is saved by it is not known. Never free.
    public let unknown: [PriceUnit]

    public init(rules: CacheRules, unknown: [PriceUnit] = []) {
        self.rules = rules
        self.unknown = unknown
    }
}

extension CacheRules {
    /// The rules at the prices of a model: each a share of what an uncached token of its input costs.
    ///
    /// A class without a row of its own is charged as input, which says that nothing is known of it: it is named in ``PricedCache/unknown``, and the rules keep what the table of caches says. What is
    /// written by itself costs what input costs, whatever a row for writes says.
    ///
    /// - Parameters:
    ///   - sheet: `nil`: nothing is known of the prices.
    ///   - promptTokens: of the request, by which rows of long contexts are chosen.
    public func priced(by sheet: PriceSheet?, promptTokens: Int) -> PricedCache {
        // A machine is paid by its time, of which a read takes none.
        if sheet?.isMachineTime == true { return PricedCache(rules: self) }
        func price(_ unit: PriceUnit) -> Int64? { sheet?.row(unit, promptTokens: promptTokens).flatMap { $0.unit == unit ? $0.price.picoDollars : nil } }
        var units: [PriceUnit] = [.cacheRead]
        if case .marks = entries {
            if lifetimes.contains(where: { !$0.isLong }) { units.append(.cacheWrite) }
            if lifetimes.contains(where: \.isLong) { units.append(.cacheWriteLong) }
        }
        guard let input = price(.input), input > 0 else { return PricedCache(rules: self, unknown: units) }
        func share(_ unit: PriceUnit) -> Double? { price(unit).map { Double($0) / Double(input) } }
        var rules = self
        if let read = share(.cacheRead) { rules.readPrice = read }
        if units.count > 1 {
            let (usual, long) = (share(.cacheWrite), share(.cacheWriteLong))
            rules = rules.writing { lifetime in (lifetime.isLong ? long : usual) ?? lifetime.writePrice }
        }
        return PricedCache(rules: rules, unknown: units.filter { price($0) == nil })
    }
}
