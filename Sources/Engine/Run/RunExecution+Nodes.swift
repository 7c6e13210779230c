import Expressions
import Values
import WorkflowModel

/// The life of steps and items: conditions, lists, starts, scopes and ends.
extension RunExecution {
    func evaluateCondition(_ node: Node) {
        let condition = state.step(node).when!
        do throws(StepFailure) {
            let bindings = state.bindings(state.scopes[node.scope]!)
            guard case .bool(let holds) = try StepFailure.evaluating({ () throws(EvaluationError) in try condition.evaluate(bindings) }) else {
                throw StepFailure(.expression, "when: must be true or false")
            }
            record(.conditionEvaluated(node.path, holds: holds))
        } catch {
            fail(node, error)
        }
    }

    func expandItems(_ node: Node) {
        let forEach = state.step(node).forEach!
        do throws(StepFailure) {
            let bindings = state.bindings(state.scopes[node.scope]!)
            let value = try StepFailure.evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(bindings) }
            guard let list = value.arrayValue else {
                throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)")
            }
            if let limit = forEach.maxItems, list.count > limit {
                throw StepFailure(.items, "for_each has \(list.count) items, max_items is \(limit)")
            }
            let stored = try keep(value, "the list of items", .items)
            record(.itemsExpanded(node.path, count: list.count, items: stored.hash), .value(value))
        } catch {
            fail(node, error)
        }
    }

    func collect(_ node: Node) {
        do throws(StepFailure) {
            let list = JSONValue.array(try results(of: node))
            record(.itemsCollected(node.path, try keep(list, "the list of its results", .items)), .value(list))
        } catch {
            fail(node, error)
        }
    }

    private func results(of node: Node) throws(StepFailure) -> [JSONValue] {
        let progress = state.machine.items(of: node)!
        let scope = state.scopes[node.scope]!
        let definition = state.step(node)
        let failures = scope.itemFailures[node.step] ?? [:]
        let results = scope.itemResults[node.step] ?? []
        if definition.forEach!.onError == .stop, !definition.toleratesFailure, let first = progress.failed.first, let failure = failures[first] {
            let others = progress.failed.count > 1 ? " (and \(progress.failed.count - 1) more)" : ""
            throw StepFailure(failure.kind, "item \(first) failed\(others): \(failure.message)", details: failure.details)
        }
        guard results.enumerated().allSatisfy({ $1 != nil || failures[$0] != nil }) else { throw StepFailure(.cancelled, "not all items ended") }
        // An item whose failure `on_error: continue` tolerates has no output: null keeps the others in their places.
        guard definition.forEach!.onError == .collect else { return results.map { $0 ?? .null } }
        return results.enumerated().map { index, value in
            .object([
                "ok": .bool(value != nil), "output": value ?? .null,
                "error": failures[index].map { .string($0.message) } ?? .null,
            ])
        }
    }

    func start(_ node: Node) {
        guard !isStopping else { return fail(node, StepFailure(.cancelled, "the run is stopping")) }
        startDeadline(node)
        state.step(node).kind.runner.start(node, in: self)
    }

    /// Once, also of a node that a process before began.
    func recordStart(_ node: Node) {
        if state.open[node] == nil { record(.nodeStarted(node.path)) }
    }

    /// Goes on with a node in a task of its own.
    func launch(_ node: Node, _ body: @escaping @Sendable (isolated RunExecution) async -> Void) {
        work.begin(node, Task(executorPreference: environment.executor) { [self] in
            await begin(body)
            await ended(node)
        })
    }

    private func begin(_ body: @Sendable (isolated RunExecution) async -> Void) async {
        work.hasBegun()
        await body(self)
    }

    private func ended(_ node: Node) {
        work.end(node)
        // What the last node left goes with the run's end, and what one node left with the intent of the next, which comes
        // before it first waits for anything.
        if state.ending == nil, work.starting == 0 { outbox.flush() }
        if outbox.error != nil, work.tasks.isEmpty { resumeFinish() }
    }

    // MARK: Scopes

    /// Opens the scope of a node: its only one, or a loop's next pass.
    func open(_ node: Node, pass: Int) {
        if pass == 0 {
            recordStart(node)
            startDeadline(node)
        }
        do throws(StepFailure) {
            let scope = try state.makeScope(node, pass: pass)
            let inputs = scope.given.map { store(.object($0)).hash }
            scope.given = nil
            record(.scopeOpened(ScopeOpened(node: node.path, pass: pass, inputs: inputs)), .scope(scope))
        } catch {
            fail(node, error)
        }
    }

    /// All steps of a scope are done with: says what came of the step that they belong to.
    func close(_ index: Int, _ end: ScopeEnd) {
        let scope = state.scopes[index]!
        let node = scope.node!
        let open = state.open[node]!
        if end == .incomplete || open.hasPassedDeadline { return fail(node, StepFailure(.cancelled, "not all of its steps ran")) }
        // A process before told what follows from the pass, and not yet that the node has ended.
        if open.verdict != nil, let outputs = open.passOutputs { return succeed(node, .object(outputs)) }
        if end == .failed {
            let (path, failure) = state.firstFailure(in: scope) ?? (node.path, StepFailure(.cancelled, "a step inside failed"))
            // A pass that the budget stopped in the middle leaves what the one before it gave.
            if failure.kind == .budget, scope.pass > 0, let previous = open.passOutputs {
                record(.passEnded(node.path, pass: scope.pass, .unaffordable))
                return succeed(node, .object(previous))
            }
            return fail(node, StepFailure(failure.kind, "\(path): \(failure.message)", details: failure.details))
        }
        do throws(StepFailure) {
            try state.step(node).kind.runner.container?.end(node, scope, in: self)
        } catch {
            fail(node, error)
        }
    }

    // MARK: Deadlines

    func startDeadline(_ node: Node) {
        guard let deadline = state.step(node).deadline else { return }
        let taken = state.timeTaken(by: node, at: environment.clock.now())
        let left = TimeSpan.milliseconds(max(0, deadline.milliseconds - taken.milliseconds))
        work.startTimer(node, Task(executorPreference: environment.executor) { [self] in
            do { try await environment.clock.sleep(for: left) } catch { return }
            await pass(node)
        })
    }

    /// The time of a node is over.
    private func pass(_ node: Node) {
        guard state.ending == nil, !state.hasConcluded, outbox.error == nil, state.machine.isNamed(node) else { return }
        if state.step(node).kind.isContainer {
            record(.deadlinePassed(node.path))
        } else {
            work.isLate(node)
            if work.cancel(node) { road.wakeAll() }
        }
    }

    // MARK: Ends

    /// - Parameter stored: where the value is kept, when that was done already.
    @inline(never)
    func succeed(_ node: Node, _ value: JSONValue, stored: OutputReference? = nil) {
        // What is stored is what expressions read, now and after a resume.
        let value = stored == nil ? environment.secrets.redactor.redact(value) : value
        let output: OutputReference
        do throws(StepFailure) {
            if let stored { output = stored } else { output = try keep(value, "its output") }
        } catch {
            return fail(node, error)
        }
        work.endTimer(node)
        record(.nodeSucceeded(node.path, output), .value(value))
    }

    @inline(never)
    func fail(_ node: Node, _ failure: StepFailure) {
        let step = state.step(node)
        // Also of a program that took the signal for its own reason to fail.
        var failure = (lateness(of: node, step) ?? failure).redacted(by: environment.secrets.redactor)
        work.endTimer(node)
        if failure.kind == .cancelled { return record(.nodeCancelled(node.path)) }
        if failure.kind == .budget, step.isOptional, node.item == nil { return record(.stepSkipped(node.path, .overBudget)) }
        // With items, a value stands in for an item; the collected step itself fails as a whole.
        let isWholeOfItems = node.item == nil && step.forEach != nil
        if case .value(let template) = step.onError, !isWholeOfItems {
            do throws(EvaluationError) {
                let value = environment.secrets.redactor.redact(try template.evaluate(state.fallbackScope(node)))
                return record(.nodeRecovered(node.path, failure, store(value)), .value(value))
            } catch {
                failure = StepFailure(failure.kind, failure.message, details: failure.details + ["on_error.value has no value: \(error.message)"])
            }
        }
        record(.nodeFailed(node.path, failure))
    }

    /// Why a node that was stopped failed, if it was its deadline that stopped it.
    private func lateness(of node: Node, _ step: Step) -> StepFailure? {
        guard let deadline = step.deadline, work.wasLate(node) || state.open[node]?.hasPassedDeadline == true else { return nil }
        return StepFailure(.deadline, "took longer than its deadline of \(deadline)")
    }
}
