import Economics
import Engine
import PromptCaching
import Values
import WorkflowModel

extension Study {
    /// Runs the recorded prompts through models of caches, as `cache simulate` does, and prices what they find by the rows of each call.
    func fillCaches(_ alternatives: [Alternative], _ book: PriceRowBook, _ whatIf: inout WhatIf) async throws {
        var columns = alternatives.enumerated().filter { $1.policy != nil || $1.rules != nil }.map { index, alternative in
            CacheColumn(index: index, policy: alternative.policy ?? .planned, rules: alternative.rules)
        }
        let known = composition.settings.cacheRules
        var reader = RecordedCacheTrace(archive: archive)
        try await archive.forEachCachedCall(filter) { page in
            let calls = page.filter { $0.isSelected && !$0.isWarmUp && self.selected.contains($0.run) }
            for (call, request) in zip(calls, try await reader.requests(calls)) {
                for column in columns.indices { columns[column].add(call, request, known, book, &whatIf) }
            }
        }
        for column in columns { whatIf.set(column.result, of: column.index) }
    }
}

/// What recorded prompts come to by one policy under the rules of one cache, or of each model's own.
private struct CacheColumn {
    let index: Int
    let policy: CachePolicy
    /// `nil`: those by which each call was planned, or its model's.
    let rules: CacheRules?
    private var simulators: TextTable<(rules: CacheRules, simulator: CacheSimulator)> = [:]
    private var caches = WhatIfResult.Caches()

    init(index: Int, policy: CachePolicy, rules: CacheRules?) {
        self.index = index
        self.policy = policy
        self.rules = rules
    }

    mutating func add(_ call: CachedCall, _ request: CacheRequest?, _ known: (ModelReference) -> CacheRules?, _ book: PriceRowBook, _ whatIf: inout WhatIf) {
        guard let request, let rules = rules ?? call.plan.flatMap({ CacheRules(of: $0) }) ?? known(call.model) else { return caches.unknown += 1 }
        let key = "\(rules.name) \(rules.leastTokens)"
        var outcome = CacheOutcome()
        if simulators[key] == nil { simulators[key] = (rules, CacheSimulator(rules: rules, policy: policy)) }
        outcome = simulators[key]!.simulator.add(request)
        caches.requests += 1
        guard let before = Self.cost(call, book), let then = Self.cost(call, outcome, of: request, rules, book) else { return caches.unpriced += 1 }
        if before != then { whatIf.add(WhatIfResult.Cost(then - before), to: index, workflow: call.workflow, step: call.step) }
    }

    var result: WhatIfResult.Caches {
        var caches = caches
        var cost = 0.0
        for (_, known) in simulators.sortedByKey {
            let found = known.simulator.result
            caches.inputTokens += found.inputTokens
            caches.readTokens += found.readTokens
            caches.writtenTokens += found.writtenTokens
            cost += found.cost
        }
        caches.relativeCost = caches.inputTokens > 0 ? cost / Double(caches.inputTokens) : nil
        return caches
    }

    private static func prices(_ call: CachedCall, _ book: PriceRowBook) -> PromptPrices? {
        guard call.cost != nil, !call.isDoubtful, let input = call.input else { return nil }
        return PromptPrices(chargedBy: call.priceRows, in: book, promptTokens: input, at: call.startedAt)
    }

    /// What its prompt cost as it was.
    private static func cost(_ call: CachedCall, _ book: PriceRowBook) -> MoneySum? {
        guard let prices = prices(call, book), let input = call.input else { return nil }
        let (written, long) = (call.written ?? 0, call.writtenLong ?? 0)
        // Without prices of its own for what was read, that cost as any other.
        let own = PromptPrices(plain: prices.plain, read: prices.read ?? prices.plain, write: prices.write ?? prices.plain, writeLong: prices.writeLong ?? prices.write ?? prices.plain)
        return own.cost(input: input, read: call.read ?? 0, written: max(0, written - long), writtenLong: long)?.actual
    }

    /// What it would have cost. The model of the cache counts a token as four bytes; what it finds is the same share of what was billed.
    private static func cost(_ call: CachedCall, _ outcome: CacheOutcome, of request: CacheRequest, _ rules: CacheRules, _ book: PriceRowBook) -> MoneySum? {
        guard let prices = prices(call, book), let input = call.input else { return nil }
        func billed(_ tokens: Int) -> Int {
            guard request.tokens > 0 else { return 0 }
            return Int(Int128(tokens) * Int128(input) / Int128(request.tokens))
        }
        let lifetimes = rules.lifetimes
        let own = PromptPrices(
            plain: prices.plain, read: prices.read ?? prices.plain.times(rules.readPrice), write: prices.write ?? prices.plain.times(lifetimes.last?.writePrice ?? 1),
            writeLong: prices.writeLong ?? prices.write ?? prices.plain.times(lifetimes.first?.writePrice ?? 1))
        let (read, written, long) = (billed(outcome.read), billed(outcome.written), billed(outcome.writtenLong))
        return own.cost(input: input, read: read, written: written - long, writtenLong: long)?.actual
    }
}

extension Money {
    /// A multiple of a price as the rules of a cache have it, in millionths, rounded once.
    fileprivate func times(_ factor: Double) -> Money {
        scaled(Money(picoDollars: Int64((factor * 1_000_000).rounded())), over: Money(picoDollars: 1_000_000))
    }
}
