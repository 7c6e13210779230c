import Economics
import Expressions
import Values
import WorkflowModel

/// Steps that have steps of their own: groups, loops, other workflows; and `finally`.
extension RunExecution {
    func step(_ node: Node) -> Step { scopes[node.scope]!.body.steps[node.step] }

    /// Opens the scope of a node: its only one, or a loop's next pass.
    func open(_ node: Node, pass: Int) {
        if pass == 0 {
            recordStart(node)
            startDeadline(node)
        }
        do throws(StepFailure) {
            let (scope, inputs) = try makeScope(node, pass: pass)
            scopes[machine.nextScope] = scope
            record(.scopeOpened(ScopeOpened(node: node.path, pass: pass, inputs: inputs)))
        } catch {
            fail(node, error)
        }
    }

    /// The scope of what runs behind a workflow's own steps, which it may all read.
    func makeFinally(of index: Int) {
        let main = scopes[index]!
        scopes[machine.nextScope] = ExecutionScope(
            graph: main.graph, body: main.graph.finally!, node: main.node, pass: main.pass, inputs: main.inputs, caps: main.caps,
            tags: main.tags, outer: main.steps)
        main.finallyScope = machine.nextScope
    }

    func openFinally(of index: Int) {
        let main = scopes[index]!
        makeFinally(of: index)
        record(.scopeOpened(ScopeOpened(node: main.node?.path, isFinally: true, pass: main.pass)))
    }

    func makeScope(_ node: Node, pass: Int) throws(StepFailure) -> (ExecutionScope, inputs: ContentHash?) {
        let parent = scopes[node.scope]!
        let step = parent.body.steps[node.step]
        let own = try nodeScope(node)
        let with = own.withValues
        let caps = callCaps(of: node, step)
        let tags = own.tags(step.tags, over: parent.tags, redactor: environment.secrets.redactor)
        func inner(_ body: StepGraph, passValue: CELValue? = parent.passValue) -> ExecutionScope {
            // Only what the step itself waits for can be read inside of it, and that does not change any more.
            var outer = parent.outer
            for dependency in parent.body.dependencies[node.step] {
                let id = parent.body.steps[dependency.step].id
                outer[id] = parent.steps[id]
            }
            return ExecutionScope(
                graph: parent.graph, body: body, node: node, pass: pass, inputs: parent.inputs, items: own.items, with: with,
                passValue: passValue, caps: caps, tags: tags, outer: outer)
        }
        switch step.kind {
        case .group(let body): return (inner(body), nil)
        case .loop(let loop):
            var value: JSONObject = ["index": .int(Int64(pass))]
            if let previous = passOutputs[node] { value["previous"] = .object(previous) }
            return (inner(loop.body, passValue: CELValue(.object(value))), nil)
        case .workflow(let other):
            // What surrounds it does not reach into another workflow: it has its inputs.
            var given = JSONObject()
            for (key, _) in step.with { given[key] = with[key] }
            let bound: JSONObject
            do throws(Diagnostics) {
                bound = try InputBinding.bind(given, to: other.graph)
            } catch {
                throw StepFailure(.expression, "the inputs of \(other.graph.name) do not fit", details: error.all.map(\.message))
            }
            let stored = store(.object(bound))
            let scope = ExecutionScope(
                graph: other.graph, body: other.graph.body, node: node, pass: pass, inputs: CELValue(.object(bound)), caps: caps, tags: tags)
            return (scope, stored.hash)
        default: preconditionFailure("\(node.path) has no steps of its own")
        }
    }

