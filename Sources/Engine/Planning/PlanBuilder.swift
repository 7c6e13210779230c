import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Prices a graph before a token is spent: the cheapest completion, the expected one, and the worst.
///
/// What does not depend on the inputs (profiles, prices, which steps are conditional) is worked out once: a batch plans
/// every line.
public struct PlanBuilder: Sendable {
    let graph: WorkflowGraph
    let history: WorkflowHistory
    private let tiers: [TierKey: TierTerms]
    /// For each body, the steps that a condition may skip.
    let conditional: [ObjectIdentifier: [Bool]]
    private let hasCap: Bool
    /// What prompts of models were billed as before.
    let ratios: [ModelReference: TokenRatio]
    /// Steps whose prompts may be written to a cache before.
    private let warmUps: TextSet
    /// What a fork has already; `nil`: it is none.
    private var kept: KeptNodes?

    /// A tier by its name in its workflow.
    private struct TierKey: Hashable {
        let graph: ObjectIdentifier
        let name: String
    }

    /// What the models of a tier can be planned by.
    struct TierTerms {
        var sheets: [(reference: ModelReference, sheet: PriceSheet, window: Int?, attachments: AttachmentSupport)] = []
        var profiles: [ModelProfile] = []
        var unpriced: [ModelProfile] = []
        /// Models that there are not: nothing bounds what they cost.
        var unknown: [ModelReference] = []
        var failure: StepFailure?
    }

    /// - Parameters:
    ///   - history: from the ledger; of no runs without one.
    ///   - ratios: from the ledger, for what is expected of prompts; no amount rests on them.
    ///   - moment: prices are those of it.
    public init(
        graph: WorkflowGraph, provider: any ModelProvider, prices: PriceBook, history: WorkflowHistory, ratios: [ModelReference: TokenRatio] = [:],
        at moment: Timestamp
    ) {
        self.graph = graph
        self.ratios = ratios
        self.history = history
        var conditional: [ObjectIdentifier: [Bool]] = [:]
        var tiers: [TierKey: TierTerms] = [:]
        var hasCap = false
        func terms(_ tier: ModelTier) -> TierTerms {
            var terms = TierTerms()
            for reference in tier.models {
                let profile: ModelProfile
                do throws(StepFailure) { profile = try provider.profile(of: reference) } catch {
                    terms.failure = terms.failure ?? error
                    // Its figures do not depend on its key.
                    let known = provider.knownProfile(of: reference)
                    if known == nil { terms.unknown.append(reference) }
                    profile = known ?? ModelProfile(reference: reference, servedID: reference.model, contextWindow: nil, maxConcurrency: nil)
                }
                terms.profiles.append(profile)
                if let sheet = prices.sheet(provider: reference.provider, model: profile.servedID, at: moment) {
                    terms.sheets.append((reference, sheet, profile.contextWindow, profile.attachments))
                } else {
                    terms.unpriced.append(profile)
                }
            }
            return terms
        }
        let root = graph
        func standIns(_ model: ModelStep) -> [String] { Self.standIns(model, root.budget) }
        func visit(_ body: StepGraph, of graph: WorkflowGraph) {
            conditional[ObjectIdentifier(body)] = Self.conditionalSteps(body)
            for step in body.steps {
                if step.limits.maxCost != nil || step.forEach?.maxCost != nil { hasCap = true }
                if case .model(let model) = step.kind {
                    for name in model.askedTiers + standIns(model) {
                        let key = TierKey(graph: ObjectIdentifier(graph), name: name)
                        if tiers[key] == nil { tiers[key] = terms(graph.tier(named: name) ?? root.tier(named: name)!) }
                    }
                } else if case .workflow(let other) = step.kind {
                    visit(other.graph)
                } else if let body = step.kind.body {
                    visit(body, of: graph)
                }
            }
        }
        func visit(_ graph: WorkflowGraph) {
            if graph.budget.maxCost != nil { hasCap = true }
            visit(graph.body, of: graph)
            graph.finally.map { visit($0, of: graph) }
        }
        visit(graph)
        self.conditional = conditional
        self.tiers = tiers
        self.hasCap = hasCap
        warmUps = PrefixWarmUp.steps(of: graph) { (try? provider.profile(of: $0))?.cache ?? provider.knownProfile(of: $0)?.cache }
    }

