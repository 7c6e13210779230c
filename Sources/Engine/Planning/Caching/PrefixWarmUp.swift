import Economics
import PromptCaching
import Values
import WorkflowModel

/// A call that writes what later prompts begin with to the cache of their model before the first of them is asked, so that none of them has to wait for another one's first token.
///
/// It costs what reading the prefix once costs, as the first of them reads what it would have written. So it is made where time has a price alone.
struct PrefixWarmUp: Sendable, Hashable {
    /// Of the outlook: the first of those that are asked at once.
    let question: Int
    /// How many leading blocks are written.
    let blocks: Int
    /// All that begin with them, in the order of the outlook.
    let sharers: [Int]
    /// Seconds from the beginning of the run to the first of them.
    let start: Double

    /// No API takes less as the most of an answer, where it takes any.
    static let outputCap = 16
    /// No later than this an answer is of use.
    static let timeout = TimeSpan.seconds(60)
    /// Stands in for a user's message where there is none, as APIs want one.
    static let word = "."

    /// The steps of a workflow that one may be made for.
    ///
    /// - Parameter rules: how the cache of a model works; `nil`: it has none, or nothing is known of it.
    static func steps(of graph: WorkflowGraph, rules: (ModelReference) -> CacheRules?) -> TextSet {
        guard isWanted(graph) else { return [] }
        let outlook = PrefixOutlook(graph)
        return TextSet(candidates(outlook, graph, rules: rules).map { outlook.asked[$0.question].path })
    }

    /// Whether time has a price in a workflow, and its caches may be warmed.
    static func isWanted(_ graph: WorkflowGraph) -> Bool { graph.caching.waitingPrice.map { $0 > .zero } ?? false }

    /// Those that the graph allows, before anything is known of prices and of what caches have: a part of a prompt that is known from the inputs, with which several prompts begin that are asked at once, and none before them.
    static func candidates(_ outlook: PrefixOutlook, _ graph: WorkflowGraph, rules: (ModelReference) -> CacheRules?) -> [PrefixWarmUp] {
        guard isWanted(graph) else { return [] }
        let isConditional = PlanBuilder.conditionalSteps(graph.body)
        var found: [PrefixWarmUp] = []
        for (index, asked) in outlook.asked.enumerated() where asked.start > 0 && asked.part.isEmpty {
            guard let place = graph.body.index(of: asked.path), !isConditional[place], mayWarm(asked), let own = asked.model.flatMap(rules), own.canWarmUp, own.isMarked else { continue }
            // Without an answer Anthropic's API neither forces a tool nor thinks, which messages, but not what the system says, are kept apart by.
            let isSystemAlone = own.control == .cacheControl && (asked.question.schema != nil || outlook.reasons(asked, graph))
            let known = asked.blocks.prefix { block in
                (block.origin == "system" || block.origin.hasPrefix("prefix ")) && block.stability <= .execution && block.axes.isEmpty && (!isSystemAlone || block.role == .system)
            }
            for blocks in stride(from: known.count, to: 0, by: -1) {
                let sharers = outlook.sharing[index].filter { $0.blocks >= blocks }.map(\.asked)
                // Whoever is asked before writes it.
                if sharers.contains(where: { outlook.asked[$0].start < asked.start }) { break }
                let together = sharers.filter { outlook.asked[$0].start == asked.start }
                let count = together.reduce(0) { count, sharer in
                    outlook.asked[sharer].axes.reduce(outlook.asked[sharer].expected) { $0 * outlook.axes[$1].firstWave } + count
                }
                guard count >= 2 else { continue }
                if together.first == index { found.append(PrefixWarmUp(question: index, blocks: blocks, sharers: sharers, start: asked.start)) }
                break
            }
        }
        return found
    }

