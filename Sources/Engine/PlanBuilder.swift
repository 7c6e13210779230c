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
    private let graph: WorkflowGraph
    private let statistics: [String: StepStatistics]
    private let tiers: [String: TierTerms]
    private let isConditional: [Bool]
    private let hasCap: Bool

    /// What the models of a tier can be planned by.
    private struct TierTerms {
        var sheets: [(sheet: PriceSheet, window: Int?)] = []
        var unpriced: [ModelProfile] = []
        var failure: StepFailure?
    }

    /// - Parameters:
    ///   - statistics: by step id, from the ledger; empty without history.
    ///   - moment: prices are those of it.
    public init(
        graph: WorkflowGraph, provider: any ModelProvider, prices: PriceBook, statistics: [String: StepStatistics], at moment: Timestamp
    ) {
        self.graph = graph
        self.statistics = statistics
        var isConditional = [Bool](repeating: false, count: graph.steps.count)
        for index in Self.topologicalOrder(graph) {
            isConditional[index] = graph.steps[index].when != nil
                || graph.dependencies[index].contains { $0.kind == .required && isConditional[$0.step] }
        }
        self.isConditional = isConditional
        hasCap = graph.budget.maxCost != nil || graph.steps.contains { !graph.callCaps(step: $0, path: $0.id).isEmpty }
        var tiers: [String: TierTerms] = [:]
        for case .model(let model) in graph.steps.map(\.kind) where tiers[model.tier] == nil {
            var terms = TierTerms()
            for reference in graph.tier(named: model.tier)!.models {
                var profile = ModelProfile(reference: reference, servedID: reference.model, contextWindow: nil, maxConcurrency: nil)
                do throws(StepFailure) { profile = try provider.profile(of: reference) } catch { terms.failure = terms.failure ?? error }
                if let sheet = prices.sheet(provider: reference.provider, model: profile.servedID, at: moment) {
                    terms.sheets.append((sheet, profile.contextWindow))
                } else {
                    terms.unpriced.append(profile)
                }
            }
            tiers[model.tier] = terms
        }
        self.tiers = tiers
    }

    /// - Parameter inputs: the run's, bound, or `nil` when they are not known yet.
    public func plan(inputs: JSONObject?) -> Plan {
        let scope = PlanScope(inputs: inputs.map { CELValue(.object($0)) } ?? .unknown)
        var unpriced: Set<String> = []
        var refusal: StepFailure?
        var steps: [Plan.Step] = []
        for (index, step) in graph.steps.enumerated() {
            let dependsOn = graph.dependencies[index].map { graph.steps[$0.step].id }
            guard case .model(let model) = step.kind else {
                let free = Plan.Amounts(best: .zero, expected: statistics.isEmpty ? nil : .zero, worst: .zero)
                steps.append(Plan.Step(id: step.id, kind: step.kind.name, isConditional: isConditional[index], amounts: free, dependsOn: dependsOn))
                continue
            }
            let terms = tiers[model.tier]!
            var planned = plan(step, model, terms, scope, isConditional: isConditional[index])
            planned.dependsOn = dependsOn
            unpriced.formUnion(terms.unpriced.map { "\($0.reference.provider)/\($0.servedID)" })
            if refusal == nil { refusal = self.refusal(terms) }
            steps.append(planned)
        }
        let total = Plan.Amounts(
            best: steps.reduce(.zero) { $0 + $1.amounts.best },
            expected: sum(steps.map(\.amounts.expected)), worst: sum(steps.map(\.amounts.worst)))
        let runs = statistics.values.map(\.runs).max() ?? 0
        return Plan(
            workflow: graph.name, steps: steps, total: total, budget: graph.budget.maxCost, admission: graph.budget.admit.rawValue,
            unpriced: unpriced.sorted(), refusal: refusal ?? overBudget(total), historyRuns: runs)
    }

    /// Why a run with these inputs may not start: ``plan(inputs:)``'s refusal without the rest of the plan, where the budget
    /// admits by the cheapest completion.
    public func refusal(inputs: JSONObject) -> StepFailure? {
        guard graph.budget.admit == .best else { return plan(inputs: inputs).refusal }
        let scope = PlanScope(inputs: CELValue(.object(inputs)))
        var total = Plan.Amounts(best: .zero, expected: nil, worst: nil)
        for (index, step) in graph.steps.enumerated() {
            guard case .model(let model) = step.kind else { continue }
            let terms = tiers[model.tier]!
            if let refusal = refusal(terms) { return refusal }
            if isConditional[index] { continue }
            let items = itemCount(step, scope)
            if items.least > 0 { total.best += best(terms, promptBytes: promptSize(step, model, scope).knownBytes) * items.least }
        }
        return overBudget(total)
    }

    private func refusal(_ terms: TierTerms) -> StepFailure? {
        terms.failure ?? (hasCap ? terms.unpriced.first.map(StepFailure.unpriced) : nil)
    }

    private func overBudget(_ total: Plan.Amounts) -> StepFailure? {
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

    /// `nil` as soon as one part is not known.
    private func sum(_ amounts: [Money?]) -> Money? {
        var total = Money.zero
        for amount in amounts {
            guard let amount else { return nil }
            total += amount
        }
        return total
    }

    private func plan(_ step: Step, _ model: ModelStep, _ terms: TierTerms, _ scope: PlanScope, isConditional: Bool) -> Plan.Step {
        let tier = graph.tier(named: model.tier)!
        let outputCap = min(step.limits.maxOutputTokens, model.sampling.over(tier.sampling).maxOutputTokens ?? .max)
        let (sheets, unpriced) = (terms.sheets, terms.unpriced)
        let prompt = promptSize(step, model, scope)
        let items = itemCount(step, scope)
        var notes: [String] = []
        if !unpriced.isEmpty { notes.append("no price for " + unpriced.map { "\($0.reference)" }.joined(separator: ", ")) }

        // Worst: every try fails but the last, and every repair is used.
        let calls = step.retry.maxAttempts + tier.models.count - 1 + (model.schema == nil ? 0 : model.repairs)
        // A prompt that passes `max_input_tokens` has at most four bytes a token by the estimate that checks it, and a
        // reservation counts bytes.
        let limitBound = step.limits.maxInputTokens.map { $0 * 4 + prompt.overhead }
        var bound = prompt.isComplete ? min(prompt.bound, limitBound ?? .max) : limitBound
        if model.schema != nil, model.repairs > 0 {
            if let limitBound { bound = limitBound } else if let known = bound {
                bound = known + model.repairs * (outputCap * 4 + 1024)
                notes.append("the size of a repair's prompt is learned, not proved; limits.max_input_tokens bounds it")
            }
        }
        var worst: Money? = unpriced.isEmpty ? .zero : nil
        if unpriced.isEmpty {
            var perCall: Money? = .zero
            for (sheet, window) in sheets {
                let input = sheet.isMachineTime ? 0 : bound.map { min($0, window ?? .max) } ?? window
                guard let input else { perCall = nil; break }
                let cost = Reservation.worst(sheet: sheet, inputBound: input, contextWindow: window, outputCap: outputCap, timeout: step.timeout).amount
                perCall = max(perCall!, cost)
            }
            if perCall == nil { notes.append("unbounded: no limits.max_input_tokens, and the prompt is not known before the run") }
            if items.most == nil { notes.append("unbounded: for_each without max_items") }
            worst = perCall.flatMap { cost in items.most.map { cost * calls * $0 } }
            if let cap = step.limits.maxCost, let most = items.most { worst = worst.map { min($0, cap * most) } ?? cap * most }
            if let cap = step.forEach?.maxCost { worst = worst.map { min($0, cap) } ?? cap }
        }

        let best = isConditional ? Money.zero : best(terms, promptBytes: prompt.knownBytes) * items.least
        var expected: Money?
        if let history = statistics[step.id], let sheet = sheets.first?.sheet, history.runs > 0 {
            let usage = TokenUsage(plainInput: Int(history.averageInputTokens.rounded()), plainOutput: Int(history.averageOutputTokens.rounded()))
            let one = sheet.cost(of: usage, busy: .milliseconds(Int64(history.averageMilliseconds.rounded()))).total
            // Calls a run, as a ratio of whole numbers: no floating point touches money.
            expected = Money(picoDollars: (one * history.calls).picoDollars / Int64(history.runs))
        } else if !statistics.isEmpty {
            expected = .zero
        }
        return Plan.Step(
            id: step.id, kind: "model", tier: tier.name, model: tier.models.map(\.description).joined(separator: " | "),
            maxCalls: items.most.map { $0 * calls }, isConditional: isConditional, promptTokens: TokenBound.estimate(bytes: prompt.knownBytes),
            maxInputTokens: step.limits.maxInputTokens, maxOutputTokens: outputCap,
            amounts: Plan.Amounts(best: best, expected: expected, worst: worst), notes: notes,
            prefixes: model.prefixes.map { graph.prefixes[$0].name })
    }

    /// One call of what is known of the prompt, answered with one token, by the cheapest model.
    private func best(_ terms: TierTerms, promptBytes: Int) -> Money {
        let once = TokenUsage(plainInput: TokenBound.estimate(bytes: promptBytes), plainOutput: 1)
        return terms.sheets.first.map { $0.sheet.cost(of: once, busy: .milliseconds(0)).total } ?? .zero
    }

    // MARK: What is known before the run

    private func promptSize(_ step: Step, _ model: ModelStep, _ scope: PlanScope) -> (knownBytes: Int, bound: Int, overhead: Int, isComplete: Bool) {
        let own = scope.with(step)
        var bytes = 0
        let messages = if case .messages(let messages) = model.body { messages.count } else { 1 }
        // As a reservation counts it, a repair's two messages included.
        let segments = messages + model.prefixes.count + (model.system == nil ? 0 : 1) + (model.schema == nil || model.repairs == 0 ? 0 : 2)
        let overhead = TokenBound.templateOverhead(messages: segments) + segments * PromptSegment.joiner.utf8.count + model.schemaBound
        var bound = overhead
        var isComplete = true
        func add(_ template: Template, _ scope: PlanScope) {
            for part in template.parts {
                switch part {
                case .text(let text): bytes += text.utf8.count; bound += TokenBound.inlineText(text)
                case .expression(let expression):
                    guard let value = try? expression.evaluateJSON(scope) else { isComplete = false; continue }
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
        return (bytes, bound, overhead, isComplete)
    }

    private func itemCount(_ step: Step, _ scope: PlanScope) -> (least: Int, most: Int?) {
        guard let forEach = step.forEach else { return (1, 1) }
        if let list = (try? forEach.items.evaluateJSON(scope))?.arrayValue { return (list.count, list.count) }
        return (0, forEach.maxItems)
    }

    private static func topologicalOrder(_ graph: WorkflowGraph) -> [Int] {
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
private struct PlanScope: Bindings {
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

    func with(_ step: Step) -> PlanScope {
        var copy = self
        copy.withValues = .map(CELMap(step.with.map { ($0.key, (try? $0.value.evaluate(self)).map { CELValue($0) } ?? .unknown) }))
        return copy
    }
}
