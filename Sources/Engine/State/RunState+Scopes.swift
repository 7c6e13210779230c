import Economics
import Expressions
import Values
import WorkflowModel

/// Steps that have steps of their own, and `finally`.
extension RunState {
    func makeScope(_ node: Node, pass: Int) throws(StepFailure) -> ExecutionScope {
        let parent = scopes[node.scope]!
        let step = parent.body.steps[node.step]
        let own = try nodeScope(node)
        let place = ScopePlace(
            node: node, pass: pass, step: step, parent: parent, own: own, caps: callCaps(of: node, step), tags: own.tags(step.tags, over: parent.tags),
            previous: open[node]?.passOutputs)
        guard let runner = step.kind.runner.container else { throw StepFailure(.configuration, "'\(node.path)' has no steps of its own") }
        return try runner.scope(at: place)
    }

    func openScope(_ opened: ScopeOpened, _ node: Node?, _ documents: FactDocuments) throws(IllegalFact) {
        if opened.isFinally {
            let main = scopes[node.flatMap { machine.openScope(of: $0) } ?? 0]!
            // It may read all of the workflow's own steps.
            scopes[machine.nextScope] = ExecutionScope(
                graph: main.graph, body: main.graph.finally!, node: main.node, pass: main.pass, inputs: main.inputs, caps: main.caps,
                tags: main.tags, outer: main.steps)
            main.finallyScope = machine.nextScope
            return
        }
        guard let node, let state = open[node] else { throw IllegalFact("'\(opened.node ?? "")' has not started") }
        state.verdict = nil
        if case .scope(let made) = documents {
            scopes[machine.nextScope] = made
            return
        }
        do throws(StepFailure) {
            scopes[machine.nextScope] = try makeScope(node, pass: opened.pass)
        } catch {
            throw IllegalFact("the scope of '\(node.path)' cannot be made: \(error.message)")
        }
    }

    func endPass(_ node: Node, _ verdict: PassVerdict) throws(IllegalFact) {
        guard let state = open[node], let index = machine.openScope(of: node), let scope = scopes[index] else {
            throw IllegalFact("'\(node.path)' has not started")
        }
        // A pass that the budget stopped in the middle leaves what the one before it gave.
        if verdict != .unaffordable || firstFailure(in: scope) == nil { state.passOutputs = scope.outputs }
        state.verdict = verdict
        if verdict == .again { close(scope: index) }
    }

    func close(scope index: Int) {
        guard let scope = scopes.removeValue(forKey: index) else { return }
        spread(scope)
        if let finally = scope.finallyScope.flatMap({ scopes.removeValue(forKey: $0) }) { spread(finally) }
    }

    /// What an inner scope spent is part of what the outer one did.
    private func spread(_ scope: ExecutionScope) {
        guard let node = scope.node, let outer = scopes[node.scope] else { return }
        outer.used += scope.used
        outer.largestHold = outer.largestHold.larger(of: scope.largestHold)
    }

    // MARK: Money

    /// The caps that a call of a node draws on: those around it, its step's, and the one over all its items.
    func callCaps(of node: Node, _ step: Step) -> CallCaps {
        var caps = scopes[node.scope]!.caps
        var (cap, tokens) = (step.limits.maxCost, step.limits.maxTotalTokens)
        if case .workflow(let other) = step.kind {
            if let inner = other.graph.budget.maxCost { cap = min(cap ?? inner, inner) }
            if let inner = other.graph.budget.maxTokens { tokens = min(tokens ?? inner, inner) }
        }
        if let cap { caps.money.append((node.path, cap)) }
        if let tokens { caps.tokens.append(TokenCap(scope: node.path, cap: tokens)) }
        // The step's own path is free for the whole: with items, the cap of one is under `step[3]`.
        if let cap = step.forEach?.maxCost { caps.money.append((node.item == nil ? node.path : node.path.withoutIndex, cap)) }
        return caps
    }

    /// Whether what is left under every cap would carry a pass that costs as much as this one, its dearest call held. Only a forecast,
    /// which keeps a pass from being begun in vain.
    func canAfford(anotherLike scope: ExecutionScope) -> Bool { money.affords(scope.used + scope.largestHold, under: scope.caps) }
}

extension String {
    /// `summarise[3]` without its index.
    fileprivate var withoutIndex: String { lastIndex(of: "[").map { String(self[..<$0]) } ?? self }
}
