import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// What one call of a step can come to before it is made.
extension PlanBuilder {
    /// The most tokens of a prompt as a reservation counts them, repairs and continuations included; `nil`: it is not known.
    ///
    /// - Returns: also what is to be said where it is learned.
    func inputBound(_ prompt: PromptSize, _ limits: StepLimits, _ model: ModelStep, outputCap: Int) -> (bound: Int?, note: String?) {
        // A prompt that passes `max_input_tokens` has at most four bytes a token by the estimate that checks it, and a
        // reservation counts bytes.
        let limitBound = limits.maxInputTokens.map { $0 * 4 + prompt.overhead }
        let bound = prompt.isComplete ? min(prompt.bound, limitBound ?? .max) : limitBound
        // Both are asked with what was answered so far.
        let continuations = limits.onTruncation == .continue ? TryMachine.mostContinuations : 0
        let further = (model.schema == nil ? 0 : model.repairs) + continuations
        guard further > 0 else { return (bound, nil) }
        if let limitBound { return (limitBound, nil) }
        guard let bound else { return (nil, nil) }
        let what = continuations == further ? "a continuation's" : continuations == 0 ? "a repair's" : "a repair's or a continuation's"
        return (bound + further * Self.learnedBound(of: outputCap), "the size of \(what) prompt is learned, not proved; limits.max_input_tokens bounds it")
    }

    /// Of an answer that stands in a prompt, in tokens as a reservation counts them. Not proved: a token may be long.
    static func learnedBound(of outputCap: Int) -> Int { outputCap * 4 + 1024 }

    /// The most that one call can hold, by the dearest of a tier's models.
    ///
    /// - Returns: `nil` of a unit: nothing bounds it.
    func dearestCall(_ model: ModelStep, _ terms: TierTerms, bound: Int?, outputCap: Int, timeout: TimeSpan, _ own: PlanScope) -> (money: Money?, tokens: Int?) {
        let calls = callsByModel(model, terms, bound: bound, outputCap: outputCap, timeout: timeout, own)
        return (calls.money.map { $0.max() ?? .zero }, calls.tokens.map { $0.max() ?? 0 })
    }

    /// The most that one call can hold, by each of a tier's models in their order; those without a price have no money.
    ///
    /// - Returns: `nil` of a unit: nothing bounds it.
    func callsByModel(
        _ model: ModelStep, _ terms: TierTerms, bound: Int?, outputCap: Int, timeout: TimeSpan, _ own: PlanScope
    ) -> (money: [Money]?, tokens: [Int]?) {
        guard terms.unknown.isEmpty else { return (nil, nil) }
        var (money, tokens): ([Money]?, [Int]?) = ([], [])
        for profile in terms.profiles {
            let window = profile.contextWindow
            let attached = attachments(of: model, profile.attachments, own)
            let added = model.schema == nil ? 0 : profile.schemaOverhead
            let input = bound.flatMap { bound in attached.most.map { bound + $0 + added } }.map { min($0, window ?? .max) } ?? window
            let output = profile.outputBound(outputCap)
            if let input { tokens?.append(Reservation.tokens(inputBound: input, contextWindow: window, outputCap: output)) } else { tokens = nil }
            guard let sheet = terms.sheets.first(where: { $0.reference == profile.reference })?.sheet else { continue }
            // By the hour, tokens cost nothing.
            guard let charged = sheet.isMachineTime ? 0 : input else {
                money = nil
                continue
            }
            money?.append(Reservation.worst(sheet: sheet, inputBound: charged, contextWindow: window, outputCap: output, timeout: timeout).amount)
        }
        return (money, tokens)
    }

    // MARK: Who may be asked in place of a tier

    /// Where a band leaves out the tier that a step begins with, or where the budget is short; see ``Budget/standIns(for:)``.
    static func standIns(_ model: ModelStep, _ budget: Budget) -> [String] {
        guard let escalation = model.escalation else { return budget.standIns(for: model.tier) }
        var seen: TextSet = []
        let first: [String] = if case .position(let place) = escalation.start { [escalation.tiers[place]] } else { escalation.tiers }
        return first.flatMap { budget.standIns(for: $0) }.filter { seen.insert($0).inserted }
    }

    /// As the run finds it: another file has tiers of its own, and may lack one.
    func tier(_ name: String, in other: WorkflowGraph) -> ModelTier { other.tier(named: name) ?? graph.tier(named: name)! }

    func outputCap(_ step: Step, _ model: ModelStep, _ tier: ModelTier) -> Int {
        min(step.limits.maxOutputTokens, model.sampling.over(tier.sampling).maxOutputTokens ?? .max)
    }

