import Engine
import Values

/// A clock that stands still until it is driven. Nobody sleeps on it in earnest.
public final class ManualClock: EngineClock {
    private enum Waiter {
        case sleeper(CheckedContinuation<Void, any Error>)
        case action(@Sendable () -> Void)
    }

    private struct State {
        var now: Timestamp
        var waiting: [(id: Int, deadline: Timestamp, waiter: Waiter)] = []
        var nextID = 0

        mutating func add(_ id: Int, _ deadline: Timestamp, _ waiter: Waiter) {
            let index = waiting.firstIndex { $0.deadline > deadline } ?? waiting.count
            waiting.insert((id, deadline, waiter), at: index)
        }
    }

    public static let epoch = Timestamp(rfc3339: "2026-11-21T09:48:15Z")!

    private let start: Timestamp
    private let state: Mutex<State>

    public init(startingAt start: Timestamp = ManualClock.epoch) {
        self.start = start
        state = Mutex(State(now: start))
    }

    public func now() -> Timestamp { state.withLock { $0.now } }

    /// How far it was driven.
    public var elapsed: TimeSpan { now().since(start) }

    public var sleepers: Int { state.withLock { $0.waiting.count } }

    public func sleep(for span: TimeSpan) async throws {
        let id = nextID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.add(id, state.now.adding(span), .sleeper(continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let found = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).waiter }
            }
            if case .sleeper(let continuation)? = found { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Does something when the clock gets that far.
    public func schedule(after span: TimeSpan, _ action: @escaping @Sendable () -> Void) {
        let id = nextID()
        state.withLock { $0.add(id, $0.now.adding(span), .action(action)) }
    }

    public func advance(by span: TimeSpan) {
        let end = now().adding(span)
        while let deadline = state.withLock({ $0.waiting.first?.deadline }), deadline <= end { advanceToNext() }
        state.withLock { $0.now = end }
    }

    /// Goes to the next moment at which somebody wakes up; false when nobody sleeps.
    @discardableResult
    public func advanceToNext() -> Bool {
        let due: [Waiter] = state.withLock { state in
            guard let deadline = state.waiting.first?.deadline else { return [] }
            state.now = max(state.now, deadline)
            let count = state.waiting.prefix { $0.deadline <= deadline }.count
            defer { state.waiting.removeFirst(count) }
            return state.waiting[..<count].map(\.waiter)
        }
        for waiter in due {
            switch waiter {
            case .sleeper(let continuation): continuation.resume()
            case .action(let action): action()
            }
        }
        return !due.isEmpty
    }

    private func nextID() -> Int {
        state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
    }
}
