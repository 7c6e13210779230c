/// A binary heap of timers, soonest first; each timer knows its place, so that cancelling is logarithmic too.
struct TimerHeap {
    private var timers: [LoopTimer] = []

    var isEmpty: Bool { timers.isEmpty }

    /// Nanoseconds of the monotonic clock; `.max` when there is none.
    var nextDeadline: UInt64 { timers.first?.deadline ?? .max }

    mutating func insert(_ timer: LoopTimer) {
        timers.append(timer)
        timer.index = timers.count - 1
        siftUp(timers.count - 1)
    }

    mutating func remove(_ timer: LoopTimer) {
        let index = timer.index
        precondition(timers.indices.contains(index) && timers[index] === timer, "the timer is not in this heap")
        timer.index = -1
        let last = timers.removeLast()
        guard index < timers.count else { return }
        timers[index] = last
        last.index = index
        siftUp(index)
        siftDown(last.index)
    }

    /// Takes out the soonest timer if it is due.
    mutating func popDue(at now: UInt64) -> LoopTimer? {
        guard let first = timers.first, first.deadline <= now else { return nil }
        remove(first)
        return first
    }

    mutating func popAny() -> LoopTimer? {
        guard let last = timers.popLast() else { return nil }
        last.index = -1
        return last
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let timer = timers[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard timer.deadline < timers[parent].deadline else { break }
            timers[child] = timers[parent]
            timers[child].index = child
            child = parent
        }
        timers[child] = timer
        timer.index = child
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        let timer = timers[parent]
        while true {
            var child = 2 * parent + 1
            guard child < timers.count else { break }
            if child + 1 < timers.count, timers[child + 1].deadline < timers[child].deadline { child += 1 }
            guard timers[child].deadline < timer.deadline else { break }
            timers[parent] = timers[child]
            timers[parent].index = parent
            parent = child
        }
        timers[parent] = timer
        timer.index = parent
    }
}
