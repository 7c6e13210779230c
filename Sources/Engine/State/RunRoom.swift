import Economics
import Expressions
import Values
import WorkflowModel

/// What the rest of a run takes at its cheapest: steps that have not begun, items that have not, `finally`. A call that is not the first
/// of its step has to leave so much under the run's caps.
///
/// Worked out when it is asked for the first time; from then on a scope is looked at anew where something has happened in it.
/// Confined to its run's actor.
final class RunRoom {
    private let plan: PlanBuilder
    /// Of each step of a scope, once for its life.
    private var cheapest: [Int: (steps: [PlanBuilder.Cheapest], finally: CapAmount)] = [:]
    private var left: [Int: CapAmount] = [:]
    private var changed: Set<Int> = []

    init(_ plan: PlanBuilder) { self.plan = plan }

    /// Something has happened in a scope.
    func hasChanged(_ scope: Int) { changed.insert(scope) }

    func amount(_ state: RunState) -> CapAmount {
        var sum = CapAmount.zero
        for index in state.scopes.keys {
            if let known = left[index], !changed.contains(index) {
                sum += known
                continue
            }
            let amount = amount(of: index, state)
            left[index] = amount
            sum += amount
        }
        for index in changed where state.scopes[index] == nil { (left[index], cheapest[index]) = (nil, nil) }
        changed.removeAll(keepingCapacity: true)
        return sum
    }

    /// The same, had those nodes not begun.
    func amount(_ state: RunState, without isUnbegun: @escaping (Node) -> Bool) -> CapAmount {
        state.scopes.keys.reduce(.zero) { $0 + amount(of: $1, state, isUnbegun) }
    }

    private func amount(of index: Int, _ state: RunState, _ isUnbegun: ((Node) -> Bool)? = nil) -> CapAmount {
        let scope = state.scopes[index]!
        guard let machine = state.machine.scopes[index] else { return .zero }
        let known = cheapest[index] ?? terms(of: scope, machine)
        cheapest[index] = known
        var sum = machine.finally != nil && machine.finallyScope == nil ? known.finally : .zero
        for (step, cost) in known.steps.enumerated() where cost.once != .zero {
            switch machine.phases[step] {
            case .waiting, .deciding, .expanding: sum += cost.whole
            case .running:
                let node = machine.node(step, in: index)
                if state.open[node] == nil || isUnbegun?(node) == true { sum += cost.once }
            case .items(let progress):
                var rest = progress.count - (scope.itemsBegun[step] ?? 0)
                if let isUnbegun { rest += state.open.keys.count { $0.scope == index && $0.step == step && $0.item != nil && isUnbegun($0) } }
                if rest > 0 { sum += (cost.once * rest).limited(to: scope.body.steps[step].forEach?.maxCost, nil) }
            case .skipping, .collecting, .settled: break
            }
        }
        return sum
    }

    private func terms(of scope: ExecutionScope, _ machine: ScopeState) -> (steps: [PlanBuilder.Cheapest], finally: CapAmount) {
        let names = PlanScope(inputs: scope.inputs)
        return (
            plan.cheapest(scope.body, in: scope.graph, names), machine.finally.map { plan.cheapest(allOf: $0, in: scope.graph, names) } ?? .zero
        )
    }
}

extension RunExecution {
    /// What is to be left for the rest of the run under its caps; `nil`: it has none, or nothing is left that costs.
    func room() -> CapAmount? {
        let budget = state.graph.budget
        guard budget.maxCost != nil || budget.maxTokens != nil else { return nil }
        let room =
            state.room
            ?? RunRoom(
                PlanBuilder(
                    graph: state.graph, provider: environment.provider, prices: environment.prices, history: WorkflowHistory(), at: environment.clock.now()))
        state.room = room
        let amount = room.amount(state)
        return amount == .zero ? nil : amount
    }

    /// For a call of a run that is replayed, what it may have been at the most: nodes begin without a fact of their own, which goes with that of their
    /// first call.
    func noteRoom(of site: CallSite, in replay: ReplayConductor) {
        guard let room = state.room else { return }
        replay.mostRooms[site] = room.amount(state) { replay.record.mayBegin($0.path, behind: site.path) }
    }
}
