import Economics
import Values
import WorkflowModel

/// What is left of a run at its cheapest, step by step.
extension PlanBuilder {
    /// The cheapest way through a step.
    struct Cheapest {
        /// Once it runs: of one item.
        var once = CapAmount.zero
        /// Of all of it, before anything is known of it: nothing where it may be skipped.
        var whole = CapAmount.zero
    }

    /// Of each step of a body.
    func cheapest(_ body: StepGraph, in graph: WorkflowGraph, _ scope: PlanScope) -> [Cheapest] {
        let isConditional = conditional[ObjectIdentifier(body)] ?? []
        return body.steps.enumerated().map { index, step in
            let once = cheapest(step, in: graph, scope)
            if once == .zero || step.isOptional || isConditional[index] { return Cheapest(once: once) }
            return Cheapest(once: once, whole: (once * itemCount(step, scope).least).limited(to: step.forEach?.maxCost, nil))
        }
    }

    /// Of all of a body's steps that cannot be skipped.
    func cheapest(allOf body: StepGraph, in graph: WorkflowGraph, _ scope: PlanScope) -> CapAmount {
        cheapest(body, in: graph, scope).reduce(.zero) { $0 + $1.whole }
    }

    private func cheapest(_ step: Step, in graph: WorkflowGraph, _ scope: PlanScope) -> CapAmount {
        var once = CapAmount.zero
        if case .model(let model) = step.kind {
            once = cheapest(step, model, Place(graph: graph, scope: scope))
        } else if case .workflow(let other) = step.kind {
            let inner = scope.inputs(of: step)
            once = cheapest(allOf: other.graph.body, in: other.graph, inner) + (other.graph.finally.map { cheapest(allOf: $0, in: other.graph, inner) } ?? .zero)
        } else if let body = step.kind.body {
            once = cheapest(allOf: body, in: graph, scope)
        }
        return once.limited(to: step.limits.maxCost, step.limits.maxTotalTokens)
    }
}
