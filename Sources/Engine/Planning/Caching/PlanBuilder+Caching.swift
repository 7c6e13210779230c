import Economics
import PromptCaching
import Values
import WorkflowModel

extension PlanBuilder {
    /// The plan with what prompt caches are expected to have of each step's prompts. Best and worst know nothing of it: the best costs what is asked once, and the worst what is never found.
    ///
    /// - Parameter inputs: those of the plan.
    public func withCaches(_ plan: Plan, inputs: JSONObject?) -> Plan {
        let outlook = PrefixOutlook(graph, history: history, inputs: inputs)
        func place(_ asked: PrefixOutlook.Asked) -> WorkflowGraph { graph.step(at: asked.path)?.graph ?? graph }
        func sheet(_ asked: PrefixOutlook.Asked) -> PriceSheet? { terms(asked.tier, of: place(asked)).sheets.first { $0.reference == asked.model }?.sheet }
        /// At the prices of a prompt of what is known of it.
        func cache(_ asked: PrefixOutlook.Asked) -> PricedCache? {
            guard let profile = terms(asked.tier, of: place(asked)).profiles.first(where: { $0.reference == asked.model }) else { return nil }
            return profile.cache?.priced(by: sheet(asked), promptTokens: TokenBound.estimate(bytes: asked.blocks.reduce(0) { $0 + $1.knownBytes }))
        }
        let caches = outlook.asked.map(cache)
        var caching = graph.caching
        // Runs that are kept apart mark nothing.
        let apart = Double(caching.holdout?.millionths ?? 0) / Double(Share.whole)
        if apart == 1 { (caching.marks, caching.warmsUp) = (false, false) }
        let profiles = Dictionary(
            outlook.asked.flatMap { terms($0.tier, of: place($0)).profiles }.map { ($0.reference, $0) }, uniquingKeysWith: { first, _ in first })
        let warmUps =
            apart == 1
            ? []
            : PrefixWarmUp.candidates(outlook, graph) { model in profiles[model]?.cache }.compactMap { warmUp -> (warmUp: PrefixWarmUp, price: Money)? in
                let asked = outlook.asked[warmUp.question]
                guard let sheet = sheet(asked), !sheet.isMachineTime, let row = sheet.row(.input, promptTokens: TokenBound.estimate(bytes: asked.blocks.reduce(0) { $0 + $1.knownBytes })) else { return nil }
                return (warmUp, row.price)
            }
        let forecast = PrefixForecast(outlook, caching, wished: { place($0).wishedLifetimes(ofOrigins: $0.blocks.lazy.map(\.origin)) }, rules: caches.map { $0?.rules }, warmUps: warmUps)
        var plan = plan
        var questions: TextTable<[Int]> = [:]
        for (question, asked) in outlook.asked.enumerated() { questions[asked.path, default: []].append(question) }
        for index in plan.steps.indices {
            for question in questions[plan.steps[index].id] ?? [] {
                let asked = outlook.asked[question]
                guard var outcome = forecast.outcomes[question], outcome.calls > 0 else { continue }
                let unmarked = outcome.rules.isMarked ? caching.marks ? apart : 1 : 0
                outcome.read *= 1 - unmarked
                outcome.written = outcome.written.map { $0 * (1 - unmarked) }
                outcome.warmed *= 1 - apart
                var planned = planned(outcome, asked, sheet(asked), observed(asked), unpriced: caches[question]?.unknown ?? [])
                planned.unmarkedShare = unmarked
                plan.steps[index].caches.append(planned)
            }
        }
        return plan
    }

    /// How much of what was predicted was found, in the step's calls to the model.
    private func observed(_ asked: PrefixOutlook.Asked) -> PlannedCaching.Observed? {
        let calls = (history.steps[asked.path] ?? []).filter { asked.model == ModelReference(provider: $0.provider, model: $0.model) }
        let predicted = calls.reduce(0) { $0 + $1.predictedTokens }
        guard predicted > 0 else { return nil }
        return PlannedCaching.Observed(share: min(1, Double(calls.reduce(0) { $0 + $1.foundTokens }) / Double(predicted)), calls: calls.reduce(0) { $0 + $1.predictedCalls })
    }

    /// - Parameter unpriced: what has no price of its own.
    private func planned(
        _ outcome: PrefixForecast.Outcome, _ asked: PrefixOutlook.Asked, _ sheet: PriceSheet?, _ observed: PlannedCaching.Observed?, unpriced: [PriceUnit]
    ) -> PlannedCaching {
        let prompt = outcome.prompt / outcome.calls
        let read = outcome.read / outcome.calls * (observed?.share ?? 1)
        let written = outcome.written.map { $0 / outcome.calls }
        var planned = PlannedCaching(
            tier: asked.tier, part: asked.part, rules: outcome.rules.name, leastTokens: outcome.rules.leastTokens, calls: outcome.calls, promptTokens: Int(prompt.rounded()), isComplete: outcome.isComplete,
            sharedTokens: outcome.shared, isSharedComplete: outcome.isSharedComplete, readShare: prompt > 0 ? read / prompt : 0, writtenShare: prompt > 0 ? written.reduce(0, +) / prompt : 0,
            marks: outcome.marks.map { PlannedCaching.Mark(end: asked.blocks[$0.block].origin, lifetime: $0.lifetime) }, observed: observed)
        guard let sheet, !sheet.isMachineTime else { return planned }
        // An average call, as the size of a prompt decides its price.
        let (tokens, found) = (Int(prompt.rounded()), Int(read.rounded()))
        func kept(long: Bool) -> Int { Int(zip(outcome.rules.lifetimes, written).reduce(0) { $1.0.isLong == long ? $0 + $1.1 : $0 }.rounded()) }
        let (short, long) = (kept(long: false), kept(long: true))
        func cost(_ usage: TokenUsage) -> Money { (sheet.cost(of: usage, busy: .milliseconds(0)).total * Int((outcome.calls * 1000).rounded())).divided(by: 1000) }
        // What a warm-up asks for comes on top of them.
        let warmed = Int((outcome.warmed / outcome.calls).rounded())
        // What is read or written and has no price of its own is not priced as something else.
        let used: [(unit: PriceUnit, tokens: Int)] = [(.cacheRead, found), (.cacheWrite, short), (.cacheWriteLong, long)]
        if !used.contains(where: { $0.tokens > 0 && unpriced.contains($0.unit) }) {
            planned.cost = cost(TokenUsage(plainInput: max(0, tokens + warmed - found - short - long), cacheRead: found, cacheWrite: short, cacheWriteLong: long > 0 ? long : nil, plainOutput: 0))
        }
        planned.costWithout = cost(TokenUsage(plainInput: tokens, plainOutput: 0))
        return planned
    }
}
