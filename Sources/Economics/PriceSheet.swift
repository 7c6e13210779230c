import Values

/// The prices of one model at one moment, resolved: the most specific row for each unit.
public struct PriceSheet: Sendable, Hashable {
    /// By the unit's place among all: rows of one unit, the highest context threshold first. A dictionary would hash a unit's name for each
    /// class of tokens of each call.
    private let rows: [[PriceRow]]

    /// The ids of the rows that a short call without anything cached is charged by, in the order of ``Cost/priceRows``.
    public let usualRows: [String]

    init(rows: [PriceUnit: [PriceRow]]) {
        self.rows = PriceUnit.allCases.map { rows[$0] ?? [] }
        usualRows = [.input, .output, .request, .machineHour].compactMap { (unit: PriceUnit) in rows[unit]?.last { $0.abovePromptTokens == nil }?.id }
    }

    private func rows(of unit: PriceUnit) -> [PriceRow] { rows[unit.place] }

    /// The row that a unit is charged by for a prompt of that size, the base class standing in for an absent one.
    ///
    /// The context tier holds for the whole request and is chosen by the total prompt, cache included.
    public func row(_ unit: PriceUnit, promptTokens: Int) -> PriceRow? {
        if let found = rows(of: unit).first(where: { $0.abovePromptTokens.map { promptTokens > $0 } ?? true }) { return found }
        return unit.fallback.flatMap { row($0, promptTokens: promptTokens) }
    }

    public var allRows: [PriceRow] { rows.flatMap(\.self) }

    /// Whether calls are charged by machine time rather than by token.
    public var isMachineTime: Bool { !rows(of: .machineHour).isEmpty }

    /// Whether both directions have a price; without them nothing may be charged or promised.
    var isComplete: Bool { isMachineTime || (!rows(of: .input).isEmpty && !rows(of: .output).isEmpty) }

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

    /// What a finished call cost.
    ///
    /// - Parameters:
    ///   - usage: disjoint token classes.
    ///   - busy: how long the call kept the machine, for machine-hour prices.
    public func cost(of usage: TokenUsage, busy: TimeSpan) -> Cost {
        var lines: [Cost.Line] = []
        lines.reserveCapacity(4)
        let prompt = usage.totalInput
        func charge(_ unit: PriceUnit, _ count: Int) {
            guard count > 0, let row = row(unit, promptTokens: prompt) else { return }
            lines.append(Cost.Line(row: row.id, unit: unit, quantity: Int64(count), amount: row.price * count))
        }
        charge(.input, usage.plainInput)
        charge(.cacheRead, usage.cacheRead ?? 0)
        charge(.cacheWrite, usage.cacheWrite ?? 0)
        charge(.output, usage.plainOutput)
        charge(.reasoning, usage.reasoning ?? 0)
        charge(.request, 1)
        if let row = row(.machineHour, promptTokens: prompt) {
            let amount = Self.machineTime(row.price, busy)
            lines.append(Cost.Line(row: row.id, unit: .machineHour, quantity: busy.milliseconds, amount: amount))
        }
        return Cost(lines: lines)
    }

    /// The most that a call can cost: every prompt token at the dearest input class and every output token at the
    /// dearest output class, at the dearest context tier that a prompt of up to `inputTokens` can reach, plus fees;
    /// a machine for all of `timeout`.
    public func worstCost(inputTokens: Int, outputTokens: Int, timeout: TimeSpan) -> Money {
        // A tier may be cheaper above its threshold, so every tier up to the bound counts.
        func dearest(_ units: PriceUnit...) -> Money {
            var dearest = Money.zero
            for unit in units {
                for row in rows(of: unit) where (row.abovePromptTokens ?? -1) < inputTokens { dearest = max(dearest, row.price) }
            }
            return dearest
        }
        var total = dearest(.input, .cacheRead, .cacheWrite) * inputTokens
        total += dearest(.output, .reasoning) * outputTokens
        total += dearest(.request)
        total += Self.machineTime(dearest(.machineHour), timeout)
        return total
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
    public var priceRows: [String] { lines.map(\.row) }
}
