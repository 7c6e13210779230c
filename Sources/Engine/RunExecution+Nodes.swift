import Expressions
import Values
import WorkflowModel

/// The life of steps and items: conditions, lists, starts and ends.
extension RunExecution {
    func evaluateCondition(_ node: Node) {
        let condition = step(node).when!
        do throws(StepFailure) {
            let bindings = bindings(scopes[node.scope]!)
            guard case .bool(let holds) = try evaluating({ () throws(EvaluationError) in try condition.evaluate(bindings) }) else {
                throw StepFailure(.expression, "when: must be true or false")
            }
            record(.conditionEvaluated(node.path, holds: holds))
        } catch {
            fail(node, error)
        }
    }

    func expandItems(_ node: Node) {
        let scope = scopes[node.scope]!
        let forEach = step(node).forEach!
        do throws(StepFailure) {
            let bindings = bindings(scope)
            let value = try evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(bindings) }
            guard let list = value.arrayValue else {
                throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)")
            }
            if let limit = forEach.maxItems, list.count > limit {
                throw StepFailure(.items, "for_each has \(list.count) items, max_items is \(limit)")
            }
            let stored = try keep(value, "the list of items", .items)
            scope.lists[node.step] = list
            scope.itemResults[node.step] = Array(repeating: nil, count: list.count)
            record(.itemsExpanded(node.path, count: list.count, items: stored.hash))
        } catch {
            fail(node, error)
        }
    }

    func start(_ node: Node) {
        guard !isInterrupted else { return fail(node, StepFailure(.cancelled, "the run is stopping")) }
        let step = step(node)
        startDeadline(node)
        switch step.kind {
        case .value(let template):
            recordStart(node)
            do throws(StepFailure) {
                let scope = try nodeScope(node)
                succeed(node, try evaluating { () throws(EvaluationError) in try template.evaluate(scope) })
            } catch {
                fail(node, error)
            }
        case .model(let model):
            if let decision = decisions.removeValue(forKey: node), !decision.isApproved { return fail(node, .notGranted(decision)) }
            launch(node) { await $0.runModel(node, step, model) }
        case .run(let command):
            launch(node) { await $0.runCommand(node, step, command) }
        case .approve(let approval): ask(node, approval)
        case .tool:
            fail(node, StepFailure(.configuration, "this version does not call tools"))
        case .group, .loop, .workflow: preconditionFailure("\(node.path) is opened, not started")
        }
    }

    func skip(_ node: Node, _ reason: SkipReason) {
        setStep(node, ["status": .string(NodeStatus.skipped.rawValue)])
        record(.stepSkipped(node.path, reason))
    }

    /// Once, also of a node that a process before began.
    func recordStart(_ node: Node) {
        if recorded.removeValue(forKey: node) == nil { record(.nodeStarted(node.path)) }
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

    func collect(_ node: Node) {
        let progress = machine.items(of: node)!
        let scope = scopes[node.scope]!
        let definition = step(node)
        let failures = scope.itemFailures[node.step] ?? [:]
        let results = scope.itemResults[node.step] ?? []
        if definition.forEach!.onError == .stop, !definition.toleratesFailure, let first = progress.failed.first, let failure = failures[first] {
            let others = progress.failed.count > 1 ? " (and \(progress.failed.count - 1) more)" : ""
            forgetItems(node)
            fail(node, StepFailure(failure.kind, "item \(first) failed\(others): \(failure.message)", details: failure.details))
            return
        }
        guard results.enumerated().allSatisfy({ $1 != nil || failures[$0] != nil }) else {
            forgetItems(node)
            fail(node, StepFailure(.cancelled, "not all items ended"))
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
        do throws(StepFailure) {
            let output = try keep(.array(list), "the list of its results", .items)
            collected(node, .array(list))
            record(.itemsCollected(node.path, output))
        } catch {
            forgetItems(node)
            fail(node, error)
        }
    }

    /// The list of a `for_each` step is made, and its items are not needed any more.
    func collected(_ node: Node, _ list: JSONValue) {
        forgetItems(node)
        setStep(node, ["status": .string(NodeStatus.succeeded.rawValue), "accepted": true, "output": list])
    }

    func forgetItems(_ node: Node) {
        let scope = scopes[node.scope]!
        scope.lists[node.step] = nil
        scope.itemResults[node.step] = nil
        scope.itemFailures[node.step] = nil
    }

    // MARK: Ends

    /// - Parameter stored: where the value is kept, when that was done already.
    @inline(never)
    func succeed(_ node: Node, _ value: JSONValue, facts: JSONObject = [:], stored: OutputReference? = nil) {
        // What is stored is what expressions read, now and after a resume.
        let value = stored == nil ? environment.secrets.redactor.redact(value) : value
        let output: OutputReference
        do throws(StepFailure) {
            if let stored { output = stored } else { output = try keep(value, "its output") }
        } catch {
            return fail(node, error)
        }
        deadlines.end(node)
        settle(node, value, facts: facts)
        record(.nodeSucceeded(node.path, output))
    }

    /// - Parameter place: the step inside that failed first, if it is not the node itself.
    @inline(never)
    func fail(_ node: Node, _ failure: StepFailure, facts: JSONObject = [:], at place: String? = nil) {
        let scope = scopes[node.scope]!
        let step = scope.body.steps[node.step]
        // Also of a program that took the signal for its own reason to fail.
        var failure = (deadlines.failure(of: node, step) ?? failure).redacted(by: environment.secrets.redactor)
        deadlines.end(node)
        passOutputs[node] = nil
        if failure.kind == .cancelled {
            if node.item == nil { setStep(node, ["status": .string(NodeStatus.cancelled.rawValue)]) }
            return record(.nodeCancelled(node.path))
        }
        if failure.kind == .budget, step.isOptional, node.item == nil { return skip(node, .overBudget) }
        // With items, a value stands in for an item; the collected step itself fails as a whole.
        let isWholeOfItems = node.item == nil && step.forEach != nil
        if case .value(let template) = step.onError, !isWholeOfItems {
            do throws(EvaluationError) {
                let value = environment.secrets.redactor.redact(try template.evaluate(fallbackScope(node)))
                let output = store(value)
                settle(node, value, facts: facts)
                return record(.nodeRecovered(node.path, failure, output))
            } catch {
                failure = StepFailure(failure.kind, failure.message, details: failure.details + ["on_error.value has no value: \(error.message)"])
            }
        }
        if let item = node.item {
            scope.itemFailures[node.step, default: [:]][item] = failure
        } else {
            setStep(node, facts.with("status", .string(NodeStatus.failed.rawValue)).with("accepted", false))
        }
        if scope.firstFailure == nil, !step.toleratesFailure, node.item == nil { scope.firstFailure = (place ?? node.path, failure) }
        record(.nodeFailed(node.path, failure))
    }

    func settle(_ node: Node, _ value: JSONValue, facts: JSONObject) {
        if let item = node.item {
            scopes[node.scope]!.itemResults[node.step]?[item] = value
        } else {
            var state = facts
            state["status"] = .string(NodeStatus.succeeded.rawValue)
            state["accepted"] = true
            state["output"] = value
            setStep(node, state)
        }
    }

    func setStep(_ node: Node, _ state: JSONObject) {
        let scope = scopes[node.scope]!
        scope.steps[scope.body.steps[node.step].id] = .object(state)
    }
}
