import Values

/// A number of places, given out in the order of asking.
///
/// A lock and no actor: two limiters stand on the road of every call, and each hop to an actor and back would cost more
/// than the counting.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        var free: Int
        /// Those who wait, by their place in the line; who gave up is missing from it.
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        /// The first place in the line that may still be waiting, and the next to be given.
        var head = 0
        var tail = 0

        mutating func next() -> CheckedContinuation<Bool, Never>? {
            while head < tail {
                defer { head += 1 }
                if let first = waiting.removeValue(forKey: head) { return first }
            }
            return nil
        }
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(free: limit)) }

    /// Takes a place if one is free and nobody waits for it.
    func tryAcquire() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    /// Takes a place, waiting for one if need be. False when the task was cancelled while it waited: then none is taken.
    func acquire() async -> Bool {
        let place = state.withLock { state in
            defer { state.tail += 1 }
            return state.tail
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    // Asked under the lock: a cancellation that comes later finds the continuation.
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting[place] = continuation
                    // The line may have moved past a place that was given out but not yet taken up.
                    state.head = min(state.head, place)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { $0.waiting.removeValue(forKey: place) }
            waiting?.resume(returning: false)
        }
    }

    func release() {
        let next = state.withLock { state in
            let next = state.next()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume(returning: true)
    }
}
