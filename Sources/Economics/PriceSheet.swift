import Values

/// The prices of one model at one moment, resolved: the most specific row for each unit.
public struct PriceSheet: Sendable, Hashable {
    /// By ``PriceUnit/index``, each the highest context threshold first. A dictionary would hash a unit's name for each class of tokens of
    /// each call.
    private let rows: [[PriceRow]]
    /// What holds at other hours of the day or week, and where the server says that it worked on other terms.
    private let otherwise: PriceVariants

    private let origin: Origin
    /// By list prices, where a contract makes others; `nil`: these are the list's.
    public var list: PriceSheet? { if case .contract(let list, _) = origin { list } else { nil } }
    /// The contract by which its prices are others than the list's.
    public var adjustment: PriceAdjustment? { if case .contract(_, let adjustment) = origin { adjustment } else { nil } }

    private let onTerms = SheetsOnTerms()

    /// Where its prices are from.
    private indirect enum Origin: Sendable, Hashable {
        case list
        case contract(PriceSheet, PriceAdjustment)
    }

    /// The ids of the rows that a short call without anything cached is charged by, in the order of ``Cost/priceRows``.
    public let usualRows: [String]

    init(rows: [PriceUnit: [PriceRow]], otherwise: PriceVariants = .none) {
        self.init(rows: rows, otherwise: otherwise, origin: .list)
    }

    private init(rows: [PriceUnit: [PriceRow]], otherwise: PriceVariants, origin: Origin) {
        self.origin = origin
        self.rows = PriceUnit.allCases.sorted { $0.index < $1.index }.map { unit in
            (rows[unit] ?? []).map { $0.sealed() }.sorted { $0.leastPrompt > $1.leastPrompt }
        }
        self.otherwise = otherwise
        let sealed = self.rows
        usualRows = [.input, .output, .request, .machineHour].compactMap { (unit: PriceUnit) in sealed[unit.index].last { $0.abovePromptTokens == nil }?.id }
    }

    /// The row that a unit is charged by for a prompt of that size, the base class standing in for an absent one.
    ///
    /// The context tier holds for the whole request and is chosen by the total prompt, cache included.
    public func row(_ unit: PriceUnit, promptTokens: Int) -> PriceRow? {
        if let found = rows[unit.index].first(where: { $0.holds(promptTokens: promptTokens) }) { return found }
        return unit.fallback.flatMap { row($0, promptTokens: promptTokens) }
    }

    public var allRows: [PriceRow] { PriceUnit.allCases.flatMap { rows[$0.index] } }

    /// ``allRows`` and those that hold at other hours or on other terms.
    public var everyRow: [PriceRow] {
        if case .contract(let list, let adjustment) = origin, case .multiplier(let millionths) = adjustment.kind {
            return list.everyRow.map { $0.agreed(millionths, named: adjustment.name).sealed() }
        }
        return allRows + otherwise.asleep.map { $0.sealed() } + otherwise.services.map { $0.sealed() }
            + otherwise.regions.flatMap { region in allRows.compactMap { region.applied(to: $0)?.sealed() } }
    }

    /// Those that hold now, at other hours and at other service tiers; regions are multiples of them.
    var ownRows: [PriceRow] { allRows + otherwise.asleep + otherwise.services }

    /// Whether calls are charged by machine time rather than by token.
    public var isMachineTime: Bool { !rows[PriceUnit.machineHour.index].isEmpty }

    /// The row of an hour of the machine.
    public var machineHour: PriceRow? { row(.machineHour, promptTokens: 0) }

    /// Whether both directions have a price; without them nothing may be charged or promised.
    var isComplete: Bool { isMachineTime || (!rows[PriceUnit.input.index].isEmpty && !rows[PriceUnit.output.index].isEmpty) }

    /// What an estimated call cost. Output that nobody explained is charged at the dearest class of output.
    public func cost(of estimate: TokenCounts.Estimate, busy: TimeSpan) -> Cost {
        cost(of: charged(estimate), busy: busy)
    }

    /// An estimate with its unexplained tokens where they are dearest.
    public func charged(_ estimate: TokenCounts.Estimate) -> TokenUsage {
        var usage = estimate.usage
        guard estimate.unexplained > 0 else { return usage }
        func price(_ unit: PriceUnit) -> Money { row(unit, promptTokens: usage.totalInput)?.price ?? .zero }
        if price(.reasoning) > price(.output) {
            usage.reasoning = (usage.reasoning ?? 0) + estimate.unexplained
        } else {
            usage.plainOutput += estimate.unexplained
        }
        return usage
    }