    /// The most that a step's question can come to, asked of a tier.
    ///
    /// - Returns: `nil` of a unit: nothing bounds it.
    func mostOf(
        _ step: Step, _ model: ModelStep, _ tier: ModelTier, _ prompt: PromptSize, _ place: WorkflowGraph, _ own: PlanScope
    ) -> (calls: Int, money: Money?, tokens: Int?) {
        let cap = outputCap(step, model, tier)
        let calls = TryMachine(step, model, tier).mostCalls
        let call = dearestCall(
            model, terms(tier.name, of: place), bound: inputBound(prompt, step.limits, model, outputCap: cap).bound, outputCap: cap, timeout: step.timeout, own)
        return (calls, call.money.map { $0 * calls }, call.tokens?.times(calls))
    }

    /// The cheapest way through a step without steps of its own, once.
    func cheapest(_ step: Step, _ model: ModelStep, _ place: Place) -> CapAmount {
        if let escalation = model.escalation { return cheapest(escalation, step, model, place) }
        let bytes = promptSize(step, model, place.graph, place.scope).knownBytes
        let own = place.scope.with(step)
        return ([model.tier] + Self.standIns(model, graph.budget)).map { best(model, terms($0, of: place.graph), promptBytes: bytes, own) }
            .reduce(nil as CapAmount?) { $0?.smaller(of: $1) ?? $1 }!
    }

    /// The most tokens of a step under its own cap.
    ///
    /// - Parameter once: of one item; `nil`: not bounded.
    static func mostTokens(_ once: Int?, _ step: Step, _ place: Place) -> Int? {
        let all = once?.times(place.most)
        guard let cap = step.limits.maxTotalTokens?.times(place.most) else { return all }
        return min(all ?? cap, cap)
    }

    /// What is to be said of a step whose caps are below its cheapest way.
    static func notes(_ once: CapAmount, _ limits: StepLimits, _ way: String) -> [String] {
        var notes: [String] = []
        if let cap = limits.maxCost, once.money > cap { notes.append("limits.max_cost_usd is less than \(way), \(once.money)") }
        if let cap = limits.maxTotalTokens, once.tokens > cap { notes.append("limits.max_total_tokens is less than \(way), \(once.tokens) tokens") }
        return notes
    }

    /// What the step takes in an average completion, at today's prices of the models that were asked; of one that the tier does not name
    /// any more, at those of its first. `nil` without a completion to learn from.
    func expected(_ id: String, _ terms: TierTerms) -> Money? {
        guard history.runs > 0 else { return nil }
        var total = Money.zero
        for calls in history.steps[id] ?? [] {
            total += calls.costWithoutUsage
            guard let (usage, milliseconds) = calls.average else { continue }
            let asked = terms.sheets.first { $0.reference == ModelReference(provider: calls.provider, model: calls.model) } ?? terms.sheets.first
            if let sheet = asked?.sheet { total += sheet.cost(of: usage, busy: .milliseconds(milliseconds)).total * calls.calls }
        }
        return total.divided(by: history.runs)
    }

    /// One call of what is known of the prompt, answered with one token, by the cheapest model.
    func best(_ model: ModelStep, _ terms: TierTerms, promptBytes: Int, _ scope: PlanScope) -> CapAmount {
        // It may have been answered before.
        if model.memo != nil { return .zero }
        let text = TokenBound.estimate(bytes: promptBytes)
        func usage(_ support: AttachmentSupport) -> TokenUsage {
            TokenUsage(plainInput: text + (model.attachments.isEmpty ? 0 : attachments(of: model, support, scope).known), plainOutput: 1)
        }
        return CapAmount(
            money: terms.sheets.map { $0.sheet.cost(of: usage($0.attachments), busy: .milliseconds(0)).total }.min() ?? .zero,
            tokens: terms.profiles.map { usage($0.attachments).total }.min() ?? 0)
    }
}

extension Int {
    /// So many times; `nil`: more than a number can say, or nobody knows how often.
    func times(_ count: Int?) -> Int? {
        guard let count else { return nil }
        let (product, overflow) = multipliedReportingOverflow(by: count)
        return overflow ? nil : product
    }
}

extension CapAmount {
    static func * (amount: CapAmount, count: Int) -> CapAmount { CapAmount(money: amount.money * count, tokens: amount.tokens.times(count) ?? .max) }

    func limited(to cap: Money?, _ tokens: Int?, times count: Int = 1) -> CapAmount {
        CapAmount(money: cap.map { min(money, $0 * count) } ?? money, tokens: tokens.map { min(self.tokens, $0.times(count) ?? .max) } ?? self.tokens)
    }
}
