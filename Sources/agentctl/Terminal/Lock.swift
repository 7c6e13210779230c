import Dispatch
import Values

/// A mutex for a class's own stored properties.
final class Lock: Sendable {
    private let mutex = Mutex(())
    func hold<R>(_ body: () -> R) -> R { mutex.withLock { _ in body() } }
}

/// Calls a function again and again on a thread of its own queue until it is stopped.
final class RepeatingTask: @unchecked Sendable {
    private let queue = DispatchQueue(label: "painter")
    private let milliseconds: Int
    private var timer: (any DispatchSourceTimer)?

    init(every milliseconds: Int) { self.milliseconds = milliseconds }

    func start(_ body: @escaping @Sendable () -> Void) {
        queue.sync {
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now() + .milliseconds(milliseconds), repeating: .milliseconds(milliseconds))
            timer.setEventHandler(handler: body)
            timer.resume()
            self.timer = timer
        }
    }

    /// Returns when no call is under way any more.
    func stop() {
        queue.sync {
            timer?.cancel()
            timer = nil
        }
    }
}