    /// For a fork: what it keeps costs nothing. Of passes and steps inside of items that are kept nothing is taken off, so that the worst case is a bound.
    public func keeping(_ kept: KeptNodes) -> PlanBuilder {
        var planner = self
        planner.kept = kept
        return planner
    }

    private func itemCount(_ step: Step, _ id: String, _ scope: PlanScope) -> (least: Int, most: Int?) {
        kept?.itemsLeft(of: id).map { ($0, $0) } ?? itemCount(step, scope)
    }

    static func conditionalSteps(_ body: StepGraph) -> [Bool] {
        var isConditional = [Bool](repeating: false, count: body.steps.count)
        for index in topologicalOrder(body) {
            isConditional[index] =
                body.steps[index].when != nil
                || body.dependencies[index].contains { $0.kind == .required && isConditional[$0.step] }
        }
        return isConditional
    }

    func terms(_ tier: String, of graph: WorkflowGraph) -> TierTerms {
        tiers[TierKey(graph: ObjectIdentifier(graph), name: tier)]!
    }

    /// - Parameter inputs: the run's, bound, or `nil` when they are not known yet.
    public func plan(inputs: JSONObject?) -> Plan {
        let scope = PlanScope(inputs: inputs.map { CELValue(.object($0)) } ?? .unknown)
        var rows: [Plan.Step] = []
        var total = plan(graph.body, Place(graph: graph, scope: scope), &rows)
        if let finally = graph.finally { total = total + plan(finally, Place(graph: graph, scope: scope), &rows) }
        let unpriced = TextSet(tiers.values.flatMap(\.unpriced).map { "\($0.reference.provider)/\($0.servedID)" })
        return Plan(
            workflow: graph.name, steps: rows, total: total, budget: graph.budget.maxCost, budgetTokens: graph.budget.maxTokens, admission: graph.budget.admit.rawValue,
            unpriced: unpriced.sorted(), refusal: modelRefusal ?? overBudget(total),
            historyRuns: history.runs)
    }

    /// Where a body stands: in which workflow, behind which names, and how often it runs.
    struct Place {
        let graph: WorkflowGraph
        var scope: PlanScope
        var prefix = ""
        var least = 1
        var most: Int? = 1
        /// ``most`` without the items of the step itself.
        var outerMost: Int? = 1

        func times(_ count: (least: Int, most: Int?)) -> Place {
            var place = self
            place.outerMost = most
            place.least = least.multipliedReportingOverflow(by: count.least).partialValue
            place.most = most.flatMap { most in count.most.map { most.multipliedReportingOverflow(by: $0) } }.flatMap { $0.overflow ? nil : $0.partialValue }
            return place
        }
    }