    /// All steps of a scope are done with: says what came of the step that they belong to.
    func close(_ index: Int, _ end: ScopeEnd) {
        let scope = scopes[index]!
        let node = scope.node!
        let failed = firstFailure(in: scope)
        defer { scopes[index] = nil }
        spread(scope)
        if let finally = scope.finallyScope.flatMap({ scopes.removeValue(forKey: $0) }) { spread(finally) }
        if end == .incomplete || deadlines.hasPassed(node) { return fail(node, StepFailure(.cancelled, "not all of its steps ran")) }
        if end == .failed {
            let (path, failure) = failed ?? (node.path, StepFailure(.cancelled, "a step inside failed"))
            // A pass that the budget stopped in the middle leaves what the one before it gave.
            if failure.kind == .budget, scope.pass > 0, let previous = passOutputs[node] {
                record(.passEnded(node.path, pass: scope.pass, .unaffordable))
                return finish(node, .object(previous))
            }
            return fail(node, StepFailure(failure.kind, "\(path): \(failure.message)", details: failure.details), at: path)
        }
        do throws(StepFailure) {
            switch step(node).kind {
            case .workflow(let other):
                let outputs = try evaluating { () throws(EvaluationError) in try evaluateOutputs(other.graph.outputs, in: scope) }
                finish(node, .object(outputs))
            case .loop(let loop): try passed(node, loop, scope)
            default: finish(node, .object(scope.outputs))
            }
        } catch {
            fail(node, error)
        }
    }

    private func passed(_ node: Node, _ loop: LoopStep, _ scope: ExecutionScope) throws(StepFailure) {
        let outputs = scope.outputs
        var isDone = false
        if let until = loop.until {
            let bindings = bindings(scope)
            guard case .bool(let holds) = try evaluating({ () throws(EvaluationError) in try until.evaluate(bindings) }) else {
                throw StepFailure(.expression, "until: must be true or false")
            }
            isDone = holds
        }
        let verdict: PassVerdict
        if isDone {
            verdict = .done
        } else if scope.pass + 1 >= loop.max {
            verdict = .exhausted
        } else if !canAfford(anotherLike: scope) {
            verdict = .unaffordable
        } else {
            verdict = .again
        }
        passOutputs[node] = outputs
        record(.passEnded(node.path, pass: scope.pass, verdict))
        if verdict != .again { finish(node, .object(outputs)) }
    }

    private func finish(_ node: Node, _ value: JSONValue) {
        passOutputs[node] = nil
        succeed(node, value)
    }

    // MARK: Money

    /// The caps that a call of a node draws on: those around it, its step's, and the one over all its items.
    func callCaps(of node: Node, _ step: Step) -> [(scope: String, cap: Money)] {
        var caps = scopes[node.scope]!.caps
        var cap = step.limits.maxCost
        if case .workflow(let other) = step.kind, let inner = other.graph.budget.maxCost { cap = min(cap ?? inner, inner) }
        if let cap { caps.append((node.path, cap)) }
        // The step's own path is free for the whole: with items, the cap of one is under `step[3]`.
        if let cap = step.forEach?.maxCost { caps.append((node.item == nil ? node.path : node.path.withoutIndex, cap)) }
        return caps
    }

    /// Keeps count of what a call that ended cost its scope, and of what counts against each cap for good.
    ///
    /// - Parameters:
    ///   - held: what was reserved for it, and `bound` what would have been without what was learned.
    ///   - kept: what counts from now on.
    func account(_ node: Node, _ model: ModelReference, held: Money, bound: Money?, kept: Money, cost: Money, caps: [(scope: String, cap: Money)]) {
        overruns.learn(of: model, bound: bound ?? held, counted: kept)
        spentByRun += kept
        for cap in caps { spending[cap.scope, default: .zero] += kept }
        let scope = scopes[node.scope]!
        scope.cost += cost
        scope.largestHold = max(scope.largestHold, held)
    }

    /// What an inner scope spent is part of what the outer one did.
    func spread(_ scope: ExecutionScope) {
        guard let node = scope.node, let outer = scopes[node.scope] else { return }
        outer.cost += scope.cost
        outer.largestHold = max(outer.largestHold, scope.largestHold)
    }

    /// Whether what is left under every cap would carry a pass that costs as much as this one, its dearest call held.
    /// What is held for calls in flight elsewhere does not count: for that a reservation waits. Only a forecast, which keeps
    /// a pass from being begun in vain: the reservation of each call is what keeps the cap.
    private func canAfford(anotherLike scope: ExecutionScope) -> Bool {
        let need = scope.cost + scope.largestHold
        if let cap, need > cap - spentByRun { return false }
        return scope.caps.allSatisfy { need <= $0.cap - (spending[$0.scope] ?? .zero) }
    }
}

extension String {
    /// `summarise[3]` without its index.
    fileprivate var withoutIndex: String { lastIndex(of: "[").map { String(self[..<$0]) } ?? self }
}