    /// Caps of the step bound its own calls, what is cut for want of room is not known before, and what may be answered from a memory is perhaps not asked.
    private static func mayWarm(_ asked: PrefixOutlook.Asked) -> Bool {
        let (step, limits) = (asked.step, asked.step.limits)
        guard let model = step.modelStep, model.memo == nil, !step.isOptional, limits.trim.isEmpty, limits.maxCost == nil, limits.maxTotalTokens == nil, step.forEach?.maxCost == nil else { return false }
        // Calls of a gate are accounted by its tiers.
        return firstTier(of: model)?.hasSameBytes(as: asked.tier) == true && (model.escalation == nil || step.forEach != nil)
    }

    /// `nil`: it is known when the step begins.
    static func firstTier(of model: ModelStep) -> String? {
        guard let escalation = model.escalation else { return model.tier }
        guard case .position(let place) = escalation.start else { return nil }
        return escalation.tiers[place]
    }

    /// Whether what is written is worth a read of it: those who are asked at once would else wait until the answer to the first of them begins.
    ///
    /// - Parameters:
    ///   - plan: of its own prompt, by what the cache has when it is sent.
    ///   - price: of a token of input.
    ///   - latencyPrice: of a second.
    ///   - wait: what the first of them is expected to take to its first token.
    func isWorth(_ plan: CachePlan, _ rules: CacheRules, price: Money, latencyPrice: Money, wait: TimeSpan) -> Bool {
        let written = plan.marks.filter { plan.ends[$0.end].tokens > plan.cached }
        guard let last = written.last, !plan.isHeldOut, latencyPrice > .zero else { return false }
        let milliseconds = Int64(clamping: Int(exactly: (start * 1000).rounded(.down)) ?? .max)
        // It is there still when they are asked.
        guard written.allSatisfy({ $0.lifetime.milliseconds >= milliseconds }) else { return false }
        let read = Int128(price.picoDollars) * Int128(plan.ends[last.end].tokens - plan.cached) * Int128((rules.readPrice * 1000).rounded())
        // Those who come before it is done wait for the rest.
        return Int128(latencyPrice.picoDollars) * Int128(min(wait.milliseconds, milliseconds)) >= read
    }
}

extension PrefixOutlook {
    fileprivate func reasons(_ asked: Asked, _ graph: WorkflowGraph) -> Bool {
        (graph.tier(named: asked.tier).map { asked.question.sampling.over($0.sampling) } ?? asked.question.sampling).reasoning != nil
    }

    /// How many prompts are expected to read what a warm-up writes, for each of its blocks and lifetimes, in thousandths.
    func reads(of warmUp: PrefixWarmUp, within lifetimes: [TimeSpan]) -> [[Int]] {
        let reads = reads(of: warmUp.question, within: lifetimes) { _ in Progress() }
        // The question itself is one of them.
        return reads[..<warmUp.blocks].map { $0.map { CachePlan.thousandths($0 + 1) } }
    }
}

extension PlanBuilder {
    /// Counts a warm-up with the step that it is for.
    func addWarmUp(to row: inout Plan.Step, _ step: Step, _ model: ModelStep, _ place: Place) {
        let tier = PrefixWarmUp.firstTier(of: model) ?? model.tier
        let cap = max(PrefixWarmUp.outputCap, outputCap(step, model, self.tier(tier, in: place.graph)))
        let prompt = promptSize(step, model, place.graph, place.scope)
        // No more than the step's own prompt, and a word in place of what follows.
        let bound = inputBound(prompt, step.limits, model, outputCap: cap).bound.map { $0 + TokenBound.inlineText(PrefixWarmUp.word) }
        let call = dearestCall(model, terms(tier, of: place.graph), bound: bound, outputCap: cap, timeout: max(step.timeout, PrefixWarmUp.timeout), place.scope.with(step))
        row.amounts.worst = row.amounts.worst.flatMap { worst in call.money.map { worst + $0 } }
        row.amounts.worstTokens = row.amounts.worstTokens.flatMap { worst in call.tokens.flatMap { worst.addingReportingOverflow($0).overflow ? nil : worst + $0 } }
        row.maxCalls = row.maxCalls.map { $0 + 1 }
        row.notes.append("what its prompts begin with may be written before they are asked, as time has a price: one more call")
    }
}