    /// Adds a row for every step of the body, inner ones behind the step that they belong to.
    private func plan(_ body: StepGraph, _ place: Place, _ rows: inout [Plan.Step]) -> Plan.Amounts {
        let isConditional = conditional[ObjectIdentifier(body)]!
        var total = noCost
        for (index, step) in body.steps.enumerated() {
            let dependsOn = body.dependencies[index].map { place.prefix + body.steps[$0.step].id }
            let id = place.prefix + step.id
            var here = place
            if isConditional[index] || step.isOptional { here.least = 0 }
            let row = rows.count
            if kept?.isWhole(id) == true {
                rows.append(Plan.Step(id: id, kind: step.kind.name, isConditional: isConditional[index], amounts: noCost, notes: [Self.keptNote]))
                rows[row].dependsOn = dependsOn
                continue
            }
            if case .model(let model) = step.kind {
                rows.append(plan(step, id, model, here.times(itemCount(step, id, here.scope)), isConditional: isConditional[index]))
            } else {
                rows.append(Plan.Step(id: id, kind: step.kind.name, isConditional: isConditional[index], amounts: noCost))
            }
            if place.prefix.isEmpty, warmUps.contains(id), let model = step.modelStep { addWarmUp(to: &rows[row], step, model, place) }
            rows[row].dependsOn = dependsOn
            if step.forEach != nil {
                let items = itemCount(step, id, here.scope)
                rows[row].items = Plan.Step.Items(least: items.least, most: items.most)
            }
            if case .loop(let loop) = step.kind { rows[row].passes = loop.max }
            if let container = step.kind.container {
                var inner = here.times(itemCount(step, id, here.scope))
                inner.prefix = id + "/"
                var amounts: Plan.Amounts
                if case .workflow(let other) = step.kind {
                    var sub = Place(graph: other.graph, scope: here.scope.inputs(of: step), prefix: inner.prefix)
                    (sub.least, sub.most) = (inner.least, inner.most)
                    amounts = plan(other.graph.body, sub, &rows)
                    if let finally = other.graph.finally { amounts = amounts + plan(finally, sub, &rows) }
                    amounts.limit(to: other.graph.budget.maxCost, other.graph.budget.maxTokens, times: inner.most)
                    rows[row].hasTokenCap = other.graph.budget.maxTokens != nil
                } else {
                    let passes = rows[row].passes.map { inner.times((1, $0)) }
                    amounts = plan(container.body, passes ?? inner, &rows)
                }
                amounts.limit(to: step.limits.maxCost, step.limits.maxTotalTokens, times: inner.most)
                amounts.limit(to: step.forEach?.maxCost, nil, times: here.most)
                rows[row].amounts = amounts
            }
            if step.limits.maxTotalTokens != nil { rows[row].hasTokenCap = true }
            // Where its cost is bounded all the same, as it is by the hour.
            if graph.budget.maxTokens != nil, step.modelStep != nil, rows[row].amounts.worst != nil, rows[row].amounts.worstTokens == nil {
                rows[row].notes.append("its tokens are not bounded: give it limits.max_input_tokens or limits.max_total_tokens")
            }
            total = total + rows[row].amounts
        }
        return total
    }

    private static let keptNote = "kept as it was recorded"
    private var noCost: Plan.Amounts { Plan.Amounts(best: .zero, expected: history.runs == 0 ? nil : .zero, worst: .zero) }

    /// Why a run with these inputs may not start: ``plan(inputs:)``'s refusal without the rest of the plan, where the budget
    /// admits by the cheapest completion and no step has steps of its own.
    public func refusal(inputs: JSONObject) -> StepFailure? {
        guard graph.budget.admit == .best, graph.finally == nil, !graph.steps.contains(where: { $0.kind.isContainer || $0.modelStep?.escalation != nil }) else {
            return plan(inputs: inputs).refusal
        }
        if let refusal = modelRefusal { return refusal }
        let scope = PlanScope(inputs: CELValue(.object(inputs)))
        let isConditional = conditional[ObjectIdentifier(graph.body)]!
        var total = noCost
        for (index, step) in graph.steps.enumerated() where !isConditional[index] && !step.isOptional {
            guard case .model(let model) = step.kind else { continue }
            let items = itemCount(step, scope)
            if items.least > 0 {
                let once = cheapest(step, model, Place(graph: graph, scope: scope))
                let best = (once * items.least).limited(to: step.limits.maxCost, step.limits.maxTotalTokens, times: items.least).limited(to: step.forEach?.maxCost, nil)
                total.best += best.money
                total.bestTokens &+= best.tokens
            }
        }
        return overBudget(total)
    }

    /// Whether any step asks a model.
    public var asksModels: Bool { !tiers.isEmpty }

    /// A model that is not there, or has no price under a cap: the first in the order of the file.
    public var modelRefusal: StepFailure? {
        var refusal: StepFailure?
        func visit(_ body: StepGraph, of graph: WorkflowGraph) {
            for step in body.steps where refusal == nil {
                if case .model(let model) = step.kind {
                    for name in model.askedTiers + Self.standIns(model, self.graph.budget) where refusal == nil {
                        let terms = terms(name, of: graph)
                        refusal = terms.failure ?? notTaken(model, terms.profiles) ?? (hasCap ? terms.unpriced.first.map(StepFailure.unpriced) : nil)
                    }
                } else if case .workflow(let other) = step.kind {
                    visit(other.graph)
                } else if let body = step.kind.body {
                    visit(body, of: graph)
                }
            }
        }
        func visit(_ graph: WorkflowGraph) {
            visit(graph.body, of: graph)
            graph.finally.map { visit($0, of: graph) }
        }
        visit(graph)
        return refusal
    }

