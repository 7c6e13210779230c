import WorkflowModel

/// A question of a check that is asked beside others, and what came of it. Confined to its run's actor.
final class SideQuestion: @unchecked Sendable {
    let tries: ModelTries
    /// Asks it.
    let runner: ModelRunner
    private(set) var task: Task<Void, Never>?
    /// Why there is no answer.
    private(set) var failure: StepFailure?
    private(set) var hasEnded = false

    init(_ tries: ModelTries, by runner: ModelRunner) {
        self.tries = tries
        self.runner = runner
    }

    func start(_ task: Task<Void, Never>) { self.task = task }

    func end(_ failure: StepFailure?) {
        self.failure = failure
        hasEnded = true
    }

    /// Its answer is not needed: what was sent comes to its end, as it is paid in any case, and nothing else is.
    func giveUp() {
        guard !hasEnded else { return }
        tries.isGivenUp = true
        if !tries.recorded.contains(where: { $0.ended == nil && !$0.isLost }) { task?.cancel() }
    }
}

extension ModelRunner {
    /// Starts questions beside whatever else is under way for their node.
    func start(_ sides: [SideQuestion], _ run: isolated RunExecution) {
        for side in sides where side.task == nil {
            side.start(Task(executorPreference: run.environment.executor) { [self] in await ask(side, run) })
        }
    }

    func ask(_ side: SideQuestion, _ run: isolated RunExecution) async {
        do throws(StepFailure) {
            try side.runner.prepare(side.tries, run)
            _ = try await side.runner.go(side.tries, run)
        } catch {
            return side.end(error)
        }
        side.end(nil)
    }

    /// Until all of them have ended; whoever stops waiting stops them.
    func wait(for sides: [SideQuestion]) async {
        let tasks = sides.compactMap(\.task)
        await withTaskCancellationHandler {
            for task in tasks { await task.value }
        } onCancel: {
            for task in tasks { task.cancel() }
        }
    }
}
