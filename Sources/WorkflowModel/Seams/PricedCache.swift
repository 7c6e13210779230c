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
        let input = sheet?.row(.input, promptTokens: promptTokens)?.price.picoDollars ?? 0
        var unknown: [PriceUnit] = []
        func share(_ unit: PriceUnit) -> Double? {
            if input > 0, let row = sheet?.row(unit, promptTokens: promptTokens), row.unit == unit { return Double(row.price.picoDollars) / Double(input) }
            unknown.append(unit)
            return nil
        }
        var rules = self
        if let read = share(.cacheRead) { rules.readPrice = read }
        guard isMarked else { return PricedCache(rules: rules, unknown: unknown) }
        // Vendors have two prices of writing: of several lives the shortest is the usual one.
        let shortest = lifetimes.last?.span
        func isLong(_ lifetime: Lifetime) -> Bool { lifetime.isLong || lifetime.span != shortest }
        let usual = lifetimes.contains { !isLong($0) } ? share(.cacheWrite) : nil
        let long = lifetimes.contains(where: isLong) ? share(.cacheWriteLong) : nil
        rules = rules.writing { lifetime in (isLong(lifetime) ? long : usual) ?? lifetime.writePrice }
        return PricedCache(rules: rules, unknown: unknown)
    }
}