    private func overBudget(_ total: Plan.Amounts) -> StepFailure? { overBudget(ofMoney: total) ?? overBudget(ofTokens: total) }

    /// Of tokens nothing is expected of the history: the cheapest completion has to do.
    private func overBudget(ofTokens total: Plan.Amounts) -> StepFailure? {
        guard let budget = graph.budget.maxTokens else { return nil }
        let isWorst = graph.budget.admit == .worst
        guard let amount = isWorst ? total.worstTokens : total.bestTokens else {
            return StepFailure(.budget, "the worst case is not bounded in tokens, and budget.admit is worst", details: ["`agentctl plan` names the steps that are not bounded"])
        }
        guard amount > budget else { return nil }
        return StepFailure(
            .budget, "the \(isWorst ? "worst case" : "cheapest completion"), \(amount) tokens, does not fit the budget of \(budget) tokens",
            details: ["raise budget.max_tokens, or lower the limits of the longest steps (`agentctl plan` shows them)"])
    }

    private func overBudget(ofMoney total: Plan.Amounts) -> StepFailure? {
        guard let budget = graph.budget.maxCost else { return nil }
        let (name, amount): (String, Money?)
        switch graph.budget.admit {
        case .best: (name, amount) = ("cheapest completion", total.best)
        // Without history there is nothing to expect from: the cheapest completion has to do, or no first run would ever start.
        case .expected: (name, amount) = total.expected == nil ? ("cheapest completion", total.best) : ("expected cost", total.expected)
        case .worst: (name, amount) = ("worst case", total.worst)
        }
        guard let amount else {
            return StepFailure(.budget, "the worst case is not bounded, and budget.admit is worst", details: ["`agentctl plan` names the steps that are not bounded"])
        }
        guard amount > budget else { return nil }
        return StepFailure(.budget, "the \(name), \(amount), does not fit the budget of \(budget)", details: ["raise budget.max_cost_usd or --budget, or lower the limits of the dearest steps (`agentctl plan` shows them)"])
    }

