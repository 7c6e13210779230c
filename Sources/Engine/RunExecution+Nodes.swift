import Expressions
import Values
import WorkflowModel

/// The life of steps and items: conditions, lists, starts and ends.
extension RunExecution {
    func evaluateCondition(_ step: Int) {
        let condition = graph.steps[step].when!
        do throws(StepFailure) {
            let scope = scope(item: nil)
            guard case .bool(let holds) = try evaluating({ () throws(EvaluationError) in try condition.evaluate(scope) }) else {
                throw StepFailure(.expression, "when: must be true or false")
            }
            record(.conditionEvaluated(step: step, holds: holds))
        } catch {
            fail(Node(step: step), error)
        }
    }

    func expandItems(_ step: Int) {
        let forEach = graph.steps[step].forEach!
        do throws(StepFailure) {
            let scope = scope(item: nil)
            let value = try evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(scope) }
            guard let list = value.arrayValue else {
                throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)")
            }
            if let limit = forEach.maxItems, list.count > limit {
                throw StepFailure(.items, "for_each has \(list.count) items, max_items is \(limit)")
            }
            let stored = store(value)
            items[step] = list
            itemResults[step] = Array(repeating: nil, count: list.count)
            record(.itemsExpanded(step: step, count: list.count, items: stored.hash))
        } catch {
            fail(Node(step: step), error)
        }
    }

    func start(_ node: Node) {
        guard !isInterrupted else { return fail(node, StepFailure(.cancelled, "the run is stopping")) }
        let step = graph.steps[node.step]
        switch step.kind {
        case .value(let template):
            record(.nodeStarted(node))
            do throws(StepFailure) {
                let scope = try nodeScope(node)
                succeed(node, try evaluating { () throws(EvaluationError) in try template.evaluate(scope) })
            } catch {
                fail(node, error)
            }
        case .model(let model):
            launch(node) { await $0.runModel(node, step, model) }
        case .run(let command):
            launch(node) { await $0.runCommand(node, step, command) }
        }
    }

    private func launch(_ node: Node, _ body: @escaping @Sendable (isolated RunExecution) async -> Void) {
        starting += 1
        tasks[node] = Task(executorPreference: environment.executor) { [self] in
            await begin(body)
            await ended(node)
        }
    }

    private func begin(_ body: @Sendable (isolated RunExecution) async -> Void) async {
        starting -= 1
        await body(self)
    }

    private func ended(_ node: Node) {
        tasks[node] = nil
        inFlight.remove(node)
        // What the last node left goes with the run's end, and what one node left with the intent of the next, which comes
        // before it first waits for anything.
        if status == nil, starting == 0 { flush() }
        if journalError != nil, tasks.isEmpty { resumeFinish() }
    }

    func collect(_ step: Int) {
        let progress = machine.items(of: step)!
        let definition = graph.steps[step]
        let failures = itemFailures[step] ?? [:]
        let results = itemResults[step] ?? []
        defer {
            items[step] = nil
            itemResults[step] = nil
            itemFailures[step] = nil
        }
        if definition.forEach!.onError == .stop, !definition.toleratesFailure, let first = progress.failed.first, let failure = failures[first] {
            let others = progress.failed.count > 1 ? " (and \(progress.failed.count - 1) more)" : ""
            fail(Node(step: step), StepFailure(failure.kind, "item \(first) failed\(others): \(failure.message)", details: failure.details))
            return
        }
        guard results.enumerated().allSatisfy({ $1 != nil || failures[$0] != nil }) else {
            fail(Node(step: step), StepFailure(.cancelled, "not all items ended"))
            return
        }
        let list: [JSONValue]
        if definition.forEach!.onError == .collect {
            list = results.enumerated().map { index, value in
                .object([
                    "ok": .bool(value != nil), "output": value ?? .null,
                    "error": failures[index].map { .string($0.message) } ?? .null,
                ])
            }
        } else {
            // An item whose failure `on_error: continue` tolerates has no output: null keeps the others in their places.
            list = results.map { $0 ?? .null }
        }
        let output = store(.array(list))
        setStep(step, ["status": .string(NodeStatus.succeeded.rawValue), "accepted": true, "output": .array(list)])
        record(.itemsCollected(step: step, output))
    }

    // MARK: Ends

    /// - Parameter stored: where the value is kept, when that was done already.
    @inline(never)
    func succeed(_ node: Node, _ value: JSONValue, facts: JSONObject = [:], stored: OutputReference? = nil) {
        let output = stored ?? store(value)
        settle(node, value, facts: facts)
        record(.nodeSucceeded(node, output))
    }

    @inline(never)
    func fail(_ node: Node, _ failure: StepFailure, facts: JSONObject = [:]) {
        if failure.kind == .cancelled {
            if node.item == nil { setStep(node.step, ["status": .string(NodeStatus.cancelled.rawValue)]) }
            return record(.nodeCancelled(node))
        }
        let step = graph.steps[node.step]
        var failure = failure
        // With items, a value stands in for an item; the collected step itself fails as a whole.
        let isWholeOfItems = node.item == nil && step.forEach != nil
        if case .value(let template) = step.onError, !isWholeOfItems {
            do throws(EvaluationError) {
                let value = try template.evaluate(fallbackScope(node))
                let output = store(value)
                settle(node, value, facts: facts)
                return record(.nodeRecovered(node, failure, output))
            } catch {
                failure = StepFailure(failure.kind, failure.message, details: failure.details + ["on_error.value has no value: \(error.message)"])
            }
        }
        if let item = node.item {
            itemFailures[node.step, default: [:]][item] = failure
        } else {
            setStep(node.step, facts.with("status", .string(NodeStatus.failed.rawValue)).with("accepted", false))
        }
        if firstFailure == nil, !step.toleratesFailure, node.item == nil { firstFailure = (step.id, failure) }
        record(.nodeFailed(node, failure))
    }

    private func settle(_ node: Node, _ value: JSONValue, facts: JSONObject) {
        if let item = node.item {
            itemResults[node.step]?[item] = value
        } else {
            var state = facts
            state["status"] = .string(NodeStatus.succeeded.rawValue)
            state["accepted"] = true
            state["output"] = value
            setStep(node.step, state)
        }
    }

    func setStep(_ step: Int, _ state: JSONObject) {
        steps[graph.steps[step].id] = .object(state)
    }
}

extension Step {
    /// Whether the run goes on when it fails.
    var toleratesFailure: Bool {
        if case .continue = onError { return true }
        return false
    }
}