    /// What a finished call cost, by these rows: on other terms it is the sheet ``under(_:)`` them that has to be asked.
    ///
    /// - Parameters:
    ///   - usage: disjoint token classes.
    ///   - busy: how long the call kept the machine, for machine-hour prices.
    public func cost(of usage: TokenUsage, busy: TimeSpan) -> Cost {
        var lines: [Cost.Line] = []
        lines.reserveCapacity(4)
        let prompt = usage.totalInput
        func charge(_ unit: PriceUnit, _ count: Int) {
            guard count > 0 else { return }
            // Where the row stands, as copying it costs more than all the rest.
            var own: PriceUnit? = unit
            while let place = own?.index {
                if let found = rows[place].firstIndex(where: { $0.holds(promptTokens: prompt) }) {
                    lines.append(Cost.Line(row: rows[place][found].id, unit: unit, quantity: Int64(count), amount: rows[place][found].price * count))
                    return
                }
                own = own?.fallback
            }
        }
        charge(.input, usage.plainInput)
        charge(.cacheRead, usage.cacheRead ?? 0)
        charge(.cacheWrite, usage.cacheWrite ?? 0)
        charge(.cacheWriteLong, usage.cacheWriteLong ?? 0)
        charge(.audioInput, usage.audioInput ?? 0)
        charge(.output, usage.plainOutput)
        charge(.reasoning, usage.reasoning ?? 0)
        charge(.audioOutput, usage.audioOutput ?? 0)
        charge(.request, 1)
        charge(.webSearch, usage.searches ?? 0)
        if let row = row(.machineHour, promptTokens: prompt) {
            let amount = Self.machineTime(row.price, busy)
            lines.append(Cost.Line(row: row.id, unit: .machineHour, quantity: busy.milliseconds, amount: amount))
        }
        return Cost(lines: lines)
    }

    /// What a usage has that these rows charge nothing for, though it is not free: searches without a price of their own. In a sentence for people.
    public func unpriced(in usage: TokenUsage) -> String? {
        guard let searches = usage.searches, searches > 0, !isMachineTime, rows[PriceUnit.webSearch.index].isEmpty else { return nil }
        return "\(searches) web \(searches == 1 ? "search" : "searches") of the server \(searches == 1 ? "has" : "have") no price here, so that the cost is what the tokens come to"
    }

    /// The most that a call can cost: every prompt token at the dearest input class and every output token at the
    /// dearest output class, at the dearest context tier that a prompt of up to `inputTokens` can reach, at the dearest hour of the
    /// week, plus fees; a machine for all of `timeout`.
    ///
    /// Where a contract makes prices lower than the list's, the list's count: what a contract takes off is found in a bill, and not in an answer.
    ///
    /// No request asks for another service tier, for sound or for a search: what a server charges for those beyond it is an overrun.
    public func worstCost(inputTokens: Int, outputTokens: Int, timeout: TimeSpan, writes: CacheWrites = .any) -> Money {
        // A tier may be cheaper above its threshold, so every tier up to the bound counts.
        func dearest(_ units: PriceUnit...) -> Money {
            var dearest = Money.zero
            for unit in units {
                for row in rows[unit.index] where row.abovePromptTokens == nil || row.leastPrompt <= inputTokens { dearest = max(dearest, row.price) }
            }
            for row in otherwise.asleep where units.contains(row.unit) && row.leastPrompt <= inputTokens { dearest = max(dearest, row.price) }
            return dearest
        }
        let perInput =
            switch writes {
            case .none: dearest(.input, .cacheRead)
            case .short: dearest(.input, .cacheRead, .cacheWrite)
            case .any: dearest(.input, .cacheRead, .cacheWrite, .cacheWriteLong)
            }
        var total = perInput * inputTokens
        total += dearest(.output, .reasoning) * outputTokens
        total += dearest(.request)
        total += Self.machineTime(dearest(.machineHour), timeout)
        return max(total, list?.worstCost(inputTokens: inputTokens, outputTokens: outputTokens, timeout: timeout, writes: writes) ?? .zero)
    }

    /// A rate per hour is a ratio, pico-dollars to 3 600 000 ms; it is rounded once a row, half to even.
    static func machineTime(_ hourly: Money, _ busy: TimeSpan) -> Money {
        let (high, low) = hourly.picoDollars.magnitude.multipliedFullWidth(by: max(0, busy.milliseconds).magnitude)
        let divisor: UInt64 = 3_600_000
        guard high < divisor else { return .max }
        let (quotient, remainder) = divisor.dividingFullWidth((high, low))
        let roundsUp = remainder * 2 > divisor || (remainder * 2 == divisor && quotient & 1 == 1)
        return Int64(exactly: quotient + (roundsUp ? 1 : 0)).map(Money.init(picoDollars:)) ?? .max
    }
}

extension PriceSheet {
    /// The prices on the terms that an answer tells of, with what is not known of them.
    ///
    /// A service tier's row goes before the standard one. Where it has none for a context tier that the standard has, the dearer of its own
    /// base price and the tier's standard price holds; a class that it does not have at all costs as on standard terms. A region
    /// multiplies the prices of tokens.
    ///
    /// - Returns: these same prices, and a note, where there are none for those terms.
    public func under(_ terms: ServedTerms?) -> (sheet: PriceSheet, notes: [String]) {
        guard let terms else { return (self, []) }
        return onTerms.sheet(terms) { made(under: terms) }
    }

