import Values

/// Every known price: the user's rows, then the catalogue in the binary.
///
/// A model without a price has no sheet. It is never free and never charged at a default.
public struct PriceBook: Sendable {
    public let overrides: [PriceRow]
    public let catalogue: PriceCatalogue

    public init(overrides: [PriceRow] = [], catalogue: PriceCatalogue) {
        self.overrides = overrides
        self.catalogue = catalogue
    }

    /// The prices of `provider/model` at a moment, or `nil` when a direction has none.
    public func sheet(provider: String, model: String, at moment: Timestamp) -> PriceSheet? {
        // The user's rows replace the catalogue's for that model as a whole: a half-overridden
        // model would mix two lists' classes.
        for rows in [overrides, catalogue.rows] {
            let sheet = Self.resolve(rows.filter { $0.covers(provider: provider, model: model, at: moment) })
            if sheet.isComplete { return sheet }
        }
        return nil
    }

    private static func resolve(_ candidates: [PriceRow]) -> PriceSheet {
        var best: [PriceUnit: [Int: PriceRow]] = [:]
        for row in candidates {
            let tier = row.abovePromptTokens ?? -1
            if let current = best[row.unit]?[tier], !isMoreSpecific(row, than: current) { continue }
            best[row.unit, default: [:]][tier] = row
        }
        return PriceSheet(rows: best.mapValues { $0.values.sorted { ($0.abovePromptTokens ?? -1) > ($1.abovePromptTokens ?? -1) } })
    }

    /// An exact model beats a pattern, a longer pattern a shorter one, a later start an earlier one, then the id decides.
    private static func isMoreSpecific(_ a: PriceRow, than b: PriceRow) -> Bool {
        func rank(_ row: PriceRow) -> (Int, Int, Int64, String) {
            (row.model.hasSuffix("*") ? 0 : 1, row.model.count, row.effectiveFrom?.microseconds ?? .min, row.id)
        }
        return rank(a) > rank(b)
    }
}
