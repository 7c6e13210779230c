import Dispatch
import Values

/// Runs tasks one at a time, and knows when every one of them waits: then it is time for a record, or a driven clock, to go on. Whatever the tasks
/// do, they do it in the same order every time, and no time passes but the work's.
public final class IdleExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var head = 0
        var isDraining = false

        mutating func next() -> UnownedJob? {
            guard head < jobs.count else {
                jobs.removeAll(keepingCapacity: true)
                head = 0
                return nil
            }
            defer { head += 1 }
            return jobs[head]
        }
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "IdleExecutor")
    private let onIdle: @Sendable () -> Bool

    /// - Parameter onIdle: called when every task waits; returns whether that made one of them go on.
    public init(onIdle: @escaping @Sendable () -> Bool) { self.onIdle = onIdle }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let starts = state.withLock { state in
            state.jobs.append(job)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if starts { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            if let job = state.withLock({ $0.next() }) {
                job.runSynchronously(on: asUnownedTaskExecutor())
                continue
            }
            if onIdle() { continue }
            let isDone = state.withLock { state in
                guard state.head == state.jobs.count else { return false }
                state.isDraining = false
                return true
            }
            if isDone { return }
        }
    }
}
