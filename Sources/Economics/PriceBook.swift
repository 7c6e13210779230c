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

    /// Rows of one model pattern from one date are one list, which stands for itself: classes and context tiers of another
    /// list are not mixed in, or a model would inherit a family's discount and a new price an old tier.
    private static func resolve(_ candidates: [PriceRow]) -> PriceSheet {
        guard let best = candidates.map(Rank.init).max() else { return PriceSheet(rows: [:]) }
        var rows: [PriceUnit: [Int: PriceRow]] = [:]
        for row in candidates where Rank(row) == best {
            let tier = row.abovePromptTokens ?? -1
            // Two of a kind: the id decides, so that the choice is the same every time.
            if let current = rows[row.unit]?[tier], current.id > row.id { continue }
            rows[row.unit, default: [:]][tier] = row
        }
        return PriceSheet(rows: rows.mapValues { $0.values.map { $0.sealed() }.sorted { ($0.abovePromptTokens ?? -1) > ($1.abovePromptTokens ?? -1) } })
    }

    /// How closely a list fits: an exact model before a pattern, a longer pattern before a shorter one, a later start before
    /// an earlier one.
    private struct Rank: Comparable {
        let isExact: Bool
        let length: Int
        let from: Int64

        init(_ row: PriceRow) {
            isExact = !row.model.hasSuffix("*")
            length = row.model.utf8.count
            from = row.effectiveFrom?.microseconds ?? .min
        }

        static func < (a: Rank, b: Rank) -> Bool {
            (a.isExact ? 1 : 0, a.length, a.from) < (b.isExact ? 1 : 0, b.length, b.from)
        }
    }
}
