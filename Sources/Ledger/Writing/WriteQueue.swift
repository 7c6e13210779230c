import Values

/// Hands work from any thread to the writer's, in order.
///
/// Unchecked: all state is behind the condition's lock.
final class WriteQueue: @unchecked Sendable {
    private enum Sleep {
        case awake, untilAny, untilWaiter, untilFull
    }

    private let condition = MonotonicCondition()
    private var requests: [WriteRequest] = []
    private var bytes = 0
    /// How many of the requests somebody waits for.
    private var waiters = 0
    /// How many waited for the last group.
    private var lastWaiters = 0
    /// What the writer is done with. Freed by those who put, whose memory it is: freed by the writer, it would make the two
    /// threads wait for each other in the allocator.
    private var spent: [[WriteRequest]] = []
    private var isClosed = false
    private var sleep = Sleep.awake
    private let options: LedgerOptions

    /// A group of this size is more to write than a sync costs; larger ones only keep their waiters waiting.
    private static let groupBytes = 8 << 20

    init(options: LedgerOptions) { self.options = options }

    /// What waits to be written.
    var backlog: (entries: Int, bytes: Int) {
        condition.lock()
        defer { condition.unlock() }
        return (requests.count, bytes)
    }

    /// Adds a request at the end; `false` once the queue is closed.
    func put(_ request: WriteRequest) -> Bool {
        var freed: [[WriteRequest]] = []
        defer { withExtendedLifetime(freed) {} }
        condition.lock()
        defer { condition.unlock() }
        swap(&freed, &spent)
        if isClosed { return false }
        requests.append(request)
        bytes += request.size
        if request.waiter != nil { waiters += 1 }
        let wakes: Bool
        switch sleep {
        case .awake: wakes = false
        case .untilAny: wakes = true
        case .untilWaiter: wakes = waiters > 0 || isFull
        case .untilFull: wakes = isFull
        }
        if wakes {
            sleep = .awake
            condition.signal()
        }
        return true
    }

    /// Lets the writer finish what is queued and stop.
    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }

    /// Whether waiting for more would gain nothing.
    private var isFull: Bool {
        (waiters > 0 && waiters >= lastWaiters) || requests.count >= options.groupLimit || bytes >= Self.groupBytes || isClosed
    }

    /// Waits for work and takes a group of it; empty when `deadline` came first, `nil` when closed and done.
    ///
    /// - Parameter done: the group before, which is answered.
    func take(until deadline: MonotonicCondition.Deadline, done: consuming [WriteRequest]) -> [WriteRequest]? {
        condition.lock()
        if !done.isEmpty { spent.append(done) }
        defer {
            sleep = .awake
            condition.unlock()
        }
        while requests.isEmpty {
            if isClosed { return nil }
            sleep = .untilAny
            if !condition.wait(until: deadline), requests.isEmpty, !isClosed { return [] }
        }
        // Posts wait for a waiter, and waiters for others.
        if waiters == 0 { sleepOnce(.untilWaiter, options.postDelay) { waiters > 0 } }
        if waiters > 0, lastWaiters > 1 { sleepOnce(.untilFull, options.gatherDelay) { false } }
        return removeGroup()
    }

    private func sleepOnce(_ kind: Sleep, _ delay: TimeSpan, until isDone: () -> Bool) {
        let deadline = MonotonicCondition.Deadline.after(delay)
        while !isDone(), !isFull {
            sleep = kind
            if !condition.wait(until: deadline) { return }
        }
    }

    private func removeGroup() -> [WriteRequest] {
        var group: [WriteRequest] = []
        if requests.count <= options.groupLimit, bytes <= Self.groupBytes {
            swap(&group, &requests)
            requests.reserveCapacity(group.count)
            bytes = 0
            lastWaiters = waiters
            waiters = 0
            return group
        }
        var count = 0
        var taken = 0
        lastWaiters = 0
        while count < min(requests.count, options.groupLimit), count == 0 || taken + requests[count].size <= Self.groupBytes {
            taken += requests[count].size
            if requests[count].waiter != nil { lastWaiters += 1 }
            count += 1
        }
        group = Array(requests[..<count])
        requests.removeFirst(count)
        waiters -= lastWaiters
        bytes -= taken
        return group
    }
}
