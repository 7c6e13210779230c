import Economics
import PromptCaching
import WorkflowModel

/// What one call came to by its usage and its price rows.
struct CachedCallFigures {
    let call: CachedCall
    /// Whether the server says what it read of a known prompt, and its counts can be. Only then anything of the call counts: its tokens and its money.
    let isReported: Bool
    let input: Int
    let read: Int
    /// For the usual lifetime.
    let written: Int
    let writtenLong: Int
    /// `nil` where the price list does not have what it would take.
    let prices: PromptPrices?

    init(_ call: CachedCall, _ book: PriceRowBook) {
        self.call = call
        let all = max(call.written ?? 0, call.writtenLong ?? 0)
        isReported = call.input.flatMap { input in call.read.map { $0.addingClamped(all) <= input } } == true && !call.isDoubtful
        input = call.input ?? 0
        read = call.read ?? 0
        writtenLong = call.writtenLong ?? 0
        written = all - writtenLong
        prices = PromptPrices(chargedBy: call.priceRows, in: book, promptTokens: call.input ?? 0, at: call.startedAt)
    }

    /// What the prompt would have cost without a cache, and what it did; `nil` where prices are missing or nothing is reported.
    var cost: (uncached: MoneySum, actual: MoneySum)? {
        guard isReported else { return nil }
        return prices?.cost(input: input, read: read, written: written, writtenLong: writtenLong)
    }

    /// What the cache saved of it; `nil` where that is not known. Where nothing was read or written no price is needed to know that it is nothing.
    var saved: MoneySum? {
        if call.isWarmUp { return call.cost.map { MoneySum.zero - MoneySum($0) } }
        guard isReported else { return nil }
        guard read > 0 || written > 0 || writtenLong > 0 else { return .zero }
        return cost.map { $0.uncached - $0.actual }
    }

    /// The end of the prefix that the call is counted with.
    var prefix: CachePlan.End? {
        guard let plan = call.plan else { return nil }
        if plan.cached > 0, let end = plan.ends.last(where: { $0.tokens <= plan.cached }) { return end }
        return plan.marks.last.map { plan.ends[$0.end] }
    }

    static func name(of end: CachePlan.End) -> String { CachePlan.hex(end.name) }

    /// A number of tokens of the plan, which are estimated by bytes, in tokens of the usage.
    func observed(_ tokens: Int, of total: Int) -> Int {
        guard total > 0, tokens > 0 else { return 0 }
        return Int(clamping: Int128(min(tokens, total)) * Int128(input) / Int128(total))
    }
}