    private func made(under terms: ServedTerms) -> (sheet: PriceSheet, notes: [String]) {
        // A contract changes what holds on those terms.
        if case .contract(let list, let adjustment) = origin {
            let (sheet, notes) = list.under(terms)
            return (sheet.agreed(by: adjustment), notes)
        }
        var changed = PriceUnit.allCases.reduce(into: [PriceUnit: [PriceRow]]()) { $0[$1] = rows[$1.index] }
        var notes: [String] = []
        if let service = terms.service {
            let own = otherwise.services.filter { $0.service == service }
            if own.isEmpty { notes.append("there is no price for service tier \(service.rawValue): priced at the standard one") }
            for unit in PriceUnit.allCases {
                let special = own.filter { $0.unit == unit }.sorted { $0.leastPrompt > $1.leastPrompt }
                guard !special.isEmpty else {
                    // Reasoning is output, wherever the output has a price of its own.
                    if unit == .reasoning, own.contains(where: { $0.unit == .output }) { changed[unit] = [] }
                    continue
                }
                // Where one of both has a threshold that the other lacks, the dearer of the two holds from there on.
                changed[unit] =
                    special
                    + rows[unit.index].compactMap { standard in
                        guard standard.abovePromptTokens != nil, !special.contains(where: { $0.leastPrompt == standard.leastPrompt }) else { return nil }
                        let base = special.first { $0.holds(promptTokens: standard.leastPrompt) }
                        return base.map { $0.price < standard.price } ?? true ? standard : nil
                    }
            }
        }
        if let word = terms.otherService { notes.append("service tier '\(word)' is not known: priced at the standard one") }
        if let region = terms.region {
            if let factor = otherwise.regions.first(where: { $0.name.hasSameBytes(as: region.lowercased()) }) {
                for unit in PriceUnit.allCases { changed[unit] = changed[unit]?.map { factor.applied(to: $0) ?? $0 } }
            } else {
                notes.append("there is no price for the region \(region): priced as anywhere")
            }
        }
        return (PriceSheet(rows: changed), notes)
    }
}

extension PriceSheet {
    /// The sheet as a contract changes it.
    func agreed(by adjustment: PriceAdjustment) -> PriceSheet {
        guard case .multiplier(let millionths) = adjustment.kind else { return self }
        func changed(_ rows: [PriceRow]) -> [PriceRow] { rows.map { $0.agreed(millionths, named: adjustment.name) } }
        // What holds on other terms is changed when it is asked for.
        return PriceSheet(
            rows: PriceUnit.allCases.reduce(into: [:]) { $0[$1] = changed(rows[$1.index]) }, otherwise: PriceVariants(asleep: changed(otherwise.asleep)),
            origin: .contract(self, adjustment))
    }
}

/// For which lifetimes a request can be charged as written to a cache.
public enum CacheWrites: Sendable, Hashable {
    /// It asks for none, and its server writes only what is asked for.
    case none
    /// The shortest alone.
    case short
    case any
}

/// What besides the rows of a ``PriceSheet`` a model's price list has.
struct PriceVariants: Sendable, Hashable {
    /// Of hours that are not now; where they are, the standard rows that hold otherwise.
    var asleep: [PriceRow] = []
    var services: [PriceRow] = []
    var regions: [PriceRegion] = []

    static let none = PriceVariants()
}

/// What tokens cost where the data stays in a region, as a multiple of what they cost anywhere.
struct PriceRegion: Sendable, Hashable {
    let name: String
    /// Millionths.
    let factor: Int64

    /// `nil` for a fee, and where the product is no whole number of pico-dollars.
    func applied(to row: PriceRow) -> PriceRow? {
        guard row.unit.isToken, let price = row.price.times(millionths: factor) else { return nil }
        return row.changed(id: "\(row.unsealedID):\(name)", price: price, region: name)
    }
}

/// What a call cost, line by line, each with the price row it was charged by.
public struct Cost: Sendable, Hashable {
    public struct Line: Sendable, Hashable {
        public let row: String
        public let unit: PriceUnit
        /// Tokens, requests or milliseconds.
        public let quantity: Int64
        public let amount: Money
    }

    public let lines: [Line]

    public init(lines: [Line]) { self.lines = lines }

    public var total: Money { lines.reduce(.zero) { $0 + $1.amount } }
    /// Each once, in the order of the lines.
    public var priceRows: [String] {
        var rows: [String] = []
        for line in lines where !rows.contains(where: { $0.hasSameBytes(as: line.row) }) { rows.append(line.row) }
        return rows
    }
}