    /// - Parameter place: with the step's items counted in.
    private func plan(_ step: Step, _ id: String, _ model: ModelStep, _ place: Place, isConditional: Bool) -> Plan.Step {
        if let escalation = model.escalation { return plan(escalation, step, id, model, place, isConditional: isConditional) }
        let tier = place.graph.tier(named: model.tier)!
        let terms = terms(model.tier, of: place.graph)
        let outputCap = outputCap(step, model, tier)
        let asked = [tier] + Self.standIns(model, graph.budget).map { self.tier($0, in: place.graph) }
        let (sheets, unpriced) = (terms.sheets, asked.flatMap { self.terms($0.name, of: place.graph).unpriced })
        let prompt = promptSize(step, model, place.graph, place.scope)
        let own = place.scope.with(step)
        var notes: [String] = []
        if !model.attachments.isEmpty, step.limits.maxInputTokens != nil, terms.profiles.contains(where: { attachments(of: model, $0.attachments, own).most == nil }) {
            notes.append("what is attached has no known size in tokens, and limits.max_input_tokens does not count it")
        }
        if model.schema != nil, let most = terms.profiles.map(\.schemaOverhead).max(), most > 0, terms.sheets.contains(where: { !$0.sheet.isMachineTime }) {
            notes.append("what the API adds to the prompt around a schema, up to \(most) tokens, is learned, not proved")
        }
        if !unpriced.isEmpty { notes.append("no price for " + unpriced.map { "\($0.reference)" }.joined(separator: ", ")) }

        // Worst: every try fails but the last, and every repair is used, of whoever may be asked.
        let (bound, learned) = inputBound(prompt, step.limits, model, outputCap: outputCap)
        if let learned { notes.append(learned) }
        var worst: Money?
        let most = asked.map { tier in mostOf(step, model, tier, prompt, place.graph, own) }
        let calls = most.map(\.calls).max()!
        if unpriced.isEmpty {
            let perCall = most.contains { $0.money == nil } ? nil : most.compactMap(\.money).max()
            let unknown = asked.flatMap { self.terms($0.name, of: place.graph).unknown }
            if !unknown.isEmpty {
                notes.append("unbounded: nothing is known of " + unknown.map(\.description).joined(separator: ", "))
            } else if perCall == nil, bound != nil {
                notes.append("unbounded: what is attached may be billed as anything; attach: [{ …, max_tokens: … }] bounds it")
            } else if perCall == nil {
                notes.append("unbounded: no limits.max_input_tokens, and the prompt is not known before the run")
            }
            if place.most == nil { notes.append("unbounded: for_each without max_items") }
            worst = perCall.flatMap { cost in place.most.map { cost * $0 } }
            if let cap = step.limits.maxCost, let most = place.most { worst = worst.map { min($0, cap * most) } ?? cap * most }
            if let cap = step.forEach?.maxCost, let most = place.outerMost { worst = worst.map { min($0, cap * most) } ?? cap * most }
        }

        let once = cheapest(step, model, place)
        notes += Self.notes(once, step.limits, "its cheapest call")
        let best = once * place.least
        let amounts = Plan.Amounts(
            best: best.money, expected: expected(id, terms), worst: worst, bestTokens: best.tokens,
            worstTokens: Self.mostTokens(most.contains { $0.tokens == nil } ? nil : most.compactMap(\.tokens).max(), step, place)
        ).ordered
        return Plan.Step(
            id: id, kind: "model", tier: tier.name, model: tier.models.map(\.description).joined(separator: " | "),
            maxCalls: place.most.flatMap { most in most.multipliedReportingOverflow(by: calls).overflow ? nil : most * calls }, isConditional: isConditional, prompt: PromptTokens(bytes: prompt.knownBytes, ratios[tier.models[0]]),
            maxInputTokens: step.limits.maxInputTokens, maxOutputTokens: outputCap,
            amounts: amounts, isUnpriced: sheets.isEmpty, notes: notes, prefixes: model.prefixes.map { place.graph.prefixes[$0].name })
    }

    // MARK: What is known before the run

    /// What is known of a prompt before the run.
    typealias PromptSize = (knownBytes: Int, bound: Int, overhead: Int, isComplete: Bool)

    /// - Parameters:
    ///   - limits: in place of the step's.
    ///   - learned: what an expression may come to at most that nobody knows before; `nil`: nobody can say.
    func promptSize(
        _ step: Step, _ model: ModelStep, _ graph: WorkflowGraph, _ scope: PlanScope, limits: StepLimits? = nil, learned: (Expression) -> Int? = { _ in nil }
    ) -> PromptSize {
        let limits = limits ?? step.limits
        let own = scope.with(step)
        var bytes = 0
        let messages = if case .messages(let messages) = model.body { messages.count } else { 1 }
        // As a reservation counts it, a repair's two messages included.
        let segments =
            messages + model.prefixes.count + (model.system == nil ? 0 : 1) + (model.schema == nil || model.repairs == 0 ? 0 : 2)
            + (limits.onTruncation == .continue ? 2 : 0)
        let overhead = TokenBound.templateOverhead(messages: segments) + segments * PromptSegment.joiner.utf8.count + model.schemaBound
        var bound = overhead
        var isComplete = true
        func add(_ template: Template, _ scope: PlanScope) {
            for part in template.parts {
                switch part {
                case .text(let text): bytes += text.utf8.count; bound += TokenBound.inlineText(text)
                case .expression(let expression):
                    guard let value = try? expression.evaluateJSON(scope) else {
                        if let most = learned(expression) { bound += most } else { isComplete = false }
                        continue
                    }
                    let text = value.stringValue ?? value.jsonText
                    bytes += text.utf8.count
                    bound += TokenBound.inlineText(text)
                }
            }
            bytes += PromptSegment.joiner.utf8.count
        }
        if let system = model.system { add(system, own) }
        for index in model.prefixes { add(graph.prefixes[index].text, scope) }
        switch model.body {
        case .prompt(let template): add(template, own)
        case .messages(let messages): for message in messages { add(message.text, own) }
        }
        // A run cuts it so far.
        if !limits.trim.isEmpty, let limit = limits.maxInputTokens { bytes = min(bytes, limit * 4) }
        return (bytes, bound, overhead, isComplete)
    }

