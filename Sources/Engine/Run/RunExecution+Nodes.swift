import Expressions
import Values
import WorkflowModel

/// The life of nodes: starts, tasks, deadlines and ends.
extension RunExecution {
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
        work.begin(
            node,
            Task(executorPreference: environment.executor) { [self] in await carry(node, body) })
    }

    private func carry(_ node: Node, _ body: @Sendable (isolated RunExecution) async -> Void) async {
        work.hasBegun()
        await body(self)
        work.end(node)
        // What the last node left goes with the run's end, and what one node left with the intent of the next, which comes
        // before it first waits for anything.
        if state.ending == nil, work.starting == 0 { outbox.flush() }
        if outbox.error != nil, work.tasks.isEmpty { resumeFinish() }
    }

    // MARK: Deadlines

    /// - Parameter waited: what is in no record yet of the time that does not count.
    func startDeadline(_ node: Node, waited: TimeSpan = .milliseconds(0)) {
        guard let deadline = state.step(node).deadline else { return }
        let taken = state.timeTaken(by: node, at: environment.clock.now())
        let left = TimeSpan.milliseconds(max(0, deadline.milliseconds - taken.milliseconds + waited.milliseconds))
        work.startTimer(
            node,
            Task(executorPreference: environment.executor) { [self] in
                do { try await environment.clock.sleep(for: left, until: .deadline(path: node.path)) } catch { return }
                await pass(node)
            })
    }

    func pauseDeadline(of path: String) {
        if let node = timedNode(path) { work.endTimer(node) }
    }

    func resumeDeadline(of path: String, waited: TimeSpan) {
        if let node = timedNode(path) { startDeadline(node, waited: waited) }
    }

    /// Of a gate other questions may be under way, whose time counts.
    private func timedNode(_ path: String) -> Node? {
        guard let (node, open) = state.openNode(path), open.gate == nil, state.step(node).deadline != nil else { return nil }
        return node
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
