import Values

/// Every known price: the user's rows, then the list that the project keeps, then the catalogue in the binary.
///
/// A model without a price has no sheet. It is never free and never charged at a default.
public struct PriceBook: Sendable {
    public let overrides: [PriceRow]
    /// What `prices import` and `prices add` put down.
    public let kept: PriceCatalogue?
    public let catalogue: PriceCatalogue
    /// `provider/model` to the `provider/model` whose prices it has.
    public let aliases: TextTable<(provider: String, model: String)>

    /// What contracts change of list prices; for prices only multiples are looked at.
    public let adjustments: [PriceAdjustment]
    /// Of a run that is replayed, by `provider/model`: nothing else has a price then.
    private let recorded: TextTable<RecordedPrices>?

    /// The prices that are kept with a run, by `provider/model`, and no others.
    public init(recorded: TextTable<RecordedPrices>) {
        self.recorded = recorded
        (overrides, kept, catalogue, aliases, adjustments) = ([], nil, .empty, [:], [])
    }

    public init(
        overrides: [PriceRow] = [], kept: PriceCatalogue? = nil, catalogue: PriceCatalogue, aliases: TextTable<(provider: String, model: String)> = [:],
        adjustments: [PriceAdjustment] = []
    ) {
        self.overrides = overrides
        self.kept = kept
        self.catalogue = catalogue
        self.aliases = aliases
        self.adjustments = adjustments
        recorded = nil
    }

    /// The prices of `provider/model` at a moment, or `nil` when a direction has none.
    public func sheet(provider: String, model: String, at moment: Timestamp) -> PriceSheet? {
        quote(provider: provider, model: model, at: moment).sheet
    }

    /// The prices of `provider/model` at a moment, and the next moment at which they may be others.
    public func quote(provider: String, model: String, at moment: Timestamp) -> (sheet: PriceSheet?, until: Timestamp?) {
        if let recorded {
            guard let prices = recorded["\(provider)/\(model)"] else { return (nil, nil) }
            // Whoever keeps a sheet asks again where the hour decides.
            return (prices.sheet(at: moment), prices.hasHours ? moment.adding(.milliseconds(1)) : nil)
        }
        var (sheet, until) = listed(provider: provider, model: model, at: moment)
        sheet = agreed(sheet, provider: provider, model: model, at: moment, until: &until)
        return (sheet, until)
    }

    /// By list prices.
    private func listed(provider: String, model: String, at moment: Timestamp) -> (sheet: PriceSheet?, until: Timestamp?) {
        var until: Timestamp?
        func ends(_ bound: Timestamp?) {
            if let bound, bound > moment { until = min(until ?? bound, bound) }
        }
        // The user's rows replace the catalogue's for that model as a whole: a half-overridden
        // model would mix two lists' classes.
        let own = Self.lists(overrides, provider: provider)
        let priced = aliases["\(provider)/\(model)"] ?? (provider, model)
        for (lists, name) in [
            (own, model), (kept?.lists(provider: priced.provider, model: priced.model) ?? [], priced.model),
            (catalogue.lists(provider: priced.provider, model: priced.model), priced.model),
        ] {
            let lists = lists.filter { $0.fit(name) != nil }
            for row in lists.lazy.flatMap(\.rows) {
                ends(row.effectiveFrom)
                ends(row.effectiveTo)
                if let window = row.window { ends(window.nextChange(after: moment)) }
            }
            let sheet = Self.resolve(lists, name, at: moment)
            if sheet.isComplete { return (sheet, until) }
        }
        // An alias may stand for what the project file has prices of.
        if let alias = aliases["\(provider)/\(model)"] {
            let other = PriceBook(overrides: overrides, catalogue: .empty).quote(provider: alias.provider, model: alias.model, at: moment)
            if let end = other.until { ends(end) }
            return (other.sheet, until)
        }
        return (nil, until)
    }

    /// Rows of the user's stand one by one.
    private static func lists(_ rows: [PriceRow], provider: String) -> [PriceList] {
        rows.compactMap { $0.provider.hasSameBytes(as: provider) ? PriceList(names: [$0.model], rows: [$0]) : nil }
    }

    /// Rows of one model pattern from one date are one list, which stands for itself: classes and context tiers of another
    /// list are not mixed in, or a model would inherit a family's discount and a new price an old tier.
    private static func resolve(_ lists: [PriceList], _ model: String, at moment: Timestamp) -> PriceSheet {
        var best: Rank?
        var candidates: [PriceRow] = []
        var regions: [PriceRegion] = []
        for list in lists {
            guard let fit = list.fit(model) else { continue }
            for row in list.rows where row.isInForce(at: moment) {
                let rank = Rank(fit: fit, from: row.effectiveFrom?.microseconds ?? .min)
                if let known = best, rank < known { continue }
                if rank != best {
                    candidates = []
                    best = rank
                }
                candidates.append(row)
                regions = list.regions
            }
        }
        return sheet(of: candidates, regions, at: moment)
    }

    static func sheet(of candidates: [PriceRow], _ regions: [PriceRegion], at moment: Timestamp) -> PriceSheet {
        var variants = PriceVariants(regions: regions)
        var rows: [PriceUnit: [Int: PriceRow]] = [:]
        // Units whose price depends on the hour, and this is one of its hours.
        var special: Set<PriceUnit> = []
        for row in candidates where row.window?.contains(moment) == true { special.insert(row.unit) }
        for row in candidates {
            if row.service != nil {
                variants.services.append(row)
            } else if row.window.map({ !$0.contains(moment) }) ?? special.contains(row.unit) {
                variants.asleep.append(row)
            } else {
                // Two of a kind: the id decides, so that the choice is the same every time.
                if let current = rows[row.unit]?[row.leastPrompt], current.id > row.id { continue }
                rows[row.unit, default: [:]][row.leastPrompt] = row
            }
        }
        return PriceSheet(rows: rows.mapValues { Array($0.values) }, otherwise: variants)
    }

    /// How closely a list fits: by its name, then a later start before an earlier one.
    private struct Rank: Comparable {
        let fit: PriceList.Fit
        let from: Int64

        static func < (a: Rank, b: Rank) -> Bool { (a.fit, a.from) < (b.fit, b.from) }
    }
}
