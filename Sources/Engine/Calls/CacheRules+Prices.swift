import Economics
import PromptCaching

extension CacheRules {
    /// The same rules at what a model's price rows say of reads and writes, each against a plain token of a short prompt. What has no row, and what costs by the hour, is as the rules say.
    func priced(by sheet: PriceSheet?) -> CacheRules {
        guard let sheet, !sheet.isMachineTime, let plain = sheet.row(.input, promptTokens: 0)?.price.picoDollars, plain > 0 else { return self }
        func ratio(_ unit: PriceUnit) -> Double? {
            guard let row = sheet.row(unit, promptTokens: 0), row.unit == unit else { return nil }
            return Double(row.price.picoDollars) / Double(plain)
        }
        guard case .marks = entries else { return priced(read: ratio(.cacheRead)) { _ in nil } }
        let shortest = lifetimes.last?.span
        return priced(read: ratio(.cacheRead)) { $0.span == shortest ? ratio(.cacheWrite) : ratio(.cacheWriteLong) }
    }
}
