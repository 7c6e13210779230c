import Economics
import Engine
import Reports
import Values
import WorkflowModel

extension Study {
    /// Executions that are read at a time.
    private static let page = 500

    /// Decides every recorded execution of a gate by the one of a workflow, of the answers that there are.
    func decideGates(of graph: WorkflowGraph, _ terms: RecordedPricing.Terms, _ pricing: RecordedPricing, _ index: Int, _ whatIf: inout WhatIf) async throws {
        var gates = WhatIfResult.Gates()
        for path in graph.gates {
            guard let found = graph.step(at: path), let model = found.step.modelStep, let gate = model.escalation else { continue }
            let costs = try await learnCosts(workflow: graph.name, step: path, found.step, found.graph, terms, pricing)
            let simulator = GateSimulator(model, gate, in: found.graph, keepsCut: found.step.limits.onTruncation == .keep)
            try await forEachExecution(workflow: graph.name, step: path) { execution in
                gates.executions += 1
                // The same gate decides the same.
                if execution.tiers.first?.gate == gate.hash, !terms.models.keys.contains(where: gate.tiers.contains) { return }
                for call in execution.calls { call.cost = whatIf.cost(of: call.id, in: index) ?? call.cost }
                let documents = try await self.archive.documents(Array(Set(GateExport.documents(of: execution)))).compactMapValues { try? JSONParser.parse($0) }
                let row = costs.completed(GateExport.row(execution) { documents[$0] }, of: execution, tiers: simulator.tierNames)
                let decided: GateRedecision?
                do throws(RecordedAnswersError) { decided = try simulator.decide(row) } catch { throw UsageError("\(execution.run) \(path): \(error)") }
                guard let decided else {
                    gates.undecided += 1
                    gates.lowerBounds += 1
                    return
                }
                Self.count(decided, execution, &gates)
                let own = Self.cost(of: execution)
                whatIf.add(WhatIfResult.Cost(decided.cost.least - own, decided.cost.most - own), to: index, workflow: graph.name, step: path)
            }
        }
        whatIf.set(gates, of: index)
    }

    /// What of an execution is decided again: all but what is asked of counters, and for comparison without an answer.
    private static func cost(of execution: GateExecution) -> MoneySum {
        let compared = execution.shadows.filter { $0.result == .answered || $0.result == .failed }
        return execution.calls.reduce(MoneySum.zero) { sum, call in
            let isShadow = call.purpose == CallPurpose.shadow.rawValue
            guard let cost = call.cost, !isShadow || compared.contains(where: { $0.tier.hasSameBytes(as: call.tier) }) else { return sum }
            return sum + MoneySum(cost)
        }
    }

    private static func count(_ decided: GateRedecision, _ execution: GateExecution, _ gates: inout WhatIfResult.Gates) {
        if decided.isLowerBound { gates.lowerBounds += 1 }
        for tier in decided.unknownTiers { gates.unknownTiers[tier, default: 0] += 1 }
        for check in decided.unknownChecks { gates.unknownChecks[check, default: 0] += 1 }
        guard !decided.isUndecided else { return gates.undecided += 1 }
        let before = execution.tiers.first(where: \.isTaken)
        let now = decided.taken[0]
        func isSame(_ a: String?, _ b: String?) -> Bool { a.map { a in b.map { $0.hasSameBytes(as: a) } ?? false } ?? (b == nil) }
        guard !isSame(before?.tier, now) else { return }
        gates.changed += 1
        let outputs = now.flatMap { now in
            execution.tiers.first { $0.tier.hasSameBytes(as: now) }?.output ?? execution.shadows.first { $0.tier.hasSameBytes(as: now) }?.output
        }
        // One of the two may be that there is none.
        if outputs != before?.output, outputs != nil || now == nil { gates.outputs += 1 }
    }

    private func learnCosts(
        workflow: String, step: String, _ asks: Step, _ graph: WorkflowGraph, _ terms: RecordedPricing.Terms, _ pricing: RecordedPricing
    ) async throws -> GateCosts {
        var costs = GateCosts { tier, execution in
            guard let named = graph.tier(named: tier), let model = terms.models[tier] ?? named.models.first,
                let call = execution.calls.last(where: { $0.part.isEmpty && $0.inputTokens != nil })
            else { return nil }
            // Between an answer of nothing and one that comes to its cap.
            let cap = min(asks.limits.maxOutputTokens, asks.modelStep?.sampling.over(named.sampling).maxOutputTokens ?? .max)
            func cost(_ output: Int) -> Money? {
                pricing.cost(
                    of: TokenUsage(plainInput: call.inputTokens ?? 0, plainOutput: output), lasting: call.total, of: ModelReference(provider: call.provider, model: call.modelAsked),
                    by: model, on: terms, at: call.startedAt)
            }
            return cost(0).flatMap { least in cost(cap).map { (least, $0) } }
        }
        try await forEachExecution(workflow: workflow, step: step) { costs.learn($0) }
        return costs
    }

    /// Of the runs that are looked at.
    private func forEachExecution(workflow: String, step: String, _ body: (GateExecution) async throws -> Void) async throws {
        var after: GateExecution.Position?
        while true {
            let page = try await archive.gateExecutions(workflow: workflow, step: step, since: filter.since, after: after, limit: Self.page)
            for execution in page where selected.contains(execution.run) { try await body(execution) }
            after = page.last?.position
            if page.count < Self.page { return }
        }
    }
}