    func itemCount(_ step: Step, _ scope: PlanScope) -> (least: Int, most: Int?) {
        guard let forEach = step.forEach else { return (1, 1) }
        if let list = (try? forEach.items.evaluateJSON(scope))?.arrayValue { return (list.count, list.count) }
        return (0, forEach.maxItems)
    }

    /// Steps behind all that they wait for.
    static func topologicalOrder(_ graph: StepGraph) -> [Int] {
        var unsettled = graph.dependencies.map(\.count)
        var order = unsettled.indices.filter { unsettled[$0] == 0 }
        var next = 0
        while next < order.count {
            for dependent in graph.dependents[order[next]] {
                unsettled[dependent] -= 1
                if unsettled[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        return order
    }
}

/// What expressions can read before a run: the inputs, if they are given. The rest is unknown.
struct PlanScope: Bindings {
    var inputs: CELValue
    var withValues: CELValue?

    func value(named name: String) -> CELValue? {
        switch name {
        case "inputs": return inputs
        case "with": return withValues ?? .unknown
        // As long as the real ones.
        case "run": return CELValue(.object(["id": "00000000-000000-00000000", "started_at": "0000-00-00T00:00:00.000000Z"]))
        default: return .unknown
        }
    }

    /// What the workflow that a step runs is given.
    func inputs(of step: Step) -> PlanScope {
        PlanScope(inputs: with(step).withValues ?? .unknown)
    }

    private static let none = CELValue.map(CELMap(JSONObject()))

    func with(_ step: Step) -> PlanScope {
        var copy = self
        if step.with.isEmpty {
            copy.withValues = Self.none
            return copy
        }
        copy.withValues = .map(CELMap(step.with.map { ($0.key, (try? $0.value.evaluate(self)).map { CELValue($0) } ?? .unknown) }))
        return copy
    }
}

extension Plan.Amounts {
    /// What is not known of one part is not known of the sum.
    fileprivate static func + (a: Plan.Amounts, b: Plan.Amounts) -> Plan.Amounts {
        func sum(_ a: Money?, _ b: Money?) -> Money? { a.flatMap { a in b.map { a + $0 } } }
        func tokens(_ a: Int, _ b: Int) -> Int? { a.addingReportingOverflow(b).overflow ? nil : a + b }
        return Plan.Amounts(
            best: a.best + b.best, expected: sum(a.expected, b.expected), worst: sum(a.worst, b.worst), bestTokens: tokens(a.bestTokens, b.bestTokens) ?? .max,
            worstTokens: a.worstTokens.flatMap { a in b.worstTokens.flatMap { tokens(a, $0) } })
    }

    /// Under caps that hold `times` times; `nil`: nobody knows how often.
    fileprivate mutating func limit(to cap: Money?, _ tokens: Int?, times: Int?) {
        guard let times else { return }
        if let cap { worst = worst.map { min($0, cap * times) } ?? cap * times }
        if let most = tokens?.times(times) { worstTokens = min(worstTokens ?? most, most) }
        self = ordered
    }

    /// With the best below the expected below the worst, which is a bound: what history and estimates say beyond it cannot be.
    var ordered: Plan.Amounts {
        let best = min(best, worst ?? best)
        return Plan.Amounts(
            best: best, expected: expected.map { max(best, min($0, worst ?? $0)) }, worst: worst, bestTokens: min(bestTokens, worstTokens ?? bestTokens),
            worstTokens: worstTokens)
    }
}
